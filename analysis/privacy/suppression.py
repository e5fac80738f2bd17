"""Which rows of a published table must be hidden so that no small group is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import optimize, sparse

from analysis.arrays import Bools, Floats, Ints
from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.metrics.kinds import ALL, NEGATIVE, POSITIVE, REJECTED, SELECTED

PROTECTED = np.array(
    [np.ravel(mask) for mask in (ALL, POSITIVE, NEGATIVE, SELECTED, REJECTED)]
)
"""Which cells, by label and decision, make up each number a row says of people."""

MAX_CELLS = 20_000
"""Finest groups beyond which nothing but the total is published."""

SLACK = 1e-6
"""What a solver may be off by, in people."""

UNBOUNDED = 3
"""scipy's status of a programme without a greatest value."""


def hidden_rows(
    groups: Sequence[Mapping[str, str]],
    counts: Counts,
    levels: Mapping[str, Sequence[str]],
    k: int,
) -> Bools:
    """Return which rows of a table of groups must not be published, bool[r].

    A row is hidden when its people, those of either label, or those decided either way
    are fewer than k but somebody. Then more are hidden (of the rows that tell a hidden
    number the finest, and of these the smallest) until none can be had by subtraction:
    given all published rows, the people of a hidden row, and each number that made it
    hidden, still span at least k. A published row is taken to give away its whole table
    of labels and decisions, as its rates do. It can end with all rows but the total
    hidden.

    This protects one table. Two views of it (two cohorts, two thresholds, two metrics
    with other rows hidden) may give away together what neither does alone, and so may
    what a reader knows of single people, or that hidden numbers are small or that
    people come in whole numbers.

    Parameters
    ----------
    groups : sequence of mapping of str to str, length r
        What defines each row: attribute to value. Empty for everyone: that row, the
        total, is published whatever it is.
    counts : Counts
        Of the same rows, [r, 2, 2]; people are counted without their weights.
    levels : mapping of str to sequence of str
        All values of each attribute that occurs, shown or not; crossed in full they
        are the finest groups, and a row is the union of those that match it.
    k : int
        Fewest people that may be shown; below 2 hides nothing.

    Raises
    ------
    SettingError
        A row names an attribute or a value that is not among the levels.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4: threshold rule,
    secondary suppression and its audit by linear programmes (Fischetti & Salazar
    2001); ranges are taken over numbers that are zero or more.
    """
    numbers = counts.n.reshape(len(groups), 4)
    depth = np.array([len(group) for group in groups], dtype=np.int64)
    shown = numbers @ PROTECTED.T  # [r, 5]
    is_small = (shown > 0) & (shown < k) & (depth > 0)[:, None]
    hidden: Bools = is_small.any(1)
    if not hidden.any():
        return hidden
    cells = _cells(groups, levels)
    if cells is None:
        return depth > 0
    table = _Table(cells, numbers, depth, is_small, k)
    return _hidden_where_disjoint(table) if table.is_disjoint else _hidden(table)


@dataclass(frozen=True, eq=False)
class _Table:
    """A table to be protected.

    Parameters
    ----------
    cells : bool[r, c]
        Which finest groups each row is the union of.
    numbers : float[r, 4]
        People by label and decision.
    depth : int[r]
        How many attributes define the row; 0 for the total.
    is_small : bool[r, 5]
        Which of the row's `PROTECTED` numbers are too small to be shown.
    k : int
    """

    cells: Bools
    numbers: Floats
    depth: Ints
    is_small: Bools
    k: int

    @property
    def is_total(self) -> Bools:
        """Which rows are everyone, bool[r]."""
        return self.depth == 0

    @property
    def is_disjoint(self) -> bool:
        """Whether no two rows but the total have people in common."""
        return bool((self.cells[~self.is_total].sum(0) <= 1).all())

    def lacking(self, width: Floats, hidden: Bools) -> Bools:
        """Return whose numbers can be told too closely, bool[r].

        Parameters
        ----------
        width : float[r, 4]
            How far apart the least and the greatest possible numbers are.
        hidden : bool[r]
        """
        needed = self.is_small.copy()
        needed[:, 0] = True  # of a hidden row, people are always protected
        is_narrow: Bools = width @ PROTECTED.T < self.k - SLACK
        lacks: Bools = hidden & (needed & is_narrow).any(1)
        return lacks

    def next_to_hide(self, hidden: Bools, binding: Bools) -> int:
        """Return the row still shown that is to be hidden next; -1 for none.

        Of those that bind, if any, the smallest of the finest: a margin costs more and
        can often be had from other margins. Empty rows come last: they cover nobody.
        """
        people = self.numbers.sum(1)
        order = np.lexsort((people, -self.depth, ~binding, people == 0))
        left = order[~(hidden | self.is_total)[order]]
        return int(left[0]) if len(left) else -1


