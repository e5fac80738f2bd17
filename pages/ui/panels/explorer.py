"""The threshold explorer: costs, strategies and sliders, on rows that are not test."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from analysis.arrays import digest_of
from analysis.charts import thresholds as charts
from analysis.costs import Costs
from analysis.counts import Counts, counts_of
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation, GroupThresholds, Threshold
from analysis.metrics.registry import DECISION_METRICS
from analysis.thresholds.curves import MetricCurve, ThresholdCurves, threshold_curves
from analysis.thresholds.halves import halves
from analysis.thresholds.outcomes import change, outcomes
from analysis.thresholds.strategies import STRATEGIES, Choice, choose
from pages.ui import cache, commands, controls, state, tables, widgets
from pages.ui.messages import empty, note, plain
from pages.ui.snippets import code, floats
from pages.ui.view import HIDDEN_LABEL

CUSTOM = "custom"
STRATEGY, RATIO = "subgroups.strategy", "subgroups.miss_cost"
CHART = "subgroups.thresholds"
MAX_SLIDERS = 8
GRID = 61
"""Thresholds drawn; three marks each for at most eight groups stay under 2,000."""

STEPS = 200
"""Places of a slider over the range of a raw score."""

FIRST_METRIC = "true_positive_rate"


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows to choose by, the rows to report, and what both are called."""

    fit: Evaluation
    report: Evaluation
    words: str


def draw(shown: Evaluation, data: Dataset, by: tuple[str, ...], metric: str) -> None:
    """Draw the panel; only it runs again when one of its controls moves.

    Parameters
    ----------
    shown : Evaluation
        What the page shows; its rule is the one in force.
    data : Dataset
    by : tuple of str
        Attributes grouped by; thresholds are set by the first one, or for everyone.
    metric : str
        Drawn over the threshold where it depends on one.
    """
    st.markdown(
        "Where should the line be drawn? Move the thresholds, or let a strategy choose "
        "them; nothing changes elsewhere until you accept."
    )
    if state.view().k > 1:
        empty(
            "Not shown while small groups are hidden",
            "A curve over all thresholds gives away the score of single people. Set "
            f"{HIDDEN_LABEL} to 0 in the sidebar, under More, to explore thresholds.",
        )
        return
    rows = _rows(shown, data)
    chosen = metric if metric in DECISION_METRICS else FIRST_METRIC
    st.fragment(_explore, key="subgroups.explorer")(rows, data, by[:1], chosen)


def _rows(shown: Evaluation, data: Dataset) -> _Rows:
    """Return calibration rows, or the halves of a table that has no splits."""
    people = data.task.rows_are
    if state.view().is_trained:
        rows = cache.evaluation(state.view(), "calibration")
        who = "" if people == "rows" else f" ({people})"
        return _Rows(rows, rows, f"{len(rows):,} calibration rows{who}")
    fit, report = _halves(shown)
    words = (
        f"{len(report):,} {people}, a random half (seed 0); strategies choose by the "
        f"other {len(fit):,}"
    )
    return _Rows(fit, report, words)


def _explore(rows: _Rows, data: Dataset, by: tuple[str, ...], metric: str) -> None:
    curves = _curves(rows.fit, by)
    costs, strategy = _controls()
    choice = None if strategy == CUSTOM else _choice(rows.fit, by, strategy, costs)
    at = _thresholds(rows, curves, by, choice)
    counts = _curves(rows.report, by).counts_at(at)
    now = outcomes(counts, at, costs, metric)
    moved = change(_in_force_counts(rows.report, by), counts)
    st.markdown(plain(charts.change_words(moved, data.task.rows_are)))
    figure = charts.curves(
        _curve(rows.report, by, metric), now, rows=rows.words, ink=state.ink()
    )
    controls.chart(figure, CHART, charts.alt(_curve(rows.report, by, metric), now))
    tables.printed(charts.printed(now), key=f"{CHART}.groups")
    _say(rows, choice, strategy)
    tables.numbers(charts.table(now), CHART, _snippet(by, strategy, costs, at))
    label = "on test" if state.view().is_trained else "everywhere"
    if st.button(f"Accept: decide by these {label}", key="subgroups.accept"):
        state.accept_thresholds(*_rule(by, at))
        st.rerun()


def _controls() -> tuple[Costs, str]:
    """Let the reader say what a miss costs, and choose a strategy."""
    ratio = st.columns([1, 3])[0].number_input(
        "A miss costs as much as … wrong flags",
        min_value=0.01,
        max_value=1000.0,
        value=1.0,
        step=0.5,
        key=RATIO,
        help="A wrong flag costs 1; right decisions cost nothing. Strategies and the "
        "cost per person follow.",
    )
    strategy = st.pills(
        "Strategy",
        [CUSTOM, *STRATEGIES],
        default=CUSTOM,
        format_func=_strategy_title,
        required=True,
        key=STRATEGY,
    )
    return Costs(false_negative=float(ratio)), str(strategy)


