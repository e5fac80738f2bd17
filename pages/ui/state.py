"""What a session looks at; with `widgets`, the sole owner of session keys."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.charts.theme import DARK, LIGHT, Ink
from analysis.frame import Grouping
from pages.ui import view as views
from pages.ui.view import EXISTING_SCORE, FIRST_DATA, NOTHING, View

__all__ = ["EXISTING_SCORE", "FIRST_DATA", "NOTHING", "View"]

PAGES = ("data", "model", "subgroups", "calibration", "shift", "remedies", "compare")
FIRST_PAGE = "subgroups"

DATA_WIDGET, RUN_WIDGET = "sidebar.data", "sidebar.run"
COHORT_WIDGET, THRESHOLD_WIDGET = "sidebar.cohort", "sidebar.threshold"
CLASS_WIDGET, HIDDEN_WIDGET = "sidebar.class", "sidebar.hidden"
SAVED_WIDGET = "sidebar.saved"
_PAGES, _JOB, _SAID = "frame.pages", "job", "frame.said"
_SWEEP, _AWAITED, _ADDED_TO = "sweep", "frame.awaited", "frame.added_to"
_AT, _GOING, _LEFT = "frame.at", "frame.going", "frame.left"
_PENDING, _ARRIVED, _UNKNOWN = "frame.pending", "frame.arrived", "frame.unknown"
_CHOSEN, _FOLLOWED = "frame.chosen", "frame.followed"
_BY_GROUP = "frame.by_group"
_GRAPH = "shift.graph"
FOLLOWING = (".by", ".metric", ".fix", ".graph")
"""Ends of the keys of controls that follow the finding until they are touched."""


def view() -> View:
    """Return what the sidebar shows."""
    held = st.session_state
    return View(
        data=held.get(DATA_WIDGET) or FIRST_DATA,
        run=held.get(RUN_WIDGET) or NOTHING,
        cohort=(held.get(COHORT_WIDGET) or "").strip(),
        threshold=held.get(THRESHOLD_WIDGET),
        by_group=held.get(_BY_GROUP),
        positive=held.get(CLASS_WIDGET) or "",
        k=int(held.get(HIDDEN_WIDGET) or 0),
    )


def source() -> str:
    """Return what the command line calls the run, or the scored table, in view."""
    shown = view()
    return shown.run[:12] if shown.is_trained else shown.data


def turn_to(*, data: str = "", run: str = "") -> None:
    """Turn the sidebar to a data set or a run, from the next script run on."""
    shown = _next_view()
    if data and data != shown.data:
        shown = View(data, run, "", None, k=shown.k)
    elif run and run != shown.run:
        shown = replace(shown, run=run, threshold=None, by_group=None)
    st.session_state[_PENDING] = shown


def follow_cohort(rule: str) -> None:
    """Turn the sidebar to a cohort and keep it, from the next script run on."""
    st.session_state[_PENDING] = replace(_next_view(), cohort=views.tidy(rule))
    st.session_state[_FOLLOWED] = views.tidy(rule)


def followed() -> str:
    """Return the rule that a page has just turned to, once; else nothing."""
    return str(st.session_state.pop(_FOLLOWED, ""))


def accept_thresholds(attribute: str, values: tuple[float, ...]) -> None:
    """Decide by one threshold per group from the next script run on.

    They stand in the order of the grouping's names; without an attribute there is a
    single one, for everyone.
    """
    single, by_group = (None, (attribute, values)) if attribute else (values[0], None)
    shown = replace(_next_view(), threshold=single, by_group=by_group)
    st.session_state[_PENDING] = shown


def _next_view() -> View:
    pending = st.session_state.get(_PENDING)
    return pending if isinstance(pending, View) else view()


def settle(data_names: Sequence[str]) -> None:
    """Carry out what pages asked for, or the address on arrival; before any widget."""
    wanted = st.session_state.pop(_PENDING, None) or _arrival(data_names)
    held = st.session_state
    held.setdefault(DATA_WIDGET, FIRST_DATA)
    held.setdefault(HIDDEN_WIDGET, 0)
    if wanted is None and held[DATA_WIDGET] not in (None, *data_names):
        wanted = View(FIRST_DATA, "", "", None)
    if wanted is not None:
        held[DATA_WIDGET], held[RUN_WIDGET] = wanted.data, wanted.run or None
        held[COHORT_WIDGET], held[THRESHOLD_WIDGET] = wanted.cohort, wanted.threshold
        held[CLASS_WIDGET], held[HIDDEN_WIDGET] = wanted.positive, wanted.k
        held[_BY_GROUP] = wanted.by_group


def notice_page(path: str) -> None:
    """Show what a page showed when the browser's back or forward leads to it.

    Pages switch with `go`; the list of pages leads to an address without a view. A
    page that was left with `leave` is as it was then: a switch writes its own address
    into the history before it turns the page. Any other one is read from the address.
    """
    held = st.session_state
    is_ours = bool(held.pop(_GOING, False))
    before, held[_AT] = held.get(_AT), path
    if before in (None, path) or is_ours or views.DATA not in st.query_params:
        return
    if path in held.get(_LEFT, {}):
        held[_PENDING], held[_JOB], held[_SWEEP] = held[_LEFT][path]
    else:
        held[_ARRIVED] = False


def leave() -> None:
    """Remember what the page shows, before another run is turned to."""
    held = st.session_state
    place = view(), job(), watches_sweep()
    held[_LEFT] = held.get(_LEFT, {}) | {held.get(_AT, ""): place}


def _arrival(data_names: Sequence[str]) -> View | None:
    """Read the address once per session: reloads and shared links come with one."""
    held, asked = st.session_state, st.query_params
    if held.get(_ARRIVED):
        return None
    held[_ARRIVED] = True
    if asked.get(_JOB):
        held[_JOB], held[_SWEEP] = asked[_JOB], _SWEEP in asked
    held[_CHOSEN] = {
        key: tuple(value for value in asked.get_all(key) if value)
        for key in asked
        if key.endswith(FOLLOWING)
    }
    wanted, problems = views.from_address(
        {key: asked.get_all(key) for key in views.ADDRESS}
    )
    if wanted.data not in data_names:
        _say(views.not_here("data set", wanted.data))
        return View(FIRST_DATA, "", "", None, k=wanted.k)
    for problem in problems:
        _say(problem)
    return wanted


def _say(problem: str) -> None:
    st.session_state[_UNKNOWN] = f"{unknown()} {problem}".strip()


def unknown() -> str:
    """Return what the address named in vain; empty once the reader has chosen."""
    return str(st.session_state.get(_UNKNOWN, ""))


def match_run(choices: Sequence[str]) -> None:
    """Complete the beginning of a run's id, or drop a run that is not there."""
    asked = st.session_state.get(RUN_WIDGET) or choices[0]
    found = views.completed(asked, choices)
    if not found and asked != NOTHING:
        _say(views.not_here("run", asked))
    st.session_state[RUN_WIDGET] = found or choices[0]


