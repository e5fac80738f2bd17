"""The limit of one temperature: classes that overlap, and Mixup as the other way."""

from dataclasses import replace

import streamlit as st

from analysis.calibration.overlap import Overlap, overlap
from analysis.charts import calibration as charts
from analysis.charts import overlap as words
from analysis.evaluation import Evaluation
from analysis.metrics.bins import Binning
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.chain import is_posthoc, retraining, stage
from models.remedies.fits import reason_against
from models.run import Run
from pages.ui import actions, cache, controls, live, state, tables
from pages.ui.calibrating import trying
from pages.ui.calibrating.rows import Rows
from pages.ui.calibrating.trying import Candidate
from pages.ui.mending.choice import facts_of
from pages.ui.messages import note, plain

MIXUP = "mixup"


def draw(rows: Rows, asked: Candidate) -> None:
    """Say how far the classes overlap; where a model can be trained, offer Mixup."""
    st.subheader("Where one temperature ends", anchor=False)
    found = _overlap(rows.fit, rows.report)
    st.markdown(plain(words.sentence(found)))
    note(words.LIMIT)
    if not state.view().is_trained:
        return
    run = cache.store().find(state.view().run)
    recipe = replace(run.recipe, stages=retraining(run.recipe))
    against = reason_against(REMEDIES[MIXUP], facts_of(run, rows.data))
    mixed = _run_of(recipe.with_stage(stage(MIXUP)))
    if mixed is None and against and not is_posthoc(run.recipe):
        note(f"Mixup cannot be compared here. {against}")
    elif mixed is None:
        if st.button("Retrain with Mixup, to compare", key="calibration.mixup"):
            actions.train_beside(recipe.with_stage(stage(MIXUP)))
    else:
        live.panel(mixed, _no_curves, "calibration")
        if mixed.is_finished:
            _beside(rows, asked, mixed)


def _run_of(recipe: Recipe) -> Run | None:
    """Return the run of a recipe, if it was ever started."""
    runs = cache.store().runs(recipe.task)
    return next((run for run in runs if run.recipe == recipe), None)


def _no_curves(run: Run, epochs: object) -> None:
    """Draw nothing: the reliability is what is compared."""


def _beside(rows: Rows, asked: Candidate, mixed: Run) -> None:
    """Draw the reliability of all three on the same rows."""
    view = replace(state.view(), run=mixed.id)
    sides = {
        "As it is": rows.report,
        "One temperature": trying.after(rows.report, asked),
        "Mixup": cache.evaluation(view, "validation"),
    }
    record = tuple(
        replace(cache.reliability(side, (), Binning(), 0)[0], name=name)
        for name, side in sides.items()
    )
    controls.chart(
        charts.reliability(record, ink=state.ink()),
        "calibration.three",
        charts.alt(record),
        width="content",
    )
    tables.printed(charts.errors_table(record), key="calibration.three.table")
    note(
        f"On {rows.words}, which none of the three was trained or fitted on. Mixup is "
        "a model of its own: Compare shows what else it changed."
    )


@cache.shared(16)
def _overlap(fit: Evaluation, report: Evaluation) -> Overlap:
    return overlap(fit, report)
