"""A fix at one strength: the whole path, and every group, in one figure."""

import textwrap
from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, path_columns, theme
from analysis.charts.groups import short_title
from analysis.charts.path_cells import MAX_GROUPS, cells_of, columns_of
from analysis.charts.path_words import Standing, alarm, heading, paragraphs
from analysis.estimates import Estimate
from analysis.paths.record import Path
from analysis.paths.tradeoff import Tradeoff, tradeoff

FRONTIER_HEIGHT, BETWEEN, BELOW = 320, 90, 34
"""Of the path itself, between it and the groups' rows, and under these, in pixels."""

LEFT, RIGHT = 0.42, 0.5
"""Where the path ends and where the words begin, as shares of the width."""

LINE_LETTERS = 64
MARGIN = 0.08


def panels(
    path: Path, at: Standing, title: str, ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw the whole path with the strength on it, words, and each group's rates.

    Everything that does not depend on the strength stands where it stood, so that
    nothing jumps while the strength is dragged.

    Parameters
    ----------
    path : Path
        With at least one point.
    at : Standing
    title : str
        What the fix is called.
    ink : Ink
    """
    cells = cells_of(path, at)
    high = height(path)
    rows = "it is fitted on" if at.is_fitted else "it is not fitted on"
    named = "calibration" if at.is_fitted else "validation"
    chart = theme.figure(
        f"{title}: {heading(at)}",
        f"Drawn on the {named} rows, which {rows}. Hollow: the model before. "
        f"Thin lines: 95 % intervals.{cells.left_out_words()}",
        height=high,
        ink=ink,
    )
    split = path_columns.height(cells) / high
    _draw_path(chart, path, at, 1 - FRONTIER_HEIGHT / high, ink)
    _write(chart, paragraphs(path, at), alarm(path, at), ink)
    path_columns.draw(chart, cells, split, ink)
    chart.update_layout(margin={"b": BELOW})
    return chart


def height(path: Path) -> int:
    """Return how high the plot is, in pixels, without its title."""
    rows = min(len(path.names), MAX_GROUPS) + 1
    return FRONTIER_HEIGHT + BETWEEN + rows * path_columns.ROW_HEIGHT


def alt(path: Path, at: Standing, title: str) -> str:
    """Say in words what the figure shows."""
    return " ".join([f"{title}: {heading(at)}.", *paragraphs(path, at)])


def table(path: Path) -> pd.DataFrame:
    """Return every strength's numbers on both sides, and the model's before."""
    rows = [row for fitted in (True, False) for row in _rows(path, fitted=fitted)]
    named = ["strength", "rows", "group", "measure", "before", "after"]
    return pd.DataFrame(rows, columns=[*named, "low", "high", "people"])


def _rows(path: Path, *, fitted: bool) -> Iterator[tuple[object, ...]]:
    """Give a row for each strength, measure and group of one side."""
    which = "calibration, fitted on" if fitted else "validation, not fitted on"
    before = path.before(fitted=fitted).columns
    for point in path.points:
        for measure, column in columns_of(point.on(fitted=fitted)).items():
            for row, name in enumerate(("Everyone", *path.names)):
                e, known = column.at(row), before.get(measure)
                was = np.nan if known is None else known.value[row]
                first = (point.strength, which, name, measure, was)
                yield (*first, e.value, e.low, e.high, e.n)


def cost_title(found: Tradeoff, path: Path, at: Standing) -> str:
    """Return what accuracy is held against."""
    if found.against == "strength":
        return at.dial[:1].upper() + at.dial[1:]
    if found.against == "deferred":
        return "Handed to a person"
    of = " × ".join(path.attributes)
    return f"Largest gap by {of}: {short_title(at.metric).lower()}"


def _draw_path(
    chart: go.Figure, path: Path, at: Standing, bottom: float, ink: theme.Ink
) -> None:
    found = tradeoff(path, at.metric, fitted=at.is_fitted)
    p = found.strengths.index(path.at(at.strength).strength)
    best = sorted(np.flatnonzero(found.is_best), key=lambda i: found.cost[i].value)
    chart.add_scatter(
        x=[found.cost[i].value for i in best],
        y=[found.accuracy[i].value for i in best],
        mode="lines",
        line={"color": ink.accent, "width": 1.5},
        hoverinfo="skip",
    )
    _draw_dots(chart, found, at, ink)
    _draw_marked(chart, found.before, ("circle-open", 17), ink.ghost)
    _draw_marked(chart, (found.cost[p], found.accuracy[p]), ("circle", 15), ink.accent)
    is_share = found.against != "strength"
    chart.update_layout(
        xaxis={
            "domain": [0, LEFT],
            "anchor": "y",
            "title": theme.safe(cost_title(found, path, at), 58),
            "tickformat": ".1~%" if is_share else "",
            "range": _span([*found.cost, found.before[0]]),
            "nticks": 6,
        },
        yaxis={
            "domain": [bottom, 1],
            "anchor": "x",
            "title": "Decided right, by itself"
            if found.against == "deferred"
            else "Decided right",
            "tickformat": ".1~%",
            "range": _span([*found.accuracy, found.before[1]]),
            "nticks": 6,
        },
    )


def _draw_dots(chart: go.Figure, found: Tradeoff, at: Standing, ink: theme.Ink) -> None:
    """Draw every strength, those that no other one beats in colour."""
    unit: numbers.Unit = "number" if found.against == "strength" else "percent"
    chart.add_scatter(
        x=[c.value for c in found.cost],
        y=[a.value for a in found.accuracy],
        mode="markers",
        marker={
            "size": 8,
            "color": [ink.accent if best else ink.ghost for best in found.is_best],
        },
        customdata=[
            [f"{theme.safe(at.dial)} {s:.3g}", numbers.full(c, unit), numbers.full(a)]
            for s, c, a in zip(found.strengths, found.cost, found.accuracy, strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>decided right "
        "%{customdata[2]}<extra></extra>",
    )


def _draw_marked(
    chart: go.Figure,
    where: tuple[Estimate, Estimate],
    shape: tuple[str, int],
    color: str,
) -> None:
    """Draw one model that stands out, with its intervals."""
    bars = {"color": theme.translucent(color, 0.4), "thickness": 1.5}
    x, y = where
    chart.add_scatter(
        x=[x.value],
        y=[y.value],
        error_x=_ends(x) | bars,
        error_y=_ends(y) | bars,
        mode="markers",
        marker={
            "color": color,
            "symbol": shape[0],
            "size": shape[1],
            "line": {"width": 2.5 if shape[0].endswith("open") else 0},
        },
        hoverinfo="skip",
    )


def _ends(e: Estimate) -> dict[str, object]:
    """Return the arms of an interval; an end that is not known has none."""
    high, low = np.nan_to_num([e.high - e.value, e.value - e.low])
    return {
        "type": "data",
        "symmetric": False,
        "array": [float(high)],
        "arrayminus": [float(low)],
        "width": 0,
    }


def _span(estimates: list[Estimate]) -> list[float]:
    """Return a range that holds every interval, with some room."""
    ends = np.array([(e.value, e.low, e.high) for e in estimates])
    known = ends[np.isfinite(ends)]
    if not known.size:
        return [0.0, 1.0]
    room = max(float(np.ptp(known)) * MARGIN, 0.005)
    return [float(known.min()) - room, float(known.max()) + room]


def _write(chart: go.Figure, said: tuple[str, ...], loud: str, ink: theme.Ink) -> None:
    """Write the paragraphs to the right of the path, one of them in bold."""
    wrapped = []
    for words in said:
        lines = textwrap.wrap(words, LINE_LETTERS)
        shown = [theme.safe(line) for line in lines]
        if words == loud:
            shown = [f"<b>{line}</b>" for line in shown]
        wrapped.append("<br>".join(shown))
    theme.label(
        chart,
        "<br> <br>".join(wrapped),
        x=RIGHT,
        xref="paper",
        y=1,
        yref="paper",
        yanchor="top",
        font={"size": 13, "color": ink.text},
    )
