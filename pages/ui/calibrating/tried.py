"""One calibrator, closer: what it did to whom, what was fitted, and how to keep it."""

import pandas as pd
import streamlit as st

from analysis.calibration.guard import LOSSES, Guard
from analysis.charts import calibration_change, compare, flips, rounds
from analysis.charts import calibrators as words
from analysis.charts.theme import visible
from analysis.metrics.bins import Binning
from models.recipe import Stage
from models.remedies.fitting import notes_of
from models.sides import RANKED
from pages.ui import actions, cache, commands, controls, decision, state, tables
from pages.ui.calibrating import overlapping, trying
from pages.ui.calibrating.reproduced import outcome_code
from pages.ui.calibrating.rows import Rows
from pages.ui.calibrating.trying import Candidate
from pages.ui.messages import note, plain

LOSS_WORDS = {"log_loss": "Log loss", "brier_score": "Brier score"}


def draw(rows: Rows, asked: Candidate, guard: Guard, settings: dict[str, str]) -> None:
    """Draw what one calibrator did on the rows to try things on."""
    with st.container(key="verdict"):
        st.markdown(plain(words.advice_words(guard)))
    _fitted(rows, asked)
    _reliability(rows, asked, settings)
    metric = _metric(guard)
    controls.chart(
        compare.moves(guard.losses, metric, state.ink()),
        "calibration.moves",
        compare.alt(guard.losses, metric),
    )
    tables.numbers(
        compare.table(guard.losses, metric),
        "calibration.moves",
        command(rows, asked.name, settings),
    )
    people = rows.data.task.rows_are
    st.markdown(plain(words.decisions_words(guard, people)))
    note(words.order_words(guard, state.view().k))
    if rows.is_ranked:
        threshold = decision.customary_threshold(state.view(), rows.data.task)
        note(RANKED.format(threshold))
    if guard.flips.overall().changed.value[0] > 0 and rows.by:
        controls.chart(
            flips.bars(
                guard.flips, compare.row_names(guard.losses, metric), state.ink()
            ),
            "calibration.flips",
            flips.alt(guard.flips),
        )
    _keep(rows, asked, guard, settings)
    if asked.name == "temperature":
        overlapping.draw(rows, asked)


def _metric(guard: Guard) -> str:
    """Let the reader choose the loss to see by group; first the one that harms."""
    harmed = [metric for _, metric in guard.losses.harmed]
    first = LOSSES.index("brier_score") if set(harmed) == {"brier_score"} else 0
    return str(
        st.segmented_control(
            "By group",
            LOSSES,
            default=LOSSES[first],
            format_func=LOSS_WORDS.__getitem__,
            required=True,
            key=f"calibration.loss.{first}",
        )
    )


def _reliability(rows: Rows, asked: Candidate, settings: dict[str, str]) -> None:
    """Draw score against outcome before and after, by group."""
    k, by = state.view().k, rows.by
    before, after = (
        cache.reliability(side, by, Binning(), k)
        for side in (rows.report, trying.after(rows.report, asked))
    )
    controls.chart(
        calibration_change.before_and_after(before, after, state.ink()),
        "calibration.change",
        calibration_change.alt(before, after),
        width="content",
    )
    curves = "reliability_by_group"
    given = f"{rows.by!r}{f', k={k}' if k else ''}"
    tables.numbers(
        calibration_change.table(before, after),
        "calibration.change",
        outcome_code(
            rows,
            Stage(asked.name, settings),
            [f"from analysis.calibration.reliability import {curves}"],
            [f"{curves}(found.{side}, {given})" for side in ("before", "after")],
        ),
    )


def _fitted(rows: Rows, asked: Candidate) -> None:
    """Say what was fitted: parameters, fallbacks, rounds and why they stopped."""
    parameters = cache.store().trials.state(asked.trial.key).parameters
    for said in notes_of(parameters, _hidden(rows)):
        note(said)
    history = parameters.get("history", [])
    if history and state.view().k < 2:
        tables.printed(
            rounds.printed(history), key="calibration.rounds", helps=rounds.HELPS
        )


def _hidden(rows: Rows) -> set[str] | None:
    """Return the groups too small to be named; None where all may be."""
    k = state.view().k
    if k < 2:
        return None
    table = cache.disaggregation(rows.fit, rows.by, (), k)
    return {
        n for n, is_hidden in zip(table.names, table.hidden, strict=True) if is_hidden
    }


def _keep(rows: Rows, asked: Candidate, guard: Guard, settings: dict[str, str]) -> None:
    if state.view().is_trained:
        kind = "primary" if guard.is_recommended else "secondary"
        if st.button("Keep it as a model", type=kind, key="calibration.keep"):
            actions.start_remedy(asked.name, dict(settings))
        note(
            "It becomes a model of its own beside this one, which stays as it is. "
            "Compare then shows both on the test rows."
        )
        return
    st.download_button(
        "Download the calibrated scores",
        data=lambda: _scores(rows, asked),
        file_name=f"faultline-{asked.name}.csv",
        mime="text/csv",
        on_click="ignore",
        key="calibration.scores",
    )
    note(
        f"One row per row of the table, {len(rows.fit):,} of which it was fitted on. "
        "Upload the table with this column as its score to go on with it."
    )


def _scores(rows: Rows, asked: Candidate) -> bytes:
    changed = trying.after(rows.shown, asked)
    title = visible(changed.classes[changed.view])
    table = {"row": changed.row_ids, f"P({title})": changed.score}
    return tables.csv_of(pd.DataFrame(table))


def command(rows: Rows, name: str, settings: dict[str, str]) -> str:
    """Return the command that fits one calibrator and prints what it did."""
    more = ("--ranks",) if rows.is_ranked else ()
    return commands.calibrate_command(name, rows.by, settings, more)
