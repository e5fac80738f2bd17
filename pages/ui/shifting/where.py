"""The tab that says where outcomes changed most."""

from typing import Literal

import streamlit as st

from analysis.attribution.risk_region import RiskRegion
from analysis.charts import risk_region, shared_support
from analysis.cohorts import parse
from analysis.shifts.sides import called
from models.inquiries import attribution
from models.inquiries.risk_region import Asked
from pages.ui import cache, commands, controls, state, tables
from pages.ui.messages import announce, answer, empty, note
from pages.ui.shifting import asking
from pages.ui.shifting.setting import Setting

KEY, REGION = "shift.where", "shift.region"
OUTCOMES: dict[str, str] = {
    "label": "The label of people alike",
    "error": "The model's errors on people alike",
}


def draw(setting: Setting) -> None:
    """Draw the rule where most changed, then the change over people on both sides."""
    place = st.container()
    outcome: Literal["label", "error"] = st.segmented_control(
        "What changed",
        list(OUTCOMES),
        default="label",
        format_func=OUTCOMES.__getitem__,
        required=True,
        key=f"{REGION}.outcome",
    )
    with place:
        _region(setting, outcome)
    st.subheader("People that both sides have, and others", anchor=False)
    _shared(setting)


def _region(setting: Setting, outcome: Literal["label", "error"]) -> None:
    """Say where what happens to the same people changed most, and offer the rule."""
    record: RiskRegion | None = asking.answered(
        setting, "risk_region", Asked(outcome=outcome), "Looking for where most changed"
    )
    if record is None:
        return
    if record.is_found and min(record.n_source, record.n_target) < state.view().k:
        empty(
            "Not shown while small groups are hidden",
            "The rule holds fewer people than may be shown on one side.",
        )
        return
    answer(risk_region.finding(record), "where")
    snippet = commands.sides_snippet(
        setting.sides,
        ["from analysis.attribution.risk_region import risk_region"],
        [f"risk_region(source, target, {outcome!r})"],
    )
    if record.is_found:
        names = called(setting.sides)
        controls.chart(
            risk_region.dots(record, names, state.ink()),
            REGION,
            risk_region.alt(record, names),
        )
        note(risk_region.advice(record))
        _offer_cohort(setting, record)
    for warning in record.warnings:
        note(warning)
    tables.numbers(risk_region.table(record), REGION, snippet)


def _offer_cohort(setting: Setting, record: RiskRegion) -> None:
    """Let the reader keep the rule among the cohorts of every page."""
    notes, task = cache.store().notes, setting.data.task.name
    cohort = parse(record.rule)
    is_kept = str(cohort) in {str(known) for known in notes.cohorts(task)}
    if st.button(
        "Kept as a cohort" if is_kept else "Save it as a cohort",
        key=f"{REGION}.save",
        disabled=is_kept,
    ):
        notes.save_cohort(task, cohort)
        state.say_next("Saved. It stands under Cohort in the sidebar, on every page.")
        st.rerun()
    announce(state.said())


def _shared(setting: Setting) -> None:
    """Draw the change by way of the people that both sides have."""
    question = attribution.Asked(way="shared", metric=setting.metric)
    found = asking.answered(
        setting, "attribution", question, "Weighing the people that both sides have"
    )
    if found is None:
        return
    record = found.shared
    answer(shared_support.finding(record), "shared")
    controls.chart(
        shared_support.waterfall(record, state.ink()), KEY, shared_support.alt(record)
    )
    for warning in record.warnings:
        note(warning)
    snippet = commands.sides_snippet(
        setting.sides,
        ["from analysis.attribution.shared_support import shared_support"],
        [f"shared_support(source, target, {setting.metric!r})"],
    )
    tables.numbers(shared_support.table(record), KEY, snippet)
