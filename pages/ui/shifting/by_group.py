"""The tab that splits the change within each group."""

import streamlit as st

from analysis.charts import attribution_groups
from analysis.charts import attribution_groups_words as words
from analysis.charts.groups import WHY_WITHHELD
from models.inquiries.attribution import Asked
from pages.ui import commands, controls, state, tables
from pages.ui.messages import answer, empty, note
from pages.ui.shifting import asking, graphs, groups
from pages.ui.shifting.setting import Setting
from pages.ui.shifting.split import WAYS, graph_of

KEY = "shift.groups"
MOST_REASONS = 3
"""Reasons for what is not known that are said; all stand in the table."""


def draw(setting: Setting) -> None:
    """Draw who lost most through which part, or say why nobody can be told apart."""
    if not setting.by:
        empty(
            "No groups to tell apart",
            "The table has no sensitive attribute beside what tells the sides apart. "
            "Declare one on the Data page.",
        )
        return
    place = st.container()
    left, right = st.columns(2)
    with left:
        attribute = groups.attribute(setting, f"{KEY}.attribute")
    way = right.selectbox(
        "Explain by",
        ["covariates", "mechanisms"],
        format_func=WAYS.__getitem__,
        key=f"{KEY}.way",
    )
    shown = groups.shown(setting, attribute)
    graph = graph_of(setting, way)
    with place:
        if not shown:
            empty("No group can be shown", WHY_WITHHELD)
            return
        question = Asked(
            way="groups",
            metric=setting.metric,
            attribute=attribute,
            graph="" if graph is None else str(graph),
        )
        found = asking.answered(
            setting, "attribution", question, "Splitting the change group by group"
        )
        if found is None:
            return
        record = words.only(found.groups, shown)
        answer(words.finding(record), "bygroup")
        controls.chart(
            attribution_groups.panels(record, state.ink()), KEY, words.alt(record)
        )
        for said in (*words.reasons(record)[:MOST_REASONS], words.borrowed(record)):
            note(said)
        note(_left_out(setting, attribute, shown))
        tables.numbers(words.table(record), KEY, _snippet(setting, attribute, way))


def _left_out(setting: Setting, attribute: str, shown: tuple[str, ...]) -> str:
    """Say that groups are missing, and why."""
    names = setting.source.evaluation.groups[attribute].names
    away = [name for name in names if name not in shown]
    if not away:
        return ""
    why = WHY_WITHHELD if state.view().k > 1 else "They are missing on one side."
    return f"Not shown: {', '.join(away)}. {why}"


def _snippet(setting: Setting, attribute: str, way: str) -> str:
    imports = ["from analysis.attribution.by_group import attribute_by_group"]
    given = f"source, target, {setting.metric!r}, {attribute!r}"
    if way == "mechanisms":
        imports.append("from analysis.causes.graph import parse_graph")
        given += f", parse_graph({str(graphs.used(setting))!r})"
    return commands.sides_snippet(
        setting.sides, imports, [f"attribute_by_group({given})"]
    )
