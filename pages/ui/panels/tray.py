"""A few subgroups side by side, and the way to follow one of them everywhere."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from analysis.charts import numbers
from analysis.charts.group_table import q_words
from analysis.charts.groups import change_unit, short_title, unit_of
from analysis.charts.theme import visible
from analysis.cohorts import cohort_of_group
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.subgroups.group_table import GroupTable
from pages.ui import cache, state, tables, widgets
from pages.ui.messages import announce, plain

KEY, STRIP = "subgroups.tray", "subgroups.strip"
ADD = f"{KEY}.add"
MOST = 4
"""Subgroups that can be read side by side."""


def taken(table: GroupTable, shown: Evaluation, data: Dataset) -> list[str]:
    """Return the names of the subgroups kept, after a click on a dot, if any.

    A clicked subgroup becomes a cohort of every page; one that is only looked up by
    name does not.
    """
    clicked = widgets.clicked()
    if clicked is not None and clicked < len(table):
        _keep(table.names[clicked])
        _save(table, clicked, data)
    return picked(table, shown)


def picked(table: GroupTable | None, shown: Evaluation) -> list[str]:
    """Return the names kept that can still be compared with somebody here.

    Left out are subgroups that the table does not list, that have nobody in view, and
    that are everybody in view, as the one that is followed is.
    """
    if table is None:
        return []
    places = {name: g for g, name in enumerate(table.names)}
    return [
        name
        for name in widgets.held(KEY) or []
        if name in places and _differs(float(table.n[places[name]]), len(shown))
    ]


def _differs(n: float, everybody: int) -> bool:
    return bool(np.isnan(n)) or 0 < n < everybody


def last_group(table: GroupTable | None, shown: Evaluation) -> dict[str, str]:
    """Return the subgroup kept last; empty for none."""
    kept = picked(table, shown)
    return dict(table.groups[table.names.index(kept[-1])]) if table and kept else {}


def take_clicked() -> None:
    """Remember whose dot was clicked until the table is there to name it."""
    points = widgets.held(STRIP, {}).get("selection", {}).get("points", [])
    for point in points:
        widgets.click(int((point.get("customdata") or [0])[0]))


def draw(
    table: GroupTable, metrics: Sequence[str], kept: Sequence[str], people: float
) -> None:
    """Draw what was kept, with a way to add by name.

    Parameters
    ----------
    table : GroupTable
    metrics : sequence of str
    kept : sequence of str
        Names of the subgroups set side by side.
    people : float
        Everybody in view.
    """
    st.selectbox(
        "Subgroups side by side",
        [
            name
            for name, n in zip(table.names, table.n, strict=True)
            if name not in kept and _differs(float(n), round(people))
        ],
        index=None,
        key=ADD,
        format_func=visible,
        on_change=_add,
        placeholder="Click dots above, or add one by name",
    )
    announce(str(widgets.once(_GONE, "")))
    if not kept:
        return
    positions = [table.names.index(name) for name in kept]
    beside = side_by_side(table, metrics, positions)
    tables.printed(
        beside, f"{KEY}.table", helps={name: name for name in beside.columns[1:]}
    )
    for place, g in zip(st.columns(MOST), positions, strict=False):
        _buttons(place, table, g)


_GONE = f"{KEY}.gone"


def _buttons(
    place: st.delta_generator.DeltaGenerator, table: GroupTable, g: int
) -> None:
    name, rule = table.names[g], str(cohort_of_group(table.groups[g]))
    if place.button(
        plain(f"Follow {name}"),
        key=f"{KEY}.follow.{g}",
        width="stretch",
        help=plain(f"Every page looks at {rule} then; the sidebar says so."),
    ):
        state.follow_cohort(rule)
        st.rerun()
    place.button(
        plain(f"Take away {name}"),
        key=f"{KEY}.drop.{g}",
        type="tertiary",
        width="stretch",
        on_click=widgets.drop,
        args=(KEY, name),
    )


def _add() -> None:
    """Keep the subgroup that was chosen by name, and empty the field for the next."""
    if name := widgets.held(ADD):
        _keep(str(name))
    widgets.show(ADD, None)


def _keep(name: str) -> None:
    gone = widgets.keep(KEY, name, MOST)
    if gone:
        widgets.show(_GONE, f"{MOST} side by side at most: {gone}, the oldest, went.")


def _save(table: GroupTable, g: int, data: Dataset) -> None:
    """Keep the rule of a subgroup among the cohorts of every page."""
    notes = cache.store().notes
    cohort = cohort_of_group(table.groups[g])
    if str(cohort) not in {str(known) for known in notes.cohorts(data.task.name)}:
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
        change = change_unit(unit)
        against = (
            f"{numbers.value(column.difference.at(g), change, digits)}, "
            f"q {q_words(float(column.q_value[g]))}"
            for g in positions
        )
        rows.append(("  difference", *against, ""))
    names = ["Measure", *(visible(table.names[g]) for g in positions), "Everyone"]
    return pd.DataFrame(rows, columns=names)
