"""Rows sorted by group and score, once: what every metric of ranking is read from."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.evaluation import Evaluation
from analysis.frame import Grouping


@dataclass(frozen=True, eq=False)
class SortedScores:
    """Rows in the order of their group, and of their score within it.

    Parameters
    ----------
    order : int[n]
        Position of each sorted row in the evaluation.
    bounds : int[g + 1]
        First sorted row of each group, and n.
    positive : bool[n]
    w : float[n]
        Weights.
    tied : bool[n] or None
        Whether a row has the group and score of the row before; None without ties.
    """

    order: Ints
    bounds: Ints
    positive: Bools
    w: Floats
    tied: Bools | None

    @property
    def sizes(self) -> Ints:
        """Rows of each group, int[g]."""
        return np.diff(self.bounds)

    def spread_out(self, by_group: Floats) -> Floats:
        """Return each sorted row's own entry of float[g]."""
        return np.repeat(by_group, self.sizes)

    def sums(self, rows: Floats) -> Floats:
        """Return the sum over each group's sorted rows, float[g]; 0 for none."""
        sizes, starts = self.sizes, self.bounds[:-1]
        total = np.zeros(len(sizes))
        held = sizes > 0
        if held.any():
            total[held] = np.add.reduceat(rows, starts[held])
        return total

    def up_to(self, rows: Floats) -> Floats:
        """Return the sum over the group's rows at lower or equal scores, float[n]."""
        running = np.cumsum(rows)
        before = np.concatenate([[0.0], running])[self.bounds[:-1]]
        running -= self.spread_out(before)
        if self.tied is None:
            return running
        # every row of a run of ties takes the sum at the run's last row
        last = np.flatnonzero(~np.append(self.tied[1:], False))
        lengths = np.diff(last, prepend=-1)
        return np.repeat(running[last], lengths)

    def at_ties(self, rows: Floats) -> Floats:
        """Return the sum over the rows tied with each row, itself included."""
        if self.tied is None:
            return rows
        starts = np.flatnonzero(~self.tied)
        lengths = np.diff(starts, append=len(rows))
        return np.repeat(np.add.reduceat(rows, starts), lengths)

    def unsorted(self, rows: Floats) -> Floats:
        """Return values of sorted rows in the order of the evaluation."""
        back = np.empty(len(rows))
        back[self.order] = rows
        return back


def sorted_scores(evaluation: Evaluation, grouping: Grouping) -> SortedScores:
    """Sort the scores of the class in view, then stably by group.

    Two sorts of one key are far faster than one of two keys: the first is vectorised,
    the second a radix sort of small integers.
    """
    score, g = np.ascontiguousarray(evaluation.score), len(grouping.names)
    order = np.argsort(score)
    codes = grouping.codes[order]
    if g > 1:
        by_group = np.argsort(codes.astype(np.min_scalar_type(g)), kind="stable")
        order, codes = order[by_group], codes[by_group]
    sorted_score = score[order]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=g))])
    tied = np.zeros(len(order), dtype=bool)
    tied[1:] = (sorted_score[1:] == sorted_score[:-1]) & (codes[1:] == codes[:-1])
    return SortedScores(
        order=order,
        bounds=bounds.astype(np.int64),
        positive=evaluation.is_positive[order],
        w=evaluation.weights[order],
        tied=tied if tied.any() else None,
    )
