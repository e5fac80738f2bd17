"""The table of subgroups: searched, sorted, paged, so that hundreds stay readable."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts import numbers
from analysis.charts.group_table import compared_with, printed_rows
from analysis.datasets.load import Dataset
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
    tables.printed(printed_rows(table, metrics, shown, gap), f"{KEY}.table")
    note(_how_to_read(table, gap, len(rows), data))


def ordered(table: GroupTable, metric: str, sought: str, by: str) -> np.ndarray:
    """Return the positions of the subgroups sought, in order."""
    column = table.columns[metric]
    wanted = sought.strip().lower()
    rows = np.array(
        [g for g, name in enumerate(table.names) if wanted in name.lower()], dtype=int
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


def _how_to_read(table: GroupTable, gap: float, found: int, data: Dataset) -> str:
    points = numbers.plain(gap, "percent", 0).rstrip("%").strip()
    words = (
        f"{found:,} {'subgroup' if found == 1 else 'subgroups'}; difference is to "
        f"{compared_with(table)}. q: share of false alarms among all differences at "
        "least as sure (Benjamini-Hochberg). "
        "Pulled: after pooling with the others. Visible from: smallest difference "
        "that would have shown in four of five samples; needs: "
        f"{data.task.rows_are} in the measure to see {points} points."
    )
    if table.hidden.any():
        hidden = int(table.hidden.sum())
        words += f" {hidden:,} subgroups are withheld for privacy."
    return words
