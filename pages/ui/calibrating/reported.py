"""Which rows a tab reports: those to try things on, or the test rows on request."""

from dataclasses import dataclass

import streamlit as st

from analysis.evaluation import Evaluation
from pages.ui import state
from pages.ui.calibrating.rows import Rows


@dataclass(frozen=True, eq=False)
class Reported:
    """Rows reported.

    Parameters
    ----------
    rows : Evaluation
    words : str
        What they are called.
    is_test : bool
    """

    rows: Evaluation
    words: str
    is_test: bool


def reported(rows: Rows, key: str) -> Reported:
    """Let the reader turn to the test rows of a trained run."""
    tried = Reported(rows.report, rows.words, is_test=False)
    if not state.view().is_trained:
        return tried
    is_test = st.toggle(
        "Show on the test rows",
        key=f"{key}.test",
        help="What is fitted stays as it is. Settle the dials on the validation rows "
        "first: the more is chosen by the test rows, the kinder they look.",
    )
    if not is_test:
        return tried
    people = rows.data.task.rows_are
    words = f"{len(rows.shown):,} test rows"
    words += "" if people == "rows" else f" ({people})"
    return Reported(rows.shown, words, is_test=True)
