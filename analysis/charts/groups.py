"""Rates by group: dots with intervals against the overall value."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.numbers import Unit
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation

WHY_WITHHELD = (
    "A group is withheld when one of the counts behind its numbers, such as those "
    "decided positive, is of somebody but under the limit, or when it would give "
    "another one away; so a large group can be among them."
)

MAX_NAMED = 6
"""Withheld groups that are named; of more, the others are counted."""

MAX_ROWS = 40
ROW_HEIGHT = 34


def unit_of(metric: str) -> Unit:
    """Return how a metric's values are printed."""
    return "percent" if metric_named(metric).kind == "rate" else "number"


def short_title(metric: str) -> str:
    """Return a metric's plain words without the term in brackets."""
    return metric_named(metric).title.split(" (")[0]


def rates(
    record: Disaggregation,
    metric: str,
    *,
    people: str = "people",
    highlighted: Sequence[str] = (),
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw one metric by group, sorted, with its 95 % intervals.

    Parameters
    ----------
    record : Disaggregation
    metric : str
        Name of one of its metrics.
    people : str
        What a row is, in words.
    highlighted : sequence of str
        Groups drawn in colour when there are too many groups to colour them all.
    ink : Ink
    """
    unit, rows = unit_of(metric), shown_rows(record, metric)
    spec = metric_named(metric)
    chart = theme.figure(
        spec.title,
        _subtitle(record, metric, people, len(rows)),
        height=ROW_HEIGHT * len(rows) + 24,
        ink=ink,
    )
    _draw_overall(chart, record, metric, ink)
    for position, g in enumerate(reversed(rows)):
        color = _color(record, g, highlighted, ink)
        _draw_group(chart, record, (metric, g), position, color)
    _label_rows(chart, record, metric, rows, ink)
    chart.update_xaxes(tickformat=".1~%" if unit == "percent" else "", nticks=8)
    chart.update_layout(margin={"r": 210})
    return chart


def alt(record: Disaggregation, metric: str) -> str:
    """Say the chart: highest and lowest group, and overall, with their intervals."""
    unit, rows = unit_of(metric), shown_rows(record, metric)
    by_group = record.by_group[metric]
    defined = [g for g in rows if not by_group.at(g).is_undefined]
    title, decimals = metric_named(metric).title, _shared_decimals(record, metric)
    if not defined:
        return f"{title}: undefined in every group."
    said = [
        f"{record.names[g]} {numbers.full(by_group.at(g), unit, decimals)} "
        f"(n = {numbers.count(by_group.at(g).n)})"
        for g in dict.fromkeys((defined[0], defined[-1]))
    ]
    overall = numbers.full(record.overall[metric], unit, decimals)
    return f"{title} by group, from {' to '.join(said)}; overall {overall}."


def gap_words(record: Disaggregation, metric: str) -> str:
    """Say the largest gap and the smallest ratio over the groups."""
    unit = unit_of(metric)
    gap, ratio = record.gaps[metric], record.ratios[metric]
    if gap.is_undefined:
        return "Fewer than two groups have a value, so there is no gap."
    among = " shown" if record.hidden.any() else ""
    said = f"Largest gap between two groups{among}: {gap_size(gap, unit)}"
    if not ratio.is_undefined:
        said += f"; smallest ratio {numbers.full(ratio, 'number')}"
    said += ". Intervals hold for all pairs of groups at once."
    return f"{said} {withheld_groups(record)}".rstrip()


def withheld_groups(record: Disaggregation) -> str:
    """Name the groups that are withheld, and say why; empty for none."""
    hidden = np.flatnonzero(record.hidden)
    if not len(hidden):
        return ""
    named = [record.names[g] for g in hidden[:MAX_NAMED]]
    more = f" and {len(hidden) - MAX_NAMED:,} more" if len(hidden) > MAX_NAMED else ""
    return f"Withheld: {', '.join(named)}{more}. {WHY_WITHHELD}"


def gap_size(gap: Estimate, unit: Unit) -> str:
    """Return the size of a gap, which has no sign; everywhere to the same digits.

    In points it has a decimal: beside rounded rates, whole points could seem one off.
    """
    decimals = 1 if unit == "percent" else None
    return numbers.full(gap, change_unit(unit), decimals).replace("+", "")


def change_unit(unit: Unit) -> Unit:
    """Return how a difference of values in a unit is printed."""
    return "points" if unit == "percent" else "change"


def table(record: Disaggregation) -> pd.DataFrame:
    """Return the numbers behind the chart, one row per group, overall first."""
    columns: dict[str, object] = {
        "group": ("Overall", *record.names),
        "people": [_everyone(record), *record.n],
    }
    for metric in record.by_group:
        overall, by_group = record.overall[metric], record.by_group[metric]
        name = short_title(metric)
        columns[f"{name}{_unit_words(metric)}"] = [overall.value, *by_group.value]
        columns[f"{name}, low"] = [overall.low, *by_group.low]
        columns[f"{name}, high"] = [overall.high, *by_group.high]
        columns[f"{name}, n"] = [overall.n, *by_group.n]
    return pd.DataFrame(columns)


def _everyone(record: Disaggregation) -> float:
    """Return the people behind all groups, some of whom may be withheld."""
    if not record.hidden.any():
        return float(record.n.sum())
    return max((e.n for e in record.overall.values()), default=float("nan"))


def shown_rows(record: Disaggregation, metric: str) -> list[int]:
    """Return the groups drawn, highest value first and undefined ones last.

    Groups without any row are left out; of more than `MAX_ROWS`, those furthest from
    the overall value are kept.
    """
    value = record.by_group[metric].value
    rows = [g for g in range(len(record.names)) if record.n[g] > 0]
    if len(rows) > MAX_ROWS:
        distance = np.nan_to_num(np.abs(value - record.overall[metric].value), nan=-1)
        rows = sorted(rows, key=lambda g: -distance[g])[:MAX_ROWS]
    return sorted(rows, key=lambda g: (bool(np.isnan(value[g])), -value[g]))


def _unit_words(metric: str) -> str:
    return ", share from 0 to 1" if unit_of(metric) == "percent" else ""


def _shared_decimals(record: Disaggregation, metric: str) -> int:
    """Return the decimals of every number of the chart."""
    by_group = record.by_group[metric]
    shown = [by_group.at(g) for g in shown_rows(record, metric)]
    return numbers.shared_decimals([*shown, record.overall[metric]], unit_of(metric))


def _subtitle(record: Disaggregation, metric: str, people: str, shown: int) -> str:
    present = int((record.n > 0).sum())
    what = "Share" if unit_of(metric) == "percent" else "Value"
    by = f"by {' and '.join(record.attributes)}" if record.attributes else "of everyone"
    text = f"{what} {by}, with 95 % intervals; n: {people} the value rests on"
    if shown < present:
        text += f"; the {shown} of {present:,} groups furthest from the overall value"
    return text


def _color(
    record: Disaggregation, g: int, highlighted: Sequence[str], ink: theme.Ink
) -> str:
    few = len(record.names) <= len(ink.groups)
    if few or record.names[g] in highlighted:
        return theme.group_color(g, ink)
    return ink.ghost


def _draw_overall(
    chart: go.Figure, record: Disaggregation, metric: str, ink: theme.Ink
) -> None:
    overall = record.overall[metric]
    if overall.is_undefined:
        return
    decimals = _shared_decimals(record, metric)
    chart.add_vline(x=overall.value, line={"color": ink.muted, "width": 1})
    theme.label(
        chart,
        f"overall {numbers.value(overall, unit_of(metric), decimals)}",
        x=overall.value,
        y=1,
        yref="paper",
        yanchor="bottom",
        xanchor="center",
    )


def _draw_group(
    chart: go.Figure,
    record: Disaggregation,
    cell: tuple[str, int],
    position: int,
    color: str,
) -> None:
    metric, g = cell
    estimate = record.by_group[metric].at(g)
    if estimate.is_undefined:
        return
    chart.add_scatter(
        x=[estimate.low, estimate.high],
        y=[position, position],
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    said = numbers.full(estimate, unit_of(metric), _shared_decimals(record, metric))
    chart.add_scatter(
        x=[estimate.value],
        y=[position],
        mode="markers",
        name=theme.safe(record.names[g]),
        marker={"color": color, "size": 11, "symbol": theme.group_symbol(g)},
        customdata=[[theme.safe(record.names[g]), said, numbers.count(estimate.n)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
        "n = %{customdata[2]}<extra></extra>",
    )


def _label_rows(
    chart: go.Figure,
    record: Disaggregation,
    metric: str,
    rows: Sequence[int],
    ink: theme.Ink,
) -> None:
    upward = list(reversed(rows))
    chart.update_yaxes(
        tickvals=list(range(len(upward))),
        ticktext=[theme.safe(record.names[g], theme.LABEL_WIDTH) for g in upward],
        range=[-0.6, len(upward) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    right = {"x": 1, "xref": "paper", "xanchor": "right"}
    decimals = _shared_decimals(record, metric)
    for position, g in enumerate(upward):
        estimate = record.by_group[metric].at(g)
        said = numbers.full(estimate, unit_of(metric), decimals)
        font = {"color": ink.text, "size": 13}
        theme.label(chart, said, **right, y=position, xshift=125, font=font)
        n = numbers.count(estimate.n)
        theme.label(chart, f"n = {n}", **right, y=position, xshift=208)
