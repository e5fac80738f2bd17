"""Several strengths of one fix: as they come, then a slider among them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from analysis.charts import frontier as chart
from analysis.charts import verdict as words
from analysis.compare import PairedComparison
from analysis.evaluation import Evaluation
from analysis.frontier import Against, Frontier, frontier
from models.remedies import REMEDIES
from models.remedies.settings import dial_of
from models.run import Run
from pages.ui import actions, cache, commands, controls, forms, live, state, tables
from pages.ui.mending import curves, outcome, siblings
from pages.ui.messages import audit_errors, note, plain

KEY = "remedies"
BEFORE = "before"
AGAINST: dict[Against, str] = {"gap": "Largest gap", "worst": "Worst group"}


@dataclass(frozen=True)
class Watched:
    """What the reader watches.

    Parameters
    ----------
    by, metric : str
        A sensitive attribute, or none for everyone; and a rate.
    """

    by: str
    metric: str


def panel(run: Run, watched: Watched) -> None:
    """Show the strengths of a run's last fix, and follow those under way."""
    is_active = any(member.is_active for member in siblings.strengths_of(run))

    def follow() -> None:
        with audit_errors():
            _follow(run, watched)
        if is_active and not any(m.is_active for m in siblings.strengths_of(run)):
            st.rerun()  # once at the end: the sidebar gains the runs, the timer stops

    every = live.POLL_SECONDS if is_active else None
    st.fragment(follow, run_every=every, key=f"{KEY}.live")()


def _follow(run: Run, watched: Watched) -> None:
    every = siblings.strengths_of(run)
    run = next(member for member in every if member.id == run.id)
    done = [member for member in every if member.is_finished]
    running = [m for m in every if m.state == "running"]
    under_way = run if run in running else next(iter(running), None)
    _progress(run, every, under_way)
    _stop(every)
    base = outcome.base_of(run)
    chosen = done[0] if done else None
    if base is not None and done:
        chosen = _results(base, done, run, watched)
    _buttons(every, chosen)
    if under_way is not None or chosen is None:
        _curves(under_way or run, watched)
    elif live.has_curves(chosen):
        folded = st.expander(
            "Curves while it trained",
            key=f"{KEY}.folded",
            on_change="rerun",
            type="compact",
        )
        if folded.open:
            with folded:
                _curves(chosen, watched)


def _curves(run: Run, watched: Watched) -> None:
    epochs = live.epochs_of(run.id)
    if epochs:
        curves.group_curves(watched.by, watched.metric)(run, epochs)
    elif run.is_active:
        st.skeleton(height=300)


def _progress(run: Run, every: Sequence[Run], under_way: Run | None) -> None:
    done = sum(member.is_finished for member in every)
    title = REMEDIES[run.recipe.stages[-1].remedy].title
    said = f"{title}: {done} of {len(every)} {siblings.values_of(run)} done"
    if under_way is not None:
        most = live.planned(under_way, live.epochs_of(under_way.id))
        at = f"epoch {under_way.epochs} of at most {most}"
        said += f", {siblings.name_of(under_way)} at {at}"
    share = sum(siblings.share_of(member) for member in every) / len(every)
    st.progress(min(1.0, share), text=plain(said))


def _stop(every: Sequence[Run]) -> None:
    active = [member for member in every if member.is_active]
    if active and st.button("Cancel the rest", key=f"{KEY}.cancel"):
        actions.cancel(active[0].id)


def _results(base: Run, done: Sequence[Run], run: Run, watched: Watched) -> Run:
    """Draw the frontier, then the groups at the strength that the slider stands at."""
    against = st.segmented_control(
        "Fairness is",
        list(AGAINST),
        default="gap",
        format_func=AGAINST.__getitem__,
        required=True,
        key=f"{KEY}.against",
        persist_state="session",
    )
    place = st.container()
    chosen = _slider(done, run)
    record = _frontier_of(base, done, watched, against)
    with place:
        controls.chart(
            chart.curve(
                record,
                base=BEFORE,
                chosen=siblings.short(chosen),
                ink=state.ink(),
                whom="the cohort" if state.view().cohort else "everyone",
            ),
            f"{KEY}.frontier",
            chart.alt(record),
        )
        tables.numbers(
            chart.table(record), f"{KEY}.frontier", commands.remedy_command(chosen)
        )
    _groups(base, done, chosen, watched, record)
    return chosen


