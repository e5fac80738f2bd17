"""Composition: who is in a table, and how often their label is positive."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats, frozen
from analysis.estimates import Estimates
from analysis.frame import AuditFrame, Splits
from analysis.intervals import wilson


@dataclass(frozen=True, eq=False)
class Composition:
    """The groups of one attribute.

    Parameters
    ----------
    attribute : str
    names : tuple of str, length g
    n : float[g]
        Rows.
    share : float[g]
        Share of the rows' weight, in [0, 1].
    label_rate : Estimates [g]
        Weighted share of the positive label, with Wilson intervals.
    """

    attribute: str
    names: tuple[str, ...]
    n: Floats
    share: Floats
    label_rate: Estimates

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", frozen(self.n, np.float64))
        object.__setattr__(self, "share", frozen(self.share, np.float64))


def composition(frame: AuditFrame, attribute: str) -> Composition:
    """Count the groups of one attribute and their positive labels.

    Parameters
    ----------
    frame : AuditFrame
        With two classes the positive label is the last; with more, the last class
        against the others. Without labels the rate is NaN.
    attribute : str
    """
    grouping = frame.grouping((attribute,))
    g = len(grouping.names)

    def total(values: Floats | None = None) -> Floats:
        return np.bincount(grouping.codes, values, g).astype(np.float64)

    n, w, w2 = total(), total(frame.weights), total(frame.weights**2)
    rate = np.full(g, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):  # an empty group is NaN
        if frame.y_true is not None:
            positive = frame.y_true == len(frame.classes) - 1
            rate = total(frame.weights * positive) / w
        low, high = wilson(rate, w**2 / w2)
    estimates = Estimates(rate, low, high, n)
    return Composition(attribute, grouping.names, n, w / w.sum(), estimates)


def label_share(frame: AuditFrame) -> float:
    """Return the weighted share of the positive label; NaN without labels."""
    if frame.y_true is None or not len(frame):
        return np.nan
    positive = frame.y_true == len(frame.classes) - 1
    return float(np.average(positive, weights=frame.weights))


def parts_table(frame: AuditFrame, splits: Splits) -> pd.DataFrame:
    """Return rows and label share of each split."""
    parts = {name: frame.take(rows) for name, rows in splits.rows.items()}
    return pd.DataFrame(
        {
            "split": list(parts),
            "rows": [len(part) for part in parts.values()],
            "share of rows": [len(part) / len(frame) for part in parts.values()],
            "positive label": [label_share(part) for part in parts.values()],
        }
    )
