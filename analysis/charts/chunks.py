"""A metric over time: periods with their intervals against the source's band."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.arms import arms
from analysis.charts.groups import short_title, unit_of
from analysis.charts.numbers import Unit
from analysis.detection.over_time import Course

MOST_GROUPS = theme.MAX_DIRECT_LABELS
HEIGHT = 320

Noun = Literal["period", "value"]
COLUMNS = (
    "group",
    "period",
    "side",
    "value",
    "low",
    "high",
    "n",
    "p_adjusted",
    "alert",
)


def course(
    record: Sequence[Course],
    names: Sequence[str],
    noun: Noun = "period",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw everyone's course, or those of groups beside it.

    Parameters
    ----------
    record : sequence of Course
        Everyone first.
    names : sequence of str
        The attribute's groups, which give them their colours.
    noun : 'period' or 'value'
        What rows are parted by; values run no course, so no line joins them.
    ink : Ink
    """
    whole, groups = record[0], record[1:][:MOST_GROUPS]
    unit = unit_of(whole.metric)
    places = _places(record)
    figure = theme.figure(
        _title(record, noun),
        _subtitle(record, len(groups), noun),
        height=HEIGHT,
        ink=ink,
    )
    _band(figure, whole, places, ink)
    decimals = numbers.shared_decimals((c.estimate for c in whole.chunks), unit)
    drawn = groups or [whole]
    for i, one in enumerate(drawn):
        place = names.index(one.group) if one.group in names else -1
        offset = 0.0 if len(drawn) == 1 else 0.24 * (2 * i / (len(drawn) - 1) - 1)
        mode = "lines+markers" if noun == "period" else "markers"
        _draw(figure, one, (places, offset, place), (unit, decimals, mode), ink)
    if len(drawn) > 1:
        _name(figure, drawn, places, names, ink)
    figure.update_xaxes(
        tickvals=list(range(len(places))),
        ticktext=[theme.safe(name, 18) for name in places],
        range=[-0.5, len(places) - 0.5],
        showgrid=False,
    )
    figure.update_yaxes(tickformat=".1~%" if unit == "percent" else "", nticks=6)
    figure.update_layout(margin={"r": 150 if len(drawn) > 1 else 40})
    return figure


def alt(record: Sequence[Course], noun: Noun = "period") -> str:
    """Say everyone's periods, and every alert."""
    whole = record[0]
    unit = unit_of(whole.metric)
    decimals = numbers.shared_decimals((c.estimate for c in whole.chunks), unit)
    said = [
        f"{c.name} {numbers.full(c.estimate, unit, decimals)}"
        for c in whole.chunks[:12]
    ]
    start = f"{short_title(whole.metric)} by {noun}: {'; '.join(said)}."
    return f"{start} {finding(record, noun)}"


def finding(record: Sequence[Course], noun: Noun = "period") -> str:
    """Say which periods are out of the ordinary, and for whom."""
    whole = record[0]
    unit, title = unit_of(whole.metric), short_title(whole.metric)
    known = [c.estimate for c in whole.chunks if not c.estimate.is_undefined]
    decimals = numbers.shared_decimals([*known, whole.reference], unit)
    start = numbers.full(whole.reference, unit, decimals)
    n = numbers.count(whole.reference.n)
    said = f"{title} was {start} over the source's rows (n = {n}). "
    after = [c for c in whole.chunks if c.side == "target"]
    if not whole.alerts:
        said += f"No {noun} of the target ({len(after)} in all) is surely away from it."
    else:
        worst = max(
            whole.alerts, key=lambda c: abs(c.estimate.value - whole.reference.value)
        )
        many = f"{len(whole.alerts)} of the target's {len(after)} {noun}s out of the "
        many += f"ordinary, furthest {worst.name}"
        what = f"{worst.name} is out of the ordinary" if len(after) == 1 else many
        value = numbers.full(worst.estimate, unit, decimals)
        said += f"{what}: {value} (n = {numbers.count(worst.estimate.n)})."
    alarmed = [c.group for c in record[1:] if c.alerts]
    if alarmed:
        said += f" By group, something is out of the ordinary for {', '.join(alarmed)}."
    return said


def table(record: Sequence[Course]) -> pd.DataFrame:
    """Return the numbers behind the chart."""
    rows = [
        (
            one.group or "Everyone",
            c.name,
            c.side,
            c.estimate.value,
            c.estimate.low,
            c.estimate.high,
            c.estimate.n,
            c.p_value,
            c.is_alert,
        )
        for one in record
        for c in one.chunks
    ]
    columns = [
        "group",
        "period",
        "side",
        "value",
        "low",
        "high",
        "n",
        "p_adjusted",
        "alert",
    ]
    return pd.DataFrame(rows, columns=columns)