def _slider(done: Sequence[Run], run: Run) -> Run:
    """Let the reader move among the strengths that are done; return the chosen run."""
    by_name = {siblings.short(member): member for member in done}
    first = siblings.short(run) if run.is_finished else next(iter(by_name))
    if len(by_name) < 2:
        return by_name[first] if first in by_name else done[0]
    dial = dial_of(REMEDIES[run.recipe.stages[-1].remedy])
    # the slider goes to the strength asked for as soon as that is there
    key = f"{KEY}.at.{run.id[:6]}.{run.is_finished}"
    chosen = st.select_slider(
        forms.label_of(dial) if dial else "Strength",
        list(by_name),
        first if first in by_name else next(iter(by_name)),
        key=key,
        help="Moves among the strengths that are done; nothing is trained for it.",
    )
    return by_name.get(chosen, done[0])


def _groups(
    base: Run, done: Sequence[Run], chosen: Run, watched: Watched, record: Frontier
) -> None:
    paired = {
        run.id: outcome.compared(base, run, watched.by, watched.metric).withholding(
            record.hidden
        )
        for run in done
    }
    shown = paired[chosen.id]
    controls.chart(
        words.groups_at(
            shown,
            watched.metric,
            _span(paired, watched.metric),
            state.ink(),
            dial=siblings.dial_words(chosen),
        ),
        f"{KEY}.at",
        words.groups_alt(shown, watched.metric),
    )
    outcome.sentence(shown, watched.metric)
    outcome.alarm(chosen, watched.by)
    note(outcome.apart_words(base, chosen))
    note(outcome.rows_words(chosen))


def _span(paired: Mapping[str, PairedComparison], metric: str) -> tuple[float, float]:
    """Return the lowest and the highest value over all strengths and groups."""
    values = [
        float(value)
        for record in paired.values()
        for side in (record.before, record.after)
        for value in side.by_group[metric].value
        if not math.isnan(value)  # withheld or undefined
    ]
    return (min(values), max(values)) if values else (0.0, 1.0)


def _frontier_of(
    base: Run, done: Sequence[Run], watched: Watched, against: Against
) -> Frontier:
    models = [(BEFORE, outcome.seen(base, done[0]))]
    models += [(siblings.short(run), outcome.seen(run, run)) for run in done]
    by, k = outcome.crossed(watched.by), state.view().k
    return frontier_of(tuple(models), by, watched.metric, against, k)


@cache.shared(32)
def frontier_of(
    models: tuple[tuple[str, Evaluation], ...],
    by: tuple[str, ...],
    metric: str,
    against: Against,
    k: int,
) -> Frontier:
    """Return fairness against accuracy of any models on the same rows."""
    return frontier(dict(models), by, metric, against, k)


def _buttons(every: Sequence[Run], chosen: Run | None) -> None:
    active = [member for member in every if member.is_active]
    stopped = [m for m in every if m.state in ("failed", "cancelled")]
    with st.container(horizontal=True):
        if chosen is not None and st.button(
            plain(f"Take this {siblings.dial_words(chosen)}"),
            type="primary",
            key=f"{KEY}.result",
            help="Turns the sidebar to this run and compares before and after.",
        ):
            actions.show_result(chosen.id, "compare")
        importance = "secondary" if chosen is not None else "primary"
        if (
            stopped
            and not active
            and st.button("Resume the rest", type=importance, key=f"{KEY}.resume")
        ):
            actions.resume_sweep(stopped)
        if not active and st.button("Hide this", key=f"{KEY}.away"):
            state.forget_job()
            st.rerun()
    failed = any(member.state == "failed" for member in stopped)
    for reason in dict.fromkeys(live.reason(member) for member in stopped):
        if failed:
            st.warning(plain(reason))
        else:
            note(reason)
