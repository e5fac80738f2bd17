"""From a point under a ROC curve to a draw between thresholds that few people meet."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.parity.roc import GroupRates

NEAR = 1e-11
"""Shares of a label; a point this near to a threshold's is that threshold's."""


@dataclass(frozen=True, eq=False)
class Lottery:
    """Thresholds, and the chance of each; one of them for most groups.

    Parameters
    ----------
    cuts : float[m]
        Falling.
    shares : float[m]
        Above zero, summing to 1.
    """

    cuts: Floats
    shares: Floats

    def __post_init__(self) -> None:
        for name in ("cuts", "shares"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def cut_of(self, draws: Floats) -> Floats:
        """Return the cut that each draw in [0, 1) meets, float[n]."""
        upto = np.cumsum(self.shares)[:-1]
        return self.cuts[np.searchsorted(upto, draws, side="right")]

    def is_drawn(self, scores: Floats) -> Bools:
        """Return for whose score a draw can change the decision, bool[n]."""
        between: Bools = (scores >= self.cuts[-1]) & (scores < self.cuts[0])
        return between


def lottery_at(
    table: GroupRates, false_positives: float, true_positives: float
) -> Lottery:
    """Return the draw that reaches a point, with the fewest people between its cuts.

    A point on or above the chord of two vertices of the hull is a mixture of vertices
    between them. Hardt et al. mix the best threshold with a coin that may concern
    everybody; here only people between the lowest and the highest cut are drawn for.

    Parameters
    ----------
    table : GroupRates
    false_positives, true_positives : float
        The point, in weight; on or below the hull and above its long chord.
    """
    hull = table.at(table.hull)
    f, t = hull.false_positives, hull.true_positives
    scale = np.array([max(table.negatives, NEAR), max(table.positives, NEAR)])
    points = np.column_stack([f, t]) / scale  # [v, 2]
    point = np.array([false_positives, true_positives]) / scale
    nearest = int(np.abs(points - point).max(axis=1).argmin())
    if np.abs(points[nearest] - point).max() <= NEAR:
        return Lottery(hull.cuts[[nearest]], np.ones(1))
    selected = (f + t) / table.weight
    among = _narrowest(
        points, point, selected, (false_positives + true_positives) / table.weight
    )
    shares = _shares(points[among], point)
    kept = shares > NEAR
    return Lottery(hull.cuts[among][kept], shares[kept] / shares[kept].sum())


def drawn_share(table: GroupRates, lottery: Lottery) -> float:
    """Return the share of a group's people whose decision a draw can change."""
    if len(lottery.cuts) == 1:
        return 0.0
    fewest, most = (table.position(float(cut)) for cut in lottery.cuts[[0, -1]])
    share = table.rate("selection_rate")
    return float(share[most] - share[fewest])


def _narrowest(points: Floats, point: Floats, selected: Floats, at: float) -> Ints:
    """Return two or three vertices around a point, with the least share between.

    For a first vertex i the point is above the chord to k from some k on, found by
    bisection for all i at once; it then lies in the triangle i, k - 1, k.
    """
    last = len(points) - 1
    first = np.arange(max(int(np.searchsorted(selected, at, side="right")), 1))
    first = first[first < last]
    is_reached = _is_above(points[last] - points[first], point - points[first])
    first = first[is_reached | (first == 0)]
    low = np.maximum(np.searchsorted(selected, at), first + 1)
    high = np.full(len(first), last)
    while (low < high).any():
        middle = (low + high) // 2
        is_above = _is_above(points[middle] - points[first], point - points[first])
        high = np.where(is_above, middle, high)
        low = np.where(is_above, low, np.minimum(middle + 1, high))
    best = int((selected[high] - selected[first]).argmin())
    i, k = int(first[best]), int(high[best])
    return np.unique(np.array([i, k - 1, k]))


def _is_above(chords: Floats, to_point: Floats) -> Bools:
    """Return whether a point is above each chord, or as good as on it, bool[v]."""
    cross = chords[..., 0] * to_point[:, 1] - chords[..., 1] * to_point[:, 0]
    above: Bools = cross >= -NEAR * np.hypot(chords[..., 0], chords[..., 1])
    return above


def _shares(corners: Floats, point: Floats) -> Floats:
    """Return the weights of two or three corners whose mean is nearest to a point."""
    edges = (corners[1:] - corners[0]).T
    rest = np.linalg.lstsq(edges, point - corners[0], rcond=None)[0]
    rest = np.clip(rest, 0.0, 1.0)
    result = np.concatenate([[max(1.0 - rest.sum(), 0.0)], rest])
    return np.asarray(result / result.sum())
