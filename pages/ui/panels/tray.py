"""A few subgroups side by side, and the way to follow one of them everywhere."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analysis.charts import numbers
from analysis.charts.group_table import q_words
from analysis.charts.groups import short_title, unit_of
from analysis.charts.theme import visible
from analysis.cohorts import cohort_of_group
from analysis.datasets.load import Dataset
from analysis.subgroups.group_table import GroupTable
from pages.ui import cache, state, tables, widgets
from pages.ui.messages import plain

KEY, STRIP = "subgroups.tray", "subgroups.strip"
MOST = 4
"""Subgroups that can be read side by side."""


def picked(table: GroupTable) -> list[str]:
    """Return the names of the subgroups kept, those that the table still lists."""
    if (clicked := widgets.clicked()) is not None and clicked < len(table):
        widgets.keep(KEY, table.names[clicked], MOST)
    listed = set(table.names)
    return [name for name in widgets.held(KEY) or [] if name in listed]


def last_group(table: GroupTable | None) -> dict[str, str]:
    """Return the subgroup kept last; empty for none."""
    kept = [] if table is None else picked(table)
    return dict(table.groups[table.names.index(kept[-1])]) if table and kept else {}


def take_clicked() -> None:
    """Remember whose dot was clicked until the table is there to name it."""
    points = widgets.held(STRIP, {}).get("selection", {}).get("points", [])
    for point in points:
        widgets.click(int((point.get("customdata") or [0])[0]))


def draw(table: GroupTable, metrics: Sequence[str], data: Dataset) -> None:
    """Draw what was kept, with a way to add by name."""
    kept = picked(table)
    widgets.show(KEY, kept)
    st.multiselect(
        "Subgroups side by side",
        table.names,
        key=KEY,
        format_func=visible,
        max_selections=MOST,
        placeholder="Click dots above, or search by name",
    )
    if not kept:
        return
    positions = [table.names.index(name) for name in kept]
    save(table, positions, data)
    tables.printed(side_by_side(table, metrics, positions), f"{KEY}.table")
    for place, g in zip(st.columns(MOST), positions, strict=False):
        rule = str(cohort_of_group(table.groups[g]))
        if place.button(
            plain(f"Follow {table.names[g]}"),
            key=f"{KEY}.follow.{g}",
            width="stretch",
            help=plain(f"Every page looks at {rule} then; the sidebar says so."),
        ):
            state.follow_cohort(rule)
            st.rerun()


def save(table: GroupTable, positions: Sequence[int], data: Dataset) -> None:
    """Keep the rules of subgroups among the cohorts of every page."""
    notes = cache.store().notes
    known = {str(cohort) for cohort in notes.cohorts(data.task.name)}
    for g in positions:
        cohort = cohort_of_group(table.groups[g])
        if str(cohort) not in known:
            notes.save_cohort(data.task.name, cohort)


def side_by_side(
    table: GroupTable, metrics: Sequence[str], positions: Sequence[int]
) -> pd.DataFrame:
    """Return texts: a line per measure, a column per subgroup and one for everyone."""
    rows = [("People", *(numbers.count(table.n[g]) for g in positions), "")]
    for metric in metrics:
        column, unit = table.columns[metric], unit_of(metric)
        shown = [column.own.at(g) for g in positions]
        digits = numbers.shared_decimals([*shown, column.overall], unit)
        values = (numbers.full(e, unit, digits) for e in shown)
        overall = numbers.full(column.overall, unit, digits)
        rows.append((short_title(metric), *values, overall))
        change: numbers.Unit = "points" if unit == "percent" else "change"
        against = (
            f"{numbers.value(column.difference.at(g), change, digits)}, "
            f"q {q_words(float(column.q_value[g]))}"
            for g in positions
        )
        rows.append(("  difference to the others", *against, ""))
    names = ["Measure", *(table.names[g] for g in positions), "Everyone"]
    return pd.DataFrame(rows, columns=names)
