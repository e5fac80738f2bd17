"""What a page needs before it can answer; else it offers to make it."""

import streamlit as st

from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from models.run import Run
from pages.ui import cache, state
from pages.ui.messages import empty, note


def evaluation() -> tuple[Evaluation, Dataset]:
    """Return what is in view on its rows; without any score, offer to make one."""
    view = state.view()
    data = cache.dataset(view.data)
    if view.run == state.NOTHING:
        _offer_training(
            "Nothing has been scored yet",
            f"This page reads scores. {data.task.title} has no score column, and no "
            "model has been trained on it. Training one takes about a minute.",
        )
    return cache.evaluation(view), data


def probabilities(shown: Evaluation) -> None:
    """Go on only with probabilities; a raw score promises none."""
    if shown.is_probability:
        return
    _offer_training(
        "This score promises no probability",
        f"It runs from {shown.score.min():g} to {shown.score.max():g}, so a value of "
        "it cannot be held against how often the outcome happens. Train a model on "
        "this table, whose scores are probabilities, or upload the table with a "
        "score between 0 and 1.",
    )


def run() -> tuple[Run, Dataset]:
    """Return the trained run in view; a score column alone cannot be retrained."""
    view = state.view()
    data = cache.dataset(view.data)
    if view.run == state.EXISTING_SCORE:
        _offer_training(
            "A score alone cannot be mended here",
            "The score in view came with the table; the model behind it is elsewhere, "
            "so it cannot be retrained. Train a model on the same table, and every "
            "remedy applies to it.",
        )
    if view.run == state.NOTHING:
        _offer_training(
            "No model has been trained on this table",
            "A remedy starts from a trained model. Training one takes about a minute.",
        )
    return cache.store().find(view.run), data


def say_rows(shown: Evaluation, data: Dataset) -> None:
    """Say which rows are in view, how they are decided, and how often test was seen."""
    view = state.view()
    rows = "test rows" if view.is_trained else "rows"
    rows += f" ({data.task.rows_are})" if data.task.rows_are != "rows" else ""
    threshold = f"{cache.customary_threshold(view, data):g}"
    said = f"{len(shown):,} {rows}"
    said += f" where {view.cohort}" if view.cohort else ""
    said += f"; decided positive from {threshold}."
    if view.is_trained:
        looks = cache.store().notes.looks(view.data)
        said += f" Looks at these test rows so far: {looks}."
    note(said)


def _offer_training(what: str, why: str) -> None:
    empty(what, why)
    if st.button("Train a model", type="primary", key="needs.train"):
        state.go("model")
    st.stop()
