"""Group thresholds of least cost, each group's own or with rates that agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.costs import Costs
from analysis.thresholds.curves import ThresholdCurves, decision_metric

MAX_CUTS = 1_000
"""Thresholds tried for each group; of more distinct scores, those at quantiles."""

MAX_TARGETS = 2_000
"""Common rates tried; of more, those at quantiles."""

TOLERANCE = 0.005
"""Rates this close to the common rate count as agreeing with it."""


@dataclass(frozen=True, eq=False)
class Options:
    """The thresholds that one group may have, in the order of their rate.

    Parameters
    ----------
    at, cost, rate : float[t]
        Threshold, cost summed over the group's people, and the rate that is to agree.
    rank : int[t]
        Place by cost, then by distance from the single threshold.
    """

    at: Floats
    cost: Floats
    rate: Floats
    rank: Ints

    def near(self, targets: Floats) -> Ints:
        """Return the option of least rank whose rate agrees with each target."""
        nearest = np.abs(_nearest(self.rate, targets) - targets)
        reach = np.maximum(nearest, TOLERANCE) + 1e-12
        first = np.searchsorted(self.rate, targets - reach)
        stop = np.searchsorted(self.rate, targets + reach, side="right")
        best = least_in(self.rank, first, stop)
        return np.argsort(self.rank)[best]


def options_of(
    curves: ThresholdCurves, group: int, costs: Costs, rate: str, single: float
) -> Options:
    """Return the thresholds a group may have, the single one among them.

    Parameters
    ----------
    curves : ThresholdCurves
    group : int
    costs : Costs
    rate : str
        The metric that is to agree over groups; empty for none.
    single : float
        The single threshold; it stands for every cut that decides as it does.
    """
    at = curves.cuts(MAX_CUTS, group)
    w = _tables_of(curves, group, at)
    same = (w == _tables_of(curves, group, np.array([single]))).all((1, 2))
    at = np.where(same, single, at)
    if not same.any():  # thinned away
        at = np.sort(np.append(at, single))
        w = _tables_of(curves, group, at)
    cost = total_cost(w, costs)
    rates = decision_metric(rate).value(w) if rate else np.zeros(len(at))
    by_rate = np.argsort(rates, kind="stable")
    rank = np.empty(len(at), np.int64)
    apart = np.abs(at / 2 - single / 2)  # the whole distance may overflow
    rank[np.lexsort((apart, cost))] = np.arange(len(at))
    return Options(at[by_rate], cost[by_rate], rates[by_rate], rank[by_rate])


def _tables_of(curves: ThresholdCurves, group: int, at: Floats) -> Floats:
    return curves.part(group).tables_at(at[None])[1][0]


def total_cost(w: Floats, costs: Costs) -> Floats:
    """Return the summed cost of tables float[..., 2, 2], equal costs exactly equal."""
    return _rounded((w * costs.matrix).sum((-2, -1)))


def cheapest(options: Sequence[Options]) -> Floats:
    """Return each group's threshold of least cost, float[g]."""
    return np.array([o.at[o.rank.argmin()] for o in options])


def agreeing(options: Sequence[Options]) -> Floats:
    """Return a threshold for each group, float[g], so that their rates agree.

    For each common rate within the reach of every group, a group takes the threshold
    of least cost among those whose rate is within `TOLERANCE` of it, or else nearest
    to it. The common rate of least cost overall is taken, of several the one that
    leaves the smallest gap.
    """
    reach = max(o.rate[0] for o in options), min(o.rate[-1] for o in options)
    targets = np.unique(np.concatenate([o.rate for o in options]))
    # with nothing in reach of all, rates between the two ends are nearest to it
    targets = targets[(targets >= min(reach)) & (targets <= max(reach))]
    if len(targets) > MAX_TARGETS:
        kept = np.linspace(0, len(targets) - 1, MAX_TARGETS).astype(np.int64)
        targets = targets[kept]
    chosen = [o.near(targets) for o in options]  # [g] of int[targets]
    cost = sum(o.cost[c] for o, c in zip(options, chosen, strict=True))
    rates = np.array([o.rate[c] for o, c in zip(options, chosen, strict=True)])
    best = np.lexsort((np.ptp(rates, axis=0), _rounded(np.asarray(cost))))[0]
    return np.array([o.at[c[best]] for o, c in zip(options, chosen, strict=True)])


def _rounded(cost: Floats) -> Floats:
    """Round off the noise of summation, so that equal costs are equal."""
    size = float(np.abs(cost).max(initial=0.0))
    return np.round(cost / size, 11) * size if size > 0 else cost


def _nearest(rising: Floats, targets: Floats) -> Floats:
    after = np.clip(np.searchsorted(rising, targets), 1, max(len(rising) - 1, 1))
    low, high = rising[after - 1], rising[np.minimum(after, len(rising) - 1)]
    return np.where(targets - low <= high - targets, low, high)


def least_in(values: Ints, first: Ints, stop: Ints) -> Ints:
    """Return the least value of each range; ranges hold at least one."""
    tables = [values]  # of the j-th, an entry is the least of 2 ** j values
    while 2 ** len(tables) <= len(values):
        half = 2 ** (len(tables) - 1)
        tables.append(np.minimum(tables[-1][:-half], tables[-1][half:]))
    level = np.frexp(stop - first)[1] - 1
    least = np.empty(len(first), np.int64)
    for j, table in enumerate(tables):
        here = level == j
        least[here] = np.minimum(table[first[here]], table[stop[here] - 2**j])
    return least
