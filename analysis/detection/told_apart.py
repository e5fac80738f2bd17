"""Whether two tables can be told apart, by which columns, and in which groups.

Trees learn to tell them apart on some rows and are asked on others. Where even they
cannot, nothing that a model could react to has moved (a classifier two-sample test).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from analysis.arrays import Bools, Floats, Ints
from analysis.density.threads import one_thread
from analysis.detection.trees import FOLDS, Asked, Models, fitted
from analysis.estimates import Estimate, Z
from analysis.frame import Grouping
from analysis.intervals import q_values
from analysis.metrics.score_metrics import standard_error
from analysis.progress import Tick, silent

MOST_ROWS = 100_000
"""Rows of either side, drawn at random."""

ASKED_ROWS = 10_000
"""Rows of a fold on which columns are shuffled."""

LEAST_ROWS = 20
"""Rows of either side in a fold below which a group's ranking is not asked for."""

Grade = Literal["unknown", "none", "weak", "some", "clear"]

WEAK, SOME = 0.6, 0.75
"""AUROC up to which sides are told apart weakly, and up to which somewhat."""


@dataclass(frozen=True)
class GivesAway:
    """How much a column helps to tell the two sides apart.

    Parameters
    ----------
    feature : str
    drop : Estimate
        AUROC lost when the column is shuffled among the rows asked.
    p_value, q_value : float
        Of no loss, one-sided; q over the columns.
    """

    feature: str
    drop: Estimate
    p_value: float
    q_value: float = float("nan")

    @property
    def is_sure(self) -> bool:
        """Whether it helps beyond chance, all columns considered."""
        return self.q_value <= 0.05


@dataclass(frozen=True)
class GroupApart:
    """How well the two sides of one group are told apart.

    Parameters
    ----------
    attribute, name : str
    area : Estimate
        AUROC among the group's rows; n are those on both sides.
    p_value, q_value : float
        Of 0.5, one-sided; q over all groups.
    """

    attribute: str
    name: str
    area: Estimate
    p_value: float
    q_value: float = float("nan")

    @property
    def is_sure(self) -> bool:
        """Whether the group moved beyond chance, all groups considered."""
        return self.q_value <= 0.05


@dataclass(frozen=True)
class ToldApart:
    """How well two tables can be told apart.

    Parameters
    ----------
    area : Estimate
        AUROC of trees on rows that they have not seen: 0.5 where the sides are alike,
        1 where no row of one side looks like one of the other.
    columns : tuple of GivesAway
        What gives the side away, the most telling first.
    groups : tuple of GroupApart
    why_not : str
        Why it is unknown; empty where it is known.
    """

    area: Estimate
    columns: tuple[GivesAway, ...]
    groups: tuple[GroupApart, ...]
    why_not: str = ""

    @property
    def grade(self) -> Grade:
        """How well they are told apart, in one word."""
        if self.area.is_undefined:
            return "unknown"
        if self.area.low <= 0.5:
            return "none"
        if self.area.value < WEAK:
            return "weak"
        return "some" if self.area.value < SOME else "clear"


def told_apart(
    tables: tuple[pd.DataFrame, pd.DataFrame],
    weights: tuple[Floats, Floats],
    groups: tuple[Mapping[str, Grouping], Mapping[str, Grouping]],
    *,
    seed: int = 0,
    tick: Tick = silent,
) -> ToldApart:
    """Train trees to tell two tables apart, and ask them about unseen rows.

    Each fold's ranking is judged by itself and the folds are averaged: scores of
    different models, pooled, would rank identical tables below chance.

    Parameters
    ----------
    tables : (DataFrame, DataFrame)
        The same columns.
    weights : (float[n_s], float[n_t])
    groups : (mapping, mapping) of str to Grouping
        Attributes whose groups are asked by themselves; matched by name.
    seed : int
        Of the rows drawn, the folds and the shuffles.
    tick : Tick

    References
    ----------
    Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, ICLR; DeLong,
    DeLong & Clarke-Pearson (1988), Biometrics 44, for the interval.
    """
    n = min(len(table) for table in tables)
    if n < LEAST_ROWS * FOLDS or not len(tables[0].columns):
        why = (
            f"The smaller side has {n:,} rows of {len(tables[0].columns)} columns; "
            f"telling them apart takes {LEAST_ROWS * FOLDS} rows of at least one."
        )
        return ToldApart(Estimate(np.nan, np.nan, np.nan, float(n)), (), (), why)
    rng = np.random.default_rng(seed)
    kept = [_some(len(table), rng) for table in tables]
    parts = [t.iloc[rows] for t, rows in zip(tables, kept, strict=True)]
    own = [w[rows] for w, rows in zip(weights, kept, strict=True)]
    names = list(map(str, tables[0].columns))
    with one_thread():
        asked, models = fitted(parts, own, rng, seed, tick)
        columns = _columns(asked, models, names, rng, tick)
    everyone = np.arange(len(asked.fold))
    area = _mean(*asked.areas(everyone, asked.scores)[:2], n=len(everyone))
    taken = [
        {a: g.take(rows) for a, g in side.items()}
        for side, rows in zip(groups, kept, strict=True)
    ]
    return ToldApart(area, columns, _groups(asked, taken[0], taken[1]))


