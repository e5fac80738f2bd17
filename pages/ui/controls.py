"""Controls that several pages share: pickers, and the chart itself."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from analysis.costs import Costs
from analysis.datasets.load import Dataset
from analysis.errors import RunError
from analysis.evaluation import Evaluation
from analysis.metrics.registry import CLASS_MEANS, METRICS, metric_named, usable_metrics
from analysis.subgroups.finding import Finding
from models.recipe import Stage
from models.remedies import REMEDIES
from models.remedies.chain import is_inner
from models.run import Run
from pages.ui import cache, state, widgets
from pages.ui.messages import empty, plain

MODEBAR_OFF = {"displayModeBar": False}

SHORT_NAMES = {"Multilayer perceptron": "MLP", "Logistic regression": "Logistic"}
"""What fits into a list of runs; the Model page says it in full."""

LIST_WIDTH = 29
"""Letters that the sidebar's list of runs has room for."""

FIRST_METRIC = "error_rate"
"""Shown where no finding names another."""

SPLIT_TITLES = {
    "official": "Published test rows",
    "random": "Random, in strata of label and groups",
    "time": "Latest rows as test",
    "domain": "One domain as test",
}

MOST_METRICS = 4
"""Metrics beside the first one that a page can still show."""

FIRST_OTHERS = ("selection_rate", "accuracy")
"""Metrics shown beside the first one until others are chosen."""

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
    return f"{words_of(run)}{_told_apart_by(run)}"


def short_run_title(choice: str) -> str:
    """Return what a run is called in a narrow list; what tells it apart stays."""
    if choice in (state.NOTHING, state.EXISTING_SCORE):
        return run_title(choice)
    run = cache.store().run(choice)
    words, code = words_of(run), _told_apart_by(run)
    room = max(LIST_WIDTH - len(code), 8)
    cut = words if len(words) <= room else f"{words[: room - 1].rstrip(' (,+')}…"
    return f"{cut}{code}"


def words_of(run: Run) -> str:
    """Return a run's title in short names: its network, then its remedies."""
    return in_short(run.title, run.recipe.stages)


def in_short(title: str, stages: Sequence[Stage]) -> str:
    """Return the title of a run with these remedies in short names."""
    said, rest = "", title
    for stage in stages:
        before, key, after = rest.partition(f" + {stage.remedy.replace('_', ' ')}")
        if key:
            said, rest = f"{said}{before} + {short_name(stage.remedy)}", after
    words = said + rest
    for long, short in SHORT_NAMES.items():
        words = words.replace(long, short)
    return words


def short_name(remedy: str) -> str:
    """Return the term for a remedy, as its title has it in brackets, if it does."""
    title = REMEDIES[remedy].title if remedy in REMEDIES else remedy.replace("_", " ")
    term = re.search(r"\(([^,)]*)[^)]*\)$", title)
    name = term[1] if term else title
    is_word = name[1:2].islower() and name[1:] == name[1:].lower()
    return name[:1].lower() + name[1:] if is_word else name


def _told_apart_by(run: Run) -> str:
    split = run.recipe.split
    by = f" · by {split}" if split in ("time", "domain") else ""
    return f" · {run.id[:6]}{by}"


def metric_title(name: str) -> str:
    """Return what a metric is called in lists."""
    return metric_named(name).title


def attributes(page: str, names: Sequence[str], default: str = "") -> tuple[str, ...]:
    """Let the reader choose sensitive attributes to group by; several are crossed.

    Until some are chosen it is the default, and follows it.
    """
    if not names:
        return ()
    key = f"{page}.by"
    first = default if default in names else names[0]
    widgets.show(key, state.follow(key, [first], names))
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
    widgets.show(key, state.follow(key, [first], choices)[0])
    chosen = st.selectbox(
        "Measure",
        choices,
        format_func=metric_title,
        key=key,
        on_change=state.choose,
        args=(key,),
    )
    st.caption(metric_named(chosen).question)
    return str(chosen)


def costed(page: str, metric: str) -> str:
    """Let the reader edit the costs of the expected cost; return the metric's name."""
    if metric != "expected_cost":
        return metric
    first, words = Costs(), ("right rejection", "wrong flag", "miss", "right flag")
    with st.popover("Costs of each outcome", key=f"{page}.costs"):
        costs = [
            st.number_input(f"A {what} costs", value=cost, key=f"{page}.cost.{i}")
            for i, (what, cost) in enumerate(
                zip(words, first.matrix.ravel().tolist(), strict=True)
            )
        ]
    return f"expected_cost:{Costs(*costs)}"


def more_metrics(page: str, names: Sequence[str], first: str) -> tuple[str, ...]:
    """Let the reader choose up to `MOST_METRICS` metrics beside the page's own."""
    others = [name for name in names if name != first]
    chosen = st.multiselect(
        "Other measures",
        others,
        [name for name in FIRST_OTHERS if name in others],
        format_func=metric_title,
        max_selections=MOST_METRICS,
        key=f"{page}.others",
    )
    return (first, *(name for name in chosen if name != first))


def measures(shown: Evaluation) -> tuple[str, ...]:
    """Return the metrics that the scores in view can give, means over classes last."""
    names = [*METRICS, *(CLASS_MEANS if len(shown.classes) > 2 else ())]
    return usable_metrics(names, shown.is_probability)


def with_key_metrics(shown: Evaluation, metric: str) -> tuple[str, ...]:
    """Return a metric and those that always stand in the table beside it."""
    usable = usable_metrics(KEY_METRICS, shown.is_probability)
    return tuple(dict.fromkeys((metric, *usable)))


def compared(run: Run) -> tuple[Run, Run]:
    """Let the reader choose what a run is compared with; return before and after.

    First comes the run it was made from, then the runs made from it: those are
    "after", everything else is "before"; steps on the way to a chain come last.
    """
    others = [r for r in finished_runs(run.recipe.task) if r.id != run.id]
    if not others:
        _offer_fix()
    first = made_from(run)
    others.sort(key=lambda r: (r.id != first, r.base != run.id, is_inner(r.recipe)))
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


def made_from(run: Run) -> str:
    """Return the id of the run that a reader would call the one before.

    It is the one that fixes were added to, else the nearest that is no mere step of a
    chain; empty where there is none.
    """
    named = state.added_to(run.id) or run.base
    try:
        while named and is_inner(cache.store().run(named).recipe):
            named = cache.store().run(named).base
    except RunError:
        return ""
    return named


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
    left, right = st.columns([2, 3])
    by = left.selectbox("Watch groups of", names, names.index(by), key="remedies.by")
    rate = right.selectbox(
        "Measure",
        rates,
        rates.index(rate),
        format_func=metric_title,
        key="remedies.rate",
    )
    return by, rate


def whom() -> str:
    """Return over whom a number for all is: everyone, or the cohort in view."""
    rule = state.view().cohort
    return f"the cohort ({rule})" if rule else "everyone"


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
            key=f"{page}.attribute",  # keys that end in .by are not the widget's own
            bind="query-params",
        )
    )


def chart(figure: Any, key: str, alt: str, width: str = "stretch") -> None:
    """Show a figure with its text alternative."""
    st.plotly_chart(
        figure, key=key, alt=alt, theme=None, width=width, config=MODEBAR_OFF
    )


def _offer_fix() -> None:
    empty(
        "There is nothing to compare with yet",
        "This page sets two models side by side on the same test rows. So far there "
        "is one; a remedy makes the second.",
    )
    if st.button("Try a fix", type="primary", key="compare.fix"):
        state.go("remedies")
    st.stop()
