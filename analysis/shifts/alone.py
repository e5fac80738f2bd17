"""What the change would be had class shares, or the mix of groups, moved alone.

Each is asked by itself, so the answers overlap and do not add up: they say which remedy
could win back how much, where an attribution says what the change is made of.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.attribution.quantity import Quantity, quantity_of
from analysis.attribution.valued import valued
from analysis.estimates import LEVEL, Estimate
from analysis.progress import Tick, silent
from analysis.shifts.domain import Domain

MIN_REPLICATES = 39
"""Fewer replicates have no 2.5 % of them in either tail."""


@dataclass(frozen=True)
class Alone:
    """What one part explains, had it alone moved.

    Parameters
    ----------
    attribute : str
        Whose groups became rarer or commoner; empty for the classes of the label.
    explains : Estimate
        The quantity on source rows weighted to the target's shares, less the quantity
        on the source as it is.
    distance : float
        Total variation distance of the shares, in [0, 1].
    """

    attribute: str
    explains: Estimate
    distance: float


def alone(
    source: Domain,
    target: Domain,
    quantity: Quantity | str,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    tick: Tick = silent,
) -> tuple[Alone, ...]:
    """Value the source with the target's class shares, then with its mix of groups.

    A class or group that the source lacks cannot be weighed up: its share is left out,
    and the others' are scaled. Intervals are percentiles of a Poisson bootstrap over
    both tables.

    Parameters
    ----------
    source, target : Domain
    quantity : Quantity or str
    bootstrap, seed : int
    tick : Tick

    Returns
    -------
    tuple of Alone
        The classes first, then every attribute that both sides have.

    References
    ----------
    Saerens, Latinne & Decaestecker (2002), Neural Computation 14, for weights by class;
    Horvitz & Thompson (1952), JASA 47, for those by group.
    """
    s, t = source.evaluation, target.evaluation
    value = _valuer(source, quantity_of(quantity))
    shared = [a for a in s.groups if a in t.groups]
    cells: list[tuple[str, tuple[Ints, Ints], int]] = [
        ("", (s.y_true, t.y_true), len(s.classes))
    ]
    for name in shared:
        names = tuple(dict.fromkeys([*s.groups[name].names, *t.groups[name].names]))
        codes = tuple(
            np.array([names.index(n) for n in e.groups[name].names])[
                e.groups[name].codes
            ]
            for e in (s, t)
        )
        cells.append((name, (codes[0], codes[1]), len(names)))
    rng = np.random.default_rng(seed)
    copies = [_copies(rng, len(source), len(target)) for _ in range(bootstrap)]
    found = []
    for i, (name, codes, size) in enumerate(cells):
        own = _Shares(codes, size, (s.weights, t.weights))
        drawn = [own.explained(value, *c) for c in copies]
        point = own.explained(value, None, None)
        estimate = Estimate(point, *_ends(drawn), len(source) + len(target))
        found.append(Alone(name, estimate, own.distance()))
        tick((i + 1) / len(cells), "weighing shares")
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Shares:
    """Cells of both tables' rows, with what the rows weigh."""

    codes: tuple[Ints, Ints]
    size: int
    weights: tuple[Floats, Floats]

    def explained(
        self,
        value: Callable[[Floats], float],
        source_copies: Floats | None,
        target_copies: Floats | None,
    ) -> float:
        """Return what weighing the source to the target's shares changes."""
        own = _times(self.weights[0], source_copies)
        theirs = _times(self.weights[1], target_copies)
        here = np.bincount(self.codes[0], own, self.size)
        there = np.bincount(self.codes[1], theirs, self.size)
        if not (here * there).any():
            return float("nan")
        ratio = np.divide(there, here, out=np.zeros(self.size), where=here > 0)
        return value(own * ratio[self.codes[0]]) - value(own)

    def distance(self) -> float:
        """Return the total variation distance of the shares."""
        here, there = (
            np.bincount(codes, weights, self.size) / weights.sum()
            for codes, weights in zip(self.codes, self.weights, strict=True)
        )
        return float(np.abs(here - there).sum() / 2)


def _valuer(source: Domain, quantity: Quantity) -> Callable[[Floats], float]:
    known = valued(source.evaluation, (quantity,))
    rows = slice(0, len(source))

    def value(weights: Floats) -> float:
        return float(known.of_sums(known.sums(weights[None], rows))[0, 0])

    return value


def _times(weights: Floats, copies: Floats | None) -> Floats:
    return weights if copies is None else weights * copies


def _copies(rng: np.random.Generator, n: int, m: int) -> tuple[Floats, Floats]:
    return rng.poisson(1.0, n).astype(float), rng.poisson(1.0, m).astype(float)


def _ends(drawn: list[float]) -> tuple[float, float]:
    known = [d for d in drawn if np.isfinite(d)]
    if len(known) < MIN_REPLICATES:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
