"""The verdict on a fix in words, and where each group stands at one strength."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.changes import change_unit, color_of
from analysis.charts.compare import ROW_HEIGHT, name_rows
from analysis.charts.groups import short_title, unit_of
from analysis.charts.withheld import WITHHELD, withheld_words
from analysis.compare import HARM_LEVEL, PairedComparison
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.verdict import Alarm, Verdict, by_metric

MAX_NAMED = 3
"""Groups that the verdict names on either side; of more, the others are counted."""

MAX_GROUPS = 9
NAME_WIDTH = 18

_DIRECTIONS = {True: ("better for", "worse for"), False: ("lower for", "higher for")}
_PRICES = {
    True: "a sure gain",
    False: "a sure loss",
    None: "which may be chance",
}


def words(found: Verdict, record: PairedComparison, whom: str = "everyone") -> str:
    """Say who gained, who lost and what it cost, or that nothing is sure.

    Parameters
    ----------
    found : Verdict
    record : PairedComparison
    whom : str
        What all rows are called: everyone, or a cohort.
    """
    title = short_title(found.metric)
    better, worse = _DIRECTIONS[metric_named(found.metric).better != "none"]
    moved = _moved(found.gained, record, found.metric, better)
    moved += _moved(found.lost, record, found.metric, worse)
    said = f"{'; but '.join(moved)}." if moved else _nothing_sure(found, record)
    return " ".join(
        [f"{title}:", said, _price(found, record, whom), *_otherwise(found)]
    )


def alarm_words(alarms: Sequence[Alarm], people: str = "people") -> str:
    """Say plainly that a model no longer tells people apart; empty for no alarm."""
    return " ".join(_alarm(alarm, people) for alarm in alarms)


def groups_at(
    record: PairedComparison,
    metric: str,
    span: tuple[float, float],
    ink: theme.Ink = theme.LIGHT,
    *,
    dial: str = "strength",
) -> go.Figure:
    """Draw each group before, hollow, and after, solid, in a frame that does not move.

    Parameters
    ----------
    record : PairedComparison
    metric : str
    span : (float, float)
        Of all strengths, so that dots move and the axis stands.
    ink : Ink
    dial : str
        What the strength is called.
    """
    rows = _shown(record)
    chart = theme.figure(
        f"{metric_named(metric).title}",
        f"Hollow: before. Solid: at this {dial}, coloured where the change is sure. "
        f"Right: the change{_in_points(metric)}, with its interval.",
        height=ROW_HEIGHT * len(rows) + 16,
        ink=ink,
        is_narrow=True,
    )
    for position, g in enumerate(reversed(rows)):
        if not record.hidden[g]:
            _draw_row(chart, record, (metric, g), position, ink)
        _label_row(chart, record, (metric, g), position, ink)
    name_rows(chart, [_short(record.names[g]) for g in reversed(rows)], ink)
    room = 0.06 * max(span[1] - span[0], 0.01)
    chart.update_xaxes(
        tickformat=".1~%" if unit_of(metric) == "percent" else "",
        range=[span[0] - room, span[1] + room],
        nticks=5,
    )
    chart.update_layout(margin={"r": 150})
    return chart


def groups_alt(record: PairedComparison, metric: str) -> str:
    """Say where every group stands before and after."""
    before, after = record.before.by_group[metric], record.after.by_group[metric]
    said = ", ".join(
        f"{record.names[g]} from {numbers.plain(before.value[g], unit_of(metric))} to "
        f"{numbers.plain(after.value[g], unit_of(metric))}"
        for g in _shown(record)
        if not record.hidden[g]
    )
    shown = said or "no group is shown"
    title = metric_named(metric).title
    return f"{title}: {shown}. {withheld_words(record.hidden)}".rstrip()


def _moved(
    groups: Sequence[str], record: PairedComparison, metric: str, direction: str
) -> list[str]:
    """Return a clause on the groups that moved one way; none for no group."""
    if not groups:
        return []
    said = [_move(record, metric, name) for name in groups[:MAX_NAMED]]
    more = len(groups) - len(said)
    also = f", and {more} more" if more else ""
    return [f"{direction} {', '.join(said)}{also}"]


def _move(record: PairedComparison, metric: str, name: str) -> str:
    g = record.names.index(name)
    before = record.before.by_group[metric].at(g)
    after = record.after.by_group[metric].at(g)
    unit, decimals = unit_of(metric), _decimals(record, metric)
    change = _change(record, metric, g)
    said = numbers.full(change, change_unit(metric), decimals)
    return (
        f"{name} (from {numbers.value(before, unit, decimals)} to "
        f"{numbers.value(after, unit, decimals)}, "
        f"{said}, n = {numbers.count(change.n)})"
    )


def _nothing_sure(found: Verdict, record: PairedComparison) -> str:
    shown = " that is shown" if record.hidden.any() else ""
    said = f"not sure. No group{shown} changed more than chance"
    if np.isnan(found.undetected):
        return f"{said}."
    signed = change_unit(found.metric)
    digits = 0 if found.undetected >= 0.01 else 1
    size = numbers.plain(found.undetected, signed, digits if signed == "points" else 3)
    return (
        f"{said}; with these rows, changes under {size.lstrip('+')} are mostly missed."
    )


def _price(found: Verdict, record: PairedComparison, whom: str) -> str:
    decimals = numbers.shared_decimals([found.price], "points")
    if change_unit(found.metric) == "points":  # alike throughout the verdict
        decimals = max(decimals, _decimals(record, found.metric))
    said = numbers.full(found.price, "points", decimals)
    return f"Over {whom}: accuracy {said}, {_PRICES[found.is_worth]}."


def _otherwise(found: Verdict) -> list[str]:
    """Return a sentence on what surely got worse in other measures, if anything."""
    if not found.lost_otherwise:
        return []
    said = [
        f"{short_title(metric).lower()} ({_listed(groups)})"
        for metric, groups in by_metric(found.lost_otherwise).items()
    ]
    return [f"Surely worse in other measures: {', '.join(said)}."]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    also = f" and {more} more" if more > 0 else ""
    return f"{', '.join(names[:MAX_NAMED])}{also}"


def _alarm(alarm: Alarm, people: str) -> str:
    if not alarm.groups:
        return (
            f"Alarm: this model decides everyone alike, as {alarm.decided}. It tells "
            f"no {people} apart. Choose a milder setting, or cancel this fix."
        )
    named = ", ".join(alarm.groups[:MAX_NAMED])
    more = len(alarm.groups) - MAX_NAMED
    named += f" and {more} more groups" if more > 0 else ""
    return (
        f"Alarm: within {named} this model decides everyone alike, as "
        f"{alarm.decided}. Choose a milder setting, or another fix."
    )


def _shown(record: PairedComparison) -> list[int]:
    """Return the groups drawn, in the order of their codes; withheld ones last."""
    present = [g for g in range(len(record.names)) if record.before.n[g] > 0]
    largest = sorted(present, key=lambda g: -record.before.n[g])[:MAX_GROUPS]
    return [*sorted(largest), *map(int, np.flatnonzero(record.hidden))][:MAX_GROUPS]


def _change(record: PairedComparison, metric: str, g: int) -> Estimate:
    """Return a group's change as the difference of before and after as printed."""
    return numbers.as_printed(
        record.change[metric].estimates.at(g),
        record.before.by_group[metric].value[g],
        record.after.by_group[metric].value[g],
        change_unit(metric),
        _decimals(record, metric),
    )


