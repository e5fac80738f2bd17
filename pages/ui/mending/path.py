"""A fix at every strength, worked out once: a slider moves all charts, nothing runs."""

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.charts import path as chart
from analysis.charts.path_words import Standing, alarm
from analysis.datasets.load import Dataset
from analysis.evaluation import Threshold
from analysis.paths.measuring import WATCHED
from analysis.paths.record import Path
from analysis.subgroups.finding import Finding
from analysis.verdict import OPPOSITES
from models.as_json import to_json
from models.inquiries.path import Asked
from models.inquiry import Inquiry, Scope
from models.names import joined
from models.remedies import REMEDIES
from models.remedies.base import layer_of
from models.remedies.settings import Setting, dial_of
from models.remedies.strengths import path_strengths
from models.run import Run
from pages.ui import (
    actions,
    asking,
    cache,
    commands,
    controls,
    forms,
    jobs,
    state,
    tables,
    widgets,
)
from pages.ui.decision import CUSTOMARY, rule_of, words
from pages.ui.mending import choice, outcome, times
from pages.ui.mending.choice import Fix
from pages.ui.messages import audit_errors, empty, note, plain

KEY = "remedies.path"
FIGURE = f"{KEY}.figure"

QUICK_ROWS = 100_000
"""A table with more rows is not worked on unasked."""

SECONDS_PER_ROW = 3.0 / 50_000
"""What working out all strengths takes, about, where stored scores do."""

SLOWER = 5
"""How many times as long it takes where the model itself is asked."""

SIDES = {True: "Fitted on", False: "Not fitted on"}


@dataclass(frozen=True)
class Looked:
    """What the reader looks at: a rate, and the rows."""

    metric: str
    is_fitted: bool


def draw(run: Run, found: Finding, fix: Fix | None, beside: DeltaGenerator) -> None:
    """Show what a fix does at each of its strengths, and let the reader accept one.

    Parameters
    ----------
    run : Run
        The one in view, which the fix would start from.
    found : Finding
    fix : Fix or None
        None for one without a path.
    beside : container
        Where controls stand; the figure is as wide as the page.
    """
    dial = None if fix is None else dial_of(REMEDIES[fix.name])
    if fix is None or dial is None:
        return
    place = beside.container()
    with beside:
        choice.describe(REMEDIES[fix.name])
    data = cache.dataset(run.recipe.task)
    inquiry = inquiry_of(run, data, fix, dial, found)
    if not _is_begun(fix, data, inquiry):
        with place:
            _offer(fix, data, inquiry)
        return
    with place:
        looked = _looked(fix, found, has_groups=bool(inquiry.asked["by"]))

    def filling(so_far: Path) -> None:
        if so_far.points:
            first = so_far.at(float(dial.default)).strength
            _figure(so_far, _standing(dial, data, looked, first), fix, "filling")

    path: Path | None = asking.answered(
        inquiry, "Working out its strengths", KEY, filling=filling, height=560
    )
    if path is not None:
        with place:
            at = _slider(path, dial, data, inquiry)
            _accept(run, path, fix, (dial, data), at)
            _refused(path, dial)
            note(_rule_words(fix, data))
        _dragged(path, (dial, data, looked, at), fix)
        snippet = commands.path_command(run, fix.name, fix.settings)
        tables.numbers(chart.table(path), KEY, snippet)


def inquiry_of(
    run: Run, data: Dataset, fix: Fix, dial: Setting, found: Finding
) -> Inquiry:
    """Return what is asked of the worker."""
    view = state.view()
    rule = rule_of(view, data.task)
    by = str(fix.settings.get("attribute") or joined([found.attribute]).strip())
    asked = Asked(
        remedy=fix.name,
        settings=fix.settings,
        strengths=tuple(path_strengths(dial)),
        by=by,
    )
    scope = Scope(run.id, view.cohort, view.positive, rule, rule)
    return Inquiry("path", data.task, data.digest, scope, to_json(asked))


def _is_begun(fix: Fix, data: Dataset, inquiry: Inquiry) -> bool:
    """Whether it is worked out unasked, or was asked for."""
    is_quick = not _asks_model(fix) and len(data.frame) <= QUICK_ROWS
    return is_quick or asking.is_asked(inquiry)


def _asks_model(fix: Fix) -> bool:
    """Whether every strength asks a model for scores anew, which takes its time."""
    remedy = REMEDIES[fix.name]
    return layer_of(remedy) == "model" or hasattr(remedy, "looks_for")


def _offer(fix: Fix, data: Dataset, inquiry: Inquiry) -> None:
    """Say what will stand here and how long it takes, and offer to begin."""
    count = len(inquiry.asked["strengths"])
    seconds = len(data.frame) * SECONDS_PER_ROW * (SLOWER if _asks_model(fix) else 1)
    empty(
        "Every strength at once",
        f"{count} strengths are worked out on the calibration rows, which takes "
        f"{times.span(seconds)}. A slider then moves every chart, and nothing is "
        "fitted for it.",
    )
    importance = "secondary" if state.job() else "primary"
    if st.button("Work out its strengths", type=importance, key=f"{KEY}.begin"):
        jobs.queue().ask(inquiry)
        st.rerun()


