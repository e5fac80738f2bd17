"""Fairness against accuracy: each model a dot, the best of them joined by a line."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Floats
from analysis.charts import numbers, theme
from analysis.charts.groups import short_title, unit_of
from analysis.charts.withheld import withheld_words
from analysis.estimates import Estimate, Estimates
from analysis.frontier import Frontier, lower_is_fairer

HEIGHT = 240
FRAME_WIDTH = 430
"""Of the plot beside a form, in pixels, where it is narrowest."""

LETTER, LINE = 7.5, 17
"""Width and height that a letter of a label takes, in pixels."""

CORNERS = ((1, 1), (-1, 1), (1, -1), (-1, -1))
"""Sides of a dot on which its label may stand, away from its own intervals."""

GAP = (6, 4)
"""Between a dot and its label, in pixels."""

MARGIN = 0.08
"""Of the frame's span, so that no dot stands on its edge."""


def curve(
    record: Frontier,
    *,
    base: str = "",
    chosen: str = "",
    ink: theme.Ink = theme.LIGHT,
    whom: str = "everyone",
) -> go.Figure:
    """Draw every model's fairness and accuracy with their intervals.

    Parameters
    ----------
    record : Frontier
    base : str
        The model before, drawn hollow and grey; empty for none.
    chosen : str
        The model that stands out; empty for none.
    ink : Ink
    whom : str
        What all rows are called: everyone, or the cohort.
    """
    better = "left" if lower_is_fairer(record.metric, record.against) else "right"
    chart = theme.figure(
        "Fairness against accuracy",
        f"Up is more accurate, {better} is fairer; 95 % intervals. The line joins what "
        f"no other model beats{'; hollow: before' if base else ''}. "
        f"{withheld_words(record.hidden)}".rstrip(),
        height=HEIGHT,
        ink=ink,
        is_narrow=True,
    )
    _join_best(chart, record, ink)
    drawn = _drawn(record)
    for m in sorted(
        drawn,
        key=lambda m: (
            record.names[m] == base,  # a ring around what coincides with it
            record.names[m] == chosen,
            record.is_best[m],
        ),
    ):
        _draw_dot(chart, record, m, {base: "base", chosen: "chosen"}, ink)
    _label_dots(chart, record, drawn, (base, chosen), ink)
    x, y = record.fairness, record.price
    chart.update_xaxes(
        title=theme.safe(x_title(record), 60),
        tickformat=".1~%" if _unit(record) == "percent" else "",
        range=_span([x.low, x.high, x.value]),
        nticks=6,
    )
    chart.update_yaxes(
        title=f"Accuracy, {theme.safe(whom)}",
        tickformat=".1~%",
        range=_span([y.low, y.high, y.value]),
        nticks=6,
    )
    chart.update_layout(margin={"b": 50})
    return chart


def x_title(record: Frontier) -> str:
    """Return what the horizontal axis shows."""
    of = " × ".join(record.attributes)
    what = "Largest gap" if record.against == "gap" else "Worst group"
    return f"{what} by {of}: {short_title(record.metric).lower()}"


def alt(record: Frontier) -> str:
    """Say each model's two values, the best ones first."""
    drawn = sorted(_drawn(record), key=lambda m: not record.is_best[m])
    if not drawn:
        return "Fairness against accuracy: nothing has finished yet."
    said = "; ".join(
        f"{record.names[m]}: {_x(record, m)} and accuracy {_y(record, m)}"
        + (", beaten by none" if record.is_best[m] else "")
        for m in drawn
    )
    return f"{x_title(record)}. {said}. {withheld_words(record.hidden)}".rstrip()


def table(record: Frontier) -> pd.DataFrame:
    """Return the numbers behind the dots."""
    x, y = record.fairness, record.price
    return pd.DataFrame(
        {
            "model": record.names,
            x_title(record): x.value,
            "low": x.low,
            "high": x.high,
            "accuracy": y.value,
            "accuracy, low": y.low,
            "accuracy, high": y.high,
            "beaten by none": record.is_best,
        }
    )


def _drawn(record: Frontier) -> list[int]:
    known = ~(np.isnan(record.fairness.value) | np.isnan(record.price.value))
    return [int(m) for m in np.flatnonzero(known)]


def _unit(record: Frontier) -> numbers.Unit:
    return unit_of(record.metric)


def _x(record: Frontier, m: int) -> str:
    return numbers.full(record.fairness.at(m), _unit(record))


def _y(record: Frontier, m: int) -> str:
    return numbers.full(record.price.at(m))


def _join_best(chart: go.Figure, record: Frontier, ink: theme.Ink) -> None:
    best = [m for m in _drawn(record) if record.is_best[m]]
    best.sort(key=lambda m: record.fairness.value[m])
    chart.add_scatter(
        x=[record.fairness.value[m] for m in best],
        y=[record.price.value[m] for m in best],
        mode="lines",
        line={"color": ink.accent, "width": 1.5},
        hoverinfo="skip",
    )


