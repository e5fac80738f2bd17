"""What a session looks at: the sole owner of session keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analysis.charts.theme import DARK, LIGHT, Ink

PAGES = ("data", "model", "subgroups", "calibration", "shift", "remedies", "compare")
FIRST_PAGE = "subgroups"
FIRST_DATA = "adult"

EXISTING_SCORE = "score"
"""Stands for the score that came with the table, in place of a run's id."""

NOTHING = "none"
"""Stands for no run and no score: the table alone."""

DATA, RUN, COHORT, THRESHOLD = "data", "run", "cohort", "threshold"
DATA_WIDGET, RUN_WIDGET = "sidebar.data", "sidebar.run"
_PAGES, _JOB, _SAID = "frame.pages", "job", "frame.said"
_PENDING, _ARRIVED = "frame.pending", "frame.arrived"


@dataclass(frozen=True)
class View:
    """The four lines of the sidebar.

    Parameters
    ----------
    data : str
        Name of a task.
    run : str
        Id of a run, or `EXISTING_SCORE`, or `NOTHING`.
    cohort : str
        Rule, as `analysis.cohorts.parse` reads it; empty for everyone.
    threshold : float or None
        None is the scorer's customary one.
    """

    data: str
    run: str
    cohort: str
    threshold: float | None

    @property
    def is_trained(self) -> bool:
        """Whether a trained run is in view, rather than a score column or nothing."""
        return self.run not in (EXISTING_SCORE, NOTHING)


def view() -> View:
    """Return what the sidebar shows."""
    held = st.session_state
    return View(
        data=held.get(DATA_WIDGET) or FIRST_DATA,
        run=held.get(RUN_WIDGET) or NOTHING,
        cohort=(held.get(COHORT) or "").strip(),
        threshold=held.get(THRESHOLD),
    )


def turn_to(*, data: str = "", run: str = "") -> None:
    """Turn the sidebar to a data set or a run, from the next script run on."""
    st.session_state[_PENDING] = {DATA: data, RUN: run}


def settle(data_names: Sequence[str]) -> None:
    """Carry out `turn_to`, or the address on arrival; before any widget."""
    pending = st.session_state.pop(_PENDING, None) or _from_address(data_names)
    st.session_state.setdefault(DATA_WIDGET, FIRST_DATA)
    if pending.get(DATA) or st.session_state.get(DATA_WIDGET) not in (
        None,
        *data_names,
    ):
        st.session_state[DATA_WIDGET] = pending.get(DATA) or FIRST_DATA
        forget_data()
    if pending.get(RUN):
        st.session_state[RUN_WIDGET] = pending[RUN]
        forget_threshold()


def _from_address(data_names: Sequence[str]) -> Mapping[str, str]:
    if st.session_state.get(_ARRIVED):
        return {}
    st.session_state[_ARRIVED] = True
    asked = {key: st.query_params.get(key, "") for key in (DATA, RUN)}
    if asked[DATA] and asked[DATA] not in data_names:
        return {}
    return asked


def match_run(choices: Sequence[str]) -> None:
    """Complete the beginning of a run's id, or drop a run that is not there."""
    asked = st.session_state.get(RUN_WIDGET) or choices[0]
    if asked in choices:
        st.session_state[RUN_WIDGET] = asked
        return
    found = [choice for choice in choices if choice.startswith(asked)]
    st.session_state[RUN_WIDGET] = found[0] if len(found) == 1 else choices[0]


def publish(first_run: str) -> None:
    """Keep data set and run in the address, unless they are what comes first.

    They stand there by name and id; a bound widget would write its label.
    """
    shown = view()
    wanted = {
        DATA: "" if shown.data == FIRST_DATA else shown.data,
        RUN: "" if shown.run == first_run else shown.run[:12],
    }
    for key, value in wanted.items():
        if value and st.query_params.get(key) != value:
            st.query_params[key] = value
        elif not value and key in st.query_params:
            del st.query_params[key]


def forget_data() -> None:
    """Drop what belonged to the data set before."""
    st.session_state.pop(RUN_WIDGET, None)
    st.session_state[COHORT] = ""
    st.session_state[THRESHOLD] = None


def forget_threshold() -> None:
    """Go back to the customary threshold, as another score has another scale."""
    st.session_state[THRESHOLD] = None


def job() -> str:
    """Return the id of the run that is being watched; empty for none."""
    return st.query_params.get(_JOB, "") or st.session_state.get(_JOB, "")


def watch(run_id: str) -> None:
    """Watch a run; a reload or another browser with the same address goes on."""
    st.session_state[_JOB] = run_id
    st.query_params[_JOB] = run_id


def forget_job() -> None:
    """Watch no run any more."""
    st.session_state.pop(_JOB, None)
    st.query_params.pop(_JOB, None)


def remember_pages(pages: Mapping[str, Any]) -> None:
    """Keep the page objects, which switching needs."""
    st.session_state[_PAGES] = dict(pages)


def go(page: str, **query: str) -> None:
    """Switch to a page by name."""
    st.switch_page(st.session_state[_PAGES][page], query_params=query or None)


def say_next(message: str) -> None:
    """Keep a message for the next run of the script."""
    st.session_state[_SAID] = message


def said() -> str:
    """Return the kept message, once."""
    return str(st.session_state.pop(_SAID, ""))


def held(key: str, default: Any = None) -> Any:
    """Return the value of a page's own widget."""
    return st.session_state.get(key, default)


def is_dark() -> bool:
    """Whether the reader's mode is dark."""
    return st.context.theme.type == "dark"


def ink() -> Ink:
    """Return the inks of the reader's mode."""
    return DARK if is_dark() else LIGHT