def _looked(fix: Fix, found: Finding, *, has_groups: bool) -> Looked:
    """Let the reader choose which rate's gap counts, and the rows that are drawn.

    At first it is the rate that the fix holds together, or what was found.
    """
    held = outcome.held_rates(fix.name, fix.settings)
    alike = *held, found.metric, OPPOSITES.get(found.metric)
    metric = next((m for m in alike if m in WATCHED), WATCHED[0])
    left, right = st.columns(2)
    if has_groups:
        metric = left.selectbox(
            "Measure",
            WATCHED,
            WATCHED.index(metric),
            format_func=controls.metric_title,
            key=f"{KEY}.metric.{fix.name}",
        )
    is_fitted = right.segmented_control(
        "Rows drawn",
        list(SIDES),
        default=True,
        format_func=SIDES.__getitem__,
        required=True,
        key=f"{KEY}.rows",
        help="A fix looks better on the rows that it is fitted on than on others.",
    )
    return Looked(str(metric), bool(is_fitted))


def _slider(path: Path, dial: Setting, data: Dataset, inquiry: Inquiry) -> str:
    """Let the reader drag the strength; return the key that holds it.

    Moving it runs the figure's fragment alone, and the page where an alarm comes or
    goes, which the button tells too.
    """
    options = [_printed(point.strength) for point in path.points]
    key = f"{KEY}.at.{inquiry.key[:12]}"
    is_alarming = bool(_alarm(path, dial, data, key))

    def moved() -> None:
        if bool(_alarm(path, dial, data, key)) == is_alarming:
            st.rerun(FIGURE)

    if len(options) > 1:
        st.select_slider(
            forms.label_of(dial),
            options,
            _printed(path.at(float(dial.default)).strength),
            key=key,
            on_change=moved,
            help=plain(f"{dial.help} Nothing is fitted while you drag."),
        )
    return key


def _alarm(path: Path, dial: Setting, data: Dataset, at: str) -> str:
    """Say who is decided all alike where the slider stands; empty for nobody."""
    strength = float(widgets.held(at, path.at(float(dial.default)).strength))
    looked = Looked(WATCHED[0], is_fitted=False)
    return alarm(path, _standing(dial, data, looked, strength))


def _accept(
    run: Run, path: Path, fix: Fix, of: tuple[Setting, Dataset], at: str
) -> None:
    dial, data = of
    is_doubtful = bool(state.job()) or bool(_alarm(path, dial, data, at))
    importance = "secondary" if is_doubtful else "primary"
    if st.button(
        plain(f"Accept this {_name(dial)}"),
        type=importance,
        key=f"{KEY}.accept",
        help="Makes a run of it. What it does to the test rows stays unseen until you "
        "compare.",
    ):
        chosen = path.at(float(widgets.held(at, dial.default))).strength
        value = round(chosen) if dial.kind == "integer" else chosen
        actions.mend(run, fix.name, {**fix.settings, dial.name: value})


def _refused(path: Path, dial: Setting) -> None:
    """Say which strengths there are not, and why."""
    reasons: dict[str, list[float]] = {}
    for refused in path.refused:
        reasons.setdefault(refused.reason, []).append(refused.strength)
    for reason, missing in reasons.items():
        ends = sorted(missing)
        span = _printed(ends[0])
        span += f" to {_printed(ends[-1])}" if len(ends) > 1 else ""
        st.warning(plain(f"Not for {_name(dial)} {span}. {reason}"))


def _rule_words(fix: Fix, data: Dataset) -> str:
    """Say that a fix sets its own thresholds, where others than one half hold now."""
    view = state.view()
    decides = layer_of(REMEDIES[fix.name]) == "decisions"
    if not decides or rule_of(view, data.task) == Threshold(CUSTOMARY):
        return ""
    return f"Before: {words(view, data)}. This fix sets its own thresholds."


def _dragged(path: Path, at: tuple[Setting, Dataset, Looked, str], fix: Fix) -> None:
    """Draw the figure in a fragment of its own, which the slider runs."""
    dial, data, looked, key = at

    def follow() -> None:
        first = path.at(float(dial.default)).strength
        strength = float(widgets.held(key, first))
        with audit_errors():
            _figure(path, _standing(dial, data, looked, strength), fix, "at")

    st.fragment(follow, key=FIGURE)()


def _figure(path: Path, at: Standing, fix: Fix, place: str) -> None:
    title = REMEDIES[fix.name].title
    figure = chart.panels(path, at, title, state.ink())
    controls.chart(figure, f"{KEY}.{place}", chart.alt(path, at, title))


def _standing(
    dial: Setting, data: Dataset, looked: Looked, strength: float
) -> Standing:
    return Standing(
        strength=strength,
        metric=looked.metric,
        dial=_name(dial),
        people=data.task.rows_are,
        is_fitted=looked.is_fitted,
    )


def _printed(strength: float) -> str:
    return f"{strength:.3g}"


def _name(dial: Setting) -> str:
    label = forms.label_of(dial)
    return label[:1].lower() + label[1:]