def _draw_dot(
    chart: go.Figure, record: Frontier, m: int, roles: dict[str, str], ink: theme.Ink
) -> None:
    name = record.names[m]
    role = roles.get(name, "")
    is_plain = role == "base" or (role != "chosen" and not record.is_best[m])
    color = ink.ghost if is_plain else ink.accent
    marker: dict[str, object] = {"color": color, "size": 15 if role == "chosen" else 10}
    if role == "base":
        marker |= {"symbol": "circle-open", "size": 20, "line": {"width": 2.5}}
    x, y = record.fairness.at(m), record.price.at(m)
    bars = {"color": theme.translucent(color, 0.35), "thickness": 1.5}
    chart.add_scatter(
        x=[x.value],
        y=[y.value],
        error_x=_ends(x) | bars,
        error_y=_ends(y) | bars,
        mode="markers",
        marker=marker,
        customdata=[[theme.safe(name), _x(record, m), _y(record, m)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}"
        "<br>accuracy %{customdata[2]}<extra></extra>",
    )


def _ends(e: Estimate) -> dict[str, object]:
    """Return the arms of an interval; an end that is not known has none."""
    high, low = np.nan_to_num([e.high - e.value, e.value - e.low])
    return {
        "type": "data",
        "symmetric": False,
        "array": [high],
        "arrayminus": [low],
        "width": 0,
    }


Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in pixels of the frame."""


def _label_dots(
    chart: go.Figure,
    record: Frontier,
    drawn: list[int],
    first: tuple[str, str],
    ink: theme.Ink,
) -> None:
    """Name the dots, the more important ones first, where no two names touch.

    `first` are the model before and the one that stands out.
    """
    x, y = _in_pixels(record.fairness, FRAME_WIDTH), _in_pixels(record.price, HEIGHT)
    dots = {m: (x[0][m] - 8, y[0][m] - 8, x[0][m] + 8, y[0][m] + 8) for m in drawn}
    bars = {m: _bars(x[:, m], y[:, m]) for m in drawn}
    placed: list[Box] = []
    for m in sorted(drawn, key=lambda m: (record.names[m] not in first, m)):
        is_first = record.names[m] in first
        others = [dots[other] for other in drawn if other != m]
        crossed = [bar for other in drawn for bar in bars[other]]
        found = {
            corner: _label_box(record.names[m], (x[0][m], y[0][m]), corner)
            for corner in CORNERS
        }
        corner, box = min(
            found.items(), key=lambda c: _crowd(c[1], placed, others, crossed)
        )
        if _touches(box, placed) or (_touches(box, others) and not is_first):
            continue
        placed.append(box)
        theme.label(
            chart,
            theme.safe(record.names[m], 18),
            x=record.fairness.value[m],
            y=record.price.value[m],
            xanchor="left" if corner[0] > 0 else "right",
            xshift=corner[0] * GAP[0],
            yshift=corner[1] * (GAP[1] + LINE / 2),
            bgcolor=theme.translucent(ink.page, 0.8),
            borderpad=0,
            font={"color": ink.text if is_first else ink.muted, "size": 13},
        )


def _in_pixels(estimates: Estimates, size: float) -> Floats:
    """Return values and both ends of intervals as places in the frame, [3, m]."""
    ends = [estimates.value, estimates.low, estimates.high]
    low, high = _span(ends)
    places: Floats = (np.array(ends) - low) / (high - low) * size
    return np.where(np.isnan(places), places[0], places)  # an end that is not known


def _bars(x: Floats, y: Floats) -> list[Box]:
    """Return the two intervals of a dot as thin boxes."""
    return [(x[1], y[0] - 1, x[2], y[0] + 1), (x[0] - 1, y[1], x[0] + 1, y[2])]


def _label_box(name: str, at: tuple[float, float], corner: tuple[int, int]) -> Box:
    width = LETTER * min(len(name), 18)
    x, y = at[0] + corner[0] * GAP[0], at[1] + corner[1] * GAP[1]
    left = x if corner[0] > 0 else x - width
    bottom = y if corner[1] > 0 else y - LINE
    return left, bottom, left + width, bottom + LINE


def _crowd(
    box: Box, placed: Collection[Box], dots: Collection[Box], bars: Collection[Box]
) -> tuple[bool, bool, int]:
    """Return how much is in a label's way, the worst first."""
    crossed = sum(_touches(box, [bar]) for bar in bars)
    return _touches(box, placed), _touches(box, dots), crossed


def _touches(box: Box, others: Collection[Box]) -> bool:
    return any(
        box[0] < other[2]
        and other[0] < box[2]
        and box[1] < other[3]
        and other[1] < box[3]
        for other in others
    )


def _span(ends: list[np.ndarray]) -> list[float]:
    """Return a range that holds every interval, with some room."""
    known = np.concatenate(ends)
    known = known[np.isfinite(known)]
    if not known.size:
        return [0.0, 1.0]
    room = max(float(np.ptp(known)) * MARGIN, 0.005)
    return [float(known.min()) - room, float(known.max()) + room]
