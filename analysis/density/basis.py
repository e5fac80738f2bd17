"""Turn columns of two tables into one numeric basis for models of their difference.

The rows of a basis are made dense a block at a time: what is kept are codes of
categories and a few curves per number, so that a million rows stay small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats, Ints
from analysis.density.column_parts import (
    Codes,
    Part,
    coded,
    indicators,
    is_numeric,
    numbers,
)
from analysis.errors import SettingError
from analysis.frame import Grouping

MAX_INTERACTION_COLUMNS = 1_000
"""Most products of a node's columns with its parents' columns."""

FULL_PRODUCTS = 300
"""Up to so many products a number enters them with all its curves, else as a line."""

ROWS_AT_ONCE = 4_096
"""Rows made dense at a time: they stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Columns over source rows first, then target rows, with products of some.

    Parameters
    ----------
    parts : tuple of Part
        One per column of the tables.
    n_source : int
    n : int
        Rows of both tables.
    products : int[p, 2]
        Pairs of the parts' columns whose product is a column, too.
    """

    parts: tuple[Part, ...]
    n_source: int
    n: int
    products: Ints = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    @property
    def main(self) -> int:
        """Columns that are no product."""
        return sum(part.width for part in self.parts)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows of both tables, and columns."""
        return self.n, self.main + len(self.products)

    @cached_property
    def starts(self) -> Ints:
        """First column of each part, and the number of main ones, int[parts + 1]."""
        return np.cumsum([0, *(part.width for part in self.parts)])

    @property
    def short_columns(self) -> Ints:
        """Columns that enter products of pairs: a number as a line, a category."""
        each = zip(self.starts[:-1], self.parts, strict=True)
        found = [np.arange(start, start + part.short) for start, part in each]
        return np.concatenate([np.zeros(0, np.int64), *found]).astype(np.int64)

    def block(self, rows: slice | Ints, kind: type = np.float64) -> Floats:
        """Return some rows with a leading column of ones, float[b, 1 + d]."""
        size = len(range(*rows.indices(self.n))) if isinstance(rows, slice) else None
        b, main = len(rows) if size is None else size, self.main  # type: ignore[arg-type]  # a slice has its size
        # column after column, to multiply them
        out: Floats = np.empty((1 + self.shape[1], b), kind)
        out[0] = 1.0
        for start, part in zip(self.starts, self.parts, strict=False):
            part.write(rows, out[1 + start : 1 + start + part.width])
        if len(self.products):
            left, right = (1 + self.products).T
            np.multiply(out[left], out[right], out=out[1 + main :])
        return out.T

    @cached_property
    def columns(self) -> sparse.csr_matrix:
        """The same as a sparse matrix, [n, d]."""
        starts = range(0, self.n, ROWS_AT_ONCE)
        blocks = [self.block(slice(s, s + ROWS_AT_ONCE))[:, 1:] for s in starts]
        empty = sparse.csr_matrix((0, self.shape[1]))
        return sparse.vstack([empty, *map(sparse.csr_matrix, blocks)], format="csr")

    def take(self, rows: Ints) -> "Basis":
        """Return rows in another order; `n_source` then says nothing of places."""
        parts = tuple(part.take(rows) for part in self.parts)
        return replace(self, parts=parts, n=len(rows))

    def with_products(self, pairs: Ints) -> "Basis":
        """Return the basis with more products, int[p, 2]."""
        return replace(self, products=np.concatenate([self.products, pairs]))


def basis(
    source: pd.DataFrame, target: pd.DataFrame, weights: Floats | None = None
) -> Basis:
    """Expand the columns that both tables share.

    A number becomes itself and hinges at its quartiles, standardised over both tables
    after its extreme values were pulled in, with an indicator of missingness. Anything
    else becomes indicators of its categories, missing being one of them.

    Parameters
    ----------
    source, target : DataFrame [n_s, d], [n_t, d]
        The same columns in the same order.
    weights : float[n_s + n_t] or None
        Of the rows, for quartiles, means and spreads.
    """
    w = np.ones(len(source) + len(target)) if weights is None else weights
    parts: list[Part] = []
    for name in source.columns:
        first, second = source[name], target[name]
        if is_numeric(first) and is_numeric(second):
            both = [c.to_numpy(np.float64, na_value=np.nan) for c in (first, second)]
            parts.append(numbers(np.concatenate(both), w))
        else:
            parts.append(indicators(*coded(first, second)))
    kept = tuple(part for part in parts if part.width)
    return Basis(kept, len(source), len(source) + len(target))


def label_basis(source: np.ndarray, target: np.ndarray, k: int) -> Basis:
    """Return one indicator per class of the two tables' label codes."""
    codes = np.concatenate([source, target])
    return Basis((Codes(codes, k),), len(source), len(codes))


def codes_basis(source: Grouping, target: Grouping) -> Basis:
    """Return one indicator per group of an attribute, small ones together."""
    names = {
        name: i for i, name in enumerate(dict.fromkeys((*source.names, *target.names)))
    }
    codes = [np.array([names[n] for n in g.names])[g.codes] for g in (source, target)]
    part = indicators(np.concatenate(codes), len(names))
    return Basis((part,), len(codes[0]), len(part.codes))


def interacted(first: Basis, second: Basis) -> Basis:
    """Return both bases and the products of their columns.

    Where there would be many products, a number enters them as a line and a category
    only if it is one of the commonest.

    Raises
    ------
    SettingError
        Even so the products would need more than `MAX_INTERACTION_COLUMNS` columns.
    """
    both = joined([first, second])
    left, right = np.arange(first.main), np.arange(second.main)
    if len(left) * len(right) > FULL_PRODUCTS:
        left, right = first.short_columns, second.short_columns
    size = len(left) * len(right)
    if size > MAX_INTERACTION_COLUMNS:
        raise SettingError(
            f"A node and its parents have {size:,} combinations of values; at most "
            f"{MAX_INTERACTION_COLUMNS:,} can be told apart. Remove a parent, or use "
            "columns with fewer categories."
        )
    return both.with_products(_pairs(left, first.main + right))


def joined(parts: Sequence[Basis]) -> Basis:
    """Return several bases side by side."""
    shift = np.cumsum([0, *(p.main for p in parts)])[:-1]
    products = [p.products + s for p, s in zip(parts, shift, strict=True)]
    columns = tuple(column for p in parts for column in p.parts)
    return Basis(columns, parts[0].n_source, parts[0].n, np.concatenate(products))


def _pairs(left: Ints, right: Ints) -> Ints:
    grid = np.meshgrid(left, right, indexing="ij")
    return np.stack([g.ravel() for g in grid], axis=1)
