"""Fixes that were tried beside each other, each judged by what it was made for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from analysis.charts import frontier as chart
from analysis.charts import shortlist as words
from analysis.charts.theme import visible
from analysis.compare import PairedComparison
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault, Kind
from models.remedies.chain import is_posthoc
from models.run import Run
from pages.ui import actions, cache, commands, controls, live, state, tables
from pages.ui.mending import outcome, sweep
from pages.ui.messages import answer, audit_errors, note

ROWS = "validation"
"""Rows that judge them side by side: none was fitted on these."""

SCORES = "brier_score"

AIMS: Mapping[Kind, str] = {
    "missed": "false_negative_rate",
    "wrongly_flagged": "false_positive_rate",
    "selected": "selection_rate",
    "decided_wrong": "error_rate",
    "scores_by_group": SCORES,
    "scores": SCORES,
    "rare_class": "false_negative_rate",
    "few_rows": "error_rate",
    "doubtful_labels": "error_rate",
    "moved": "error_rate",
}
"""The measure in which a fix against a kind of fault is judged."""


@dataclass(frozen=True)
class Done:
    """A suggestion that was tried: what it is called, what it is against, its run."""

    title: str
    fault: Fault
    run: Run


def draw(
    base: Run, data: Dataset, tried: Sequence[Done], watched: sweep.Watched
) -> None:
    """Hold what was run against each other and against the model before.

    Parameters
    ----------
    base : Run
        The model before.
    data : Dataset
    tried : sequence of Done
    watched : Watched
        What the chart holds them against each other by.
    """
    if not tried:
        return
    is_busy = any(one.run.is_active for one in tried)

    def follow() -> None:
        with audit_errors():
            now = [replace(one, run=cache.store().run(one.run.id)) for one in tried]
            if is_busy and not any(one.run.is_active for one in now):
                st.rerun()  # once at the end, so that the timer stops
            _progress(now)
            done = [one for one in now if one.run.is_finished]
            if done:
                _compared(base, data, done, watched)
            else:
                st.skeleton(height=chart.HEIGHT)

    every = live.POLL_SECONDS if is_busy else None
    st.fragment(follow, run_every=every, key="remedies.beside")()


def _progress(tried: Sequence[Done]) -> None:
    for title, run in ((one.title, one.run) for one in tried):
        if run.is_active:
            done = f", epoch {run.epochs} of at most {run.recipe.epochs}"
            note(f"{title}: {run.state}{done if run.epochs else ''}.")
        elif not run.is_finished:
            note(f"{title}: {live.reason(run)}")


def _compared(
    base: Run, data: Dataset, done: Sequence[Done], watched: sweep.Watched
) -> None:
    view = state.view()
    before = outcome.on_rows(base, ROWS)
    after = {one.title: outcome.on_rows(one.run, ROWS) for one in done}
    record = sweep.frontier_of(
        ((sweep.BEFORE, before), *after.items()),
        outcome.crossed(watched.by),
        watched.metric,
        "gap",
        view.k,
    )
    paired = {one.title: _paired(one, before, after[one.title]) for one in done}
    answer(words.answer_words(paired), "remedies")
    tables.printed(
        words.table(paired),
        key="remedies.beside.table",
        texts=("Made for", "Better", "Worse"),
        helps={
            "Before": "The largest gap between groups, or everyone\u2019s value.",
            "Accuracy": "Change over everyone, with its paired interval.",
            "Better": "Groups for which the measure surely got better, or lower where "
            "neither is better.",
            "Worse": "Groups for which it surely got worse, or higher.",
        },
    )
    controls.chart(
        chart.curve(record, base=sweep.BEFORE, ink=state.ink(), whom=controls.whom()),
        "remedies.beside",
        chart.alt(record),
    )
    tables.numbers(
        chart.table(record), "remedies.beside", commands.remedy_command(done[-1].run)
    )
    note(_judged_words(data, [one.run for one in done]))
    _closer(done)


def _paired(
    one: Done, before: Evaluation, after: Evaluation
) -> tuple[str, PairedComparison]:
    """Return a fix before and after in the measure and the groups it was made for."""
    metric = AIMS[one.fault.kind]
    # Of scores that do not come true everyone's error is mended, not its gap.
    by = () if metric == SCORES else outcome.crossed(one.fault.attribute)
    wanted = tuple(dict.fromkeys((metric, "accuracy")))
    return metric, cache.paired_comparison(before, after, by, wanted, state.view().k)


def _judged_words(data: Dataset, runs: Sequence[Run]) -> str:
    people = data.task.rows_are
    said = (
        f"On the validation rows, the same {people} for all; what these fixes do to "
        "the test rows stays unseen until you compare."
    )
    if all(is_posthoc(run.recipe) for run in runs):
        return said
    return (
        f"{said} Training chose its last epoch on these rows, which flatters it a "
        "little."
    )


def _closer(done: Sequence[Done]) -> None:
    titles = {one.run.id: one.title for one in done}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Look closer",
            list(titles),
            format_func=lambda run: visible(titles[run]),
            key="remedies.closer",
        )
        if st.button("Compare before and after", key="remedies.closer.compare"):
            actions.show_result(str(chosen), "compare")
