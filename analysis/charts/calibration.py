"""Reliability by group: square panels on one frame, scores as histograms under them."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.calibration import GroupReliability
from analysis.charts import numbers, theme

MAX_PANELS = 9
FEW = 10
"""A dot of fewer people is drawn hollow."""

PANEL, BARS = 236, 44
GUTTER, GAP, HEAD, FOOT = 40, 8, 42, 34
BAND = HEAD + PANEL + GAP + BARS + FOOT
"""Sizes in pixels: a band is one row of panels with its titles and ticks."""

WIDTH = 3 * (PANEL + GUTTER) - GUTTER + 80
"""Of the whole figure, whatever the number of panels: the title needs it too."""


def reliability(
    record: Sequence[GroupReliability],
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw one square panel per group against the diagonal.

    Parameters
    ----------
    record : sequence of GroupReliability
    ink : Ink
    """
    shown = _shown(record)
    columns = 2 if len(shown) in (2, 4) else 3
    chart = _panels(record, shown, columns, ink)
    for panel, g in enumerate(shown):
        upper = {"row": 2 * (panel // columns) + 1, "col": panel % columns + 1}
        lower = upper | {"row": upper["row"] + 1}
        _draw_curve(chart, record[g], theme.group_color(g, ink), upper, ink)
        _draw_scores(chart, record[g], theme.group_color(g, ink), lower)
    return chart


def alt(record: Sequence[GroupReliability]) -> str:
    """Say each group's calibration error beside what chance alone would show."""
    said = [
        f"{r.name} {numbers.plain(r.error.value.value)} "
        f"(chance alone: {numbers.plain(r.error.null_low)} to "
        f"{numbers.plain(r.error.null_high)}, n = {numbers.count(r.error.value.n)})"
        for r in (record[g] for g in _shown(record))
    ]
    return f"Mean distance between score and observed rate: {'; '.join(said)}."


def finding(record: Sequence[GroupReliability]) -> str:
    """Say whose score is furthest from the outcome, and whether chance explains it."""
    shown = [record[g] for g in _shown(record)]
    if not shown:
        return "No group has a row, so there is nothing to compare."
    off = [r for r in shown if r.error.value.value > r.error.null_high]
    if not off:
        return (
            "In every group the score is as close to the outcome as a true score of "
            "these sizes would be."
        )
    worst = max(off, key=lambda r: r.error.debiased)
    promised = _promised(worst)
    return (
        f"The score fits {worst.name} least: on average it is "
        f"{100 * worst.error.value.value:.1f} points from what happens, "
        f"where chance alone would give {_range(worst)}{promised} "
        f"(n = {numbers.count(worst.error.value.n)})."
    )


def table(record: Sequence[GroupReliability]) -> pd.DataFrame:
    """Return one row per group and bin."""
    columns = ("mean_score", "observed_rate", "low", "high", "count")
    parts = [
        pd.DataFrame(
            {
                "group": r.name,
                "from": r.curve.edges[:-1],
                "to": r.curve.edges[1:],
                **{c.replace("_", " "): getattr(r.curve, c) for c in columns},
            }
        )
        for r in record
    ]
    return pd.concat(parts, ignore_index=True)


def errors_table(record: Sequence[GroupReliability]) -> pd.DataFrame:
    """Return each group's calibration error and its noise."""
    return pd.DataFrame(
        {
            "group": [r.name for r in record],
            "people": [r.error.value.n for r in record],
            "mean distance": [r.error.value.value for r in record],
            "without noise": [r.error.debiased for r in record],
            "chance from": [r.error.null_low for r in record],
            "chance to": [r.error.null_high for r in record],
        }
    )


def _range(r: GroupReliability) -> str:
    return f"{100 * r.error.null_low:.1f} to {100 * r.error.null_high:.1f}"


def _promised(r: GroupReliability) -> str:
    """Say on which side of the diagonal most people stand."""
    difference = np.nan_to_num(r.curve.difference)
    below = float(r.curve.weight[difference < 0].sum())
    share = below / max(float(r.curve.weight.sum()), 1e-300)
    if share > 2 / 3:
        return "; it mostly promises more than happens"
    return "; it mostly promises less than happens" if share < 1 / 3 else ""


def _shown(record: Sequence[GroupReliability]) -> list[int]:
    filled = [g for g, r in enumerate(record) if r.error.value.n > 0]
    return sorted(sorted(filled, key=lambda g: -record[g].error.value.n)[:MAX_PANELS])


def _panels(
    record: Sequence[GroupReliability], shown: list[int], columns: int, ink: theme.Ink
) -> go.Figure:
    bands = max(1, math.ceil(len(shown) / columns))
    subtitle = (
        "Observed rate against mean predicted probability, with 95 % intervals; hollow "
        f"dots rest on fewer than {FEW} people. Below the diagonal the score promises "
        "more than happens. Bars: how many people have which score."
    )
    if len(shown) < len(record):
        subtitle += f" The {len(shown)} largest of {len(record)} groups."
    figure = theme.figure("Score against outcome, by group", subtitle, ink=ink)
    top = figure.layout.margin.t
    chart = make_subplots(rows=2 * bands, cols=columns, figure=figure)
    inner = (bands * BAND, columns * (PANEL + GUTTER) - GUTTER)
    for cell in range(bands * columns):
        _place(chart, cell, columns, inner, is_used=cell < len(shown))
    for panel, g in enumerate(shown):
        _title_panel(chart, record[g], panel, columns, ink)
    height = inner[0] + top + 30
    chart.update_layout(
        width=WIDTH,
        height=height,
        title={"y": 1 - 12 / height},
        margin={"t": top, "b": 30, "l": 60, "r": WIDTH - inner[1] - 60},
    )
    return chart


def _place(
    chart: go.Figure, cell: int, columns: int, inner: tuple[int, int], *, is_used: bool
) -> None:
    """Give the two axes of a panel their place, in pixels from the top left."""
    height, width = inner
    row, column = divmod(cell, columns)
    left, top = column * (PANEL + GUTTER), row * BAND + HEAD
    x = [left / width, (left + PANEL) / width]
    spans = ((top, top + PANEL), (top + PANEL + GAP, top + PANEL + GAP + BARS))
    for part, (start, end) in enumerate(spans):
        where = {"row": 2 * row + part + 1, "col": column + 1}
        is_bars = part == 1
        chart.update_xaxes(
            domain=x,
            range=[0, 1],
            tickvals=[0, 0.5, 1],
            tickformat=".0%",
            showticklabels=is_bars,
            visible=is_used,
            **where,
        )
        chart.update_yaxes(
            domain=[1 - end / height, 1 - start / height],
            range=[0, 1.05 if is_bars else 1],
            tickvals=[0, 0.5, 1],
            tickformat=".0%",
            showticklabels=column == 0 and not is_bars,
            showgrid=not is_bars,
            visible=is_used,
            **where,
        )
    if column == 0:
        chart.update_yaxes(title="Observed rate", row=2 * row + 1, col=1)


def _title_panel(
    chart: go.Figure, r: GroupReliability, panel: int, columns: int, ink: theme.Ink
) -> None:
    axis = 2 * columns * (panel // columns) + panel % columns + 1
    x = chart.layout[f"xaxis{axis if axis > 1 else ''}"].domain[0]
    y = chart.layout[f"yaxis{axis if axis > 1 else ''}"].domain[1]
    name = theme.safe(r.name, 26)
    n, error = numbers.count(r.error.value.n), numbers.plain(r.error.value.value)
    text = f"<span style='color:{ink.text}'><b>{name}</b></span>"
    text += f"<br>n = {n}, off by {error}"
    place = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 2}
    theme.label(chart, text, x=x, y=y, **place)


def _draw_curve(
    chart: go.Figure,
    r: GroupReliability,
    color: str,
    place: dict[str, int],
    ink: theme.Ink,
) -> None:
    curve, filled = r.curve, r.curve.count > 0
    x = curve.mean_score[filled]
    chart.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": ink.ghost, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        **place,
    )
    chart.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([curve.high[filled], curve.low[filled][::-1]]),
        fill="toself",
        fillcolor=theme.translucent(color, 0.18),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        **place,
    )
    spread = np.column_stack([curve.low, curve.high, curve.count])[filled]
    chart.add_scatter(
        x=x,
        y=curve.observed_rate[filled],
        mode="lines+markers",
        name=theme.safe(r.name),
        line={"color": color, "width": 2},
        marker={
            "size": 7,
            "symbol": np.where(curve.count[filled] < FEW, "circle-open", "circle"),
        },
        customdata=spread,
        hovertemplate="score %{x:.1%}: %{y:.1%} "
        "[%{customdata[0]:.1%}, %{customdata[1]:.1%}]<br>"
        "n = %{customdata[2]:,}<extra></extra>",
        **place,
    )


def _draw_scores(
    chart: go.Figure, r: GroupReliability, color: str, place: dict[str, int]
) -> None:
    curve = r.curve
    centre, width = (curve.edges[:-1] + curve.edges[1:]) / 2, np.diff(curve.edges)
    chart.add_bar(
        x=centre,
        y=curve.count / max(1.0, float(curve.count.max())),
        width=width * 0.92,
        marker={"color": theme.translucent(color, 0.55)},
        customdata=curve.count,
        hovertemplate="%{customdata:,} people<extra></extra>",
        **place,
    )
