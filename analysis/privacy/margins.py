"""What groups that share nobody give away through their total: no programme needed.

Rows of one attribute are tied together by the total alone, and those of different
attributes by nothing else: any margins with the same total have a joint table.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.privacy.table import PROTECTED, SLACK, Table, lacking


def hidden_beside_total(
    numbers: Floats, is_small: Bools, hidden: Bools, left: Floats, k: int
) -> Bools:
    """Hide further rows, of rows that share nobody, until the hidden ones are covered.

    Two or more unknown rows can each have none or all of what the shown ones leave of
    the total; one alone is what they leave. The smallest are hidden first; empty rows
    come last, as they cover nobody.

    Parameters
    ----------
    numbers : float[r, 4]
        People by label and decision.
    is_small : bool[r, 5]
        The numbers to protect, see `lacking`.
    hidden : bool[r]
        Rows that are hidden in any case.
    left : float[4]
        People of no listed row; NaN where the rows hold everyone.
    k : int

    Returns
    -------
    bool[r]
    """
    if not hidden.any():
        return hidden
    people = numbers.sum(1)
    order = np.lexsort((people, people == 0))
    order = order[~hidden[order]]
    has_unlisted = not np.isnan(left).any()
    unknown = np.vstack([numbers[hidden].sum(0), numbers[order]]).cumsum(0)
    unknown += np.nan_to_num(left)  # [more + 1, 4]
    needed = np.asarray(is_small[hidden].any(0))
    needed[0] = True
    enough = ((unknown @ PROTECTED.T >= k - SLACK) | ~needed).all(1)
    sources = int(hidden.sum()) + has_unlisted + np.arange(len(unknown))
    is_wide = enough & (sources >= 2)
    more = int(is_wide.argmax()) if is_wide.any() else len(order)
    found = np.array(hidden)
    found[order[:more]] = True
    return found


def hidden_by_margins(table: Table, hidden: Bools) -> Bools:
    """Hide all rows of two or more attributes, and what else gives a small one away.

    Beside the rows of single attributes that the total demands, rows are hidden until
    every small intersection is covered: with the people of its values known to lie
    from low to high, it can hold from the sum of the lows less (d - 1) totals, or
    none, to the least of the highs. No table is closer than that.

    Parameters
    ----------
    table : Table
        With the row of everyone.
    hidden : bool[r]
        Rows that are hidden in any case.

    Returns
    -------
    bool[r]
        Exact where no row is of two or more attributes.

    References
    ----------
    Frechet (1951), Sur les tableaux de correlation dont les marges sont donnees, for
    the bounds of a joint table with given margins.
    """
    deep = table.depth > 1
    small = table.is_small.any(1)
    hidden = hidden | small | deep
    given_up = np.zeros(len(hidden), dtype=bool)
    while True:
        hidden = _covered(table, hidden)
        width = _widths(table, hidden)
        bare = lacking(width, table.is_small, deep & small & ~given_up, table.k)
        if not bare.any():
            return hidden
        row = int(bare.argmax())
        more = _next_margin(table, hidden, row)
        hidden[more] |= more >= 0
        given_up[row] = more < 0  # the total itself says too much


@dataclass(frozen=True, eq=False)
class _Margin:
    """The rows of one attribute alone.

    Parameters
    ----------
    rows, values : int[m]
        Their places in the table, and the values they are about.
    left : float[4]
        People of no listed value; NaN where every value is listed.
    """

    rows: Ints
    values: Ints
    left: Floats


def _margins(table: Table) -> list[_Margin]:
    """Return the rows of each attribute alone, in the order of the attributes."""
    total = table.numbers[table.is_total][0]
    margins = []
    for attribute, size in enumerate(table.sizes):
        rows = np.flatnonzero((table.depth == 1) & (table.codes[:, attribute] >= 0))
        values = table.codes[rows, attribute]
        first = np.unique(values, return_index=True)[1]
        left = total - table.numbers[rows[first]].sum(0)
        is_listed = len(first) == size
        margins.append(_Margin(rows, values, np.where(is_listed, np.nan, left)))
    return margins


def _covered(table: Table, hidden: Bools) -> Bools:
    """Hide what the total demands of the rows of each attribute."""
    found = hidden.copy()
    for margin in _margins(table):
        rows = margin.rows
        found[rows] = hidden_beside_total(
            table.numbers[rows],
            table.is_small[rows],
            hidden[rows],
            margin.left,
            table.k,
        )
    return found


def _widths(table: Table, hidden: Bools) -> Floats:
    """Return how far apart the numbers of every row can lie, float[r, 4]."""
    total = table.numbers[table.is_total][0]
    low_sum = np.zeros_like(table.numbers)
    high = np.tile(total, (len(table.numbers), 1))
    for attribute, (margin, size) in enumerate(
        zip(_margins(table), table.sizes, strict=True)
    ):
        low_of, high_of = _ends(table, margin, size, hidden)
        codes = table.codes[:, attribute]
        named = codes >= 0
        low_sum[named] += low_of[codes[named]]
        high[named] = np.minimum(high[named], high_of[codes[named]])
    depth = table.depth[:, None]
    low = np.where(depth == 0, total, low_sum - (depth - 1) * total)
    return high - np.maximum(low, 0)


def _ends(
    table: Table, margin: _Margin, size: int, hidden: Bools
) -> tuple[Floats, Floats]:
    """Return the least and greatest numbers of each value, float[size, 4] each."""
    total = table.numbers[table.is_total][0]
    shown = ~hidden[margin.rows]
    known = np.zeros(size, dtype=bool)
    known[margin.values[shown]] = True
    low = np.zeros((size, 4))
    low[margin.values[shown]] = table.numbers[margin.rows[shown]]
    left = total - low.sum(0)
    high = np.where(known[:, None], low, left)
    return (high if (~known).sum() == 1 else low), high


def _next_margin(table: Table, hidden: Bools, row: int) -> int:
    """Return the shown row of one attribute that is to be hidden for another; -1 none.

    The row's own values come first, the smallest before others.
    """
    shares = (table.codes >= 0) & (table.codes[row] >= 0)
    is_own = ((table.codes == table.codes[row]) & shares).any(1)
    people = table.people
    order = np.lexsort((people, ~is_own, people == 0))
    left = order[((table.depth == 1) & shares.any(1) & ~hidden)[order]]
    return int(left[0]) if len(left) else -1
