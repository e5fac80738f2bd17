"""The table of groups in words and columns."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.charts import numbers, theme
from analysis.charts.groups import short_title, unit_of
from analysis.subgroups.group_table import FEW_ROWS, GroupTable


def compared_with(table: GroupTable) -> str:
    """Return what groups are compared with, in words."""
    if table.reference is None:
        return "everyone else"
    return " · ".join(table.reference.values())


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
        columns[f"{name}, q-value"] = column.q_value
        columns[f"{name}, smallest difference that would have been seen"] = (
            column.detectable
        )
    return pd.DataFrame(columns)


WITHHELD = "withheld"


def printed_rows(
    table: GroupTable, metrics: Sequence[str], rows: Ints, gap: float
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
    """
    first = table.columns[metrics[0]]
    unit = unit_of(metrics[0])
    change: numbers.Unit = "points" if unit == "percent" else "change"
    own = [first.own.at(int(g)) for g in rows]
    digits = numbers.shared_decimals([e for e in own if e.n >= FEW_ROWS], unit)
    needed = first.rows_needed(gap)
    lines = []
    for g, estimate in zip(rows, own, strict=True):
        if table.hidden[g]:
            lines.append({"Subgroup": theme.visible(table.names[g]), "n": WITHHELD})
            continue
        few = " (few)" if first.is_small[g] and table.n[g] > 0 else ""
        line = {
            "Subgroup": theme.visible(table.names[g]),
            "n": numbers.count(estimate.n) + few,
            short_title(metrics[0]): numbers.full(estimate, unit, digits),
            "Difference": numbers.full(first.difference.at(int(g)), change, digits),
            "q": q_words(float(first.q_value[g])).removeprefix("= "),
            "Pulled": numbers.value(first.shrunken.at(int(g)), unit, digits),
            "Visible from": numbers.plain(first.detectable[g], change, digits).lstrip(
                "+"
            ),
            "Needs": numbers.count(needed[g]),
        }
        if table.is_weighted:
            line["Effective n"] = numbers.count(table.effective_n[g])
        for metric in metrics[1:]:
            other = table.columns[metric].own.at(int(g))
            line[short_title(metric)] = numbers.value(other, unit_of(metric))
        lines.append(line)
    return pd.DataFrame(lines).fillna("")
