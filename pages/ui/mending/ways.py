"""The ways to mend: one fix, what to try first, a chain; only the open one is drawn."""

from collections.abc import Callable

import streamlit as st

from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.history import history_metrics
from analysis.subgroups.finding import Finding
from models.run import Run
from pages.ui import controls, recipes
from pages.ui.mending import choice, composing, path, suggested, watch
from pages.ui.mending.sweep import Watched
from pages.ui.messages import audit_errors, note, plain


def draw(run: Run, data: Dataset, shown: Evaluation, found: Finding) -> None:
    """Draw the tabs.

    Parameters
    ----------
    run : Run
        The one in view, which every fix starts from.
    data : Dataset
    shown : Evaluation
        The run on the rows in view.
    found : Finding
        Whom it fails most.
    """
    panels: dict[str, Callable[[], None]] = {
        "One fix": lambda: _one(run, data, found),
        "What to try first": lambda: _first(run, data, shown, found),
        "A chain of fixes": lambda: _chain(run, data, found),
    }
    tabs = st.tabs(list(panels), key="remedies.tabs", on_change="rerun")
    for tab, drawn in zip(tabs, panels.values(), strict=True):
        if tab.open:
            with tab, audit_errors():
                drawn()


def _one(run: Run, data: Dataset, found: Finding) -> None:
    fix = None
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(plain(f"A fix for {controls.words_of(run)}"), anchor=False)
        note(recipes.chain_words(run))
        with audit_errors():
            fix = choice.draw(run, data, found)
    with right, audit_errors():
        st.subheader("What comes of it", anchor=False)
        watch.draw(run, data, found, is_dragged=fix is not None)
        beside = st.container()
    with audit_errors():
        path.draw(run, found, fix, beside)


def _first(run: Run, data: Dataset, shown: Evaluation, found: Finding) -> None:
    names = list(data.frame.groups)
    rates = history_metrics()
    by, metric = controls.watched(names, rates, found, is_retraining=bool(names))
    suggested.draw(run, data, shown, Watched(by, metric))


def _chain(run: Run, data: Dataset, found: Finding) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(plain(f"A chain for {controls.words_of(run)}"), anchor=False)
        note(recipes.chain_words(run))
        with audit_errors():
            composing.draw(run, data, found)
    with right, audit_errors():
        st.subheader("What comes of it", anchor=False)
        watch.draw(run, data, found, is_dragged=False)
