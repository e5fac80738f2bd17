"""One threshold for each group, at the least cost with rates within a tolerance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.costs import Costs
from analysis.parity.programme import EXACT
from analysis.parity.roc import GroupRates
from analysis.thresholds.agreement import least_in

MAX_CUTS = 300
"""Cuts tried for each group; of more, those at even steps of the share selected."""

ROUGHLY = 0.005
"""A smaller tolerance counts as this one.

The very smallest gap is often found only where nearly everybody is decided alike.
"""

MAX_WINDOWS, MAX_CELLS = 20_000, 4_000_000
"""Places tried for the window that all rates are to lie in, and so many by group."""


@dataclass(frozen=True, eq=False)
class Single:
    """A group's cuts, and whether all rates are within the tolerance.

    Parameters
    ----------
    positions : int[g]
        Of the chosen cut in each group's table.
    is_within : bool
    """

    positions: Ints
    is_within: bool


@dataclass(frozen=True, eq=False)
class _Options:
    """The cuts that one group may have: positions, cost, and rates float[r, t]."""

    positions: Ints
    cost: Floats
    rates: Floats


class SingleThresholds:
    """Chooses one cut for each group, at any tolerance.

    Deciding for nobody or everybody in a group would make most rates agree, so it is
    left out wherever the group has another choice and it is not what costs least.

    Parameters
    ----------
    tables : sequence of GroupRates
        Each with people of both labels.
    rates : tuple of str
        Names of the rates that are to agree; they rise as a cut falls.
    costs : Costs
    """

    def __init__(
        self, tables: Sequence[GroupRates], rates: tuple[str, ...], costs: Costs
    ) -> None:
        self._options = [_options(table, rates, costs) for table in tables]
        self._lows = _lows(self._options, len(rates))  # r arrays of float

    def at(self, tolerance: float) -> Single:
        """Return the cheapest cuts within a tolerance, or `ROUGHLY` if that is more.

        If there are none, those of the smallest gap are taken.
        """
        found = self._within(max(tolerance, ROUGHLY))
        if found is None:
            found = self._closest()
        pairs = list(zip(self._options, found, strict=True))
        gaps = np.ptp([o.rates[:, c] for o, c in pairs], axis=0)
        return Single(
            np.array([o.positions[c] for o, c in pairs]),
            bool(gaps.max() <= tolerance + EXACT),
        )

    def _within(self, tolerance: float) -> Ints | None:
        """Return each group's cheapest choice, int[g]; None if no cuts are within.

        All rates rise as the cut falls, so a window [a, a + tolerance] on each leaves
        every group one run of cuts, of which the cheapest is looked up.
        """
        first = self._firsts
        stop = np.stack([self._stops(o, tolerance) for o in self._options])
        serves = np.flatnonzero((stop > first).all(axis=0))
        if not len(serves):
            return None
        chosen = np.stack(
            [
                _cheapest_in(o, first[g, serves], stop[g, serves])
                for g, o in enumerate(self._options)
            ]
        )
        best: Ints = chosen[:, self._cost(chosen).argmin()]
        return best

    def _closest(self) -> Ints:
        """Return the choices whose largest gap is smallest, int[g].

        For a window's low ends each group takes the first cut that reaches them.
        """
        sizes = np.array([len(o.cost) for o in self._options])
        is_reached = (self._firsts < sizes[:, None]).all(axis=0)
        chosen = self._firsts[:, is_reached]
        pairs = zip(self._options, chosen, strict=True)
        rates = np.stack([o.rates[:, c] for o, c in pairs])  # [g, r, windows]
        gaps = np.ptp(rates, axis=0).max(axis=0)
        best: Ints = chosen[:, np.lexsort((self._cost(chosen), np.round(gaps, 12)))[0]]
        return best

    def _cost(self, chosen: Ints) -> Floats:
        """Return the summed cost of choices int[g, windows], float[windows]."""
        pairs = zip(self._options, chosen, strict=True)
        return np.sum([o.cost[c] for o, c in pairs], axis=0)

    @cached_property
    def _firsts(self) -> Ints:
        """The first cut of each group that reaches a window, int[g, windows]."""
        return np.stack(
            [
                _grid(
                    [
                        np.searchsorted(rate, low - EXACT)
                        for rate, low in zip(o.rates, self._lows, strict=True)
                    ],
                    np.maximum,
                )
                for o in self._options
            ]
        )

    def _stops(self, options: _Options, tolerance: float) -> Ints:
        """Return the first cut of a group that is past each window, int[windows]."""
        past = [
            np.searchsorted(rate, low + tolerance + EXACT, side="right")
            for rate, low in zip(options.rates, self._lows, strict=True)
        ]
        return _grid(past, np.minimum)


def _options(table: GroupRates, names: tuple[str, ...], costs: Costs) -> _Options:
    """Return the cuts of one group that are tried."""
    cost = table.cost(costs)
    cheapest = int(np.flatnonzero(cost <= cost.min() + EXACT * table.weight)[0])
    has_choice = len(cost) > 2
    positions = np.arange(1, len(cost) - 1) if has_choice else np.arange(len(cost))
    if len(positions) > MAX_CUTS:
        share = table.rate("selection_rate")
        even = np.searchsorted(share, np.linspace(0, 1, MAX_CUTS)[1:-1])
        positions = np.clip(even, 1, len(cost) - 2)
    positions = np.union1d(positions, [cheapest])
    rates = np.stack([table.rate(name)[positions] for name in names])
    return _Options(positions, cost[positions], rates)


def _lows(options: Sequence[_Options], r: int) -> list[Floats]:
    """Return the low ends of windows that are tried, for each rate.

    A window that serves can be moved up until it starts at one of its groups' rates.
    """
    windows = min(MAX_WINDOWS, MAX_CELLS // len(options))
    at_most = int(windows ** (1 / r))
    found = []
    for rate in range(r):
        every = np.unique(np.concatenate([o.rates[rate] for o in options]))
        if len(every) > at_most:
            kept = np.linspace(0, len(every) - 1, at_most).astype(np.int64)
            every = every[kept]
        found.append(every)
    return found


def _grid(by_rate: Sequence[Ints], joint: np.ufunc) -> Ints:
    """Join an index by rate for every pair of low ends, int[windows]."""
    joined: Ints = by_rate[0]
    for other in by_rate[1:]:
        joined = joint.outer(joined, other).ravel()
    return joined


def _cheapest_in(options: _Options, first: Ints, stop: Ints) -> Ints:
    """Return the cheapest cut of each run, int[windows]."""
    by_cost = np.argsort(options.cost, kind="stable")
    rank = np.empty(len(by_cost), np.int64)
    rank[by_cost] = np.arange(len(by_cost))
    chosen: Ints = by_cost[least_in(rank, first, stop)]
    return chosen
