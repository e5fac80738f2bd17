"""A run while it is carried out: progress, curves, cancel, resume."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from analysis.charts import losses, numbers
from analysis.errors import RunError
from analysis.history import losses as losses_of
from models.remedies.chain import is_posthoc
from models.remedies.strengths import members
from models.run import Event, Run
from pages.ui import actions, cache, controls, state
from pages.ui.messages import audit_errors, note, plain

POLL_SECONDS = 1.0

FIRST_HEIGHT = 300

_ROWS = re.compile(r" has [\d,]+ calibration rows")
"""What the reason of a fit that failed may say of a group."""

Curves = Callable[[Run, Sequence[Mapping[str, Any]]], None]
Ended = Callable[[Run], None]


def panel(
    run: Run,
    curves: Curves,
    key: str,
    ended: Ended | None = None,
    height: int = FIRST_HEIGHT,
) -> None:
    """Show a run, and follow it until it ends.

    Parameters
    ----------
    run : Run
    curves : function of the run and its epoch payloads
        Draws what the page wants to see of the run.
    key : str
        The page's name.
    ended : function of the run, or None
        Says how a finished run came out.
    height : int
        Of the curves, which a placeholder has until they come.
    """

    def follow() -> None:
        with audit_errors():
            is_waiting = _follow(run, curves, key, ended)
            if is_waiting:
                st.skeleton(height=height)

    every = POLL_SECONDS if run.is_active else None
    st.fragment(follow, run_every=every, key=f"{key}.live")()


def loss_curves(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
    """Draw how the loss falls; the page itself draws that of the run in view."""
    if run.id == state.view().run:
        return
    record = losses_of(epochs, kept_epoch(run))
    controls.chart(
        losses.curves(record, state.ink(), is_live=run.is_active),
        f"model.live.{run.id[:6]}",
        losses.alt(record),
    )


def has_curves(run: Run) -> bool:
    """Whether a run trains, and so has a curve to watch."""
    return not is_posthoc(run.recipe)


def kept_epoch(run: Run) -> int:
    """Return the epoch whose model is kept; 0 while that may still change."""
    return run.best_epoch if run.is_finished else 0


def planned(run: Run, epochs: Sequence[Mapping[str, Any]]) -> int:
    """Return how many epochs a run has at most; a remedy may set its own number."""
    told = epochs[-1].get("epochs") if epochs else None
    return max(1, int(told or run.recipe.epochs))


def rate_words(events: Sequence[Event]) -> str:
    """Say which learning rate a test before the training found, if there was one."""
    found = [e.payload["rate"] for e in events if e.kind == "rate"]
    return f"Learning rate found: {found[-1]:.2g}." if found else ""


def epochs_of(run_id: str) -> list[Mapping[str, Any]]:
    """Return the epoch payloads of a run, in order."""
    return _epochs(cache.store().events(run_id))


def watched() -> Run | None:
    """Return the watched run on this table, else the newest that is under way."""
    data = state.view().data
    try:
        if state.job() and cache.store().run(state.job()).recipe.task == data:
            return cache.store().run(state.job())
    except RunError:  # an address from another machine
        state.forget_job()
    active = [run for run in cache.store().runs(data) if run.is_active]
    if active:
        alike = [run for run in members(active[0], active) if run.is_active]
        state.watch(active[0].id, sweep=len(alike) > 1)
    return active[0] if active else None


def _follow(seen: Run, curves: Curves, key: str, ended: Ended | None) -> bool:
    """Show where a run stands; return whether its curves are still to come."""
    run = cache.store().run(seen.id)
    events = cache.store().events(run.id)
    epochs = _epochs(events)
    _progress(run, epochs)
    note(rate_words(events))
    if run.is_active and st.button("Cancel", key=f"{key}.cancel"):
        actions.cancel(run.id)
    if seen.is_active and not run.is_active:
        st.rerun()  # once at the end: the sidebar gains the run, the timer stops
    if run.is_finished and ended is not None:
        ended(run)
    if not run.is_active:
        _after(run, key)
    if epochs:
        curves(run, epochs)
    return not epochs and run.is_active and has_curves(run)


def _progress(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
    done, most = len(epochs), planned(run, epochs)
    after = f", after {done} epochs" if done else ""
    words = {
        "queued": f"waits, {run.position} ahead of it" if run.position else "starts",
        "running": f"epoch {done} of at most {most}",
        "done": f"done in {numbers.duration(run.seconds)}{after}",
        "failed": "stopped",
        "cancelled": "cancelled",
    }[run.state]
    if run.state == "running" and epochs:
        left = numbers.duration(float(epochs[-1].get("seconds_left") or 0))
        words += f", about {left} left"
    if run.state == "running" and is_posthoc(run.recipe):
        words = "is fitted on the calibration rows"
    share = 1.0 if run.is_finished else min(1.0, done / most)
    st.progress(share, text=plain(f"{controls.words_of(run)}: {words}"))


def _after(run: Run, key: str) -> None:
    if run.state == "failed":
        st.warning(plain(reason(run)))
    with st.container(horizontal=True):
        if run.is_finished:
            page = "compare" if run.base else "subgroups"
            title = "Compare before and after" if run.base else "See whom it fails"
            if st.button(title, type="primary", key=f"{key}.result"):
                actions.show_result(run.id, page)
        elif st.button("Resume", type="primary", key=f"{key}.resume"):
            actions.resume(run.id)
            st.rerun()
        if st.button("Hide this", key=f"{key}.away"):
            state.forget_job()
            st.rerun()
    if run.state == "cancelled":
        note(reason(run))


def reason(run: Run) -> str:
    """Return why a run stopped; how many rows a group had only where that is shown."""
    if state.view().k < 2:
        return run.reason
    return _ROWS.sub(" has too few calibration rows", run.reason)


def _epochs(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    return [event.payload for event in events if event.kind == "epoch"]
