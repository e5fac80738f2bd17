"""What can surely be said of the scores of a group: they promise too much or little."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.calibration.reliability import GroupReliability
from analysis.estimates import Estimate
from analysis.holm import holm


@dataclass(frozen=True)
class Claim:
    """Scores of one bin that surely promise too much or too little to one group.

    Parameters
    ----------
    group : str
    low, high : float
        Ends of the bin.
    promised : float
        Mean score in it.
    rate : Estimate
        How often the outcome happens to these people.
    p_value : float
        Exact, of the rate being the mean score.
    """

    group: str
    low: float
    high: float
    promised: float
    rate: Estimate
    p_value: float

    @property
    def promises_too_much(self) -> bool:
        """Whether the outcome happens less often than promised."""
        return self.rate.value < self.promised

    @property
    def least(self) -> float:
        """Distance of the mean score from the nearer end of the rate's interval."""
        nearer = self.rate.high if self.promises_too_much else self.rate.low
        return abs(self.promised - nearer)


def claims(
    record: Sequence[GroupReliability], level: float = 0.05
) -> tuple[Claim, ...]:
    """Return what is sure of all bins of all groups together, the largest first.

    Bins are ordered by how far the score is off at least.

    Parameters
    ----------
    record : sequence of GroupReliability
        All groups that are shown; together they are the family.
    level : float
        Chance of any false claim at all, by Holm's procedure over exact p-values.
    """
    shown = [r for r in record if r.curve.count.sum() > 0]
    if not shown:
        return ()
    sure = holm(np.array([r.curve.p_value for r in shown])) <= level
    found = [_claim(shown[g], b) for g, b in np.argwhere(sure)]
    return tuple(sorted(found, key=lambda claim: (-claim.least, claim.p_value)))


def _claim(r: GroupReliability, b: int) -> Claim:
    curve = r.curve
    return Claim(
        group=r.name,
        low=float(curve.edges[b]),
        high=float(curve.edges[b + 1]),
        promised=float(curve.mean_score[b]),
        rate=Estimate(
            value=float(curve.observed_rate[b]),
            low=float(curve.low[b]),
            high=float(curve.high[b]),
            n=float(curve.count[b]),
        ),
        p_value=float(curve.p_value[b]),
    )
