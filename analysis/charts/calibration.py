"""Reliability by group: square panels on one frame, scores as histograms under them."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.arrays import Bools
from analysis.calibration import GroupReliability
from analysis.charts import numbers, theme
from analysis.charts.squares import BARS, GAP, GUTTER, HEAD, LEFT, WIDTH, Grid
from analysis.charts.withheld import WITHHELD, withheld_words

MAX_PANELS = 9
TICKS = {"tickvals": [0, 0.5, 1], "ticktext": ["0", "50", "100"]}
FEW = 10
"""A dot of fewer people is drawn hollow."""


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
    grid = Grid(max(1, len(shown)))
    columns = grid.columns
    chart = _panels(record, shown, grid, ink)
    for panel, g in enumerate(shown):
        upper = {"row": 2 * (panel // columns) + 1, "col": panel % columns + 1}
        lower = upper | {"row": upper["row"] + 1}
        _draw_curve(chart, record[g], theme.group_color(g, ink), upper, ink)
        _draw_scores(chart, record[g], theme.group_color(g, ink), lower)
    return chart


def alt(record: Sequence[GroupReliability]) -> str:
    """Say each group's calibration error beside what chance alone would show."""
    said = [
        f"{r.name} {_points(r.error.value.value)} points (chance alone: {_range(r)}, "
        f"n = {numbers.count(r.error.value.n)})"
        for r in (record[g] for g in _shown(record))
    ]
    words = "Mean distance between score and observed rate: "
    words += f"{'; '.join(said) or 'no group is shown'}."
    return f"{words} {withheld_words(_hidden(record))}".rstrip()


def finding(record: Sequence[GroupReliability]) -> str:
    """Say whose score is furthest from the outcome, and whether chance explains it."""
    shown = [record[g] for g in _shown(record)]
    withheld = withheld_words(_hidden(record))
    if not shown:
        return withheld or "No group has a row, so there is nothing to compare."
    off = [r for r in shown if r.error.value.value > r.error.null_high]
    if not off:
        which = " that is shown" if withheld else ""
        return (
            f"In every group{which} the score is as close to the outcome as a true "
            "score of these sizes would be."
        )
    worst = max(off, key=lambda r: r.error.value.value)  # as printed, here and below
    promised = _promised(worst)
    return (
        f"Beyond chance, the score fits {worst.name} least: on average it is "
        f"{_points(worst.error.value.value)} points from what happens, "
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
    """Return each group's calibration error and its noise, as printed."""
    return pd.DataFrame(
        {
            "Group": [r.name for r in record],
            "People": _said(record, lambda r: numbers.count(r.error.value.n)),
            "Mean distance, points": _said(
                record, lambda r: _points(r.error.value.value)
            ),
            "Debiased, points": _said(record, lambda r: _points(r.error.debiased)),
            "Chance alone, points": _said(record, _range),
        }
    )


def _said(
    record: Sequence[GroupReliability], words: Callable[[GroupReliability], str]
) -> list[str]:
    return [WITHHELD if r.is_hidden else words(r) for r in record]


def _hidden(record: Sequence[GroupReliability]) -> Bools:
    return np.array([r.is_hidden for r in record], dtype=bool)


def _points(share: float) -> str:
    """Return a difference of shares in points; it has no sign, so none is printed."""
    return numbers.UNDEFINED if math.isnan(share) else f"{100 * share:.1f}"


def _range(r: GroupReliability) -> str:
    return f"{_points(r.error.null_low)} to {_points(r.error.null_high)}"


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
    record: Sequence[GroupReliability], shown: list[int], grid: Grid, ink: theme.Ink
) -> go.Figure:
    subtitle = (
        "Observed rate against mean predicted probability, with 95 % intervals; hollow "
        f"dots rest on fewer than {FEW} people. Below the diagonal the score promises "
        "more than happens. Bars: how many people have which score."
    )
    withheld = withheld_words(_hidden(record))
    if len(shown) < sum(not r.is_hidden for r in record):
        subtitle += f" The {len(shown)} largest of {len(record)} groups."
    subtitle += f" {withheld}" if withheld else ""
    figure = theme.figure("Score against outcome, by group", subtitle, ink=ink)
    top = figure.layout.margin.t
    chart = make_subplots(rows=2 * grid.rows, cols=grid.columns, figure=figure)
    for cell in range(grid.rows * grid.columns):
        _place(chart, cell, grid, is_used=cell < len(shown))
    for panel, g in enumerate(shown):
        _title_panel(chart, record[g], panel, grid.columns, ink)
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
    n, error = numbers.count(r.error.value.n), _points(r.error.value.value)
    text = f"<span style='color:{ink.text}'><b>{name}</b></span>"
    text += f"<br>n = {n}, off by {error} points"
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
