"""What a page needs before it can answer; else it offers to make it."""

from dataclasses import dataclass

import streamlit as st

from analysis.charts.groups import WHY_WITHHELD
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.subgroups.finding import score_words
from analysis.subgroups.listing import Crossings
from models.run import Run
from pages.ui import cache, decision, state
from pages.ui.messages import empty, note, plain

LOOKS_HELP = (
    "Every model, rule, threshold and cohort that was read off the test rows counts "
    "once. The more often one chooses by the same rows, the kinder they look."
)


def evaluation() -> tuple[Evaluation, Dataset]:
    """Return what is in view on its rows; without any score, offer to make one."""
    view = state.view()
    data = cache.dataset(view.data)
    if view.run == state.NOTHING:
        _offer_training(
            "Nothing has been scored yet",
            f"This page reads scores. {data.task.title} has no score column, and no "
            f"model has been trained on it. Training one takes {training_time(data)}.",
        )
    return cache.evaluation(view), data


def refuse_raw(shown: Evaluation) -> None:
    """Stop where only probabilities serve: a raw score promises none."""
    low, high = (score_words(float(s)) for s in (shown.score.min(), shown.score.max()))
    _offer_training(
        "This score promises no probability",
        f"It runs from {low} to {high}, so a value of "
        "it cannot be held against how often the outcome happens. Put its ranks in its "
        "place above, and a calibrator can be fitted to them; or train a model on this "
        "table, whose scores are probabilities; or upload the table with a score "
        "between 0 and 1.",
    )


@dataclass(frozen=True)
class Purpose:
    """What a page does with a trained run, and why a score column cannot do."""

    title: str
    score: str
    start: str


MEND = Purpose(
    "A score alone cannot be mended here",
    "The score in view came with the table; the model behind it is elsewhere, so it "
    "cannot be retrained. Train a model on the same table, and most remedies apply "
    "to it; or fit a map to the score itself on Calibration, under Fix.",
    "A remedy starts from a trained model.",
)
COMPARE = Purpose(
    "A score alone has nothing to be compared with",
    "This page sets two trained models side by side on the same test rows. The score "
    "in view came with the table and stands on all rows. Train a model on the table; "
    "a remedy then makes the second.",
    "This page sets two trained models side by side; a remedy makes the second.",
)


def run(purpose: Purpose = MEND) -> tuple[Run, Dataset]:
    """Return the trained run in view; a score column alone is not one."""
    view = state.view()
    data = cache.dataset(view.data)
    if view.run == state.EXISTING_SCORE:
        _offer_training(
            purpose.title,
            purpose.score,
        )
    if view.run == state.NOTHING:
        _offer_training(
            "No model has been trained on this table",
            f"{purpose.start} Training one takes {training_time(data)}.",
        )
    return cache.store().find(view.run), data


def say_rows(shown: Evaluation, data: Dataset) -> None:
    """Say which rows are in view, how they are decided, and how often test was seen."""
    view = state.view()
    rows = "test rows" if view.is_trained else "rows"
    rows += f" ({data.task.rows_are})" if data.task.rows_are != "rows" else ""
    said = f"{len(shown):,} {rows}"
    said += f" where {view.cohort}" if view.cohort else ""
    said += f"; {decision.words(view, data)}."
    said += f" {weight_words(data)}" if data.task.weight else ""
    if not view.is_trained:
        note(said)
        return
    looks = cache.store().notes.looks(view.data)
    times = "once" if looks == 1 else f"{looks} times"
    said += f" The test rows have been looked at {times}."
    st.caption(plain(said), help=LOOKS_HELP)


WITHHELD_WAY_OUT = (
    "Group by fewer attributes, combine fewer at once under Every group, or lower the "
    "smallest group shown in the sidebar, under More."
)


def say_hidden(shown: Evaluation, beside: Crossings) -> None:
    """Say why groups are hidden, large ones among them, where any are."""
    hidden = cache.hidden_together(shown, beside, state.view().k)
    if hidden.is_coarse:
        note(
            "Too many small groups to hide one by one: all combinations of attributes "
            f"are withheld. {WITHHELD_WAY_OUT}"
        )
    elif any(of.any() for of in hidden.hidden.values()):
        note(WHY_WITHHELD)


def is_all_hidden(shown: Evaluation, by: tuple[str, ...], beside: Crossings) -> bool:
    """Say why nothing is shown where every group of the page is withheld."""
    hidden = cache.hidden_together(shown, (by, *beside), state.view().k).of(by)
    if not hidden[shown.grouping(by).codes].all():
        return False
    groups = int(hidden.sum())
    groups_are = "The only group is" if groups == 1 else f"All {groups:,} groups are"
    empty(
        "No group can be shown",
        f"{groups_are} withheld for privacy. {WHY_WITHHELD} {WITHHELD_WAY_OUT}",
    )
    return True


def weight_words(data: Dataset) -> str:
    """Say what a table's weight does to its numbers; empty without one."""
    if not data.task.weight:
        return ""
    return f"Rates are weighted by {data.task.weight}; every n counts rows unweighted."


def training_time(data: Dataset) -> str:
    """Say how long a model with the usual settings takes on two cores."""
    rows = len(data.frame)
    if rows < 10_000:
        return "a few seconds"
    return "seconds to a minute" if rows < 100_000 else "one to five minutes"


def _offer_training(what: str, why: str) -> None:
    empty(what, why)
    runs = [r for r in cache.store().runs(state.view().data) if r.is_finished]
    if runs:
        if st.button(
            plain(f"Look at {runs[0].title}"), type="primary", key="needs.use"
        ):
            state.turn_to(run=runs[0].id)
            st.rerun()
    elif st.button("Train a model", type="primary", key="needs.train"):
        state.go("model")
    st.stop()