def _thresholds(
    rows: _Rows,
    curves: ThresholdCurves,
    by: tuple[str, ...],
    choice: Choice | None,
) -> tuple[float, ...]:
    """Draw a slider per group, or one for all, and return each group's threshold."""
    names, low, high, step = curves.names, *_scale(rows.fit, curves)
    start = _in_force(rows.fit, by, len(names)) if choice is None else choice.thresholds
    start = tuple(float(t) for t in start)
    few = len(names) <= MAX_SLIDERS
    if not few and choice is not None:
        note(
            f"{len(names):,} groups are too many for sliders; their thresholds: below."
        )
        return start
    titles = names if few else ("Everyone",)
    moved = []
    for i, (title, place) in enumerate(zip(titles, _places(len(titles)), strict=True)):
        key = _slider_key(by, i if few else -1)
        value = min(max(start[i], low), high)
        if choice is not None or widgets.held(key) is None:
            widgets.show(key, value)
        moved.append(
            place.slider(
                plain(title),
                low,
                high,
                step=step,
                format=_format(rows.fit),
                key=key,
                on_change=widgets.show,
                args=(STRATEGY, CUSTOM),
            )
        )
    if choice is not None:
        return start
    return tuple(moved) if few else tuple(moved * len(names))


def _places(sliders: int) -> list:
    """Return where sliders stand: at most four beside each other."""
    columns = st.columns(min(sliders, 4))
    return [columns[i % len(columns)] for i in range(sliders)]


def _scale(rows: Evaluation, curves: ThresholdCurves) -> tuple[float, float, float]:
    """Return the range and step of a slider: from everybody to nobody."""
    low, high = curves.ends
    if rows.is_probability:
        return 0.0, 1.01, 0.005
    if _is_whole(rows):
        return float(rows.score.min()), float(rows.score.max()) + 1, 1.0
    return low, high, (high - low) / STEPS


def _format(rows: Evaluation) -> str:
    if rows.is_probability:
        return "%.3f"
    return "%.0f" if _is_whole(rows) else "%.4g"


def _is_whole(rows: Evaluation) -> bool:
    """Return whether all scores are whole numbers, as deciles are."""
    return bool((rows.score % 1 == 0).all())


def _in_force(rows: Evaluation, by: tuple[str, ...], groups: int) -> Sequence[float]:
    """Return the threshold of each group under the rule in force."""
    rule = rows.rule
    if isinstance(rule, GroupThresholds) and (rule.attribute,) == by:
        return rule.values
    single = rule.value if isinstance(rule, Threshold) else Threshold().value
    return (single,) * groups


def _rule(by: tuple[str, ...], at: tuple[float, ...]) -> tuple[str, tuple[float, ...]]:
    """Return thresholds as a rule: one for everyone where all are the same."""
    return ("", at[:1]) if len(set(at)) == 1 else (by[0], at)


def _say(rows: _Rows, choice: Choice | None, strategy: str) -> None:
    said = f"All numbers on {rows.words}."
    if choice is not None:
        spec = STRATEGIES[strategy]
        said = f"{spec.title}: {spec.words} {choice.note} {said}"
        if rows.fit is rows.report:
            said += " What is chosen looks kinder on the rows it was chosen on; accept "
            said += "to see it on test."
        said += f" {spec.source}."
    note(" ".join(said.split()))


def _strategy_title(name: str) -> str:
    return "Custom" if name == CUSTOM else STRATEGIES[name].title.split(" (")[0]


def _slider_key(by: tuple[str, ...], i: int) -> str:
    """Return the key of a slider; another view starts from its own rule."""
    view = digest_of([repr(state.view()).encode()])[:12]
    return ".".join(["subgroups.threshold", view, *by, str(i)])


def _snippet(
    by: tuple[str, ...], strategy: str, costs: Costs, at: tuple[float, ...]
) -> str:
    """Return what chooses these thresholds elsewhere, or counts at them.

    The command line draws the halves of a scored table before it applies a cohort, so
    that both together are told in Python.
    """
    view = state.view()
    is_chosen = strategy != CUSTOM
    if is_chosen and (view.is_trained or not view.cohort):
        more = ("--strategies", "--costs", str(costs))
        return commands.audit_command(by, ("expected_cost",), more=more)
    imports = ["from analysis.thresholds.curves import threshold_curves"]
    lines = []
    if not view.is_trained:
        imports.append("from analysis.thresholds.halves import halves")
        lines.append(f"shown = halves(shown)[{0 if is_chosen else 1}]")
    lines.append(f"curves = threshold_curves(shown, {by!r})")
    if is_chosen:
        imports.append("from analysis.costs import costs_from_text")
        imports.append("from analysis.thresholds.strategies import choose")
        lines.append(f"choose(curves, {strategy!r}, costs_from_text({str(costs)!r}))")
    else:
        lines.append(f"curves.counts_at({floats(at)})")
    return code(imports, lines, is_chosen_on=True)


@cache.shared(8)
def _halves(shown: Evaluation) -> tuple[Evaluation, Evaluation]:
    return halves(shown)


@cache.shared(8)
def _curves(shown: Evaluation, by: tuple[str, ...]) -> ThresholdCurves:
    return threshold_curves(shown, by)


@cache.shared(16)
def _in_force_counts(shown: Evaluation, by: tuple[str, ...]) -> Counts:
    return counts_of(shown, by)


@cache.shared(32)
def _curve(shown: Evaluation, by: tuple[str, ...], metric: str) -> MetricCurve:
    curves = _curves(shown, by)
    return curves.metric_curve(metric, curves.grid(GRID))


@cache.shared(64)
def _choice(
    shown: Evaluation, by: tuple[str, ...], strategy: str, costs: Costs
) -> Choice:
    return choose(_curves(shown, by), strategy, costs)
