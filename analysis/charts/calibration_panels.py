"""The panels of the reliability chart: squares over bars, and what is drawn in them."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.arrays import Bools, Floats
from analysis.calibration.reliability import GroupReliability
from analysis.calibration.smooth_curve import SmoothReliability
from analysis.charts import numbers, theme
from analysis.charts.squares import BARS, GAP, GUTTER, HEAD, LEFT, WIDTH, Grid

TICKS = {"tickvals": [0, 0.5, 1], "ticktext": ["0", "50", "100"]}
FEW = 10
"""A dot of fewer people is drawn hollow."""


def points(share: float) -> str:
    """Return a difference of shares in points; it has no sign, so none is printed."""
    return numbers.UNDEFINED if math.isnan(share) else f"{100 * share:.1f}"


def places(panel: int, panels: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return the row and column of a panel's square, and of the bars under it."""
    row, column = divmod(panel, Grid(max(1, panels)).columns)
    upper = {"row": 2 * row + 1, "col": column + 1}
    return upper, upper | {"row": upper["row"] + 1}


def laid_out(
    figure: go.Figure, shown: Sequence[GroupReliability], ink: theme.Ink
) -> go.Figure:
    """Return a figure with a square for each group, titled and in its place."""
    grid, top = Grid(max(1, len(shown))), figure.layout.margin.t
    chart = make_subplots(rows=2 * grid.rows, cols=grid.columns, figure=figure)
    for cell in range(grid.rows * grid.columns):
        _place(chart, cell, grid, is_used=cell < len(shown))
    for panel, r in enumerate(shown):
        _title_panel(chart, r, panel, grid.columns, ink)
    height = grid.inner[0] + top + 10
    chart.update_layout(
        width=WIDTH,
        height=height,
        title={"y": 1 - 12 / height},
        margin={"t": top, "b": 10, "l": LEFT, "r": WIDTH - grid.inner[1] - LEFT},
    )
    return chart


def _place(chart: go.Figure, cell: int, grid: Grid, *, is_used: bool) -> None:
    """Give the two axes of a panel their place, in pixels from the top left."""
    height, width = grid.inner
    row, column = divmod(cell, grid.columns)
    left, top = column * (grid.panel + GUTTER), row * grid.band + HEAD
    x, end = [left / width, (left + grid.panel) / width], top + grid.panel
    spans = ((top, end), (end + GAP, end + GAP + BARS))
    for part, (start, end) in enumerate(spans):
        where = {"row": 2 * row + part + 1, "col": column + 1}
        is_bars = part == 1
        chart.update_xaxes(
            domain=x,
            range=[0, 1],
            **TICKS,
            showticklabels=is_bars,
            title="Mean score, %" if is_bars else "",
            visible=is_used,
            **where,
        )
        chart.update_yaxes(
            domain=[1 - end / height, 1 - start / height],
            range=[0, 1.05 if is_bars else 1],
            **TICKS,
            showticklabels=column == 0 and not is_bars,
            showgrid=not is_bars,
            visible=is_used,
            **where,
        )
    if column == 0:
        chart.update_yaxes(title="Observed rate, %", row=2 * row + 1, col=1)


def _title_panel(
    chart: go.Figure, r: GroupReliability, panel: int, columns: int, ink: theme.Ink
) -> None:
    axis = 2 * columns * (panel // columns) + panel % columns + 1
    x = chart.layout[f"xaxis{axis if axis > 1 else ''}"].domain[0]
    y = chart.layout[f"yaxis{axis if axis > 1 else ''}"].domain[1]
    name = theme.safe(r.name, 26)
    n, error = numbers.count(r.error.value.n), points(r.error.value.value)
    text = f"<span style='color:{ink.text}'><b>{name}</b></span>"
    text += f"<br>n = {n}, off by {error} points"
    place = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 2}
    theme.label(chart, text, x=x, y=y, **place)


def diagonal(chart: go.Figure, place: dict[str, int], ink: theme.Ink) -> None:
    """Draw where true scores lie."""
    chart.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": ink.ghost, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        **place,
    )


def _band(
    chart: go.Figure, ends: tuple[Floats, Floats, Floats], color: str, **place: int
) -> None:
    """Draw the band between two curves, given as x, low and high."""
    x, low, high = ends
    chart.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=theme.translucent(color, 0.18),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        **place,
    )


def smooth_line(
    chart: go.Figure, curve: SmoothReliability, color: str, place: dict[str, int]
) -> None:
    """Draw line and band; where too few people stand, both have a gap."""
    for run in _runs(~np.isnan(curve.rate)):
        x, low, high = (a[run] for a in (curve.score, curve.low, curve.high))
        _band(chart, (x, low, high), color, **place)
        chart.add_scatter(
            x=x,
            y=curve.rate[run],
            mode="lines",
            cliponaxis=False,
            name=theme.safe(curve.name),
            line={"color": color, "width": 2},
            customdata=np.column_stack([low, high, curve.effective_n[run]]),
            hovertemplate="score near %{x:.1%}: %{y:.1%} "
            "[%{customdata[0]:.1%}, %{customdata[1]:.1%}]<br>"
            "rests on about %{customdata[2]:,.0f}<extra></extra>",
            **place,
        )


def bin_line(
    chart: go.Figure, r: GroupReliability, color: str, place: dict[str, int]
) -> None:
    """Draw a dot for every filled bin, joined, with their band."""
    curve, filled = r.curve, r.curve.count > 0
    x = curve.mean_score[filled]
    _band(chart, (x, curve.low[filled], curve.high[filled]), color, **place)
    spread = np.column_stack([curve.low, curve.high, curve.count])[filled]
    chart.add_scatter(
        x=x,
        y=curve.observed_rate[filled],
        mode="lines+markers",
        cliponaxis=False,
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


def histogram(
    chart: go.Figure, r: GroupReliability, color: str, place: dict[str, int]
) -> None:
    """Draw how many people have which score."""
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


def _runs(where: Bools) -> list[slice]:
    """Return each run of points that hold."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]])))
    return [slice(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]
