"""Dots with intervals in rows, against a line that was promised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.numbers import Unit
from analysis.estimates import Estimate

MAX_ROWS = 40
ROW_HEIGHT = 34

PAD = 0.04
"""Room beyond the outermost mark, as a share of the axis."""


@dataclass(frozen=True)
class Dot:
    """One row.

    Parameters
    ----------
    name : str
    estimate : Estimate
    place : int
        Position of the group among all of its attribute, which gives it its colour;
        −1 for everyone.
    ghost : Estimate or None
        What it was before, drawn hollow.
    expected : (float, float) or None
        Range that chance allows, drawn as a band.
    """

    name: str
    estimate: Estimate
    place: int
    ghost: Estimate | None = None
    expected: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """A vertical line and what it says."""

    at: float
    words: str


def rows_of(dots: Sequence[Dot]) -> list[Dot]:
    """Return the rows drawn: everyone first, then groups, the highest value first.

    Groups without people are left out; of many those furthest from everyone are kept.
    """
    everyone = [d for d in dots if d.place < 0]
    groups = [d for d in dots if d.place >= 0 and d.estimate.n > 0]
    if len(groups) > MAX_ROWS:
        overall = everyone[0].estimate.value if everyone else 0.0
        groups.sort(key=lambda d: -abs(np.nan_to_num(d.estimate.value - overall)))
    kept = groups[:MAX_ROWS]
    kept.sort(key=lambda d: (d.estimate.is_undefined, -d.estimate.value))
    return [*everyone, *kept]


def chart(
    words: tuple[str, str],
    dots: Sequence[Dot],
    line: Line | None = None,
    unit: Unit = "percent",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw rows of dots.

    Parameters
    ----------
    words : (str, str)
        Title and subtitle.
    dots : sequence of Dot
    line : Line or None
    unit : Unit
    ink : Ink
    """
    rows = rows_of(dots)
    title, subtitle = words
    groups = sum(d.place >= 0 for d in rows)
    present = sum(d.place >= 0 and d.estimate.n > 0 for d in dots)
    if groups < present:
        subtitle += f"; the {groups} of {present:,} groups furthest from everyone"
    height = ROW_HEIGHT * len(rows) + 24
    figure = theme.figure(title, subtitle, height=height, ink=ink)
    is_many = max((d.place for d in rows), default=0) >= len(ink.groups)
    decimals = numbers.shared_decimals((d.estimate for d in rows), unit)
    for position, dot in enumerate(reversed(rows)):
        _draw(figure, dot, (position, is_many, unit, decimals), ink)
    _label(figure, rows, (unit, decimals), ink)
    if line is not None:
        figure.add_vline(x=line.at, line={"color": ink.accent, "width": 1.5})
        theme.label(
            figure,
            theme.safe(line.words),
            x=line.at,
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor="center",
            font={"color": ink.accent, "size": 13},
        )
    tickformat = ".1~%" if unit == "percent" else ""
    figure.update_xaxes(tickformat=tickformat, nticks=8, range=_range(figure, line))
    figure.update_layout(margin={"r": 215})
    return figure


def _range(figure: go.Figure, line: Line | None) -> list[float] | None:
    """Return an axis with room at both ends; None with nothing drawn."""
    ends = [float(x) for trace in figure.data for x in trace.x]
    ends += [] if line is None or not ends else [line.at]
    if not ends:
        return None
    pad = max(max(ends) - min(ends), 0.01) * PAD
    return [min(ends) - pad, max(ends) + pad]


def alt(what: str, dots: Sequence[Dot], unit: Unit = "percent") -> str:
    """Say every row with its interval and n; of many the first and the last."""
    rows = [d for d in rows_of(dots) if not d.estimate.is_undefined]
    if not rows:
        return f"{what}: undefined for everyone."
    decimals = numbers.shared_decimals((d.estimate for d in rows), unit)
    few = rows if len(rows) <= 8 else [*rows[:4], *rows[-3:]]
    said = [
        f"{d.name} {numbers.full(d.estimate, unit, decimals)} "
        f"(n = {numbers.count(d.estimate.n)})"
        for d in few
    ]
    return f"{what}: {'; '.join(said)}."


def _draw(
    figure: go.Figure,
    dot: Dot,
    place: tuple[int, bool, Unit, int],
    ink: theme.Ink,
) -> None:
    position, is_many, unit, decimals = place
    color = _color(dot, ink, is_many=is_many)
    if dot.expected is not None and not np.isnan(dot.expected[0]):
        figure.add_scatter(
            x=list(dot.expected),
            y=[position, position],
            mode="lines",
            line={"color": theme.translucent(ink.ghost, 0.3), "width": 16},
            hoverinfo="skip",
        )
    if dot.ghost is not None and not dot.ghost.is_undefined:
        _draw_ghost(figure, dot.ghost, dot.estimate, position, ink)
    if dot.estimate.is_undefined:
        return
    figure.add_scatter(
        x=[dot.estimate.low, dot.estimate.high],
        y=[position, position],
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    said = numbers.full(dot.estimate, unit, decimals)
    name = theme.safe(dot.name)
    figure.add_scatter(
        x=[dot.estimate.value],
        y=[position],
        mode="markers",
        name=name,
        marker={
            "color": color,
            "size": 11,
            "symbol": theme.group_symbol(max(dot.place, 0)),
        },
        customdata=[[name, said, numbers.count(dot.estimate.n)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
        "n = %{customdata[2]}<extra></extra>",
        cliponaxis=False,
    )


def _draw_ghost(
    figure: go.Figure,
    ghost: Estimate,
    now: Estimate,
    position: int,
    ink: theme.Ink,
) -> None:
    """Draw what was before a little above, and the way from there to now."""
    above = position + 0.24
    figure.add_scatter(
        x=[ghost.value, now.value],
        y=[above, position],
        mode="lines",
        line={"color": ink.ghost, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[ghost.value],
        y=[above],
        mode="markers",
        marker={
            "color": ink.page,
            "size": 9,
            "line": {"color": ink.ghost, "width": 1.5},
        },
        hoverinfo="skip",
        cliponaxis=False,
    )


def _color(dot: Dot, ink: theme.Ink, *, is_many: bool) -> str:
    if dot.place < 0:
        return ink.mark
    return ink.ghost if is_many else theme.group_color(dot.place, ink)


def _label(
    figure: go.Figure, rows: Sequence[Dot], how: tuple[Unit, int], ink: theme.Ink
) -> None:
    unit, decimals = how
    upward = list(reversed(rows))
    figure.update_yaxes(
        tickvals=list(range(len(upward))),
        ticktext=[theme.safe(d.name, theme.LABEL_WIDTH) for d in upward],
        range=[-0.6, len(upward) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    right = {"x": 1, "xref": "paper", "xanchor": "right"}
    for position, dot in enumerate(upward):
        said = numbers.full(dot.estimate, unit, decimals)
        font = {"color": ink.text, "size": 13}
        theme.label(figure, said, **right, y=position, xshift=130, font=font)
        n = numbers.count(dot.estimate.n)
        theme.label(figure, f"n = {n}", **right, y=position, xshift=213)
