"""Columns as a few integer codes, each with the conditions that name it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints, frozen
from analysis.cohorts import Condition
from analysis.datasets.groups import FEW_VALUES, edge_name
from analysis.frame import MISSING

Conditions = tuple[Condition, ...]

FIGURES = 3
"""Of an edge, so that a rule can be read; more where three tell nobody apart."""


@dataclass(frozen=True, eq=False)
class Coded:
    """A column as codes.

    Parameters
    ----------
    name : str
    codes : int[n]
        Below b.
    rules : tuple of Conditions, length b
        What a row of each code satisfies and no other row does; empty for one that a
        rule cannot name, such as the recorded word 'Missing'.
    is_ordered : bool
        Whether the codes are those of a number, in its order; the last one may then
        stand for missing values.
    """

    name: str
    codes: Ints
    rules: tuple[Conditions, ...]
    is_ordered: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen(self.codes, np.int64))

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def has_missing(self) -> bool:
        """Whether the last code stands for missing values."""
        return self.rules[-1:] == (_missing(self.name),)


def coded(column: pd.Series, n_bins: int) -> Coded:
    """Return a column as codes; missing values have the last one, if there are any.

    A number with at most `FEW_VALUES` values is taken value by value; any other is cut
    near its quantiles, in `FIGURES` figures, and its bins are closed on the left. Where
    more rows than one bin holds share the smallest value, the other rows are cut among
    themselves. Categories are taken by their text, as rules compare it.

    Parameters
    ----------
    column : Series [n]
        A number, or categories.
    n_bins : int
        Bins of a number with many values.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _of_number(column, n_bins)
    return _of_categories(column)


def _of_number(column: pd.Series, n_bins: int) -> Coded:
    name = str(column.name)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    distinct = pd.unique(known)
    if len(distinct) <= FEW_VALUES:
        inner = np.sort(distinct)
        codes = np.searchsorted(inner, values)
        rules = _values(name, [edge_name(value) for value in inner])
    else:
        edges = _edges(known, n_bins)
        codes = np.searchsorted(edges, values, side="right")
        rules = _ranges(name, edges)
    return _with_missing(name, codes, rules, np.isnan(values), is_ordered=True)


def _edges(known: Floats, n_bins: int) -> Floats:
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    smallest = known.min()
    edges = np.quantile(known, inner, method="nearest")
    if edges[0] == smallest:
        others = known[known > smallest]
        edges = np.quantile(others, [0, *inner], method="nearest")
    rounded = np.unique([float(f"{edge:.{FIGURES}g}") for edge in edges])
    usable = rounded[(rounded > smallest) & (rounded <= known.max())]
    return usable if len(usable) else np.unique(edges)


def _ranges(name: str, edges: Floats) -> list[Conditions]:
    limits = [edge_name(edge) for edge in edges]
    between = [
        (Condition(name, ">=", low), Condition(name, "<", high))
        for low, high in pairwise(limits)
    ]
    first, last = Condition(name, "<", limits[0]), Condition(name, ">=", limits[-1])
    return [(first,), *between, (last,)]


def _values(name: str, values: Iterable[str]) -> list[Conditions]:
    return [(Condition(name, "=", value),) for value in values]


def _of_categories(column: pd.Series) -> Coded:
    name = str(column.name)
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    codes, values = (
        (column.cat.codes.to_numpy(), column.cat.categories)
        if is_category
        else pd.factorize(column)
    )
    text_codes, texts = pd.factorize(np.asarray([str(v) for v in values], object))
    codes = np.append(text_codes, -1)[codes]  # the code -1 points at the last
    named = zip(_values(name, texts), texts, strict=True)
    rules = [rule if text != MISSING else () for rule, text in named]
    return _with_missing(name, codes, rules, codes < 0, is_ordered=False)


def _with_missing(
    name: str,
    codes: Ints,
    rules: Sequence[Conditions],
    missing: np.ndarray,
    *,
    is_ordered: bool,
) -> Coded:
    if not missing.any():
        return Coded(name, codes, tuple(rules), is_ordered)
    codes = np.where(missing, len(rules), codes)
    return Coded(name, codes, (*rules, _missing(name)), is_ordered)


def _missing(name: str) -> Conditions:
    return (Condition(name, "=", MISSING),)
