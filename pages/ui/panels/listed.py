"""The table of subgroups: searched, sorted, paged, so that hundreds stay readable."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts import numbers
from analysis.charts.group_table import (
    GAPS,
    VIEWS,
    compared_with,
    head_of,
    printed_rows,
)
from analysis.charts.groups import WHY_WITHHELD
from analysis.charts.withheld import withheld_words
from analysis.datasets.load import Dataset
from analysis.metrics.registry import metric_named
from analysis.subgroups.group_table import GroupTable
from pages.ui import tables
from pages.ui.messages import note

KEY = "subgroups.list"
ROWS = 12
"""Subgroups on one page of the table."""

SORTS = {
    "Surest first": "surest",
    "Largest difference first": "difference",
    "Highest first": "high",
    "Lowest first": "low",
    "Most people first": "people",
    "By name": "name",
}


def draw(table: GroupTable, metrics: Sequence[str], gap: float, data: Dataset) -> None:
    """Draw one page of the table, its order and its search."""
    left, right = st.columns([2, 1])
    sought = left.text_input(
        "Find a subgroup", key=f"{KEY}.search", placeholder="Part of a name"
    )
    order = right.selectbox("Order", list(SORTS), key=f"{KEY}.order")
    rows = ordered(table, metrics[0], sought, SORTS[order])
    if not len(rows):
        note(f"No subgroup has '{sought}' in its name.")
        return
    pages = -(-len(rows) // ROWS)
    page = st.pagination(pages, key=f"{KEY}.page") if pages > 1 else 1
    shown = rows[(page - 1) * ROWS : page * ROWS]
    view = st.segmented_control(
        "Beside the value",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key=f"{KEY}.view",
        label_visibility="collapsed",
    )
    lines = printed_rows(table, metrics, shown, gap, str(view))
    helps = {head_of(m): metric_named(m).title for m in metrics[1:]}
    tables.printed(lines, f"{KEY}.table", helps=helps)
    note(_how_to_read(table, gap, len(rows), (str(view), data.task.rows_are)))


def ordered(table: GroupTable, metric: str, sought: str, by: str) -> np.ndarray:
    """Return the positions of the subgroups sought, in order.

    Each word sought must stand in the name; without any, subgroups of nobody are left
    out.
    """
    column = table.columns[metric]
    words = sought.lower().replace("·", " ").split()
    is_listed = table.hidden | ~(table.n == 0) | bool(words)
    rows = np.array(
        [
            g
            for g, name in enumerate(table.names)
            if is_listed[g] and _has_each(words, name.lower())
        ],
        dtype=int,
    )
    keys = {
        "surest": column.q_value,
        "difference": -np.abs(column.difference.value),
        "high": -column.own.value,
        "low": column.own.value,
        "people": -table.n,
        "name": np.arange(len(table)),
    }
    key = pd.Series(keys[by][rows]).fillna(np.inf)
    ties = pd.Series(-table.n[rows]).fillna(np.inf)
    return rows[np.lexsort((ties, key))]


def _has_each(words: Sequence[str], name: str) -> bool:
    """Return whether each word stands in a name, in any order."""
    return all(word in name for word in words)


def _how_to_read(
    table: GroupTable, gap: float, found: int, said: tuple[str, str]
) -> str:
    """Say what the columns of a view are; `said` is the view and what a row is."""
    view, people = said
    points = numbers.plain(gap, "percent", 0).rstrip("%").strip()
    words = (
        f"{found:,} {'subgroup' if found == 1 else 'subgroups'}; difference is to "
        f"{compared_with(table)}, in points where values are in percent. "
        f"n: {people} the value rests on. "
    )
    if view == GAPS:
        words += (
            "q: share of false alarms among all differences at least as sure "
            "(Benjamini-Hochberg). Pulled: after pooling with the others."
        )
    else:
        words += (
            "Visible from: smallest difference that would have shown in four of five "
            f"samples. Needs: {people} in the measure to see {points} points; a dash "
            "where no number would do, as what the group is compared with is too "
            "uncertain itself, or no such difference is possible."
        )
    if table.hidden.any():
        words += f" {withheld_words(table.hidden, 'subgroup')} {WHY_WITHHELD}"
    return words
