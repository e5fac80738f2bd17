"""Turn columns of two tables into one numeric basis for models of their difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats
from analysis.errors import SettingError

KNOTS = (0.25, 0.5, 0.75)
"""Quantiles at which the slope of a numeric column may change."""

TAILS = (0.01, 0.99)
"""Quantiles beyond which numbers are pulled in: one extreme value would otherwise get
a ratio by extrapolation, and carry all the weight."""

MIN_CATEGORY_ROWS = 20
"""Rarer categories share one column: too few rows to tell their share apart."""

MAX_INTERACTION_COLUMNS = 2_000
"""Most products of a node's columns with its parents' columns."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Sparse columns over source rows first, then target rows, [n_s + n_t, d]."""

    columns: sparse.csr_matrix
    n_source: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of both tables, and columns."""
        return self.columns.shape[0], self.columns.shape[1]


def basis(source: pd.DataFrame, target: pd.DataFrame) -> Basis:
    """Expand the columns that both tables share.

    A number becomes itself and hinges at its quartiles, standardised over both tables
    after its extreme values were pulled in, with an indicator of missingness. Anything
    else becomes indicators of its categories, missing being one of them.

    Parameters
    ----------
    source, target : DataFrame [n_s, d], [n_t, d]
        The same columns in the same order.
    """
    parts = []
    for name in source.columns:
        both = pd.concat([source[name].astype(object), target[name].astype(object)])
        if _is_numeric(source[name]) and _is_numeric(target[name]):
            parts.append(_numeric(both.to_numpy(dtype=np.float64, na_value=np.nan)))
        else:
            parts.append(_indicators(both))
    empty = sparse.csr_matrix((len(source) + len(target), 0))
    return Basis(sparse.hstack([empty, *parts], format="csr"), len(source))


def label_basis(source: np.ndarray, target: np.ndarray, k: int) -> Basis:
    """Return one indicator per class of the two tables' label codes."""
    codes = np.concatenate([source, target])
    shape = (len(codes), k)
    ones = np.ones(len(codes))
    columns = sparse.csr_matrix((ones, (np.arange(len(codes)), codes)), shape=shape)
    return Basis(columns, len(source))


def interacted(first: Basis, second: Basis) -> Basis:
    """Return both bases and all products of their columns.

    Raises
    ------
    SettingError
        The products would need more than `MAX_INTERACTION_COLUMNS` columns.
    """
    size = first.shape[1] * second.shape[1]
    if size > MAX_INTERACTION_COLUMNS:
        raise SettingError(
            f"A node and its parents have {size:,} combinations of values; at most "
            f"{MAX_INTERACTION_COLUMNS:,} can be told apart. Remove a parent, or use "
            "columns with fewer categories."
        )
    main = sparse.hstack([first.columns, second.columns], format="csr")
    products = [
        first.columns.multiply(second.columns[:, [j]]) for j in range(second.shape[1])
    ]
    return Basis(sparse.hstack([main, *products], format="csr"), first.n_source)


def joined(parts: Sequence[Basis]) -> Basis:
    """Return several bases side by side."""
    columns = sparse.hstack([p.columns for p in parts], format="csr")
    return Basis(columns, parts[0].n_source)


def _is_numeric(column: pd.Series) -> bool:
    is_number = pd.api.types.is_numeric_dtype(column)
    return bool(is_number and not pd.api.types.is_bool_dtype(column))


def _numeric(values: Floats) -> sparse.csr_matrix:
    missing = np.isnan(values)
    known = values[~missing]
    if not known.size or known.min() == known.max():
        return sparse.csr_matrix(missing[:, None].astype(float))
    low, *knots, high = np.quantile(known, [TAILS[0], *KNOTS, TAILS[1]])
    filled = np.clip(np.where(missing, np.median(known), values), low, high)
    curves = [filled, *(np.maximum(filled - knot, 0) for knot in knots)]
    table = np.column_stack([*(_standardised(c) for c in curves), missing])
    return sparse.csr_matrix(table)


def _standardised(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))


def _indicators(column: pd.Series) -> sparse.csr_matrix:
    codes, _ = pd.factorize(column.map(str).where(column.notna()), use_na_sentinel=True)
    codes = codes + 1  # 0 stands for missing
    rare = np.bincount(codes) < MIN_CATEGORY_ROWS
    codes = np.where(rare[codes], len(rare), codes)
    _, codes = np.unique(codes, return_inverse=True)
    shape = (len(codes), int(codes.max(initial=0)) + 1)
    ones = np.ones(len(codes))
    return sparse.csr_matrix((ones, (np.arange(len(codes)), codes)), shape=shape)
