"""The groups' rows under a path: one small panel for each measure."""

import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.numbers import Unit
from analysis.charts.path_cells import HEADS, Cells
from analysis.paths.measuring import CALIBRATION
from analysis.paths.record import Column

ROW_HEIGHT = 28
SPACE = 0.036
"""Between two panels, as a share of the width."""

ROOM = 0.07
"""Of a panel on either side of its last ticks, so that whole marks lie within it."""


def column_unit(name: str) -> Unit:
    """Return how a panel's values are printed."""
    return "number" if name == CALIBRATION else "percent"


def height(cells: Cells) -> int:
    """Return how high the rows are, in pixels."""
    return len(cells.names) * ROW_HEIGHT


def draw(chart: go.Figure, cells: Cells, top: float, ink: theme.Ink) -> None:
    """Add the panels side by side, from the bottom up to a share of the height."""
    count = len(cells.spans)
    width = (1 - SPACE * (count - 1)) / count
    for i, name in enumerate(cells.spans):
        left = i * (width + SPACE)
        _axes(chart, cells, (i, name), (left, min(left + width, 1.0), top), ink)
        _label_ends(chart, cells, (i, name), ink)
        _draw_panel(chart, cells, (i, name), ink)
        theme.label(
            chart,
            HEADS[name],
            x=left,
            xref="paper",
            y=top,
            yref="paper",
            yanchor="bottom",
            yshift=4,
            font={"size": 13, "color": ink.text},
        )


def _axes(
    chart: go.Figure,
    cells: Cells,
    which: tuple[int, str],
    box: tuple[float, float, float],
    ink: theme.Ink,
) -> None:
    """Add the axes of a panel; the first one names the rows."""
    i, name = which
    number, rows = i + 2, len(cells.names)
    left, right, top = box
    low, high = cells.spans[name]
    chart.update_layout(
        {
            f"xaxis{number}": {
                "domain": [left, right],
                "anchor": f"y{number}",
                "range": [low - ROOM * (high - low), high + ROOM * (high - low)],
                "tickvals": [low, high],
                "showticklabels": False,
            },
            f"yaxis{number}": {
                "domain": [0, top],
                "anchor": f"x{number}",
                "range": [rows - 0.4, -0.6],
                "showgrid": False,
                "tickvals": list(range(rows)),
                "ticktext": [theme.safe(n, 20) for n in cells.names],
                "showticklabels": i == 0,
                "tickfont": {"color": ink.text, "size": 13},
            },
        }
    )


def _label_ends(
    chart: go.Figure, cells: Cells, which: tuple[int, str], ink: theme.Ink
) -> None:
    """Write a panel's two ticks within its width, so that neighbours never touch."""
    i, name = which
    for end, anchor in zip(cells.spans[name], ("left", "right"), strict=True):
        theme.label(
            chart,
            end_words(end, name, is_last=anchor == "right"),
            x=end,
            xref=f"x{i + 2}",
            xanchor=anchor,
            xshift=-2 if anchor == "left" else 2,
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-2,
            font={"size": 12, "color": ink.muted},
        )


def end_words(end: float, name: str, *, is_last: bool) -> str:
    """Return an axis end; of the two of a share only the last one has its unit."""
    is_share = column_unit(name) == "percent"
    return f"{100 * end if is_share else end:.4g}{'%' if is_share and is_last else ''}"


def _draw_panel(
    chart: go.Figure, cells: Cells, which: tuple[int, str], ink: theme.Ink
) -> None:
    i, name = which
    axes = {"xaxis": f"x{i + 2}", "yaxis": f"y{i + 2}"}
    now, before = cells.now.get(name), cells.before.get(name)
    rows = list(range(len(cells.names)))
    if before is not None and now is not None:
        moves = [(before.value[p], now.value[p], None) for p in cells.places]
        chart.add_scatter(
            x=[x for move in moves for x in move],
            y=[y for row in rows for y in (row, row, None)],
            mode="lines",
            line={"color": ink.ghost, "width": 2.5},
            hoverinfo="skip",
            **axes,
        )
    if now is not None:
        _draw_now(chart, cells, (name, now), axes, ink)
    if before is not None:
        chart.add_scatter(
            x=[before.value[p] for p in cells.places],
            y=rows,
            mode="markers",
            marker={
                "symbol": "circle-open",
                "size": 10,
                "color": ink.ghost,
                "line": {"width": 1.5},
            },
            hoverinfo="skip",
            cliponaxis=False,
            **axes,
        )


def _draw_now(
    chart: go.Figure,
    cells: Cells,
    which: tuple[str, Column],
    axes: dict[str, str],
    ink: theme.Ink,
) -> None:
    name, now = which
    rows = list(range(len(cells.names)))
    chart.add_scatter(
        x=[x for p in cells.places for x in (now.low[p], now.high[p], None)],
        y=[y for row in rows for y in (row, row, None)],
        mode="lines",
        line={"color": ink.muted, "width": 1},
        hoverinfo="skip",
        **axes,
    )
    is_many = cells.groups > len(ink.groups)
    was = "" if name not in cells.before else "<br>before %{customdata[2]}"
    chart.add_scatter(
        x=[now.value[p] for p in cells.places],
        y=rows,
        mode="markers",
        marker={
            "size": 9,
            "color": [_color(p, ink, is_many=is_many) for p in cells.places],
            "symbol": [theme.group_symbol(max(p - 1, 0)) for p in cells.places],
        },
        customdata=_hover(cells, name, now),
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}"
        f"{was}<br>n = %{{customdata[3]}}<extra></extra>",
        cliponaxis=False,
        **axes,
    )


def _hover(cells: Cells, name: str, now: Column) -> list[list[str]]:
    """Return each row's name, value with its interval, value before, and people."""
    before, unit = cells.before.get(name), column_unit(name)
    return [
        [
            theme.safe(row),
            numbers.full(now.at(p), unit),
            "" if before is None else numbers.value(before.at(p), unit),
            numbers.count(now.n[p]),
        ]
        for row, p in zip(cells.names, cells.places, strict=True)
    ]


def _color(place: int, ink: theme.Ink, *, is_many: bool) -> str:
    if place == 0:
        return ink.mark
    return ink.ghost if is_many else theme.group_color(place - 1, ink)
