"""Which columns differ between two tables, and by more than noise."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints

BINS = 10

FEW_VALUES = 20
"""A number with at most this many values is compared value by value."""

SMALL = 0.02
"""A column of which fewer rows moved than this moved little, however sure that is."""

DRAWS = 1_000
NOISE_LEVEL = 0.99


@dataclass(frozen=True)
class FeatureShift:
    """How far one column moved.

    Parameters
    ----------
    feature : str
    size : float
        Total variation distance: the share of rows that would have to change their
        value for the two tables to agree, in [0, 1]. It does not grow with n.
    noise_floor : float
        What 99 of 100 pairs of tables of these sizes stay under when nothing moved.
    missing_source, missing_target : float
        Share of missing values on either side.
    """

    feature: str
    size: float
    noise_floor: float
    missing_source: float
    missing_target: float

    @property
    def is_sure(self) -> bool:
        """Whether the column moved by more than noise."""
        return self.size > self.noise_floor

    @property
    def is_large(self) -> bool:
        """Whether it moved by more than noise and by a size that may matter.

        The noise floor falls with n: with enough rows every difference is above it.
        """
        return self.is_sure and self.size >= SMALL


def feature_shifts(
    source: pd.DataFrame,
    target: pd.DataFrame,
    source_weights: Floats,
    target_weights: Floats,
    *,
    seed: int = 0,
) -> tuple[FeatureShift, ...]:
    """Return every column's shift, the largest above its noise floor first.

    Numbers are compared in ten bins with equal shares of the two tables together (a
    value that a tenth of the rows share stands for itself), categories as they are;
    missing is a value of its own.

    Parameters
    ----------
    source, target : DataFrame
        The same columns.
    source_weights, target_weights : float[n_s], float[n_t]
    seed : int
        Of the draws behind the noise floor.
    """
    rng = np.random.default_rng(seed)
    weights = np.concatenate([source_weights, target_weights])
    shifts = []
    for name in source.columns:
        codes = _codes(source[name], target[name])
        shares = _shares(codes, weights, len(source))
        shifts.append(
            FeatureShift(
                feature=str(name),
                size=_distance(*shares),
                noise_floor=_noise_floor(codes, weights, len(source), rng),
                missing_source=float(source[name].isna().mean()),
                missing_target=float(target[name].isna().mean()),
            )
        )
    return tuple(sorted(shifts, key=lambda s: s.noise_floor - s.size))


def _codes(source: pd.Series, target: pd.Series) -> Ints:
    """Return the bin of every source row, then of every target row; 0 is missing."""
    columns = source, target
    if all(isinstance(c.dtype, pd.CategoricalDtype) for c in columns):
        return _of_categories(source, target)
    is_number = all(pd.api.types.is_numeric_dtype(c) for c in columns)
    both = pd.concat([c.astype(object) for c in columns])
    if is_number:
        values = np.concatenate(
            [c.to_numpy(dtype=np.float64, na_value=np.nan) for c in columns]
        )
        if len(np.unique(values[~np.isnan(values)])) > FEW_VALUES:
            return _binned(values)
        both = pd.Series(values)
    codes, _ = pd.factorize(both.map(str).where(both.notna()))
    return np.asarray(codes + 1, dtype=np.int64)


def _of_categories(source: pd.Series, target: pd.Series) -> Ints:
    """Return one code per category, whatever order either side has them in."""
    words = [c.cat.categories.map(str) for c in (source, target)]
    names = words[0].union(words[1], sort=False)
    found = []
    for column, own in zip((source, target), words, strict=True):
        places = np.append(names.get_indexer(own), -1)  # the code of missing is -1
        found.append(places[column.cat.codes.to_numpy()])
    return np.concatenate(found).astype(np.int64) + 1


def _binned(values: Floats) -> Ints:
    codes = np.searchsorted(_edges(values[~np.isnan(values)]), values, side="left") + 1
    return np.where(np.isnan(values), 0, codes).astype(np.int64)


def _edges(known: Floats) -> Floats:
    """Return inner edges; a value that many rows share closes a bin of its own.

    Quantiles of a column that is mostly 0 all fall on 0, so the rows beside the
    shared values get quantiles of their own.
    """
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    distinct, counts = np.unique(known, return_counts=True)
    shared = distinct[counts >= len(known) / BINS]
    others = known[~np.isin(known, shared)]
    edges = np.quantile(others, inner) if others.size else np.empty(0)
    return np.unique(np.concatenate([shared, edges]))


def _shares(codes: Ints, weights: Floats, n_source: int) -> tuple[Floats, Floats]:
    size = int(codes.max(initial=0)) + 1
    first = np.bincount(codes[:n_source], weights[:n_source], size)
    second = np.bincount(codes[n_source:], weights[n_source:], size)
    return first / first.sum(), second / second.sum()


def _distance(first: Floats, second: Floats) -> float:
    return float(np.abs(first - second).sum(-1) / 2)


def _noise_floor(
    codes: Ints, weights: Floats, n_source: int, rng: np.random.Generator
) -> float:
    """Return the level that two tables of one distribution seldom pass."""
    total = np.bincount(codes, weights)
    pooled = total / total.sum()
    sides = [weights[:n_source], weights[n_source:]]
    drawn = []
    for w in sides:
        n = max(int(w.sum() ** 2 / (w**2).sum()), 1)
        drawn.append(rng.multinomial(n, pooled, size=DRAWS) / n)
    distances = np.abs(drawn[0] - drawn[1]).sum(axis=1) / 2
    return float(np.quantile(distances, NOISE_LEVEL))
