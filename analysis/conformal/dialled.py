"""What a promise costs at every level of its dial."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.conformal.control import Dial, control_risk
from analysis.conformal.realised import realised_overall
from analysis.estimates import Estimates, joined
from analysis.evaluation import Evaluation

LEVELS = np.round(np.linspace(0.02, 0.5, 17), 2)
"""Levels at which the dial is tried."""


@dataclass(frozen=True, eq=False)
class Dialled:
    """A risk and its cost over the level promised, for everyone.

    Parameters
    ----------
    dial : Dial
    alphas : float[t]
    risk, load : Estimates [t]
        As in `realised`: NaN where no threshold could be promised.
    """

    dial: Dial
    alphas: Floats
    risk: Estimates
    load: Estimates

    def __post_init__(self) -> None:
        object.__setattr__(self, "alphas", frozen(self.alphas, np.float64))


def dialled(
    fit: Evaluation,
    report: Evaluation,
    dial: Dial,
    row_weights: Floats | None = None,
) -> Dialled:
    """Return risk and cost on other rows when the dial is set to each of `LEVELS`."""
    found = []
    for alpha in LEVELS.tolist():
        control = control_risk(fit, replace(dial, alpha=alpha), row_weights)
        found.append(realised_overall(report, control))
    return Dialled(
        dial,
        LEVELS,
        risk=joined([held.risk for held in found]),
        load=joined([held.load for held in found]),
    )
