"""A table to be protected: which of its numbers are small, which rows lack cover."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.metrics.kinds import ALL, NEGATIVE, POSITIVE, REJECTED, SELECTED

PROTECTED = np.array(
    [np.ravel(mask) for mask in (ALL, POSITIVE, NEGATIVE, SELECTED, REJECTED)]
)
"""Which cells, by label and decision, make up each number a row says of people."""

SLACK = 1e-6
"""What a solver may be off by, in people."""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of people, each defined by a value for some of the attributes.

    Parameters
    ----------
    codes : int[r, a]
        Each row's value of each attribute; -1 where the row holds all of them.
    sizes : tuple of int, length a
        How many values each attribute has.
    numbers : float[r, 4]
        People by label and decision.
    k : int
        Fewest people that may be shown.
    """

    codes: Ints
    sizes: tuple[int, ...]
    numbers: Floats
    k: int

    @cached_property
    def depth(self) -> Ints:
        """How many attributes define each row, int[r]; 0 for the total."""
        return np.asarray((self.codes >= 0).sum(1), dtype=np.int64)

    @cached_property
    def is_total(self) -> Bools:
        """Which rows are everyone, bool[r]."""
        return self.depth == 0

    @cached_property
    def is_small(self) -> Bools:
        """Which `PROTECTED` numbers are too small to be shown, bool[r, 5]."""
        shown = self.numbers @ PROTECTED.T
        return (shown > 0) & (shown < self.k) & ~self.is_total[:, None]

    @cached_property
    def people(self) -> Floats:
        """People of each row, float[r]."""
        return self.numbers.sum(1)

    def cells(self) -> Bools:
        """Return which finest groups each row is the union of, bool[r, c].

        Finest groups that stand in the same rows are taken as one.
        """
        finest = np.indices(self.sizes).reshape(len(self.sizes), -1)  # [a, c]
        cells = np.ones((len(self.codes), finest.shape[1]), dtype=bool)
        for codes, values in zip(self.codes.T, finest, strict=True):
            cells &= (codes[:, None] < 0) | (codes[:, None] == values)
        packed = np.packbits(cells, axis=0)
        _, first = np.unique(packed, axis=1, return_index=True)
        return cells[:, np.sort(first)]


def lacking(width: Floats, is_small: Bools, hidden: Bools, k: int) -> Bools:
    """Return which hidden rows' numbers can be told too closely, bool[r].

    Parameters
    ----------
    width : float[r, 4]
        How far apart the least and the greatest possible numbers are.
    is_small : bool[r, 5]
        The numbers to protect; of a hidden row, people are always among them.
    hidden : bool[r]
    k : int
    """
    needed = is_small.copy()
    needed[:, 0] = True
    is_narrow: Bools = width @ PROTECTED.T < k - SLACK
    lacks: Bools = hidden & (needed & is_narrow).any(1)
    return lacks