def _decimals(record: PairedComparison, metric: str) -> int:
    """Return the decimals of every number of one measure: before, after, change."""
    change = record.change[metric].estimates
    shown = [change.at(g) for g in _shown(record)]
    return numbers.shared_decimals(shown, change_unit(metric))


def _in_points(metric: str) -> str:
    return " in points" if unit_of(metric) == "percent" else ""


def _short(name: str) -> str:
    return name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1].rstrip()}…"


def _draw_row(
    chart: go.Figure,
    record: PairedComparison,
    cell: tuple[str, int],
    position: int,
    ink: theme.Ink,
) -> None:
    metric, g = cell
    before = record.before.by_group[metric].at(g)
    after = record.after.by_group[metric].at(g)
    color, unit = _color(record, metric, g, ink), unit_of(metric)
    chart.add_scatter(
        x=[before.value, after.value],
        y=[position, position],
        mode="lines",
        line={"color": color, "width": 2.5},
        hoverinfo="skip",
    )
    hollow = {"color": ink.ghost, "symbol": "circle-open", "line": {"width": 2}}
    for when, e, marker in (
        ("before", before, hollow),
        ("after", after, {"color": color, "symbol": "circle"}),
    ):
        chart.add_scatter(
            x=[e.value],
            y=[position],
            mode="markers",
            marker=marker | {"size": 11},
            customdata=[
                [theme.safe(record.names[g]), numbers.full(e, unit), numbers.count(e.n)]
            ],
            hovertemplate="<b>%{customdata[0]}</b>, " + when + "<br>%{customdata[1]}"
            "<br>n = %{customdata[2]}<extra></extra>",
        )


def _label_row(
    chart: go.Figure,
    record: PairedComparison,
    cell: tuple[str, int],
    position: int,
    ink: theme.Ink,
) -> None:
    metric, g = cell
    edge = {"x": 1, "xref": "paper", "xanchor": "right", "xshift": 145, "y": position}
    if record.hidden[g]:
        theme.label(chart, WITHHELD, **edge)
        return
    change, decimals = _change(record, metric, g), _decimals(record, metric)
    color = _color(record, metric, g, ink)
    font = {"color": ink.muted if color == ink.ghost else color, "size": 13}
    said = numbers.unitless(change, unit_of(metric), decimals)
    theme.label(chart, said or numbers.UNDEFINED, **edge, font=font)


def _color(record: PairedComparison, metric: str, g: int, ink: theme.Ink) -> str:
    if not record.change[metric].q_value[g] < HARM_LEVEL:
        return ink.ghost
    return color_of(metric, record.change[metric].estimates.value[g], ink)
