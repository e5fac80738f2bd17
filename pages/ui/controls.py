"""Controls that several pages share: the sidebar, pickers, and the chart itself."""

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from analysis.datasets.load import Dataset
from analysis.datasets.tasks import TASKS
from analysis.errors import AuditError
from analysis.evaluation import Evaluation
from analysis.finding import Finding
from analysis.metrics import METRICS, usable_metrics
from models.run import Run
from pages.ui import cache, state
from pages.ui.messages import empty, plain

MODEBAR_OFF = {"displayModeBar": False}

SHORT_NAMES = {"Multilayer perceptron": "MLP", "Logistic regression": "Logistic"}
"""What fits into a list of runs; the Model page says it in full."""

FIRST_METRIC = "error_rate"
"""Shown where no finding names another."""

SPLIT_TITLES = {
    "official": "Published test rows",
    "random": "Random, in strata of label and groups",
    "time": "Latest rows as test",
    "domain": "One domain as test",
}

KEY_METRICS = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "precision",
    "accuracy",
    "auroc",
    "brier_score",
    "log_loss",
)


def sidebar() -> None:
    """Draw the four lines that every page follows, and keep them in the address."""
    names = data_names()
    state.settle(names)
    st.selectbox(
        "Data set",
        names,
        format_func=_data_title,
        key=state.DATA_WIDGET,
        on_change=state.forget_data,
    )
    name = state.view().data
    runs = run_choices(name)
    state.match_run(runs)
    st.selectbox(
        "Run",
        runs,
        format_func=run_title,
        key=state.RUN_WIDGET,
        on_change=state.forget_threshold,
    )
    st.text_input(
        "Cohort",
        key=state.COHORT_WIDGET,
        placeholder="Everyone",
        help="A rule over columns, such as `sex = Female & age >= 40`. Names with "
        "spaces stand in double quotes. Empty means everyone.",
    )
    st.number_input(
        "Decided positive from",
        value=None,
        step=0.05,
        format="%.2f",
        key=state.THRESHOLD_WIDGET,
        placeholder=_customary(),
        help="A row is decided positive when its score is at least this. Empty is the "
        "score's own customary threshold.",
    )
    state.publish()


def data_names() -> list[str]:
    """Return the data sets to choose from: uploaded ones, then embedded ones."""
    names = [task.name for task in cache.store().notes.tasks()]
    for name, task in TASKS.items():
        names += [name, *(f"{name}:{chosen}" for chosen in task.filters)]
    return names


def run_choices(data: str) -> list[str]:
    """Return what can be looked at: the first model, later ones, the table's score."""
    done = [run.id for run in reversed(finished_runs(data))]
    has_score = cache.store().task(data).score is not None
    return [*done, *([state.EXISTING_SCORE] if has_score else [])] or [state.NOTHING]


def finished_runs(data: str) -> list[Run]:
    """Return the finished runs on a data set, newest first."""
    return [run for run in cache.store().runs(data) if run.is_finished]


def run_title(choice: str) -> str:
    """Return what a run is called in lists."""
    if choice == state.NOTHING:
        return "None yet"
    if choice == state.EXISTING_SCORE:
        return "Score in the table"
    run = cache.store().run(choice)
    words = run.title
    for long, short in SHORT_NAMES.items():
        words = words.replace(long, short)
    split = run.recipe.split
    by = f" · by {split}" if split in ("time", "domain") else ""
    return f"{words} · {run.id[:6]}{by}"


def metric_title(name: str) -> str:
    """Return what a metric is called in lists."""
    return METRICS[name].title


def attributes(page: str, names: Sequence[str], default: str = "") -> tuple[str, ...]:
    """Let the reader choose sensitive attributes to group by; several are crossed.

    Until some are chosen it is the default, and follows it.
    """
    if not names:
        return ()
    key = f"{page}.by"
    first = default if default in names else names[0]
    state.show(key, state.follow(key, [first], names))
    chosen = st.pills(
        "Group by",
        names,
        selection_mode="multi",
        format_func=plain,
        key=key,
        on_change=state.choose,
        args=(key,),
        help="Choose several to see every combination.",
    )
    return tuple(name for name in names if name in chosen)


