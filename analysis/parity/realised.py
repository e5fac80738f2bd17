"""What draws come to for the people they are made for, and when they are too few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.costs import Costs
from analysis.parity.lottery import Lottery
from analysis.parity.single import ROUGHLY

MIN_DRAWS = 30
"""Different draws that a group's band needs for their shares to be near the chances."""

TOO_FAR = 0.02
"""A gap as drawn that exceeds what was promised by more is not what was asked for."""

DEARER = 1.05
"""One threshold each that costs more, as a multiple of what draws do, is no remedy."""

FEW, FAR = "few draws", "far from the tolerance"


@dataclass(frozen=True, eq=False)
class Realised:
    """What follows on some rows under the draws that their people have.

    Parameters
    ----------
    gaps : float[r]
        Largest minus smallest of each constrained rate.
    cost : float
        Per person.
    fewest : int or None
        Different draws in the band of the group that has the fewest; None where no
        draw decides.
    """

    gaps: Floats
    cost: float
    fewest: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "gaps", frozen(self.gaps, np.float64))


@dataclass(frozen=True, eq=False)
class People:
    """Rows with a draw for each.

    Parameters
    ----------
    scores : float[n]
    is_positive : bool[n]
    weights : float[n]
        Above zero.
    codes : int[n]
        Group whose rates are held to the others', without holes; -1 for none.
    draws : float[n]
        In [0, 1).
    """

    scores: Floats
    is_positive: Bools
    weights: Floats
    codes: Ints
    draws: Floats

    def outcome(
        self,
        lotteries: Sequence[Lottery],
        rates: Sequence[str],
        costs: Costs,
        ruled: Ints | None = None,
    ) -> Realised:
        """Return what follows from a draw for each group.

        Parameters
        ----------
        lotteries : sequence of Lottery, length h
        rates : sequence of str
            Of `CONSTRAINTS`.
        costs : Costs
        ruled : int[n], optional
            Which lottery each row takes, -1 for rows that do not count; its group's by
            default.
        """
        ruled = self.codes if ruled is None else ruled
        decided = np.zeros(len(self.scores), bool)
        counts = []
        for place, lottery in enumerate(lotteries):
            rows = np.flatnonzero(ruled == place)
            decided[rows] = self.scores[rows] >= lottery.cut_of(self.draws[rows])
            is_drawn = lottery.is_drawn(self.scores[rows])
            if len(lottery.cuts) > 1 and is_drawn.any():
                counts.append(len(np.unique(self.draws[rows][is_drawn])))
        paid = costs.matrix[self.is_positive.astype(int), decided.astype(int)]
        counted = ruled >= 0
        return Realised(
            np.array([self._gap(decided, rate) for rate in rates]),
            float(np.average(paid[counted], weights=self.weights[counted])),
            min(counts, default=None),
        )

    def _gap(self, decided: Bools, rate: str) -> float:
        """Return the largest minus the smallest of a rate; 0 without groups."""
        asked = {
            "false_positive_rate": ~self.is_positive,
            "true_positive_rate": self.is_positive,
            "selection_rate": np.ones(len(decided), bool),
        }[rate] & (self.codes >= 0)
        if not asked.any():
            return 0.0
        codes, weights = self.codes[asked], self.weights[asked]
        whole = np.bincount(codes, weights)
        part = np.bincount(codes, weights * decided[asked])
        return float(np.ptp(part[whole > 0] / whole[whole > 0]))


def against_draws(
    tolerance: float,
    expected: Floats,
    realised: Realised,
    single: Floats,
    single_cost: float,
) -> str:
    """Return why one threshold each serves better than draws: a word, or nothing.

    Parameters
    ----------
    tolerance : float
    expected : float[r]
        Gaps that draws promise.
    realised : Realised
        What they come to.
    single : float[r]
        Gaps with one threshold for each group.
    single_cost : float
        Its cost per person: near a tolerance of 0 it may agree only where nearly
        everybody is decided alike, and wrongly.
    """
    if realised.fewest is None or single_cost > DEARER * realised.cost:
        return ""
    drawn, other = float(realised.gaps.max()), float(np.max(single))
    if realised.fewest < MIN_DRAWS and other <= max(drawn, tolerance, ROUGHLY):
        return FEW
    promised = max(tolerance, float(np.max(expected)))
    return FAR if drawn > promised + TOO_FAR and other < drawn else ""
