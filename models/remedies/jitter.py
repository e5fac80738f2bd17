"""Jittered copies of rows: numbers moved a little, the same way for every row."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.frame import AuditFrame

Copy = Mapping[str, float]
"""How far each numeric feature is moved, in its own unit."""


def jitters(frame: AuditFrame, copies: int, share: float, seed: int) -> list[Copy]:
    """Return the moves of each copy: normal, with a share of a feature's spread.

    Parameters
    ----------
    frame : AuditFrame
        Calibration rows; a feature's spread is its weighted standard deviation there.
    copies : int
    share : float
    seed : int
    """
    rng = np.random.default_rng(seed)
    numeric = frame.features.select_dtypes("number")
    spreads = {str(name): _spread(numeric[name].to_numpy(), frame) for name in numeric}
    return [
        {name: share * spread * float(rng.normal()) for name, spread in spreads.items()}
        for _ in range(copies)
    ]


def moved(frame: AuditFrame, copy: Copy) -> AuditFrame:
    """Return the frame with its numbers moved; a missing value stays missing."""
    columns = {
        name: frame.features[name] + by
        for name, by in copy.items()
        if name in frame.features
    }
    return replace(frame, features=frame.features.assign(**columns))


def all_moved(frame: AuditFrame, copies: Sequence[Copy]) -> list[AuditFrame]:
    """Return each copy of the frame."""
    return [moved(frame, copy) for copy in copies]


def _spread(values: np.ndarray, frame: AuditFrame) -> float:
    known = np.isfinite(values)
    if not known.any() or frame.weights[known].sum() <= 0:
        return 0.0
    w = frame.weights[known]
    centre = np.average(values[known], weights=w)
    return float(np.sqrt(np.average((values[known] - centre) ** 2, weights=w)))
