"""The tab that asks whether a source of rows should be added, or left out."""

from dataclasses import replace

import streamlit as st

from analysis.charts import compare
from analysis.charts import source_value as charts
from analysis.charts.theme import visible
from analysis.compare import PairedComparison, paired
from analysis.evaluation import Evaluation
from analysis.shifts.sides import grouping_of_sides, side_of
from analysis.shifts.source_value import SourceValues
from models.advice import Proposal
from models.inquiries.sources import Asked
from pages.ui import cache, commands, controls, kept, state, tables
from pages.ui.messages import answer, empty, note, plain
from pages.ui.shifting import asking, trying
from pages.ui.shifting.setting import Setting

POLL_SECONDS = 1.0
MOST = 8
"""Candidates valued at once."""


def draw(setting: Setting) -> None:
    """Draw the tab."""
    if not state.view().is_trained:
        empty(
            "A score alone cannot be trained with more rows",
            "Its model is elsewhere. Train a model on this table, and every source can "
            "be valued and tried.",
        )
        return
    asked = _candidates(setting)
    if not (asked.tables or asked.values):
        empty(
            "There is no other source",
            "A source is another table with the same columns, uploaded on the Data "
            "page, or a value of what tells the sides apart among training rows.",
        )
        return
    found = asking.answered(setting, "sources", asked, "Valuing each source")
    if found is None:
        return
    _values(setting, found, asked)
    _with_and_without(setting, asked)


def _candidates(setting: Setting) -> Asked:
    """Return what could be added, and what could be left out."""
    others = [t for t in kept.tables_like(setting.data) if t != setting.sides.table]
    labelled = [t for t in others if not cache.store().task(t).is_unlabelled]
    if setting.sides.table:
        return Asked(tuple(labelled[:MOST]))
    by = grouping_of_sides(setting.data, setting.sides.column)
    return Asked(tuple(labelled[:MOST]), by.names[:MOST])


def _values(setting: Setting, found: SourceValues, asked: Asked) -> None:
    people, are_there = setting.data.task.rows_are, not asked.tables
    answer(charts.answer(found, people, are_there=are_there), "sources")
    controls.chart(charts.chart(found, state.ink()), "shift.sources", charts.alt(found))
    tables.printed(charts.printed(found), key="shift.sources.list", helps=charts.HELPS)
    tables.numbers(
        charts.table(found),
        "shift.sources",
        commands.shift_command(setting.sides, "sources", asked),
    )
    note(
        "A logistic stand-in learnt from the training rows; the target is "
        f"{found.n_target:,} rows that nothing was trained on. By size: what as many "
        "more rows like those there would save. By shift: what is left, below 0 where "
        "the source’s people mislead."
    )


def _with_and_without(setting: Setting, asked: Asked) -> None:
    """Let the reader train with and without a source, and show who gains."""
    chosen = st.selectbox(
        "Train with and without",
        [*asked.tables, *asked.values],
        format_func=visible,
        key="shift.source",
    )
    is_table = chosen in asked.tables
    attempt = trying.attempts(
        setting.data, [_proposal(setting, str(chosen), is_table=is_table)]
    )[0]
    run = attempt.run
    if run is None or not (run.is_active or run.is_finished):
        if run is not None:
            note(f"It was not trained: {run.reason}")
        label = f"Train {'with' if is_table else 'without'} {visible(str(chosen))}"
        if st.button(plain(label), type="primary", key="shift.source.train"):
            trying.start([attempt], setting.data)
            st.rerun()
        return

    def follow() -> None:
        if trying.is_busy([attempt], setting):
            st.skeleton(height=160)
            return
        if run.is_active:
            st.rerun()
        _compared(setting, run.id, is_table=is_table)

    every = POLL_SECONDS if trying.is_busy([attempt], setting) else None
    st.fragment(follow, run_every=every, key="shift.source.run")()


def _proposal(setting: Setting, name: str, *, is_table: bool) -> Proposal:
    if is_table:
        return Proposal("added_source", f"With {name}", {"table": name})
    rule = trying.rule_of(setting.sides.column, name)
    return Proposal("leave_out", f"Without {name}", {"cohort": rule})


def _compared(setting: Setting, other: str, *, is_table: bool) -> None:
    """Show the target's rows without and with the source, overall and by group."""
    mine, theirs = (_at_target(setting, run) for run in (state.view().run, other))
    without, with_it = (mine, theirs) if is_table else (theirs, mine)
    by = setting.by[:1]
    record = _paired(without, with_it, by, setting.metric, state.view().k)
    st.markdown(plain(compare.finding(record, setting.metric, "the target")))
    note(compare.harmed_words(record))
    controls.chart(
        compare.moves(record, setting.metric, state.ink()),
        "shift.source.moves",
        compare.alt(record, setting.metric),
    )
    tables.numbers(
        compare.table(record, setting.metric),
        "shift.source.moves",
        commands.compare_command(state.view().run, other, by),
    )
    note("Before: without the source; after: with it. Target rows of the test alone.")


@cache.shared(32)
def _paired(
    before: Evaluation, after: Evaluation, by: tuple[str, ...], metric: str, k: int
) -> PairedComparison:
    return paired(before, after, by, (metric,), k)


def _at_target(setting: Setting, run: str) -> Evaluation:
    """Return a run on the target's rows that nothing learns from."""
    view = replace(state.view(), run=run)
    if not setting.sides.table:
        by = grouping_of_sides(setting.data, setting.sides.column)
        rows = cache.evaluation(view)
        return side_of(rows, setting.data, by, setting.sides.target)
    other = cache.dataset(setting.sides.table)
    whole = cache.scored_table(view, other)
    return trying.unlearnt_half(whole, other)
