"""A column as groups: categories as they are, numbers by cut points."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.errors import DataError, TooManyGroupsError
from analysis.frame import MAX_GROUPS, MISSING, Grouping

MAX_EXACT = 2**53
"""Whole numbers beyond this are identifiers: floats cannot tell neighbours apart."""

FEW_VALUES = 10
"""A number with at most this many values is grouped by value, without cut points."""


def grouping_of(column: pd.Series, cut_points: Sequence[float] = ()) -> Grouping:
    """Return the groups of a sensitive attribute; missing values form one.

    That group comes last and is called `MISSING`, or something longer where a recorded
    value has that name.

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
        first, last = np.ceil(low), np.ceil(high) - 1
        if not is_whole or first > last:
            between.append(f"{edge_name(low)} to {edge_name(high)}")
        else:
            between.append(
                f"{first:.0f}" if first == last else f"{first:.0f}-{last:.0f}"
            )
    low, high = edge_name(edges[0]), edge_name(edges[-1])
    return [f"under {low}", *between, f"{high} and over"]


def edge_name(edge: float) -> str:
    """Return an edge in six figures, or in as many as tell it from all others."""
    short = f"{edge:g}"
    return short if float(short) == edge else repr(float(edge))


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
    renumbered = np.append(np.cumsum(used) - 1, 0)  # the code -1 points at the last
    return _with_missing(renumbered[codes], codes >= 0, kept)


OTHERS = "Not said"
"""Rows whose value is gathered under no name."""


def gathered(column: pd.Series, groups: Mapping[str, tuple[str, ...]]) -> Grouping:
    """Return a column's values under common names; those that have none come last."""
    position = {v: i for i, members in enumerate(groups.values()) for v in members}
    codes, words = pd.factorize(column)
    known = [position.get(value_name(word), len(groups)) for word in words]
    return Grouping(np.array([*known, len(groups)])[codes], (*groups, OTHERS))


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
    codes = np.where(present, codes, len(names))
    return Grouping(codes, (*names, _missing_name(names)))


def _missing_name(names: Sequence[str]) -> str:
    """Return what rows without a value are called, apart from every recorded value."""
    name = MISSING
    while name in names:
        name += " (not recorded)"
    return name


def default_cut_points(column: pd.Series) -> tuple[float, ...]:
    """Return the quartiles, rounded to two figures, of a number with many values.

    Empty for text, for numbers with at most `FEW_VALUES` values and for whole numbers
    beyond `MAX_EXACT`, whose values are groups or none. Rounding keeps the
    edges readable; edges that coincide or leave nobody below are dropped. Where more
    than three quarters share the smallest value, they form one group, the rest another.
    """
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return ()
    if column.nunique() <= FEW_VALUES or _is_identifier(column):
        return ()
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    quartiles = np.quantile(values, [0.25, 0.5, 0.75])
    rounded = {float(f"{q:.2g}") for q in quartiles}
    inside = sorted(e for e in rounded if values.min() < e <= values.max())
    return tuple(inside) or (float(values[values > values.min()].min()),)


def _is_identifier(column: pd.Series) -> bool:
    if not pd.api.types.is_integer_dtype(column.dtype):
        return False
    return bool(int(column.max()) > MAX_EXACT or int(column.min()) < -MAX_EXACT)