def _some(n: int, rng: np.random.Generator) -> Ints:
    if n <= MOST_ROWS:
        return np.arange(n)
    return np.sort(rng.choice(n, MOST_ROWS, replace=False))


def _mean(value: Floats, error: Floats, n: int) -> Estimate:
    """Return the mean over folds with its interval, cut at 0 and 1.

    What one fold has more of by chance, the others have less of, so that alike sides
    rank below 0.5 rather often; an upper end below it would mean nothing.
    """
    mean = float(value.mean())
    half = Z * float(np.sqrt((error**2).sum())) / len(value)
    if not np.isfinite(mean) or not np.isfinite(half):
        return Estimate(np.nan, np.nan, np.nan, float(n))
    return Estimate(
        mean, max(mean - half, 0.0), min(max(mean + half, 0.5), 1.0), float(n)
    )


def _columns(
    asked: Asked,
    models: Models,
    names: Sequence[str],
    rng: np.random.Generator,
    tick: Tick,
) -> tuple[GivesAway, ...]:
    """Shuffle one column after another and see what ranking is lost."""
    each = [np.flatnonzero(asked.fold == k) for k in range(FOLDS)]
    rows = np.concatenate([r[rng.permutation(len(r))[:ASKED_ROWS]] for r in each])
    value, _, influence = asked.areas(rows, asked.scores[rows])
    order, found = rng.permutation(len(rows)), []
    for j, name in enumerate(names):
        tick(0.6 + 0.4 * j / len(names), "asking which columns give them away")
        table = asked.table[rows]
        fold = asked.fold[rows]
        moved = _within(order, fold)
        table[:, j] = table[moved, j]
        scores = np.zeros(len(rows))
        for k, model in enumerate(models):
            ask = fold == k
            scores[ask] = model.decision_function(table[ask])
        after, _, other = asked.areas(rows, scores)
        folds = Grouping(fold, tuple(map(str, range(FOLDS))))
        error = standard_error(influence - other, asked.weights[rows], folds)
        found.append(_drop(name, value - after, error, len(rows)))
    q = q_values(np.array([f.p_value for f in found]))
    both = zip(found, q, strict=True)
    done = [replace(f, q_value=float(each)) for f, each in both]
    return tuple(sorted(done, key=lambda f: -f.drop.value))


def _within(order: Ints, fold: Ints) -> Ints:
    """Return a shuffle of rows that keeps each in its fold, int[n]."""
    moved = np.arange(len(order))
    for k in range(FOLDS):
        here = np.flatnonzero(fold == k)
        moved[here] = order[fold[order] == k]
    return moved


def _drop(name: str, lost: Floats, error: Floats, n: int) -> GivesAway:
    value, spread = float(lost.mean()), float(np.sqrt((error**2).sum())) / len(lost)
    drop = Estimate(value, value - Z * spread, value + Z * spread, float(n))
    p = special.ndtr(-value / spread) if spread > 0 else 1.0
    return GivesAway(name, drop, float(p))


def _groups(
    asked: Asked, source: Mapping[str, Grouping], target: Mapping[str, Grouping]
) -> tuple[GroupApart, ...]:
    """Return how well each group's two sides are told apart by the same trees."""
    found = []
    for attribute in source:
        if attribute not in target:
            continue
        for name in source[attribute].names:
            mine = np.concatenate(
                [_is_member(side[attribute], name) for side in (source, target)]
            )
            rows = np.flatnonzero(mine)
            cells = 2 * asked.fold[rows] + asked.is_target[rows]
            if np.bincount(cells, minlength=2 * FOLDS).min() < LEAST_ROWS:
                continue
            value, error, _ = asked.areas(rows, asked.scores[rows])
            area = _mean(value, error, len(rows))
            half = area.value - area.low
            p = special.ndtr(-(area.value - 0.5) * Z / half) if half > 0 else np.nan
            found.append(GroupApart(attribute, name, area, float(p)))
    q = q_values(np.array([f.p_value for f in found], dtype=np.float64))
    both = zip(found, q, strict=True)
    return tuple(replace(f, q_value=float(each)) for f, each in both)


def _is_member(grouping: Grouping, name: str) -> Bools:
    if name not in grouping.names:
        return np.zeros(len(grouping.codes), dtype=bool)
    return np.asarray(grouping.codes == grouping.names.index(name))
