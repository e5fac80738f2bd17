"""The tab that follows performance over time."""

from dataclasses import dataclass

import streamlit as st

from analysis.charts import chunks as charts
from analysis.counts import count
from analysis.datasets.load import Dataset
from analysis.detection.over_time import Course, courses, without_periods
from analysis.errors import DataError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.privacy.hidden_counts import hidden_in
from analysis.shifts.domain import Domain
from analysis.shifts.sides import grouping_of_sides
from pages.ui import cache, commands, controls, state, tables
from pages.ui.messages import answer, empty, note, plain
from pages.ui.shifting import groups
from pages.ui.shifting.setting import NO_LABELS, Setting

KEY = "shift.time"
EVERYONE = "Everyone"

HOW = (
    "A {noun} of the target is out of the ordinary when it is surely away from the "
    "source's rows as a whole (all {noun}s considered, Holm, 5 %) and beyond each of "
    "the source's own {noun}s."
)
ONLY_EVERYONE = (
    "While small groups are hidden, only everyone is followed: a group's numbers by "
    "period could give single people away."
)
UNORDERED = (
    "This table has no time, so these are the values of {column}, in their order; "
    "between them nothing need run its course. "
)


@dataclass(frozen=True)
class _Asked:
    """What is followed: a metric, whose, and where periods come from."""

    column: str
    metric: str
    by: str
    shown: tuple[str, ...]
    k: int


def draw(setting: Setting) -> None:
    """Draw the metric period by period, for everyone or by group."""
    target = setting.labelled
    if target is None:
        empty("The target has no labels", NO_LABELS)
        return
    is_timed = setting.source.times is not None and target.times is not None
    if not is_timed and not setting.sides.column:
        empty(
            "Nothing puts the rows in order",
            "The sides are two tables without a time column. Declare a time on the "
            "Data page, and the metric is followed from period to period.",
        )
        return
    place = st.container()
    by, k = _followed(setting), state.view().k
    shown = groups.shown(setting, by) if by else ()
    column = "" if is_timed else setting.sides.column
    asked = _Asked(column, setting.metric, by, shown, k)
    record = _courses(setting.source, target, setting.data, asked)
    with place:
        noun = "period" if is_timed else "value"
        answer(charts.finding(record, noun), "time")
        names = setting.source.evaluation.groups[by].names if by else ()
        figure = charts.course(record, names, noun, state.ink())
        controls.chart(figure, f"{KEY}.course", charts.alt(record, noun))
    how = HOW.format(noun=noun)
    note(how if is_timed else UNORDERED.format(column=column) + how)
    tables.numbers(charts.table(record), f"{KEY}.course", _snippet(setting, asked))


def _followed(setting: Setting) -> str:
    """Let the reader choose whose groups are followed; empty for everyone."""
    if state.view().k > 1:
        note(ONLY_EVERYONE)
        return ""
    if not setting.by:
        return ""
    options = [EVERYONE, *setting.by]
    chosen = st.segmented_control(
        "Follow",
        options,
        default=EVERYONE,
        format_func=plain,
        required=True,
        key=f"{KEY}.attribute",
    )
    return "" if chosen == EVERYONE else str(chosen)


def _snippet(setting: Setting, asked: _Asked) -> str:
    imports = ["from analysis.detection.over_time import courses"]
    lines = ["sides = source.evaluation, target.evaluation"]
    if not asked.column:
        lines.append("periods = source.times, target.times")
    else:
        imports.append("from analysis.shifts.sides import grouping_of_sides")
        lines.append(f"by = grouping_of_sides(dataset, {asked.column!r})")
        lines.append(
            "periods = tuple(by.take(dataset.positions(e.row_ids)) for e in sides)"
        )
    more = f", {asked.by!r}" if asked.by else ""
    lines.append(f"courses(sides, periods, {asked.metric!r}{more})")
    return commands.sides_snippet(setting.sides, imports, lines)


@cache.shared(16)
def _courses(
    source: Domain, target: Domain, data: Dataset, asked: _Asked
) -> tuple[Course, ...]:
    sides = source.evaluation, target.evaluation
    if asked.column:
        by = grouping_of_sides(data, asked.column)
        here, there = (by.take(data.positions(e.row_ids)) for e in sides)
    else:
        here, there = _known(source.times), _known(target.times)
    names = sides[0].groups[asked.by].names if asked.by else ()
    hidden = [name for name in names if name not in asked.shown]
    found = courses(sides, (here, there), asked.metric, asked.by, hidden)
    if asked.k < 2:
        return found
    each = zip(sides, (here, there), strict=True)
    away = [name for e, periods in each for name in _few(e, periods, asked.k)]
    return tuple(without_periods(away, course) for course in found)


def _known(times: Grouping | None) -> Grouping:
    if times is None:  # asked for only where both sides have them
        raise DataError("One side has no time. Declare one on the Data page.")
    return times


def _few(e: Evaluation, periods: Grouping, k: int) -> list[str]:
    """Return the periods that are withheld on their side."""
    hidden = hidden_in(count(e.is_positive, e.decisions, periods, None), k)
    return [name for name, is_it in zip(periods.names, hidden, strict=True) if is_it]
