"""The rows of a basis, dense block after dense block, in the order of the folds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.density.basis import ROWS_AT_ONCE, Basis
from analysis.density.folds import Layout

FIRST_ROWS = 25_000
"""Rows of a large table that the first steps look at; the last ones look at all."""

KEPT_NUMBERS = 6_000_000
"""Numbers of a basis that are kept dense between passes; of more, blocks are made
anew."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A basis in the order of the folds, given out in blocks.

    Parameters
    ----------
    basis : Basis
    layout : Layout
    """

    basis: Basis
    layout: Layout

    @cached_property
    def _kept(self) -> Floats | None:
        if self.basis.n * (1 + self.basis.shape[1]) > KEPT_NUMBERS:
            return None
        return self.basis.block(slice(0, self.basis.n))

    def blocks(
        self, kind: type = np.float64, side: bool | None = None
    ) -> Iterator[tuple[int, slice, Floats]]:
        """Return fold, rows and columns of one block after another.

        Parameters
        ----------
        kind : float type
            Of blocks that are made anew; those that are kept are in double precision.
        side : bool or None
            Of the source only (False), the target only (True), or of both.
        """
        kept = self._kept
        for k, (first, last) in enumerate(self.layout.stretches(side)):
            for start in range(first, last, ROWS_AT_ONCE):
                rows = slice(start, min(start + ROWS_AT_ONCE, last))
                yield (
                    k,
                    rows,
                    self.basis.block(rows, kind) if kept is None else kept[rows],
                )

    def thinned(self) -> tuple["Rows", Ints] | None:
        """Return every so many of the rows of a large table, and which they are."""
        if self.basis.n <= 2 * FIRST_ROWS:
            return None
        rows = np.arange(0, self.basis.n, self.basis.n // FIRST_ROWS)
        return Rows(self.basis.take(rows), self.layout.take(rows)), rows
