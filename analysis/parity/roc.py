"""What every threshold decides in each group, from one pass over sorted scores."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import isotonic_regression

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.costs import Costs
from analysis.errors import DataError

STRAIGHT = 1e-12
"""Neighbouring slopes of a hull that differ by less are one edge."""

TOP = frozen([np.inf], np.float64)
"""The cut that selects nobody."""


@dataclass(frozen=True, eq=False)
class GroupRates:
    """What is decided in one group at every cut between its scores.

    Parameters
    ----------
    cuts : float[t]
        Falling, from infinity, where nobody is decided positive, to minus infinity,
        where everybody is. Each lies midway between neighbouring distinct scores, so
        that it also serves rows not seen; a score of at least the cut is positive.
    lowest : float[t]
        The lowest score decided positive; infinity where nobody is.
    false_positives, true_positives : float[t]
        Weight decided positive of each label, rising from 0.
    n : int
        Rows.
    """

    cuts: Floats
    lowest: Floats
    false_positives: Floats
    true_positives: Floats
    n: int

    def __post_init__(self) -> None:
        for name in ("cuts", "lowest", "false_positives", "true_positives"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def negatives(self) -> float:
        """Weight of label 0."""
        return float(self.false_positives[-1])

    @property
    def positives(self) -> float:
        """Weight of label 1."""
        return float(self.true_positives[-1])

    @property
    def weight(self) -> float:
        """Weight of everybody."""
        return self.negatives + self.positives

    def rate(self, name: str) -> Floats:
        """Return a rate at every cut, float[t]; NaN where nobody is asked about.

        Parameters
        ----------
        name : str
            'false_positive_rate', 'true_positive_rate', 'selection_rate',
            'true_negative_rate', 'accuracy' or 'precision'.
        """
        part, whole = self._fraction(name)
        safe = np.where(whole > 0, whole, 1.0)
        return np.where(whole > 0, part / safe, np.nan)

    def cost(self, costs: Costs) -> Floats:
        """Return the cost summed over the group's people at every cut, float[t]."""
        cost = costs.matrix
        f, t = self.false_positives, self.true_positives
        result: Floats = (
            cost[0, 0] * (self.negatives - f)
            + cost[0, 1] * f
            + cost[1, 0] * (self.positives - t)
            + cost[1, 1] * t
        )
        return result

    @cached_property
    def hull(self) -> Ints:
        """Positions of the cuts on the upper convex hull of the ROC curve, int[v].

        Rising, both ends included. The slopes of the hull are the antitonic regression
        of the labels on the order of the scores, which takes one pass.
        """
        f, t = self.false_positives, self.true_positives
        if len(f) == 1:
            return np.zeros(1, np.int64)
        weights = np.diff(f) + np.diff(t)
        shares = np.diff(t) / weights
        blocks = isotonic_regression(shares, weights=weights, increasing=False)
        slope = blocks.x[blocks.blocks[:-1]]
        is_corner = slope[:-1] - slope[1:] > STRAIGHT
        kept: Ints = blocks.blocks[np.concatenate([[True], is_corner, [True]])]
        return kept.astype(np.int64)

    def at(self, positions: Ints) -> "GroupRates":
        """Return the table of some of the cuts, ends included, rising."""
        return GroupRates(
            self.cuts[positions],
            self.lowest[positions],
            self.false_positives[positions],
            self.true_positives[positions],
            self.n,
        )

    def position(self, cut: float) -> int:
        """Return the position that decides as a cut does; of a whole table."""
        return int(self.positions(np.array([cut]))[0])

    def positions(self, cuts: Floats) -> Ints:
        """Return the position that decides as each of any cuts does, int[m]."""
        return np.searchsorted(-self.lowest, -cuts, side="right") - 1

    def _fraction(self, name: str) -> tuple[Floats, Floats]:
        f, t = self.false_positives, self.true_positives
        every = np.ones(len(f))
        fractions = {
            "false_positive_rate": (f, self.negatives * every),
            "true_positive_rate": (t, self.positives * every),
            "selection_rate": (f + t, self.weight * every),
            "true_negative_rate": (self.negatives - f, self.negatives * every),
            "accuracy": (t + self.negatives - f, self.weight * every),
            "precision": (t, f + t),
        }
        return fractions[name]


def group_rates(
    scores: Floats, is_positive: Bools, weights: Floats, codes: Ints, g: int
) -> tuple[GroupRates, ...]:
    """Return the table of each group, from one sort of the scores.

    Parameters
    ----------
    scores : float[n]
        Any rising measure of how likely label 1 is; finite.
    is_positive : bool[n]
    weights : float[n]
        Above zero.
    codes : int[n]
        Group of each row, below g.
    g : int

    Raises
    ------
    DataError
        A score is missing or infinite.
    """
    values = np.ascontiguousarray(scores, np.float64)
    if not np.isfinite(values).all():
        raise DataError(
            "Some scores are missing or infinite, so they have no order. Mend the "
            "score column, or choose a trained run."
        )
    order = np.argsort(values)
    if g > 1:
        small = codes.astype(np.min_scalar_type(g))[order]
        order = order[np.argsort(small, kind="stable")]  # radix: scores keep rising
    order = order[::-1]
    ends = np.cumsum(np.bincount(codes, minlength=g)[::-1])
    parts = np.split(order, ends[:-1])[::-1]
    return tuple(_table(values[p], is_positive[p], weights[p]) for p in parts)


def _table(scores: Floats, is_positive: Bools, weights: Floats) -> GroupRates:
    """Return the table of one group's rows, whose scores fall."""
    n = len(scores)
    if not n:
        return GroupRates(TOP, TOP, np.zeros(1), np.zeros(1), 0)
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    selected = np.cumsum(weights)[last]
    true = np.cumsum(np.where(is_positive, weights, 0.0))[last]
    true = np.minimum(true, selected)
    upper, lower = scores[last][:-1], scores[last][1:]
    middle = lower / 2 + upper / 2
    is_between = (lower < middle) & (middle <= upper)  # neighbours may be too close
    inner = np.where(is_between, middle, upper)
    return GroupRates(
        np.concatenate([[np.inf], inner, [-np.inf]]),
        np.concatenate([[np.inf], scores[last]]),
        np.maximum.accumulate(np.concatenate([[0.0], selected - true])),
        np.concatenate([[0.0], true]),
        n,
    )
