"""The tab that ranks what to do, runs it, and says what it gave back."""

import numpy as np
import streamlit as st

from analysis.charts import advice as charts
from analysis.charts.theme import visible
from analysis.estimates import Estimate
from analysis.metrics.registry import DECISION_METRICS, metric_named
from analysis.shifts.sides import called
from models.advice import Step, is_worse, steps
from models.inquiries.evidence import Asked, Evidence
from models.inquiries.recovery import Asked as Recovered
from pages.ui import actions, cache, commands, controls, state, tables
from pages.ui.messages import answer, empty, note, plain
from pages.ui.shifting import asking, trying
from pages.ui.shifting.setting import Setting
from pages.ui.shifting.trying import Attempt

POLL_SECONDS = 1.0
SHOWN_WORSE = 4
"""Other measures named where the one in view has no drop."""

FIRST = 3
"""Remedies that one click starts."""

SEVERAL = (
    "Remedies name the target by one value. Choose one value as the target to run them "
    "from here."
)
NO_MODEL = (
    "A score alone cannot be mended here: its model is elsewhere. Train a model on "
    "this table, and each of these can be run and judged on rows it has not seen."
)


def draw(setting: Setting) -> None:
    """Draw the tab."""
    if metric_named(setting.metric).better == "none":
        empty(
            "This measure has no better side",
            f"{metric_named(setting.metric).title} is neither better nor worse when it "
            "is higher, so there is nothing to win back. Choose another measure above.",
        )
        return
    if state.view().k > 1:
        empty(
            "Not shown while small groups are hidden",
            "Parts of a change by group and rules of regions could give single people "
            "away. Set the smallest group shown to 0 in the sidebar, under More.",
        )
        return
    asked = Asked(setting.metric)
    found = asking.answered(setting, "evidence", asked, "Weighing what moved")
    if found is None:
        return
    _decide(setting, found)


def _decide(setting: Setting, found: Evidence) -> None:
    if not is_worse(found.split.change.value, setting.metric):
        others = charts.worse_words(_worse(setting))
        said = charts.no_drop_words(found.split, called(setting.sides), others)
        answer(said, "do")
        return
    target = trying.target_of(setting)
    named = target if target is not None else trying.Target()
    ranked = steps(
        found.split.change.value, found.split.parts, found.alone, found.region, named
    )
    if not ranked:
        answer(
            "Nothing that moved explains the change; there is nothing to mend.", "do"
        )
        return
    can_run = state.view().is_trained and target is not None
    tried = _attempts(setting, ranked) if can_run else []
    if can_run:
        _follow(setting, tried)
    _ranked(setting, ranked, tried)
    note(charts.region_words(found.region, setting.data.task.rows_are))
    if found.region.is_found:
        note(
            "The region was found on test rows among others, so what labels from it "
            "win back looks a little kinder than it is."
        )
    if not state.view().is_trained:
        note(NO_MODEL)
    elif target is None:
        note(SEVERAL)
    note(
        "What is sure comes first, then the largest. The parts overlap: had class "
        "shares or a mix moved alone, some of what P(X) explains would have moved "
        "with it. So they say what a remedy could win "
        "back, not what the change is made of."
    )


def _worse(setting: Setting) -> list[tuple[str, Estimate, Estimate]]:
    """Return the measures of decisions that are surely worse at the target."""
    target = setting.labelled
    if target is None:
        return []
    names = tuple(
        m for m in DECISION_METRICS if metric_named(m).better in ("high", "low")
    )
    here, there = (
        cache.overall(side.evaluation, names).overall
        for side in (setting.source, target)
    )
    found = [
        (m, here[m], there[m])
        for m in names
        if is_worse(there[m].value - here[m].value, m)
        and (there[m].high < here[m].low or there[m].low > here[m].high)
    ]
    return sorted(found, key=lambda f: -abs(f[2].value - f[1].value))[:SHOWN_WORSE]


def _attempts(setting: Setting, ranked: tuple[Step, ...]) -> list[list[Attempt]]:
    return [trying.attempts(setting.data, step.proposals) for step in ranked]


def _ranked(
    setting: Setting, ranked: tuple[Step, ...], tried: list[list[Attempt]]
) -> None:
    """List causes with the reason, and a button for each remedy."""
    for i, step in enumerate(ranked):
        said = charts.reason(step.cause, step.attribute, step.explains, setting.metric)
        st.markdown(plain(f"{i + 1}. {said}"))
        if not tried:
            titles = "; ".join(p.title for p in step.proposals)
            note(f"To try: {titles}.")
            continue
        with st.container(horizontal=True):
            for attempt in tried[i]:
                _button(setting, attempt)


def _button(setting: Setting, attempt: Attempt) -> None:
    run = attempt.run
    is_there = run is not None and (run.is_active or run.is_finished)
    if st.button(
        plain(attempt.title),
        key=f"shift.try.{attempt.id[:12]}",
        disabled=is_there,
    ):
        trying.start([attempt], setting.data)
        st.rerun()


def _follow(setting: Setting, tried: list[list[Attempt]]) -> None:
    """Show what has been tried, and follow what is under way."""
    everyone = [attempt for step in tried for attempt in step]
    asked = [a for a in everyone if a.run is not None]
    busy = trying.is_busy(asked, setting)
    if not asked:
        answer(
            "Nothing has been tried yet. Each remedy trains beside the model in view, "
            "which stays as it is, and is judged on test rows of both sides.",
            "do",
        )
        first = [step[0] for step in tried[:FIRST]]
        label = "Try the first" if len(first) == 1 else f"Try the first {len(first)}"
        if st.button(label, type="primary", key="shift.first"):
            trying.start(first, setting.data)
            st.rerun()
        return

    def follow() -> None:
        if busy and not trying.is_busy(asked, setting):
            st.rerun()  # once at the end, so that the timer stops
        _progress(asked)
        _results(setting, asked)

    every = POLL_SECONDS if busy else None
    st.fragment(follow, run_every=every, key="shift.tried")()


def _progress(asked: list[Attempt]) -> None:
    """Say how far each run is, and why one failed."""
    for attempt in asked:
        run = attempt.run
        if run is None or run.is_finished:
            continue
        if run.is_active:
            events = cache.store().events(run.id)
            epochs = sum(event.kind == "epoch" for event in events)
            done = f", {epochs} epochs" if epochs else ""
            note(f"{attempt.title}: {run.state}{done}.")
        else:
            note(f"{attempt.title} was not trained: {run.reason}")


def _results(setting: Setting, asked: list[Attempt]) -> None:
    found = trying.results(asked, setting)
    if not found:
        st.skeleton(height=200)
        return
    answer(charts.answer_words(found, called(setting.sides)), "do")
    controls.chart(
        charts.chart(found, state.ink()), "shift.recovered", charts.alt(found)
    )
    tables.numbers(
        charts.table(found),
        "shift.recovered",
        commands.shift_command(
            setting.sides,
            "recovery",
            Recovered(setting.metric, tuple(a.id[:12] for a in asked)),
        ),
    )
    done = [a for a in asked if a.run is not None and a.run.is_finished]
    best = {t.title: -np.nan_to_num(t.recovery.gain.value) for t in found}
    done.sort(key=lambda a: best.get(a.title, 0.0))
    titles = {a.id: a.title for a in done}
    with st.container(horizontal=True):
        chosen = st.selectbox(
            "Look closer",
            list(titles),
            format_func=lambda run: visible(titles[run]),
            key="shift.closer",
        )
        if st.button("Compare it by group", key="shift.compare"):
            actions.show_result(str(chosen), "compare")