def _places(record: Sequence[Course]) -> dict[str, int]:
    names = dict.fromkeys(c.name for c in record[0].chunks)
    return {name: i for i, name in enumerate(names)}


def _title(record: Sequence[Course], noun: Noun) -> str:
    whole = record[0]
    title = short_title(whole.metric)
    alerts = len(whole.alerts)
    if not alerts:
        return f"{title}: no {noun} of the target is out of the ordinary"
    return (
        f"{title}: {alerts} {_plural(noun, alerts)} of the target out of the ordinary"
    )


def _subtitle(record: Sequence[Course], groups: int, noun: Noun) -> str:
    whole = record[0]
    what = "Share" if unit_of(whole.metric) == "percent" else "Value"
    by = f" by {record[1].attribute}" if groups else ""
    said = f"{what} per {noun}{by}, with 95 % intervals; hollow: the source's {noun}s; "
    said += "band: the source as a whole, everyone; ringed: out of the ordinary."
    if len(record) - 1 > groups:
        said += f" The first {groups} of {len(record) - 1} groups."
    return said


def _band(
    figure: go.Figure, whole: Course, places: dict[str, int], ink: theme.Ink
) -> None:
    e = whole.reference
    if e.is_undefined:
        return
    if e.low == e.low and e.high == e.high:
        figure.add_hrect(
            y0=e.low,
            y1=e.high,
            fillcolor=theme.translucent(ink.ghost, 0.25),
            line_width=0,
        )
    figure.add_hline(y=e.value, line={"color": ink.muted, "width": 1})
    theme.label(
        figure,
        f"source {numbers.value(e, unit_of(whole.metric))}",
        x=0,
        xref="paper",
        y=e.high if e.high == e.high else e.value,
        yanchor="bottom",
    )


def _draw(
    figure: go.Figure,
    one: Course,
    where: tuple[dict[str, int], float, int],
    how: tuple[Unit, int, str],
    ink: theme.Ink,
) -> None:
    places, offset, place = where
    unit, decimals, mode = how
    color = ink.mark if place < 0 else theme.group_color(place, ink)
    known = [c for c in one.chunks if not c.estimate.is_undefined]
    x = [places[c.name] + offset for c in known]
    figure.add_scatter(
        x=x,
        y=[c.estimate.value for c in known],
        mode=mode,
        name=theme.safe(one.group or "Everyone"),
        line={"color": theme.translucent(color, 0.45), "width": 1.5},
        marker={
            "color": [ink.page if c.side == "source" else color for c in known],
            "size": 10,
            "symbol": theme.group_symbol(max(place, 0)),
            "line": {"color": color, "width": 2},
        },
        error_y=arms([c.estimate for c in known], color, 2),
        customdata=[
            [
                theme.safe(one.group or "Everyone"),
                theme.safe(c.name),
                numbers.full(c.estimate, unit, decimals),
                numbers.count(c.estimate.n),
            ]
            for c in known
        ],
        hovertemplate="<b>%{customdata[0]}, %{customdata[1]}</b><br>%{customdata[2]}"
        "<br>n = %{customdata[3]}<extra></extra>",
        cliponaxis=False,
    )
    rings = [c for c in known if c.is_alert]
    figure.add_scatter(
        x=[places[c.name] + offset for c in rings],
        y=[c.estimate.value for c in rings],
        mode="markers",
        marker={
            "color": "rgba(0,0,0,0)",
            "size": 19,
            "line": {"color": ink.up, "width": 2},
        },
        hoverinfo="skip",
        cliponaxis=False,
    )


def _name(
    figure: go.Figure,
    drawn: Sequence[Course],
    places: dict[str, int],
    names: Sequence[str],
    ink: theme.Ink,
) -> None:
    """Name the lines at the right, from the highest to the lowest."""
    known = [
        (one, [c for c in one.chunks if not c.estimate.is_undefined]) for one in drawn
    ]
    ends = [(c[-1].estimate.value, one) for one, c in known if c]
    ends.sort(key=lambda end: -end[0])
    for i, (_, one) in enumerate(ends):
        share = 1 - (i + 0.5) / len(ends)
        theme.label(
            figure,
            theme.safe(one.group, 18),
            x=1,
            xref="paper",
            xshift=10,
            y=share,
            yref="paper",
            font={
                "color": theme.group_color(names.index(one.group), ink),
                "size": 13,
            },
        )


def _plural(noun: Noun, n: int) -> str:
    return noun if n == 1 else f"{noun}s"
