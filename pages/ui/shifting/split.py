"""The split at the top of the page: how much of the change each part explains."""

from collections.abc import Sequence

import streamlit as st

from analysis.attribution.attribution import Attribution
from analysis.attribution.quantity import Quantity
from analysis.causes.graph import Graph
from analysis.causes.starting_graphs import graph_in_order
from analysis.charts import shift
from analysis.charts.theme import visible
from analysis.shifts.sides import called
from models.inquiries.attribution import Asked
from pages.ui import commands, controls, state, tables
from pages.ui.messages import answer, empty, finding, note, plain
from pages.ui.shifting import asking, graphs, groups
from pages.ui.shifting.setting import NO_LABELS, Setting

KEY = "shift.split"

WAYS: dict[str, str] = {
    "covariates": "Who comes, and what happens to them",
    "mechanisms": "Mechanisms of a graph of causes",
    "order": "Features in an order",
}
"""What a change can be split over."""

WAY_WORDS: dict[str, str] = {
    "covariates": "P(X): other people. P(Y|X): other outcomes for people alike.",
    "mechanisms": "Of the graph in the tab Cause and effect, where it can be edited.",
    "order": "Each beyond what those before it explain; the order stands under "
    "Cause and effect, 'Start from', where it can be changed.",
}

WHOM: dict[str, str] = {
    "": "Everyone",
    "group": "One group",
    "against": "The difference of two groups",
    "gap": "The largest gap between groups",
}
"""Whose number is split."""

DOING = "Weighing the rows of both sides"


def draw(setting: Setting) -> None:
    """Draw the finding, the waterfall and its numbers, and what can be asked instead.

    A target without labels has no split; the page says where to look instead.
    """
    if setting.labelled is None:
        empty("The target has no labels", NO_LABELS)
        return
    place = st.container()
    left, middle = st.columns(2)
    way = left.selectbox(
        "Explain by", list(WAYS), format_func=WAYS.__getitem__, key=f"{KEY}.way"
    )
    left.caption(plain(WAY_WORDS[way]))
    with middle:
        quantity = _quantity(setting)
    with place:
        graph = graph_of(setting, way)
        record = asked(setting, quantity, graph)
        if record is not None:
            show(setting, record, graph, "shift.waterfall")


def graph_of(setting: Setting, way: str) -> Graph | None:
    """Return the graph that a way of explaining splits over; None for P(X), P(Y|X)."""
    if way == "mechanisms":
        return graphs.used(setting)
    if way == "order":
        return graph_in_order(graphs.bundles(setting))
    return None


def asked(
    setting: Setting, quantity: Quantity, graph: Graph | None
) -> Attribution | None:
    """Return the split of a change; None while the worker is at it.

    Parameters
    ----------
    setting : Setting
        With a labelled target.
    quantity : Quantity
    graph : Graph or None
        Whose mechanisms are the parts; None for P(X) and P(Y|X).
    """
    question = _question(quantity, graph)
    found = asking.answered(setting, "attribution", question, DOING)
    return None if found is None else found.split


def _question(quantity: Quantity, graph: Graph | None) -> Asked:
    """Return what the worker is asked."""
    return Asked(
        way="covariates" if graph is None else "mechanisms",
        metric=quantity.metric,
        attribute=quantity.attribute,
        group=quantity.group,
        against=quantity.against,
        among=quantity.among,
        graph="" if graph is None else str(graph),
    )


def show(
    setting: Setting,
    record: Attribution,
    graph: Graph | None,
    key: str,
    tab: str = "",
) -> None:
    """Draw a split: the finding, the waterfall, what limits it, and its numbers.

    Parameters
    ----------
    setting : Setting
    record : Attribution
    graph : Graph or None
    key : str
        `page.chart`, unique.
    tab : str
        Letters that name the finding's place inside a tab; empty above all tabs.
    """
    said = shift.finding(record, called(setting.sides))
    if tab:
        answer(said, tab)
    else:
        finding(said)
    controls.chart(shift.waterfall(record, state.ink()), key, shift.alt(record))
    for warning in record.warnings:
        note(warning)
    tables.numbers(
        shift.table(record),
        key,
        commands.shift_command(
            setting.sides, "attribution", _question(record.quantity, graph)
        ),
    )


def _quantity(setting: Setting) -> Quantity:
    """Let the reader choose whose number is split."""
    metric = setting.metric
    whom = st.selectbox(
        "Of whom",
        list(WHOM) if setting.by else [""],
        format_func=WHOM.__getitem__,
        key=f"{KEY}.whom",
    )
    if not whom:
        return Quantity(metric)
    attribute = groups.attribute(setting, f"{KEY}.attribute", "Attribute")
    names = groups.shown(setting, attribute)
    if len(names) < 2:
        note("Fewer than two groups of it can be shown on both sides.")
        return Quantity(metric)
    if whom == "gap":
        return Quantity(metric, attribute, among=names)
    first = _group("Group", names, f"{KEY}.group.{attribute}")
    if whom == "group":
        return Quantity(metric, attribute, first)
    others = [name for name in names if name != first]
    return Quantity(metric, attribute, first, _group("Less", others, f"{KEY}.less"))


def _group(label: str, names: Sequence[str], key: str) -> str:
    return str(st.selectbox(label, names, key=key, format_func=visible))
