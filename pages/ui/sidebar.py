"""The sidebar: four lines that every page follows, and what is set less often."""

from contextlib import suppress

import streamlit as st

from analysis.charts.theme import visible
from analysis.cohorts import parse
from analysis.datasets.task import Task
from analysis.datasets.tasks import TASKS
from analysis.errors import AuditError, SettingError
from pages.ui import cache, controls, decision, state, widgets
from pages.ui.messages import note, plain
from pages.ui.view import HIDDEN_LABEL, choosable


def draw() -> None:
    """Draw what every page follows, and keep it in the address."""
    names = data_names()
    state.settle(names)
    st.selectbox(
        "Data set",
        names,
        format_func=_data_title,
        key=state.DATA_WIDGET,
        on_change=state.forget_data,
    )
    task = cache.store().task(state.view().data)
    runs = run_choices(task)
    state.match_run(runs)
    _match_table(task)
    st.selectbox(
        "Run",
        runs,
        format_func=controls.short_run_title,
        key=state.RUN_WIDGET,
        on_change=state.forget_threshold,
    )
    st.text_input(
        "Cohort",
        key=state.COHORT_WIDGET,
        on_change=state.tidy_cohort,
        placeholder="Everyone",
        help="A rule over columns and groups, such as `sex = Female & age >= 40` or "
        "`age = 25-39`. Names with spaces stand in double quotes. Empty means "
        "everyone.",
    )
    _threshold(task)
    with st.expander("More", type="compact"):
        _cohorts(task)
        _class_in_view(task)
        _hidden(task)
    state.publish()


def data_names() -> list[str]:
    """Return the data sets to choose from: uploaded ones, then embedded ones."""
    own = cache.store().notes.tasks()
    names = [task.name for task in own if not task.is_unlabelled]
    for name, task in TASKS.items():
        names += [name, *(f"{name}:{chosen}" for chosen in task.filters)]
    return names


def run_choices(task: Task) -> list[str]:
    """Return what can be looked at: the first model, later ones, the table's score."""
    done = [run.id for run in reversed(controls.finished_runs(task.name))]
    has_score = task.score is not None
    return [*done, *([state.EXISTING_SCORE] if has_score else [])] or [state.NOTHING]


def _match_table(task: Task) -> None:
    """Drop what this table lacks; its groups are read only where they are asked for."""
    groups = {}
    with suppress(AuditError):  # a table that cannot be read says so on the page
        if state.view().by_group is not None:
            groups = dict(cache.dataset(task.name).frame.groups)
    state.match_table(task.classes, groups)


def _threshold(task: Task) -> None:
    """Let the reader set one threshold; where groups have their own, say which."""
    view = state.view()
    customary = f"{decision.customary_threshold(view, task):g}, customary"
    is_by_group = view.by_group is not None
    st.number_input(
        "Decided positive from",
        value=None,
        step=0.05,
        format="%g",  # without a precision the browser writes every digit
        key=state.THRESHOLD_WIDGET,
        on_change=state.forget_group_thresholds,
        placeholder="its group's threshold" if is_by_group else customary,
        help="A row is decided positive when its score is at least this. Empty is the "
        "score's own customary threshold.",
    )
    if view.by_group is not None:
        listed = decision.listed(view, cache.dataset(task.name))
        note(f"By {view.by_group[0]}: {listed}.")
        st.button(
            "One threshold for all",
            key="sidebar.one_threshold",
            on_click=state.forget_group_thresholds,
        )


def _class_in_view(task: Task) -> None:
    """Let the reader choose which of three or more classes counts as positive."""
    others = choosable(task.classes)
    if not others:
        return
    st.selectbox(
        "Class in view",
        ["", *others],
        format_func=lambda name: visible(name or f"{task.positive}, the task's own"),
        key=state.CLASS_WIDGET,
        help="Rates count this class as positive, and all others together as negative "
        "(one against the rest).",
    )


def _hidden(task: Task) -> None:
    st.number_input(
        HIDDEN_LABEL,
        min_value=0,
        step=1,
        key=state.HIDDEN_WIDGET,
        help=plain(
            f"Fewest {task.rows_are} a group must have for its numbers to be shown, so "
            "that nobody can be made out. A larger group is withheld too when one of "
            "its counts is smaller, or to protect another. 0 hides nothing."
        ),
    )


def _cohorts(task: Task) -> None:
    """Let the reader choose a saved cohort, keep the one in view, or forget it."""
    if rule := state.followed():
        _keep(task.name, rule)
    rule = state.view().cohort
    saved = {str(c): c.title for c in cache.store().notes.cohorts(task.name)}
    if saved:
        widgets.show(state.SAVED_WIDGET, rule if rule in saved else None)
        st.selectbox(
            "Saved cohorts",
            list(saved),
            index=None,
            format_func=lambda r: visible(saved[r]),
            key=state.SAVED_WIDGET,
            on_change=state.use_saved_cohort,
            placeholder="Everyone" if not rule else "Not among these",
        )
    if rule in saved:
        args = (task.name, saved[rule])
        forget = cache.store().notes.forget_cohort
        st.button(
            "Forget this cohort", key="sidebar.forget", on_click=forget, args=args
        )
    elif rule:
        args = (task.name, rule)
        st.button("Keep this cohort", key="sidebar.keep", on_click=_keep, args=args)


def _keep(task: str, rule: str) -> None:
    with suppress(SettingError):  # what cannot be read is answered on the page
        cohort = parse(rule)
        if cohort.conditions:
            cache.store().notes.save_cohort(task, cohort)


def _data_title(name: str) -> str:
    """Return a title whose beginning tells it apart in a narrow list."""
    task = cache.store().task(name)
    _, _, chosen = name.partition(":")
    if chosen in task.filters:
        return f"{task.title.split()[0]} · {chosen}"
    return task.title.replace(", ", " · ")
