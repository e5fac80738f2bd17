"""Accept or defer: accuracy over the share deferred, and who is deferred."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import dots, numbers, theme
from analysis.deferral.curve import Deferral, DeferredAt

MAX_LINES = 8
HEIGHT = 340
LINE_PIXELS = 19
FEW = 10
"""Accuracy of fewer people accepted is not drawn: it only shows noise."""

LABEL_WIDTH = 27
"""Letters of a group's name beside its line."""

APART = 0.008
"""Share of the axis between two groups' intervals at the cut."""


def curves(
    record: Deferral,
    cut: int,
    rows: str = "rows",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw accuracy of the accepted over the share of everyone deferred.

    Parameters
    ----------
    record : Deferral
    cut : int
        Position of the cut in force, marked.
    rows : str
        Which rows these are, in words.
    ink : Ink
    """
    drawn = shown_groups(record)
    present = int((record.n[1:] > 0).sum()) if record.attributes else 0
    subtitle = (
        f"Share decided right of those accepted, on {rows}; one cut serves everyone, "
        "whole ties on one side of it. Band: 95 % interval of everyone"
    )
    if drawn[1:]:
        subtitle += "; rules: those of the groups at the cut"
    if drawn[1:] and len(drawn) - 1 < present:
        subtitle += f"; the {len(drawn) - 1} largest of {present:,} groups"
    chart = theme.figure(
        "Accuracy of what is decided without a person",
        subtitle,
        height=HEIGHT,
        ink=ink,
    )
    _draw_band(chart, record, ink)
    for g in reversed(drawn):
        _draw(chart, record, g, ink)
    at = float(record.deferred[0, cut])
    chart.add_vline(x=at, line={"color": ink.accent, "width": 1.5})
    known = [g for g in drawn if record.accepted[g, cut] >= FEW]
    _draw_cut(chart, record, cut, known, ink)
    low, high = _heights(chart)
    _label(chart, record, cut, known, (low, high, ink))
    chart.update_xaxes(
        title="Share of everyone deferred",
        tickformat=".0%",
        nticks=8,
        range=[-2 * APART, 1],
    )
    chart.update_yaxes(
        title="Accuracy of the accepted", tickformat=".1~%", range=[low, high]
    )
    chart.update_layout(margin={"r": 320, "b": 56})
    return chart


def alt(record: Deferral, at: DeferredAt) -> str:
    """Say accuracy of the accepted when nobody and when this share is deferred."""
    return (
        f"Accuracy {numbers.full(record.accuracy_of(0, -1))} when nobody is deferred; "
        f"{numbers.full(at.accuracy.at(0))} of the accepted when "
        f"{numbers.value(at.deferred.at(0))} are."
    )


def who(at: DeferredAt, rows: str = "rows", ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the share deferred by group at one cut.

    Parameters
    ----------
    at : DeferredAt
    rows : str
    ink : Ink
    """
    overall = at.deferred.at(0)
    words = (
        "Who is deferred",
        f"Share handed to a person, by group, with 95 % intervals, on {rows}",
    )
    line = dots.Line(overall.value, f"everyone {numbers.value(overall)}")
    return dots.chart(words, _dots(at)[1:], line, ink=ink)


def who_alt(at: DeferredAt) -> str:
    """Say the share deferred of everyone and by group."""
    return dots.alt("Share deferred", _dots(at))


def printed(at: DeferredAt, people: str = "people") -> pd.DataFrame:
    """Return who is deferred and how accurate the rest is, as printed."""
    rows = range(len(at.names))
    return pd.DataFrame(
        {
            "Group": at.names,
            people.capitalize(): [numbers.count(at.deferred.n[g]) for g in rows],
            "Deferred": [numbers.full(at.deferred.at(g), decimals=1) for g in rows],
            "Accepted": [numbers.count(at.accuracy.n[g]) for g in rows],
            "Decided right of the accepted": [
                numbers.full(at.accuracy.at(g), decimals=1) for g in rows
            ],
        }
    )


def table(record: Deferral) -> pd.DataFrame:
    """Return the whole curve, one row per group and cut."""
    parts = [
        pd.DataFrame(
            {
                "group": name,
                "people": record.n[g],
                "cut": record.cuts,
                "deferred of everyone": record.deferred[0],
                "deferred": record.deferred[g],
                "deferred, low": record.deferred_low[g],
                "deferred, high": record.deferred_high[g],
                "accepted": record.accepted[g],
                "accuracy": record.accuracy[g],
                "accuracy, low": record.accuracy_low[g],
                "accuracy, high": record.accuracy_high[g],
            }
        )
        for g, name in enumerate(record.names)
    ]
    return pd.concat(parts, ignore_index=True)


def shown_groups(record: Deferral) -> list[int]:
    """Return the rows drawn: everyone, and the largest groups."""
    if not record.attributes:
        return [0]
    held = [g for g in range(1, len(record.names)) if record.n[g] > 0]
    return [0, *sorted(sorted(held, key=lambda g: -record.n[g])[:MAX_LINES])]


def _dots(at: DeferredAt) -> list[dots.Dot]:
    return [dots.Dot(name, at.deferred.at(g), g - 1) for g, name in enumerate(at.names)]


def _draw_band(chart: go.Figure, record: Deferral, ink: theme.Ink) -> None:
    """Draw the interval of everyone; bands of groups would cover each other."""
    known = record.accepted[0] >= FEW
    ends = (
        (record.accuracy_low[0, known], None),
        (
            record.accuracy_high[0, known],
            "tonexty",
        ),
    )
    for end, fill in ends:
        chart.add_scatter(
            x=record.deferred[0, known],
            y=end,
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=theme.translucent(ink.mark, 0.14),
            hoverinfo="skip",
        )


def _draw_cut(
    chart: go.Figure,
    record: Deferral,
    cut: int,
    known: Sequence[int],
    ink: theme.Ink,
) -> None:
    """Draw accuracy at the cut with its interval, the groups beside one another."""
    at, first = float(record.deferred[0, cut]), (len(known) - 1) / 2
    for i, g in enumerate(known):
        x, said = at + APART * (i - first), record.accuracy_of(g, cut)
        color = _color(g, ink)
        chart.add_scatter(
            x=[x, x],
            y=[said.low, said.high],
            mode="lines",
            line={"color": color, "width": 1.5},
            hoverinfo="skip",
        )
        chart.add_scatter(
            x=[x],
            y=[said.value],
            mode="markers",
            marker={"color": color, "size": 7, "symbol": _symbol(g)},
            hovertemplate=f"<b>{theme.safe(record.names[g])}</b><br>"
            f"{numbers.full(said)}, n = {numbers.count(said.n)}<extra></extra>",
        )


def _color(g: int, ink: theme.Ink) -> str:
    return ink.mark if g == 0 else theme.group_color(g - 1, ink)


def _symbol(g: int) -> str:
    """Return a shape; groups whose colours repeat are hollow."""
    shape = theme.group_symbol(max(g - 1, 0))
    return f"{shape}-open" if g > len(theme.SYMBOLS) else shape


def _draw(chart: go.Figure, record: Deferral, g: int, ink: theme.Ink) -> None:
    color = _color(g, ink)
    known = record.accepted[g] >= FEW
    x = record.deferred[0, known]
    value = record.accuracy[g, known]
    name = theme.safe(record.names[g])
    said = [
        (
            numbers.full(record.accuracy_of(g, int(cut))),
            numbers.plain(float(record.deferred[g, cut]), decimals=0),
            numbers.count(record.accepted[g, cut]),
        )
        for cut in np.flatnonzero(known)
    ]
    chart.add_scatter(
        x=x,
        y=value,
        mode="lines",
        name=name,
        line={
            "color": color,
            "width": 2.5 if g == 0 else 1.2,
            "dash": "dot" if g > len(theme.SYMBOLS) else "solid",
        },
        customdata=said,
        hovertemplate=f"<b>{name}</b><br>%{{customdata[0]}}<br>%{{customdata[1]}} of "
        "them deferred, n = %{customdata[2]}<extra></extra>",
    )


def _label(
    chart: go.Figure,
    record: Deferral,
    cut: int,
    known: Sequence[int],
    frame: tuple[float, float, theme.Ink],
) -> None:
    """Write each line's value at the cut at the right edge, near its height."""
    low, high, ink = frame
    rising = sorted(known, key=lambda g: record.accuracy[g, cut])
    values = [float(record.accuracy[g, cut]) for g in rising]
    heights = _spaced(values, low, high)
    for g, height in zip(rising, heights, strict=True):
        said = record.accuracy_of(g, cut)
        dot = "○" if g > len(theme.SYMBOLS) else "●"
        text = f"<span style='color:{_color(g, ink)}'>{dot}</span> "
        text += f"{theme.safe(record.names[g], LABEL_WIDTH)} {numbers.full(said)}"
        font = {"color": ink.text, "size": 13}
        place = {"x": 1, "xref": "paper", "xshift": 8, "y": height}
        theme.label(chart, text, font=font, **place)


def _heights(chart: go.Figure) -> tuple[float, float]:
    """Return the ends of an axis that leaves a little room about what is drawn."""
    values = [v for t in chart.data for v in (t.y if t.y is not None else ())]
    low, high = float(np.min(values, initial=1)), float(np.max(values, initial=0))
    pad = 0.03 * max(high - low, 0.02)
    return low - pad, high + pad


def _spaced(rising: Sequence[float], low: float, high: float) -> list[float]:
    """Return heights a line of text apart, near to those given, inside the frame."""
    line = (high - low) * LINE_PIXELS / HEIGHT
    heights: list[float] = []
    for value in rising:
        heights.append(max(value, heights[-1] + line) if heights else value)
    top = high
    for i in reversed(range(len(heights))):
        heights[i] = min(heights[i], top)
        top = heights[i] - line
    return heights