def _hidden_where_disjoint(table: _Table) -> Bools:
    """Hide rows that only the total ties together.

    Two or more unknown rows can each have none or all of what the shown ones leave of
    the total; one alone is what they leave.
    """
    hidden = np.asarray(table.is_small.any(1))
    has_total = bool(table.is_total.any())
    has_unlisted = bool((~table.cells[~table.is_total].any(0)).any())
    nothing = np.zeros(len(hidden), dtype=bool)
    while has_total:
        left = table.numbers[table.is_total][0] - table.numbers[
            ~(hidden | table.is_total)
        ].sum(0)
        is_alone = hidden.sum() + has_unlisted < 2
        width = np.tile(0 * left if is_alone else left, (len(hidden), 1))
        more = table.next_to_hide(hidden, nothing)
        if more < 0 or not table.lacking(width, hidden).any():
            break
        hidden[more] = True
    return hidden


def _hidden(table: _Table) -> Bools:
    """Hide rows until what a linear programme can tell of each is wide enough."""
    hidden = np.asarray(table.is_small.any(1))
    ranges = _Ranges.known(table)
    beyond_help = np.zeros(len(hidden), dtype=bool)
    while True:
        width = ranges.high - ranges.low
        lacking = np.flatnonzero(table.lacking(width, hidden) & ~beyond_help)
        if not len(lacking):
            return hidden
        row = int(lacking[0])
        binding = ranges.widen(table, row, hidden)
        if table.lacking(ranges.high - ranges.low, hidden)[row]:
            more = table.next_to_hide(hidden, binding)
            hidden[more] |= more >= 0
            beyond_help[row] = more < 0  # the total itself says too much


@dataclass(frozen=True, eq=False)
class _Ranges:
    """The least and greatest numbers of each row among the tables found possible.

    Every solution is a possible table as a whole, and stays one when more is hidden,
    so each programme also widens the ranges of other rows.

    Parameters
    ----------
    low, high : float[r, 4]
        Widened in place.
    """

    low: Floats
    high: Floats

    @classmethod
    def known(cls, table: _Table) -> "_Ranges":
        """Start from the true table, which is possible."""
        return cls(table.numbers.copy(), table.numbers.copy())

    def widen(self, table: _Table, row: int, hidden: Bools) -> Bools:
        """Find the greatest numbers of a row, and if need be the least.

        Returns
        -------
        bool[r]
            The shown rows that keep the two from lying further apart.
        """
        binding = np.zeros(len(hidden), dtype=bool)
        largest_first = np.argsort(-table.numbers.max(0), kind="stable")
        for part, sign in product(largest_first, (1, -1)):
            if sign == -1 and self.low[row, part] <= SLACK:
                continue  # nobody has fewer than none
            binding[~hidden] |= self._push(table, row, hidden, (int(part), sign))
            if not table.lacking(self.high - self.low, hidden)[row]:
                break
        return binding

    def _push(
        self, table: _Table, row: int, hidden: Bools, way: tuple[int, int]
    ) -> Bools:
        """Find the possible table with most (1) or least (-1) of a part of a row.

        Returns
        -------
        bool[shown rows]
            Those that bind.
        """
        part, sign = way
        shown, number = table.cells[~hidden], table.numbers[~hidden, part]
        free = ~shown[number == 0].any(0)  # an empty row has empty cells
        found = optimize.linprog(
            -sign * table.cells[row, free].astype(np.float64),
            A_eq=sparse.csr_array(shown[:, free].astype(np.float64)),
            b_eq=number,
            method="highs",
            options={"presolve": False},  # it takes longer than it saves here
        )
        if found.status == UNBOUNDED:
            self.high[row, part] = np.inf
        if found.status != 0:
            return np.zeros(len(shown), dtype=bool)
        possible = table.cells[:, free] @ np.maximum(found.x, 0)
        np.minimum(self.low[:, part], possible, out=self.low[:, part])
        np.maximum(self.high[:, part], possible, out=self.high[:, part])
        is_empty = (number == 0) & (shown @ table.cells[row])
        binds: Bools = (np.abs(found.eqlin.marginals) > SLACK) | is_empty
        return binds


def _cells(
    groups: Sequence[Mapping[str, str]], levels: Mapping[str, Sequence[str]]
) -> Bools | None:
    """Return which finest groups each row is made of, bool[r, c]; None for too many.

    Finest groups that stand in the same rows are taken as one.
    """
    names = list(dict.fromkeys(name for group in groups for name in group))
    _check(groups, levels)
    sizes = [len(levels[name]) for name in names]
    if np.prod(sizes, dtype=np.float64) > MAX_CELLS:
        return None
    codes = dict(zip(names, np.indices(sizes).reshape(len(sizes), -1), strict=True))
    cells = np.ones((len(groups), int(np.prod(sizes, dtype=np.int64))), dtype=bool)
    for row, group in enumerate(groups):
        for name, value in group.items():
            cells[row] &= codes[name] == list(levels[name]).index(value)
    packed = np.packbits(cells, axis=0)
    _, first = np.unique(packed, axis=1, return_index=True)
    return cells[:, np.sort(first)]


def _check(
    groups: Sequence[Mapping[str, str]], levels: Mapping[str, Sequence[str]]
) -> None:
    for group in groups:
        for name, value in group.items():
            if value not in levels.get(name, ()):
                raise SettingError(
                    f"A row is about '{name}' = '{value}', which is not among the "
                    "values given for it. Name every value of every attribute."
                )
