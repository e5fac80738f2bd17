"""A short rule where an effect is largest, grown condition by condition."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from analysis.arrays import Bools, Floats, Ints
from analysis.cohorts import Cohort, Condition
from analysis.density.column_parts import is_numeric
from analysis.frame import MISSING

CUTS = 40
"""Quantiles at which a number may be cut."""

MOST_CATEGORIES = 50
"""Categories of a column, the commonest, that a rule may name."""

MIN_INSIDE = 30
"""Rows of either side that a rule leaves inside, and outside, at least."""

MIN_SHARE = 0.03
"""Share of the rows that a rule leaves inside at least."""

GROW_LEVEL = 0.05
"""Chance of a condition where none is needed (Bonferroni over all candidates)."""


@dataclass(frozen=True, eq=False)
class Effects:
    """What is needed to estimate an effect within any part of the rows.

    The effect within a part is the sum of `moment` over that of `weight` there.

    Parameters
    ----------
    moment, weight : float[n]
    is_target : bool[n]
    """

    moment: Floats
    weight: Floats
    is_target: Bools

    def within(self, rows: Bools) -> float:
        """Return the effect within some rows."""
        return float(self.moment[rows].sum() / self.weight[rows].sum())


@dataclass(frozen=True, eq=False)
class _Split:
    """One column cut in all its ways: which rows each candidate holds.

    Candidate j of a number holds the rows of the first j + 1 bins, of a category those
    of bin j. Rows beyond the last bin are in no candidate.
    """

    name: str
    bins: Ints
    size: int
    values: tuple[str, ...]
    is_ordered: bool
    missing: Bools

    def condition(self, at: int, is_inside: bool) -> Condition:
        """Return candidate `at` as a condition, or its opposite."""
        ops = ("<", ">=") if self.is_ordered else ("=", "!=")
        return Condition(self.name, ops[0 if is_inside else 1], self.values[at])

    def side(self, at: int, is_inside: bool) -> Bools:
        """Return the rows of that condition; a missing value meets neither of two."""
        if self.is_ordered:
            held = self.bins <= at if is_inside else self.bins > at
            return held & ~self.missing
        held = self.bins == at
        if is_inside:
            return held
        return ~held & (~self.missing | (self.values[at] == MISSING))

    def sums(self, values: Floats, rows: Ints) -> Floats:
        """Return the sum of values over the rows of each candidate, float[c]."""
        total: Floats = np.bincount(self.bins[rows], values, self.size + 1).astype(
            np.float64
        )[: self.size]
        if self.is_ordered:
            total = np.cumsum(total)
        return total[: len(self.values)]


def grown_rule(table: pd.DataFrame, effects: Effects, conditions: int = 3) -> Cohort:
    """Return the conditions under which the effect differs most from the rest's.

    Each step takes the cut with the largest score statistic for the effect being the
    same on both of its sides (as in model-based trees), keeps the side of the larger
    absolute effect, and stops where no cut is sure beyond the number of cuts tried.

    Parameters
    ----------
    table : DataFrame [n, d]
    effects : Effects
    conditions : int
        Most conditions.

    Returns
    -------
    Cohort
        Without conditions where nothing differs.

    References
    ----------
    Zeileis, Hothorn & Hornik (2008), Model-Based Recursive Partitioning, JCGS 17, for
    splits by score; Athey & Imbens (2016), PNAS 113, for effects that differ.
    """
    splits = list(_splits(table))
    inside = np.ones(len(table), dtype=bool)
    found: list[Condition] = []
    for _ in range(conditions):
        best = _best(splits, effects, inside)
        if best is None:
            break
        split, at = best
        here, there = inside & split.side(at, True), inside & split.side(at, False)
        is_inside = abs(effects.within(here)) >= abs(effects.within(there))
        inside = here if is_inside else there
        found.append(split.condition(at, is_inside))
    return Cohort(_tightest(found))


def _best(
    splits: list[_Split], effects: Effects, inside: Bools
) -> tuple[_Split, int] | None:
    """Return the split and candidate of the largest sure statistic."""
    rows = np.flatnonzero(inside)
    moment, weight = effects.moment[rows], effects.weight[rows]
    score = moment - weight * (moment.sum() / weight.sum())
    squares = score**2
    least = max(MIN_INSIDE, MIN_SHARE * len(inside))
    best, largest, tried = None, 0.0, 0
    for split in splits:
        n = np.minimum(*_sizes(split, effects.is_target, rows))
        total = split.sums(np.ones(len(rows)), rows)
        allowed = (n >= MIN_INSIDE) & (np.minimum(total, len(rows) - total) >= least)
        if not allowed.any():
            continue
        tried += int(allowed.sum())
        held, share = split.sums(score, rows), split.sums(weight, rows) / weight.sum()
        own = split.sums(squares, rows)
        variance = (1 - share) ** 2 * own + share**2 * (squares.sum() - own)
        with np.errstate(invalid="ignore", divide="ignore"):
            statistic = np.where(allowed & (variance > 0), held**2 / variance, 0.0)
        at = int(statistic.argmax())
        if statistic[at] > largest:
            best, largest = (split, at), float(statistic[at])
    needed = -special.ndtri(GROW_LEVEL / (2 * max(tried, 1)))
    return best if largest > needed**2 else None


def _sizes(split: _Split, is_target: Bools, rows: Ints) -> tuple[Floats, Floats]:
    """Return the fewer rows inside and outside each candidate, by side, float[c]."""
    found = []
    for side in (is_target[rows], ~is_target[rows]):
        held = split.sums(side.astype(np.float64), rows)
        found.append(np.minimum(held, side.sum() - held))
    return found[0], found[1]


def _splits(table: pd.DataFrame) -> Iterator[_Split]:
    for name in table.columns:
        column = table[name]
        if is_numeric(column):
            yield from _cuts(str(name), column.to_numpy(np.float64, na_value=np.nan))
        else:
            yield from _categories(str(name), column)


def _cuts(name: str, values: Floats) -> Iterator[_Split]:
    missing = np.isnan(values)
    known = values[~missing]
    if not known.size or known.min() == known.max():
        return
    at = np.quantile(known, np.linspace(0, 1, CUTS + 2)[1:-1], method="higher")
    # cuts as they are written, so that the rule holds the rows that were looked at
    texts = {float(f"{cut:.5g}"): f"{cut:.5g}" for cut in at if cut > known.min()}
    if texts:
        bins = np.searchsorted(np.array(sorted(texts)), values, side="right")
        bins = np.where(missing, len(texts) + 1, bins)
        values_written = tuple(texts[cut] for cut in sorted(texts))
        yield _Split(name, bins, len(texts) + 1, values_written, True, missing)


def _categories(name: str, column: pd.Series) -> Iterator[_Split]:
    missing = column.isna().to_numpy()
    words = column.astype(object).where(~missing, MISSING).map(str)
    counts = words.value_counts()
    names = tuple(counts.index[:MOST_CATEGORIES])
    if len(counts) > 1:
        place = {word: i for i, word in enumerate(names)}
        bins = words.map(lambda w: place.get(w, len(names))).to_numpy(np.int64)
        yield _Split(name, bins, len(names), names, False, missing)


def _tightest(conditions: list[Condition]) -> tuple[Condition, ...]:
    """Drop a bound that a later one of the same column and direction implies."""
    kept = {(c.feature, c.op, c.value if c.op == "!=" else ""): c for c in conditions}
    return tuple(kept.values())
