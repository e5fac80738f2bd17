"""Parity of true groups by thresholds of inferred ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from scipy import sparse

from analysis.arrays import Bools, Floats, Ints
from analysis.costs import Costs
from analysis.parity.lottery import Lottery
from analysis.parity.programme import EXACT, Programme
from analysis.parity.roc import GroupRates, group_rates
from analysis.parity.single import ROUGHLY

MAX_CUTS = 100
"""Cuts of each inferred group; of more, those at even steps of the share selected."""


MAX_CHOICES = 4_000
"""Choices of one cut each that are tried; of more, each group's likeliest is taken."""


@dataclass(frozen=True, eq=False)
class InferredProgramme:
    """The programme of rates of true groups over cuts of inferred ones.

    Parameters
    ----------
    programme : Programme
        A block is an inferred group that has rows.
    inferred : tuple of int
        The inferred group of each block.
    cuts : float[c]
        The cut of each column, falling within a block.
    between : float[c]
        Weight selected in the block at each column.
    now : float[c]
        The decisions before, at a cut of zero: x with one column of each block.
    """

    programme: Programme
    inferred: tuple[int, ...]
    cuts: Floats
    between: Floats
    now: Floats

    def solutions(self, tolerances: Sequence[float]) -> Iterator[Floats]:
        """Give the optimum x, float[c], at each tolerance."""
        return self.programme.solutions(tolerances)

    def lotteries(self, x: Floats) -> dict[int, Lottery]:
        """Return the draw of each inferred group that has rows."""
        found = {}
        for block, group in enumerate(self.inferred):
            used = np.flatnonzero((self.programme.blocks == block) & (x > EXACT))
            found[group] = Lottery(self.cuts[used], x[used] / x[used].sum())
        return found

    def one_each(self, x: Floats, tolerance: float) -> Floats:
        """Return the best single cuts among those that an optimum draws between.

        The cheapest whose gaps are within the tolerance, or `ROUGHLY` if that is more;
        or else those of the smallest gap.
        """
        blocks = self.programme.blocks
        used = [
            np.flatnonzero((blocks == block) & (x > EXACT))
            for block in range(len(self.inferred))
        ]
        if prod(len(own) for own in used) > MAX_CHOICES:
            used = [own[[x[own].argmax()]] for own in used]
        choices = np.array(list(product(*used)), np.int64)  # [m, blocks]
        gaps = np.zeros(len(choices))
        for place, chosen in enumerate(choices):
            single = np.zeros(len(x))
            single[chosen] = 1.0
            gaps[place] = self.programme.gaps(single).max()
        excess = np.round(np.maximum(gaps - max(tolerance, ROUGHLY), 0.0), 12)
        cost = self.programme.cost[choices].sum(axis=1)
        best = np.zeros(len(x))
        best[choices[np.lexsort((cost, excess))[0]]] = 1.0
        return best

    def outcome(self, x: Floats) -> dict[str, Any]:
        """Return gaps, cost and the share of people drawn for, as JSON types."""
        drawn = 0.0
        for block in range(len(self.inferred)):
            used = np.flatnonzero((self.programme.blocks == block) & (x > EXACT))
            drawn += float(np.ptp(self.between[used]))
        total = sum(
            self.between[self.programme.blocks == block].max()
            for block in range(len(self.inferred))
        )
        return {
            "gaps": self.programme.gaps(x).tolist(),
            "cost": float(self.programme.cost @ x),
            "by_lot": drawn / float(total),
            "is_within": True,
        }

    def before(self) -> dict[str, Any]:
        """Return the same of the decisions before."""
        return self.outcome(self.now)


def inferred_programme(
    scores: Floats,
    is_positive: Bools,
    weights: Floats,
    codes: tuple[Ints, Ints],
    rates: tuple[str, ...],
    costs: Costs,
) -> InferredProgramme:
    """Return the programme over a grid of cuts of each inferred group.

    Parameters
    ----------
    scores : float[n]
    is_positive : bool[n]
    weights : float[n]
    codes : (int[n], int[n])
        True group of each row, from 0 without holes, -1 for rows of a group whose rates
        are not held to the others'; and inferred group.
    rates : tuple of str
    costs : Costs
    """
    true, guessed = codes
    g = int(true.max(initial=-1)) + 1
    wholes = _by_label(is_positive, weights, true, g)
    parts, present = [], [int(h) for h in np.unique(guessed)]
    for h in present:
        rows = np.flatnonzero(guessed == h)
        (block,) = group_rates(
            scores[rows], is_positive[rows], weights[rows], np.zeros(len(rows), int), 1
        )
        held = rows[true[rows] >= 0]
        tables = group_rates(
            scores[held], is_positive[held], weights[held], true[held], g
        )
        parts.append(_block(block, tables, wholes, rates, costs))
    blocks = np.repeat(np.arange(len(parts)), [len(part.cuts) for part in parts])
    cuts = np.concatenate([part.cuts for part in parts])
    rates_by_group = np.concatenate([part.rates for part in parts], axis=2)  # [r, g, c]
    programme = Programme(
        blocks,
        np.concatenate([part.cost for part in parts]) / weights.sum(),
        tuple(sparse.csr_array(rate) for rate in rates_by_group),
    )
    selected = np.concatenate([part.selected for part in parts])
    now = (cuts == 0).astype(np.float64)
    return InferredProgramme(programme, tuple(present), cuts, selected, now)


@dataclass(frozen=True, eq=False)
class _Block:
    """Columns of one inferred group: float[c], and rates float[r, g, c]."""

    cuts: Floats
    cost: Floats
    selected: Floats
    rates: Floats


def _block(
    block: GroupRates,
    tables: Sequence[GroupRates],
    wholes: Floats,
    rates: tuple[str, ...],
    costs: Costs,
) -> _Block:
    """Return what each cut of an inferred group adds to the rates of true groups."""
    cuts = _grid(block)
    at = block.positions(cuts)
    selected = np.zeros((len(tables), 2, len(cuts)))  # by true group and label
    for group, table in enumerate(tables):
        places = table.positions(cuts)
        selected[group, 0] = table.false_positives[places]
        selected[group, 1] = table.true_positives[places]
    of_rate = {
        "false_positive_rate": selected[:, 0] / wholes[:, [0]],
        "true_positive_rate": selected[:, 1] / wholes[:, [1]],
        "selection_rate": selected.sum(axis=1) / wholes.sum(axis=1, keepdims=True),
    }
    return _Block(
        cuts,
        block.cost(costs)[at],
        (block.false_positives + block.true_positives)[at],
        np.stack([of_rate[name] for name in rates]),
    )


def _grid(block: GroupRates) -> Floats:
    """Return the cuts tried for an inferred group, falling; zero is among them."""
    positions = np.arange(len(block.cuts))
    if len(positions) > MAX_CUTS:
        even = np.linspace(0, 1, MAX_CUTS)
        positions = np.searchsorted(block.rate("selection_rate"), even)
        positions = np.minimum(positions, len(block.cuts) - 1)
    cheap = block.hull if len(block.hull) <= MAX_CUTS else block.hull[:0]
    cuts = block.cuts[
        np.union1d(np.union1d(positions, cheap), [0, len(block.cuts) - 1])
    ]
    return np.union1d(cuts, [0.0])[::-1]


def _by_label(is_positive: Bools, weights: Floats, true: Ints, g: int) -> Floats:
    """Return the weight of each true group and label, float[g, 2]."""
    held = true >= 0
    cells = true[held] * 2 + is_positive[held]
    sums: Floats = np.bincount(cells, weights[held], minlength=2 * g).astype(np.float64)
    return sums.reshape(g, 2)
