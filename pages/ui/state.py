"""What a session looks at: the sole owner of session keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
COHORT_WIDGET, THRESHOLD_WIDGET = "sidebar.cohort", "sidebar.threshold"
_PAGES, _JOB, _SAID = "frame.pages", "job", "frame.said"
_PENDING, _ARRIVED, _UNKNOWN = "frame.pending", "frame.arrived", "frame.unknown"
_CHOSEN, _KEPT = "frame.chosen", "data.kept"
FOLLOWING = (".by", ".metric")
"""Ends of the keys of controls that follow the finding until they are touched."""


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
        cohort=(held.get(COHORT_WIDGET) or "").strip(),
        threshold=held.get(THRESHOLD_WIDGET),
    )


def turn_to(*, data: str = "", run: str = "") -> None:
    """Turn the sidebar to a data set or a run, from the next script run on."""
    shown = view()
    if data and data != shown.data:
        shown = View(data, run, "", None)
    elif run and run != shown.run:
        shown = replace(shown, run=run, threshold=None)
    st.session_state[_PENDING] = shown


def settle(data_names: Sequence[str]) -> None:
    """Carry out `turn_to`, or the address on arrival; before any widget."""
    wanted = st.session_state.pop(_PENDING, None) or _from_address(data_names)
    held = st.session_state
    held.setdefault(DATA_WIDGET, FIRST_DATA)
    if wanted is None and held[DATA_WIDGET] not in (None, *data_names):
        wanted = View(FIRST_DATA, "", "", None)
    if wanted is not None:
        held[DATA_WIDGET], held[RUN_WIDGET] = wanted.data, wanted.run or None
        held[COHORT_WIDGET], held[THRESHOLD_WIDGET] = wanted.cohort, wanted.threshold


def _from_address(data_names: Sequence[str]) -> View | None:
    """Read the address once per session: reloads and shared links come with one."""
    if st.session_state.get(_ARRIVED):
        return None
    st.session_state[_ARRIVED] = True
    asked = {key: st.query_params.get(key, "") for key in (DATA, RUN, COHORT, _JOB)}
    if asked[_JOB]:
        st.session_state[_JOB] = asked[_JOB]
    st.session_state[_CHOSEN] = {
        key: tuple(value for value in st.query_params.get_all(key) if value)
        for key in st.query_params
        if key.endswith(FOLLOWING)
    }
    if asked[DATA] and asked[DATA] not in data_names:
        _say_unknown("data set", asked[DATA])
        return View(FIRST_DATA, "", "", None)
    threshold = _number(st.query_params.get(THRESHOLD, ""))
    return View(asked[DATA] or FIRST_DATA, asked[RUN], asked[COHORT], threshold)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _say_unknown(what: str, name: str) -> None:
    st.session_state[_UNKNOWN] = (
        f"The address names a {what} that is not here: '{name[:60]}'. Below is the "
        "first one instead; choose another in the sidebar."
    )


def unknown() -> str:
    """Return what the address named in vain; empty once the reader has chosen."""
    return str(st.session_state.get(_UNKNOWN, ""))


def match_run(choices: Sequence[str]) -> None:
    """Complete the beginning of a run's id, or drop a run that is not there."""
    asked = st.session_state.get(RUN_WIDGET) or choices[0]
    found = [choice for choice in choices if choice.startswith(asked)]
    if asked not in choices and len(found) != 1 and asked != NOTHING:
        _say_unknown("run", asked)
    if asked not in choices:
        asked = found[0] if len(found) == 1 else choices[0]
    st.session_state[RUN_WIDGET] = asked


def address() -> dict[str, str | list[str]]:
    """Return what the address says: the view, the watched run, what was chosen.

    Data set and run stand there by name and id; a bound widget would write its label.
    What the reader left empty is left out.
    """
    shown = st.session_state.get(_PENDING) or view()
    said: dict[str, str | list[str]] = {DATA: shown.data}
    if shown.run not in ("", NOTHING):
        said[RUN] = shown.run[:12]
    if shown.cohort:
        said[COHORT] = shown.cohort
    if shown.threshold is not None:
        said[THRESHOLD] = f"{shown.threshold:g}"
    if job():
        said[_JOB] = job()
    for key, values in st.session_state.get(_CHOSEN, {}).items():
        said[key] = list(values) or [""]
    return said


def publish() -> None:
    """Keep the address true, so that it means the same view later."""
    wanted = address()
    ours = (DATA, RUN, COHORT, THRESHOLD, _JOB)
    for key in [k for k in st.query_params if k in ours or k.endswith(FOLLOWING)]:
        if key not in wanted:
            del st.query_params[key]
    for key, value in wanted.items():
        values = value if isinstance(value, list) else [value]
        if st.query_params.get_all(key) != values:
            st.query_params[key] = value


def forget_data() -> None:
    """Drop what belonged to the data set before."""
    for key in (RUN_WIDGET, _UNKNOWN, "data.split", "data.held_out"):
        st.session_state.pop(key, None)
    st.session_state[COHORT_WIDGET] = ""
    st.session_state[THRESHOLD_WIDGET] = None


def forget_threshold() -> None:
    """Go back to the customary threshold, as another score has another scale."""
    st.session_state.pop(_UNKNOWN, None)
    st.session_state[THRESHOLD_WIDGET] = None


def follow(key: str, default: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return what a control shows: the reader's choice if it is there, else a default.

    Parameters
    ----------
    key : str
        Of the control; it ends like one of `FOLLOWING`.
    default : sequence of str
        What the finding asks for now.
    options : sequence of str
        What can be chosen now.
    """
    chosen = st.session_state.get(_CHOSEN, {}).get(key)
    if chosen is None or not set(chosen) <= set(options):
        return list(default)
    return list(chosen)


def choose(key: str) -> None:
    """Keep what the reader chose in a control that followed the finding."""
    value = st.session_state[key]
    values = (value,) if isinstance(value, str) else tuple(value or ())
    st.session_state[_CHOSEN] = st.session_state.get(_CHOSEN, {}) | {key: values}


def show(key: str, value: Any) -> None:
    """Let a widget show a value from this run on; before the widget."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def job() -> str:
    """Return the id of the run that is being watched; empty for none."""
    return str(st.session_state.get(_JOB, ""))


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


def go(page: str) -> None:
    """Switch to a page by name, taking everything in view along.

    A switch forgets widgets and clears the address, so both are handed over.
    """
    st.session_state.setdefault(_PENDING, view())
    st.switch_page(st.session_state[_PAGES][page], query_params=address())


def say_next(message: str) -> None:
    """Keep a message for the next run of the script."""
    st.session_state[_SAID] = message


def said() -> str:
    """Return the kept message, once."""
    return str(st.session_state.pop(_SAID, ""))


def tables_kept(*, more: int = 0) -> int:
    """Return how many uploaded tables this session has kept, counting `more` now.

    It stands in the uploader's key, so that the uploader is empty after each.
    """
    kept = int(st.session_state.get(_KEPT, 0)) + more
    st.session_state[_KEPT] = kept
    return kept


def held(key: str, default: Any = None) -> Any:
    """Return the value of a page's own widget."""
    return st.session_state.get(key, default)


def is_dark() -> bool:
    """Whether the reader's mode is dark."""
    return st.context.theme.type == "dark"


def ink() -> Ink:
    """Return the inks of the reader's mode."""
    return DARK if is_dark() else LIGHT
