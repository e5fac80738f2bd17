"""Accept or defer: accuracy over the share deferred, and who is deferred."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import dots, numbers, theme
from analysis.charts.groups import gap_size
from analysis.deferral.curve import Deferral, DeferredAt

MAX_LINES = 8
HEIGHT = 340
LINE_PIXELS = 19
FEW = 10
"""Accuracy of fewer people accepted is not drawn: it only shows noise."""


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
        f"Share decided right of those accepted, with 95 % intervals, on {rows}; one "
        "cut serves everyone, whole ties on one side of it"
    )
    if drawn[1:] and len(drawn) - 1 < present:
        subtitle += f"; the {len(drawn) - 1} largest of {present:,} groups"
    chart = theme.figure(
        "Accuracy of what is decided without a person",
        subtitle,
        height=HEIGHT,
        ink=ink,
    )
    for g in reversed(drawn):
        _draw(chart, record, g, ink)
    at = float(record.deferred[0, cut])
    chart.add_vline(x=at, line={"color": ink.accent, "width": 1.5})
    _label(chart, record, cut, drawn, ink)
    chart.update_xaxes(title="Share of everyone deferred", tickformat=".0%", nticks=8)
    chart.update_yaxes(title="Accuracy of the accepted", tickformat=".1~%")
    chart.update_layout(margin={"r": 250, "b": 56})
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


def finding(record: Deferral, at: DeferredAt, people: str = "people") -> str:
    """Say what deferring buys, and who is deferred more."""
    deferred, accepted = at.deferred.at(0), at.accuracy.at(0)
    if deferred.is_undefined:
        return "There is no row to defer."
    whole = record.accuracy_of(0, -1)
    said = (
        f"With {numbers.value(deferred)} of {people} deferred, "
        f"{numbers.full(accepted)} of the others are decided right "
        f"(n = {numbers.count(accepted.n)}), against {numbers.full(whole)} of all "
        f"(n = {numbers.count(whole.n)})."
    )
    return f"{said} {gap_words(at)}".rstrip()


def gap_words(at: DeferredAt) -> str:
    """Say which groups are deferred most and least, and whether that is sure."""
    if at.deferred_gap.is_undefined:
        return ""
    shares = at.deferred
    known = [g for g in range(1, len(at.names)) if shares.n[g] > 0]
    top = max(known, key=lambda g: shares.value[g])
    low = min(known, key=lambda g: shares.value[g])
    gap = gap_size(at.deferred_gap, "percent")
    if not at.deferred_gap.low > 0:
        return f"No group is surely deferred more than another (largest gap {gap})."
    most, least = (
        f"{at.names[g]} ({numbers.full(shares.at(g))}, "
        f"n = {numbers.count(shares.n[g])})"
        for g in (top, low)
    )
    return f"Most deferred are {most}, least {least}: a gap of {gap}."


def area_words(record: Deferral) -> str:
    """Say the area under the risk-coverage curve, beside what no order would give."""
    area, wrong = record.area, 1 - float(record.accuracy[0, -1])
    if area.is_undefined:
        return ""
    said = numbers.full(area, decimals=1)
    return (
        f"Over all shares, {said} of the accepted are decided wrong on average (area "
        f"under the risk-coverage curve); deferring at random would leave "
        f"{numbers.plain(wrong)}."
    )


def suggested_words(record: Deferral) -> str:
    """Say what the suggested cut of the distance would defer; empty without one."""
    cut = record.at_suggested
    if cut is None:
        return ""
    deferred = numbers.plain(float(record.deferred[0, cut]))
    return (
        f"The paper's cut, the smallest distance of a wrong decision among the rows "
        f"fitted on, would defer {deferred}."
    )


def printed(at: DeferredAt) -> pd.DataFrame:
    """Return who is deferred and how accurate the rest is, as printed."""
    rows = range(len(at.names))
    return pd.DataFrame(
        {
            "Group": at.names,
            "People": [numbers.count(at.deferred.n[g]) for g in rows],
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


def _draw(chart: go.Figure, record: Deferral, g: int, ink: theme.Ink) -> None:
    color = ink.mark if g == 0 else theme.group_color(g - 1, ink)
    known = record.accepted[g] >= FEW
    x = record.deferred[0, known]
    value = record.accuracy[g, known]
    low, high = record.accuracy_low[g, known], record.accuracy_high[g, known]
    for end, fill in ((low, None), (high, "tonexty")):
        chart.add_scatter(
            x=x,
            y=end,
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=theme.translucent(color, 0.12),
            hoverinfo="skip",
        )
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
        line={"color": color, "width": 2.5 if g == 0 else 2},
        customdata=said,
        hovertemplate=f"<b>{name}</b><br>%{{customdata[0]}}<br>%{{customdata[1]}} of "
        "them deferred, n = %{customdata[2]}<extra></extra>",
    )


def _label(
    chart: go.Figure, record: Deferral, cut: int, drawn: Sequence[int], ink: theme.Ink
) -> None:
    """Write each line's value at the cut at the right edge, near its height."""
    known = [g for g in drawn if record.accepted[g, cut] >= FEW]
    known.sort(key=lambda g: record.accuracy[g, cut])
    heights = _spaced([float(record.accuracy[g, cut]) for g in known], chart)
    for g, height in zip(known, heights, strict=True):
        color = ink.mark if g == 0 else theme.group_color(g - 1, ink)
        said = record.accuracy_of(g, cut)
        text = f"<span style='color:{color}'>●</span> "
        text += f"{theme.safe(record.names[g], 16)} {numbers.full(said)}"
        font = {"color": ink.text, "size": 13}
        place = {"x": 1, "xref": "paper", "xshift": 8, "y": height}
        theme.label(chart, text, font=font, **place)


def _spaced(rising: Sequence[float], chart: go.Figure) -> list[float]:
    """Return heights a line of text apart, near to those given, inside the frame."""
    values = [v for t in chart.data for v in (t.y if t.y is not None else ())]
    if not rising or not values:
        return list(rising)
    low, high = float(np.min(values)), float(np.max(values))
    line = max(high - low, 1e-9) * LINE_PIXELS / HEIGHT
    heights: list[float] = []
    for value in rising:
        heights.append(max(value, heights[-1] + line) if heights else value)
    top = high
    for i in reversed(range(len(heights))):
        heights[i] = min(heights[i], top)
        top = heights[i] - line
    return heights