def metric(page: str, names: Iterable[str], default: str = "") -> str:
    """Let the reader choose one metric, with the question it asks.

    Until one is chosen it is the default, and follows it.
    """
    choices, key = list(names), f"{page}.metric"
    default = default or FIRST_METRIC
    first = default if default in choices else choices[0]
    state.show(key, state.follow(key, [first], choices)[0])
    chosen = st.selectbox(
        "Measure",
        choices,
        format_func=metric_title,
        key=key,
        on_change=state.choose,
        args=(key,),
    )
    st.caption(METRICS[chosen].question)
    return str(chosen)


def measures(shown: Evaluation) -> tuple[str, ...]:
    """Return the metrics that the scores in view can give."""
    return usable_metrics(METRICS, shown.is_probability)


def with_key_metrics(shown: Evaluation, metric: str) -> tuple[str, ...]:
    """Return a metric and those that always stand in the table beside it."""
    usable = usable_metrics(KEY_METRICS, shown.is_probability)
    return tuple(dict.fromkeys((metric, *usable)))


def compared(run: Run) -> tuple[Run, Run]:
    """Let the reader choose what a run is compared with; return before and after.

    First comes the run it was made from, then the runs made from it: those are
    "after", everything else is "before".
    """
    others = [r for r in finished_runs(run.recipe.task) if r.id != run.id]
    if not others:
        _offer_fix()
    others.sort(key=lambda r: (r.id != run.base, r.base != run.id))
    ids = {r.id: r for r in others}
    chosen = st.selectbox(
        "Compared with",
        list(ids),
        format_func=run_title,
        key="compare.base",
        bind="query-params",
    )
    other = ids[chosen]
    return (run, other) if other.base == run.id else (other, run)


def watched(
    names: Sequence[str],
    rates: Sequence[str],
    found: Finding,
    *,
    is_retraining: bool,
) -> tuple[str, str]:
    """Let the reader choose which curves to watch; without any, choose silently."""
    by = found.attribute if found.attribute in names else next(iter(names), "")
    rate = found.metric if found.metric in rates else rates[0]
    if not is_retraining:
        return by, rate
    left, right = st.columns(2)
    by = left.selectbox("Watch groups of", names, names.index(by), key="remedies.by")
    rate = right.selectbox(
        "Watch",
        rates,
        rates.index(rate),
        format_func=metric_title,
        key="remedies.rate",
    )
    return by, rate


def split_method(methods: Sequence[str]) -> str:
    """Let the reader choose how rows are split."""
    chosen = st.segmented_control(
        "Split",
        methods,
        default=methods[0],
        format_func=SPLIT_TITLES.__getitem__,
        required=True,
        key="data.split",
        bind="query-params",
    )
    return str(chosen)


def held_out(data: Dataset, method: str) -> str:
    """Let the reader choose the domain that is test; empty for other splits."""
    if method != "domain" or data.frame.domain is None:
        return ""
    return str(
        st.selectbox("Held-out domain", data.frame.domain.names, key="data.held_out")
    )


def one_attribute(page: str, names: Sequence[str]) -> str:
    """Let the reader choose one sensitive attribute; empty when there is none."""
    if not names:
        return ""
    return str(
        st.segmented_control(
            "Attribute",
            names,
            default=names[0],
            format_func=plain,
            required=True,
            key=f"{page}.by",
            bind="query-params",
        )
    )


def chart(figure: Any, key: str, alt: str, width: str = "stretch") -> None:
    """Show a figure with its text alternative."""
    st.plotly_chart(
        figure, key=key, alt=alt, theme=None, width=width, config=MODEBAR_OFF
    )


def _data_title(name: str) -> str:
    """Return a title whose beginning tells it apart in a narrow list."""
    task = cache.store().task(name)
    _, _, chosen = name.partition(":")
    if chosen in task.filters:
        return f"{task.title.split()[0]} · {chosen}"
    return task.title.replace(", ", " · ")


def _customary() -> str:
    view = state.view()
    try:
        task = cache.store().task(view.data)
    except AuditError:
        return "0.5"
    is_score = view.run == state.EXISTING_SCORE and task.score is not None
    return f"{task.score.threshold if is_score else 0.5:g}, customary"


def _offer_fix() -> None:
    empty(
        "There is nothing to compare with yet",
        "This page sets two models side by side on the same test rows. So far there "
        "is one; a remedy makes the second.",
    )
    if st.button("Try a fix", type="primary", key="compare.fix"):
        state.go("remedies")
    st.stop()