def match_table(classes: Sequence[str], groups: Mapping[str, Grouping]) -> None:
    """Drop a class in view or thresholds by group that the table does not have."""
    shown, problems = views.fitting(view(), classes, groups)
    st.session_state[CLASS_WIDGET] = shown.positive
    st.session_state[_BY_GROUP] = shown.by_group
    for problem in problems:
        _say(problem)


def address() -> dict[str, str | list[str]]:
    """Return what the address says: the view, the watched run, what was chosen.

    Data set and run stand there by name and id; a bound widget would write its label.
    """
    said = views.to_address(_next_view())
    if job():
        said[_JOB] = job()
    if job() and watches_sweep():
        said[_SWEEP] = "1"
    for key, values in st.session_state.get(_CHOSEN, {}).items():
        said[key] = list(values) or [""]
    return said


def publish() -> None:
    """Keep the address true, so that it means the same view later."""
    wanted = address()
    ours = (*views.ADDRESS, _JOB, _SWEEP)
    now = {key: st.query_params.get_all(key) for key in st.query_params}
    kept = {k: v for k, v in now.items() if k not in ours and not k.endswith(FOLLOWING)}
    then = {k: v if isinstance(v, list) else [v] for k, v in wanted.items()}
    if kept | then != now:  # at once: the browser's history has one entry for each
        st.query_params.from_dict(kept | then)


