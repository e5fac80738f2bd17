"""The table of groups in words and columns."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.charts import numbers, theme
from analysis.charts.groups import change_unit, short_title, unit_of
from analysis.subgroups.group_table import FEW_ROWS, GroupTable


def compared_with(table: GroupTable) -> str:
    """Return what groups are compared with, in words."""
    if table.reference is None:
        return "everyone else"
    values = list(table.reference.values())
    if len(values) == 1:
        return values[0]
    return f"the reference group of the same attributes ({', '.join(values)})"


def compared_group(table: GroupTable, g: int) -> str:
    """Return what one group of the table is compared with, in words."""
    if table.reference is None:
        return "everyone else"
    own = table.groups[g]
    return " · ".join(v for a, v in table.reference.items() if a in own)


def q_words(q: float) -> str:
    """Return a q-value with a sign, in three decimals at most."""
    if np.isnan(q):
        return numbers.UNDEFINED
    return "< 0.001" if q < 0.001 else f"= {q:.3f}"


def table_of(table: GroupTable, metrics: Sequence[str]) -> pd.DataFrame:
    """Return every number of the groups, unrounded, one row per group."""
    columns: dict[str, object] = {
        "group": list(table.names),
        "people": table.n,
        "effective people": table.effective_n,
    }
    for metric in metrics:
        column, name = table.columns[metric], short_title(metric)
        parts = {
            "": column.own,
            ", difference": column.difference,
            ", ratio": column.ratio,
            ", shrunken": column.shrunken,
        }
        for words, estimates in parts.items():
            columns[f"{name}{words}"] = estimates.value
            columns[f"{name}{words}, low"] = estimates.low
            columns[f"{name}{words}, high"] = estimates.high
        columns[f"{name}, n"] = column.own.n
        columns[f"{name}, effective n"] = column.effective
        columns[f"{name}, q-value"] = column.q_value
        columns[f"{name}, smallest difference that would have been seen"] = (
            column.detectable
        )
    return pd.DataFrame(columns)


WITHHELD = "withheld"

FEW = " (few)"

GAPS, POWER = "Differences", "Rows needed"
VIEWS = (GAPS, POWER)
"""What can be printed of each subgroup beside its value."""

HEADS = {
    "selection_rate": "Positive",
    "accuracy": "Right",
    "error_rate": "Wrong",
    "true_positive_rate": "Found",
}
"""Shortest heads of the measures that stand beside the first one."""


def head_of(metric: str) -> str:
    """Return the head of a column that has little room."""
    return HEADS.get(metric) or short_title(metric)


def printed_rows(
    table: GroupTable,
    metrics: Sequence[str],
    rows: Ints,
    gap: float,
    view: str = GAPS,
) -> pd.DataFrame:
    """Return some groups as texts, all that is known of the first metric first.

    Parameters
    ----------
    table : GroupTable
    metrics : sequence of str
    rows : int[m]
        Positions of groups, in the order shown.
    gap : float
        Difference for which the rows needed are given.
    view : str
        One of `VIEWS`.
    """
    first = table.columns[metrics[0]]
    own = [first.own.at(int(g)) for g in rows]
    digits = numbers.shared_decimals(
        [e for e in own if e.n >= FEW_ROWS], unit_of(metrics[0])
    )
    write = _gap_cells if view == GAPS else _power_cells
    lines = []
    for g in map(int, rows):
        line = {"Subgroup": theme.visible(table.names[g])}
        if table.hidden[g]:
            lines.append(line | {"n": WITHHELD})
            continue
        line |= _value_cells(table, metrics[0], g, digits)
        lines.append(line | write(table, metrics, g, (digits, gap)))
    return pd.DataFrame(lines).fillna("")


def _value_cells(table: GroupTable, metric: str, g: int, digits: int) -> dict[str, str]:
    column, unit = table.columns[metric], unit_of(metric)
    estimate = column.own.at(g)
    few = FEW if column.is_small[g] and table.n[g] > 0 else ""
    cells = {"n": numbers.count(estimate.n) + few}
    if table.is_weighted:
        cells["Effective n"] = numbers.count(float(column.effective[g]))
    return cells | {short_title(metric): numbers.full(estimate, unit, digits)}


def _gap_cells(
    table: GroupTable, metrics: Sequence[str], g: int, sizes: tuple[int, float]
) -> dict[str, str]:
    column, unit, digits = table.columns[metrics[0]], unit_of(metrics[0]), sizes[0]
    q = q_words(float(column.q_value[g])).removeprefix("= ")
    cells = {
        "Difference": numbers.unitless(column.difference.at(g), unit, digits),
        "q": q,
        "Pulled": numbers.value(column.shrunken.at(g), unit, digits),
    }
    for metric in metrics[1:]:
        other = table.columns[metric].own.at(g)
        cells[head_of(metric)] = numbers.value(other, unit_of(metric))
    return cells


def _power_cells(
    table: GroupTable, metrics: Sequence[str], g: int, sizes: tuple[int, float]
) -> dict[str, str]:
    column, unit, (digits, gap) = table.columns[metrics[0]], unit_of(metrics[0]), sizes
    visible = numbers.plain(column.detectable[g], change_unit(unit), digits)
    return {
        "Difference": numbers.unitless(column.difference.at(g), unit, digits),
        "Visible from": visible.lstrip("+"),
        "Needs": numbers.count(float(column.rows_needed(gap)[g])),
    }
