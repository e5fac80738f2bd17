"""Which rows of two tables are held out together, and the order that puts them so."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from analysis.arrays import Bools, Floats, Ints

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Layout:
    """Rows of a source and a target, fold after fold, the source's first in each.

    Parameters
    ----------
    order : int[n]
        Position of each row in source and target put together.
    fold : int[n]
        Never falling.
    n_source : int
    """

    order: Ints
    fold: Ints
    n_source: int

    @cached_property
    def bounds(self) -> list[int]:
        """First row of each fold, and n."""
        return [int(b) for b in np.searchsorted(self.fold, np.arange(FOLDS + 1))]

    def stretches(self, side: bool | None) -> list[tuple[int, int]]:
        """Return first row and end of each fold's rows.

        Parameters
        ----------
        side : bool or None
            The source's (False), the target's (True), or all.
        """
        if side is None:
            return list(pairwise(self.bounds))
        found = []
        for first, last in pairwise(self.bounds):
            middle = first + int((~self.is_target[first:last]).sum())
            found.append((middle, last) if side else (first, middle))
        return found

    @cached_property
    def is_target(self) -> Bools:
        """Whether each row is of the target, bool[n]."""
        return self.order >= self.n_source

    def by_side(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return values of rows in the order of source and of target."""
        back = np.empty_like(rows)
        back[self.order] = rows
        return back[: self.n_source], back[self.n_source :]

    def take(self, rows: Ints) -> "Layout":
        """Return some rows, in their order; `by_side` then means nothing."""
        return Layout(self.order[rows], self.fold[rows], self.n_source)


def layout_of(ids: Ints, n_source: int, seed: int) -> Layout:
    """Deal rows to folds by their number, so that the order of rows does not matter.

    Rows of one number, such as one person in both tables, share a fold.

    Parameters
    ----------
    ids : int[n]
        Source rows first.
    n_source : int
    seed : int
    """
    unique, at = np.unique(ids, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(np.arange(len(unique)) % FOLDS)
    fold = dealt[at]
    order = np.argsort(fold.astype(np.int8), kind="stable")
    return Layout(order, fold[order], n_source)
