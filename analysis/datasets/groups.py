"""A column as groups: categories as they are, numbers by cut points."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.errors import DataError, TooManyGroupsError
from analysis.frame import MAX_GROUPS, MISSING, Grouping

FEW_VALUES = 10
"""A number with at most this many values is grouped by value, without cut points."""


def grouping_of(column: pd.Series, cut_points: Sequence[float] = ()) -> Grouping:
    """Return the groups of a sensitive attribute; missing values form `MISSING`.

    Parameters
    ----------
    column : Series [n]
        Categories, numbers or times.
    cut_points : float[g - 1]
        Increasing inner edges for a number; a value equal to an edge belongs to the
        upper group. Without them every different number is a group.

    Raises
    ------
    DataError
        Cut points are given for text, or do not increase.
    TooManyGroupsError
        More than `MAX_GROUPS` different values.
    """
    if not len(cut_points):
        return _by_value(column)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise DataError(
            f"'{column.name}' holds categories, which cut points cannot divide. Remove "
            "its cut points."
        )
    edges = np.asarray(cut_points, dtype=np.float64)
    if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise DataError(
            f"The cut points of '{column.name}' are "
            f"{', '.join(f'{e:g}' for e in edges)}; they must be increasing numbers. "
            "Write them from small to large, each once."
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    present = ~np.isnan(values)
    codes = np.searchsorted(edges, values, side="right")
    is_whole = bool((values[present] == np.floor(values[present])).all())
    return _with_missing(codes, present, interval_names(edges, is_whole=is_whole))


def interval_names(edges: Floats, *, is_whole: bool) -> list[str]:
    """Return the names of the g groups between g - 1 edges.

    Whole numbers are named by their first and last value ("25-39"), others by their
    limits ("0.5 to 0.7", the upper one not included).
    """
    between = []
    for low, high in pairwise(edges):
        if not is_whole:
            between.append(f"{low:g} to {high:g}")
        else:
            first, last = np.ceil(low), np.ceil(high) - 1
            between.append(
                f"{first:.0f}" if first >= last else f"{first:.0f}-{last:.0f}"
            )
    return [f"under {edges[0]:g}", *between, f"{edges[-1]:g} and over"]


def _by_value(column: pd.Series) -> Grouping:
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.int64)
        words = [str(w) for w in column.cat.categories]
    else:
        codes, values = pd.factorize(column, sort=True)
        words = [value_name(v) for v in values[: MAX_GROUPS + 1]]
        if len(values) > MAX_GROUPS:
            raise TooManyGroupsError(str(column.name), len(values), MAX_GROUPS)
    used = np.bincount(codes[codes >= 0], minlength=len(words)) > 0
    kept = [w for w, u in zip(words, used, strict=True) if u]
    if len(kept) > MAX_GROUPS:
        raise TooManyGroupsError(str(column.name), len(kept), MAX_GROUPS)
    renumbered = np.cumsum(used) - 1
    return _with_missing(renumbered[codes], codes >= 0, kept)


def value_name(value: object) -> str:
    """Return a value as text, whole numbers without a decimal point."""
    if isinstance(value, float | np.floating):
        return str(int(value)) if value == int(value) else str(float(value))
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return str(value.date())
    return str(value)


def _with_missing(codes: Ints, present: np.ndarray, names: list[str]) -> Grouping:
    if present.all():
        return Grouping(codes, tuple(names))
    names = names if MISSING in names else [*names, MISSING]
    return Grouping(np.where(present, codes, names.index(MISSING)), tuple(names))


def default_cut_points(column: pd.Series) -> tuple[float, ...]:
    """Return the quartiles, rounded to two figures, of a number with many values.

    Empty for text and for numbers with at most `FEW_VALUES` values. Rounding keeps the
    edges readable; edges that coincide or leave nobody below are dropped. Where more
    than three quarters share the smallest value, they form one group, the rest another.
    """
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return ()
    if column.nunique() <= FEW_VALUES:
        return ()
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    quartiles = np.quantile(values, [0.25, 0.5, 0.75])
    rounded = {float(f"{q:.2g}") for q in quartiles}
    inside = sorted(e for e in rounded if values.min() < e <= values.max())
    return tuple(inside) or (float(values[values > values.min()].min()),)
