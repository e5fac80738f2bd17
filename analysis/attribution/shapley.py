"""How a change is shared among players: the Shapley value, exact or sampled.

A set of players is a number whose bit i says whether player i is in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from analysis.arrays import Floats, Ints

EXACT_WORK = 1_000_000_000
"""Sets of players times rows that are still valued one and all."""

MIN_PAIRS, MAX_PAIRS = 8, 500
"""Permutations, each with its reverse, that are drawn where there are more."""

MAX_PLAYERS = 20


@dataclass(frozen=True, eq=False)
class Game:
    """Which sets are valued, and how the parts follow from their values.

    Parameters
    ----------
    sets : int[s]
        The empty set first, the set of all players last.
    shares : float[m, s]
        Parts are shares @ values.
    by_pair : float[p, m, s] or None
        The shares of each drawn pair of permutations; None for exact values.
    """

    sets: Ints
    shares: Floats
    by_pair: Floats | None = None

    def error(self, values: Floats) -> Floats:
        """Return the Monte-Carlo standard error of each part, float[m]; 0 if exact."""
        if self.by_pair is None:
            return np.zeros(len(self.shares))
        each = self.by_pair @ values  # [p, m]
        error: Floats = each.std(axis=0, ddof=1) / np.sqrt(len(each))
        return error


def game(players: int, rows: int, seed: int = 0) -> Game:
    """Return the game of some players on so many rows.

    While 2^players times rows stays under `EXACT_WORK` every set is valued. Beyond
    that, permutations are drawn, each followed by its reverse (antithetic), and a
    player's part is the mean of what it adds to those before it; parts still sum to
    the whole change.

    Parameters
    ----------
    players : int
    rows : int
        Rows of the table that is weighted.
    seed : int

    References
    ----------
    Shapley (1953), A Value for n-Person Games; Mitchell, Cooper, Frank & Holmes (2022),
    Sampling Permutations for Shapley Value Estimation, JMLR 23, section 3.1.
    """
    if 2**players * rows < EXACT_WORK:
        return _exact(players)
    pairs = EXACT_WORK // max(2 * players * rows, 1)
    return _sampled(players, int(np.clip(pairs, MIN_PAIRS, MAX_PAIRS)), seed)


def lighter(full: Game, players: int, pairs: int, seed: int = 0) -> Game:
    """Return a game of fewer sets, for replicates; the same one if it is small."""
    if len(full.sets) <= 2 * pairs * players:
        return full
    return _sampled(players, pairs, seed)


def shapley(
    players: Sequence[str], value: Callable[[frozenset[str]], float]
) -> dict[str, float]:
    """Return the Shapley value of each player; they sum to v(all) - v(none)."""
    exact = _exact(len(players))
    names = [{p for i, p in enumerate(players) if s >> i & 1} for s in exact.sets]
    values = np.array([value(frozenset(s)) for s in names])
    parts = exact.shares @ values
    return {p: float(part) for p, part in zip(players, parts, strict=True)}


def _exact(m: int) -> Game:
    sets = np.arange(2**m)
    size = sum((sets >> i & 1 for i in range(m)), np.zeros_like(sets))
    share = np.array([1 / (m * comb(m - 1, k)) for k in range(m)])
    shares = np.zeros((m, len(sets)))
    for i in range(m):
        inside = (sets >> i & 1).astype(bool)
        shares[i, inside] = share[size[inside] - 1]
        shares[i, ~inside] = -share[size[~inside]]
    return Game(sets, shares)


def _sampled(m: int, pairs: int, seed: int) -> Game:
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(m) for _ in range(pairs)]
    paths = [[_path(order), _path(order[::-1])] for order in drawn]
    sets = np.unique(
        [[0, 2**m - 1]] + [[s, s] for pair in paths for p in pair for s in p]
    )
    by_pair = np.zeros((pairs, m, len(sets)))
    for k, order in enumerate(drawn):
        for players, path in zip((order, order[::-1]), paths[k], strict=True):
            at = np.searchsorted(sets, path)
            np.add.at(by_pair[k], (players, at[1:]), 0.5)
            np.add.at(by_pair[k], (players, at[:-1]), -0.5)
    return Game(sets, by_pair.mean(axis=0), by_pair)


def _path(order: Ints) -> Ints:
    """Return the sets that grow player by player, from none to all."""
    return np.concatenate([[0], np.cumsum(1 << order.astype(np.int64))])
