"""What intersections give away beside their margins, told by linear programmes."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import optimize, sparse

from analysis.arrays import Bools, Floats
from analysis.privacy.table import SLACK, Table, lacking

UNBOUNDED = 3
"""scipy's status of a programme without a greatest value."""


def hidden_by_programmes(
    table: Table, cells: Bools, hidden: Bools, most: int
) -> tuple[Bools | None, int]:
    """Hide rows until what a linear programme can tell of each is wide enough.

    Parameters
    ----------
    table : Table
    cells : bool[r, c]
        Which finest groups each row is the union of.
    hidden : bool[r]
        Rows that are hidden in any case.
    most : int
        Programmes that may be solved.

    Returns
    -------
    hidden : bool[r] or None
        None where more programmes would be needed.
    left : int
        Programmes that may still be solved.

    References
    ----------
    Fischetti & Salazar (2001), Solving the cell suppression problem on tabular data
    with linear constraints, Management Science 47, for the audit of each cell.
    """
    hidden = hidden.copy()
    ranges = _Ranges.known(table, cells)
    beyond_help = np.zeros(len(hidden), dtype=bool)
    while most > 0:
        lacks = ranges.lacking(hidden) & ~beyond_help
        if not lacks.any():
            return hidden, most
        row = int(lacks.argmax())
        binding, solved = ranges.widen(row, hidden)
        most -= solved
        if ranges.lacking(hidden)[row]:
            more = _next_to_hide(table, hidden, binding)
            hidden[more] |= more >= 0
            beyond_help[row] = more < 0  # the total itself says too much
    return None, 0


def _next_to_hide(table: Table, hidden: Bools, binding: Bools) -> int:
    """Return the row still shown that is to be hidden next; -1 for none.

    Of those that bind, if any, the smallest of the finest: a margin costs more and
    can often be had from other margins. Empty rows come last: they cover nobody.
    """
    people = table.people
    order = np.lexsort((people, -table.depth, ~binding, people == 0))
    left = order[~(hidden | table.is_total)[order]]
    return int(left[0]) if len(left) else -1


@dataclass(frozen=True, eq=False)
class _Ranges:
    """The least and greatest numbers of each row among the tables found possible.

    Every solution is a possible table as a whole, and stays one when more is hidden,
    so each programme also widens the ranges of other rows.

    Parameters
    ----------
    table : Table
    cells : bool[r, c]
    low, high : float[r, 4]
        Widened in place.
    """

    table: Table
    cells: Bools
    low: Floats
    high: Floats

    @classmethod
    def known(cls, table: Table, cells: Bools) -> "_Ranges":
        """Start from the true table, which is possible."""
        return cls(table, cells, table.numbers.copy(), table.numbers.copy())

    def lacking(self, hidden: Bools) -> Bools:
        """Return which hidden rows are not found wide enough yet, bool[r]."""
        width = self.high - self.low
        return lacking(width, self.table.is_small, hidden, self.table.k)

    def widen(self, row: int, hidden: Bools) -> tuple[Bools, int]:
        """Find the greatest numbers of a row, and if need be the least.

        Returns
        -------
        bool[r]
            The shown rows that keep the two from lying further apart.
        int
            How many programmes that took.
        """
        binding, solved = np.zeros(len(hidden), dtype=bool), 0
        largest_first = np.argsort(-self.table.numbers.max(0), kind="stable")
        for part, sign in product(largest_first, (1, -1)):
            if sign == -1 and self.low[row, part] <= SLACK:
                continue  # nobody has fewer than none
            binding[~hidden] |= self._push(row, hidden, (int(part), sign))
            solved += 1
            if not self.lacking(hidden)[row]:
                break
        return binding, solved

    def _push(self, row: int, hidden: Bools, way: tuple[int, int]) -> Bools:
        """Find the possible table with most (1) or least (-1) of a part of a row.

        Returns
        -------
        bool[shown rows]
            Those that bind.
        """
        part, sign = way
        shown, number = self.cells[~hidden], self.table.numbers[~hidden, part]
        is_empty: Bools = (number == 0) & (shown @ self.cells[row])
        free = ~shown[number == 0].any(0)  # an empty row has empty cells
        if not (free & self.cells[row]).any():
            return is_empty  # nobody, whatever else is possible
        found = optimize.linprog(
            -sign * self.cells[row, free].astype(np.float64),
            A_eq=sparse.csr_array(shown[:, free].astype(np.float64)),
            b_eq=number,
            method="highs",
            options={"presolve": False},  # it takes longer than it saves here
        )
        if found.status == UNBOUNDED:
            self.high[row, part] = np.inf
        if found.status != 0:
            return np.zeros(len(shown), dtype=bool)
        possible = self.cells[:, free] @ np.maximum(found.x, 0)
        np.minimum(self.low[:, part], possible, out=self.low[:, part])
        np.maximum(self.high[:, part], possible, out=self.high[:, part])
        binds: Bools = (np.abs(found.eqlin.marginals) > SLACK) | is_empty
        return binds
