"""A run while it is carried out: progress, curves, cancel, resume."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.charts import losses, numbers, training
from analysis.charts.withheld import WITHHELD
from analysis.errors import RunError
from analysis.history import history
from analysis.history import losses as losses_of
from models.remedies.chain import is_posthoc
from models.run import Event, Run
from pages.ui import actions, cache, controls, state
from pages.ui.messages import audit_errors, note, plain

POLL_SECONDS = 1.0

_ROWS = re.compile(r" has [\d,]+ calibration rows")
"""What `GroupTooSmallError` says of a group."""

Curves = Callable[[Run, Sequence[Mapping[str, Any]]], None]


def panel(curves: Curves, key: str) -> None:
    """Show the watched run, if any, and follow it until it ends.

    Parameters
    ----------
    curves : function of the run and its epoch payloads
        Draws what the page wants to see of the run.
    key : str
        The page's name.
    """
    run = _watched()
    if run is None:
        return
    note(state.said())

    def follow() -> None:
        with audit_errors():
            _follow(run, curves, key)

    every = POLL_SECONDS if run.is_active else None
    st.fragment(follow, run_every=every, key=f"{key}.live")()


def loss_curves(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
    """Draw how the loss falls."""
    record = losses_of(epochs)
    controls.chart(
        losses.curves(record, state.ink()),
        f"model.live.{run.id[:6]}",
        losses.alt(record),
    )


def group_curves(attribute: str, metric: str) -> Curves:
    """Return what draws a rate by group, with the base run as a ghost."""

    def draw(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
        before = _epochs(cache.store().events(run.base)) if run.base else []
        k = state.view().k
        record = history(epochs, attribute, metric, k)
        base = history(before, attribute, metric, k) if before else None
        frame = training.Epochs(run.recipe.epochs, kept_epoch(run))
        controls.chart(
            training.by_group(record, base, frame, state.ink()),
            f"remedies.curves.{run.id[:6]}",
            training.alt(record, frame),
        )

    return draw


def has_curves() -> bool:
    """Whether the run that `panel` shows trains, and so has a curve to watch."""
    run = _watched()
    return run is not None and not is_posthoc(run.recipe)


def kept_epoch(run: Run) -> int:
    """Return the epoch whose model is kept; 0 while that may still change."""
    return run.best_epoch if run.is_finished else 0


def epochs_of(run_id: str) -> list[Mapping[str, Any]]:
    """Return the epoch payloads of a run, in order."""
    return _epochs(cache.store().events(run_id))


def _watched() -> Run | None:
    """Return the watched run on this table, else the newest that is under way."""
    data = state.view().data
    try:
        if state.job() and cache.store().run(state.job()).recipe.task == data:
            return cache.store().run(state.job())
    except RunError:  # an address from another machine
        state.forget_job()
    active = [run for run in cache.store().runs(data) if run.is_active]
    if active:
        state.watch(active[0].id)
    return active[0] if active else None


def _follow(seen: Run, curves: Curves, key: str) -> None:
    run = cache.store().run(seen.id)
    epochs = epochs_of(run.id)
    _progress(run, epochs)
    if epochs:
        curves(run, epochs)
    elif run.is_active and not is_posthoc(run.recipe):
        st.skeleton(height=300)
    if run.is_active:
        if st.button("Cancel", key=f"{key}.cancel"):
            actions.cancel(run.id)
        return
    if seen.is_active:
        st.rerun()  # once at the end: the sidebar gains the run, the timer stops
    note(_fitted_words(run))
    _after(run, key)


def _progress(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
    done, planned = len(epochs), max(1, run.recipe.epochs)
    after = f", after {done} epochs" if done else ""
    words = {
        "queued": f"waits, {run.position} ahead of it" if run.position else "starts",
        "running": f"epoch {done} of at most {planned}",
        "done": f"done in {numbers.duration(run.seconds)}{after}",
        "failed": "stopped",
        "cancelled": "cancelled",
    }[run.state]
    if run.state == "running" and epochs:
        left = numbers.duration(float(epochs[-1].get("seconds_left") or 0))
        words += f", about {left} left"
    if run.state == "running" and is_posthoc(run.recipe):
        words = "is fitted on the calibration rows"
    share = 1.0 if run.is_finished else min(1.0, done / planned)
    st.progress(share, text=plain(f"{run.title}: {words}"))


def _after(run: Run, key: str) -> None:
    with st.container(horizontal=True):
        if run.is_finished:
            page = "compare" if run.base else "subgroups"
            title = "Compare before and after" if run.base else "See whom it fails"
            if st.button(title, type="primary", key=f"{key}.result"):
                actions.show_result(run.id, page)
        elif st.button("Resume", type="primary", key=f"{key}.resume"):
            actions.resume(run.id)
            st.rerun()
        if st.button("Put away", key=f"{key}.away"):
            state.forget_job()
            st.rerun()
    if run.reason:
        note(_reason(run))


def _fitted_words(run: Run) -> str:
    """Say the temperatures that were fitted, if any, and what they move."""
    events = cache.store().events(run.id) if is_posthoc(run.recipe) else []
    found = [e.payload["parameters"] for e in events if e.kind == "fitted"]
    if not found or "temperature" not in found[-1]:
        return ""
    by_group = found[-1].get("by_group", {})
    hidden = _withheld(run, found[-1].get("attribute", ""))
    said = ", ".join(
        f"{name} {WITHHELD if name in hidden else f'{value:.2f}'}"
        for name, value in by_group.items()
    )
    said = (
        f"Temperature by group: {said}"
        if said
        else (f"Temperature for everyone: {found[-1]['temperature']:.2f}")
    )
    return (
        f"{said}. Above 1 the scores become less confident, below 1 more. This moves "
        "how well scores fit the outcome (calibration error, Brier score, log loss); "
        "decisions at one half stay as they are."
    )


def _withheld(run: Run, attribute: str) -> set[str]:
    """Return the groups too small to be shown on the rows a remedy was fitted on."""
    view = state.view()
    if view.k < 2 or not attribute:
        return set()
    fitted_on = replace(view, run=run.id, cohort="", threshold=None, by_group=None)
    rows = cache.evaluation(fitted_on, "calibration")
    table = cache.disaggregation(rows, (attribute,), (), view.k)
    return {
        n for n, is_hidden in zip(table.names, table.hidden, strict=True) if is_hidden
    }


def _reason(run: Run) -> str:
    """Return why a run stopped; how many rows a group had only where that is shown."""
    if state.view().k < 2:
        return run.reason
    return _ROWS.sub(" has too few calibration rows", run.reason)


def _epochs(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    return [event.payload for event in events if event.kind == "epoch"]
