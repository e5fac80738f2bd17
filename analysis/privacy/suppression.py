"""Which rows of a published table must be hidden so that no small group is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Ints, frozen
from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.privacy.margins import hidden_beside_total, hidden_by_margins
from analysis.privacy.programmes import hidden_by_programmes
from analysis.privacy.table import Table

MAX_CELLS = 20_000
"""Finest groups beyond which no linear programme is set up."""

MAX_ROWS = 300
"""Intersections beyond which no linear programme is set up."""

MAX_PROGRAMMES = 800
"""Linear programmes solved at most, which takes about two seconds."""


@dataclass(frozen=True, eq=False)
class Suppression:
    """What of a table must not be published.

    Parameters
    ----------
    hidden : bool[r]
    is_coarse : bool
        Whether all rows of two or more attributes are hidden, because the table is too
        large to tell which of them would do.
    """

    hidden: Bools
    is_coarse: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))


def hidden_rows(
    groups: Sequence[Mapping[str, str]],
    counts: Counts,
    levels: Mapping[str, Sequence[str]],
    k: int,
) -> Bools:
    """Return which rows of one table must not be published, see `suppression`."""
    return suppression(groups, (counts,), levels, k).hidden


def suppression(
    groups: Sequence[Mapping[str, str]],
    tables: Sequence[Counts],
    levels: Mapping[str, Sequence[str]],
    k: int,
) -> Suppression:
    """Return which rows of a table of groups must not be published.

    A row is hidden when its people, those of either label, or those decided either way
    are fewer than k but somebody. Then more are hidden (of the rows that tell a hidden
    number the finest, and of these the smallest) until none can be had by subtraction:
    given all published rows, the people of a hidden row, and each number that made it
    hidden, still span at least k. A published row is taken to give away its whole table
    of labels and decisions, as its rates do. It can end with all rows but the total
    hidden.

    Rows that share nobody, and those of single attributes, are decided in closed form.
    Otherwise linear programmes tell what can be had. They take too long for more than
    `MAX_ROWS` rows of two or more attributes, `MAX_CELLS` finest groups, or where more
    than `MAX_PROGRAMMES` are needed: then all rows of two or more attributes are
    hidden, the result is called coarse, and the rest is decided in closed form again,
    see `hidden_by_margins`.

    This protects one table. Two views of it (two cohorts, two thresholds, two metrics
    with other rows hidden) may give away together what neither does alone, and so may
    what a reader knows of single people, or that hidden numbers are small or that
    people come in whole numbers.

    Parameters
    ----------
    groups : sequence of mapping of str to str, length r
        What defines each row: attribute to value. Empty for everyone: that row, the
        total, is published whatever it is.
    tables : sequence of Counts
        Of the same rows, [r, 2, 2], one for each way to label and decide that is
        published; people are counted without their weights. What one of them demands
        is hidden for all, as hiding more never reveals more.
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
    secondary suppression and its audit by linear programmes; ranges are taken over
    numbers that are zero or more.
    """
    codes, sizes = _codes(groups, levels)
    hidden = np.zeros(len(groups), dtype=bool)
    programmes = MAX_PROGRAMMES
    for counts in tables:
        table = Table(codes, sizes, counts.n.reshape(len(groups), 4), k)
        hidden = hidden | table.is_small.any(1)
        if hidden.any():
            hidden, programmes = _hidden(table, hidden, programmes)
    return Suppression(hidden, is_coarse=programmes == 0)


def _hidden(table: Table, hidden: Bools, programmes: int) -> tuple[Bools, int]:
    """Hide by the first rule that serves; without programmes left, coarsely."""
    has_total = bool(table.is_total.any())
    if has_total and (table.depth < 2).all():
        return hidden_by_margins(table, hidden), programmes
    if programmes and np.prod(table.sizes, dtype=np.float64) <= MAX_CELLS:
        cells = table.cells()
        if (cells[~table.is_total].sum(0) <= 1).all():
            return _hidden_where_disjoint(table, cells, hidden), programmes
        if (table.depth > 1).sum() <= MAX_ROWS:
            found, left = hidden_by_programmes(table, cells, hidden, programmes)
            if found is not None:
                return found, left
    if not has_total:
        return np.ones(len(hidden), dtype=bool), 0
    return hidden_by_margins(table, hidden), 0


def _hidden_where_disjoint(table: Table, cells: Bools, hidden: Bools) -> Bools:
    """Hide rows that only the total ties together, if it is published."""
    if not table.is_total.any():
        return hidden
    rows = np.flatnonzero(~table.is_total)
    numbers = table.numbers[rows]
    left = table.numbers[table.is_total][0] - numbers.sum(0)
    if cells[rows].any(0).all():
        left = np.full(4, np.nan)
    found = hidden.copy()
    found[rows] = hidden_beside_total(
        numbers, table.is_small[rows], hidden[rows], left, table.k
    )
    return found


def _codes(
    groups: Sequence[Mapping[str, str]], levels: Mapping[str, Sequence[str]]
) -> tuple[Ints, tuple[int, ...]]:
    """Return each row's value of each attribute, int[r, a], and how many it has."""
    names = list(dict.fromkeys(name for group in groups for name in group))
    places = {
        name: {value: i for i, value in enumerate(levels.get(name, ()))}
        for name in names
    }
    codes = np.full((len(groups), len(names)), -1, dtype=np.int64)
    for row, group in enumerate(groups):
        for name, value in group.items():
            if value not in places[name]:
                raise SettingError(
                    f"A row is about '{name}' = '{value}', which is not among the "
                    "values given for it. Name every value of every attribute."
                )
            codes[row, names.index(name)] = places[name][value]
    return codes, tuple(len(places[name]) for name in names)