def forget_data() -> None:
    """Drop what belonged to the data set before."""
    for key in (RUN_WIDGET, "data.split", "data.held_out"):
        st.session_state.pop(key, None)
    st.session_state[COHORT_WIDGET] = ""
    st.session_state[CLASS_WIDGET] = ""
    forget_threshold()


def forget_threshold() -> None:
    """Go back to the customary threshold, as another score has another scale."""
    st.session_state[THRESHOLD_WIDGET] = None
    forget_group_thresholds()


def forget_group_thresholds() -> None:
    """Decide by one threshold for all."""
    st.session_state.pop(_UNKNOWN, None)
    st.session_state[_BY_GROUP] = None


def tidy_cohort() -> None:
    """Write the reader's rule as it is printed."""
    st.session_state[COHORT_WIDGET] = views.tidy(st.session_state[COHORT_WIDGET] or "")


def use_saved_cohort() -> None:
    """Turn the sidebar to the saved cohort that the reader chose."""
    st.session_state[COHORT_WIDGET] = st.session_state[SAVED_WIDGET] or ""


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


def graph() -> str:
    """Return the graph of causes in force as text; empty for none."""
    return next(iter(st.session_state.get(_CHOSEN, {}).get(_GRAPH, ())), "")


def use_graph(text: str) -> None:
    """Put a graph of causes in force, so that the address has it too."""
    st.session_state[_CHOSEN] = st.session_state.get(_CHOSEN, {}) | {_GRAPH: (text,)}


def job() -> str:
    """Return the id of the run that is being watched; empty for none."""
    return str(st.session_state.get(_JOB, ""))


def watches_sweep() -> bool:
    """Whether the watched run is seen among the other strengths of its remedy."""
    return bool(st.session_state.get(_SWEEP, False))


def watch(run_id: str, *, sweep: bool = False) -> None:
    """Watch a run, by itself or with the other strengths of its remedy.

    A reload or another browser with the same address goes on.
    """
    st.session_state[_JOB], st.session_state[_SWEEP] = run_id, sweep
    st.query_params[_JOB] = run_id
    if sweep:
        st.query_params[_SWEEP] = "1"
    else:
        st.query_params.pop(_SWEEP, None)


def add_to(base_id: str, run_id: str) -> None:
    """Remember the run that a reader added fixes to: what comes of them is held to it.

    The run before the last step of a chain is none that a reader has seen.
    """
    st.session_state[_ADDED_TO] = {
        **st.session_state.get(_ADDED_TO, {}),
        run_id: base_id,
    }


def added_to(run_id: str) -> str:
    """Return the id of the run that a run's fixes were added to; empty if not known."""
    return str(st.session_state.get(_ADDED_TO, {}).get(run_id, ""))


def await_run(run_id: str) -> None:
    """Remember a run to which the sidebar turns once it is finished."""
    st.session_state[_AWAITED] = run_id


def awaited() -> str:
    """Return the id of the run that the sidebar will turn to; empty for none."""
    return str(st.session_state.get(_AWAITED, ""))


def forget_job() -> None:
    """Watch no run any more."""
    for key in (_JOB, _SWEEP):  # the address follows: `publish`, or a switch of page
        st.session_state.pop(key, None)


def remember_pages(pages: Mapping[str, Any]) -> None:
    """Keep the page objects, which switching needs."""
    st.session_state[_PAGES] = dict(pages)


def go(page: str) -> None:
    """Switch to a page by name, taking everything in view along.

    A switch forgets widgets and clears the address, so both are handed over.
    """
    st.session_state.setdefault(_PENDING, view())
    st.session_state[_GOING] = True
    st.switch_page(st.session_state[_PAGES][page], query_params=address())


def say_next(message: str) -> None:
    """Keep a message for the next run of the script."""
    st.session_state[_SAID] = message


def said() -> str:
    """Return the kept message, once."""
    return str(st.session_state.pop(_SAID, ""))


def is_dark() -> bool:
    """Whether the reader's mode is dark."""
    return st.context.theme.type == "dark"


def ink() -> Ink:
    """Return the inks of the reader's mode."""
    return DARK if is_dark() else LIGHT
