"""Fairness against accuracy: each model a dot, the best of them joined by a line."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.groups import short_title, unit_of
from analysis.charts.withheld import withheld_words
from analysis.estimates import Estimate
from analysis.frontier import Frontier, lower_is_fairer

HEIGHT = 240
CLEARANCE = (0.09, 0.10)
"""Shares of the frame's width and height within which two labels would touch."""

MARGIN = 0.08
"""Of the frame's span, so that no dot stands on its edge."""


def curve(
    record: Frontier,
    *,
    base: str = "",
    chosen: str = "",
    ink: theme.Ink = theme.LIGHT,
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
        drawn, key=lambda m: (record.names[m] == chosen, record.is_best[m])
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
        title="Accuracy, everyone",
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
        marker |= {"symbol": "circle-open", "size": 12, "line": {"width": 2}}
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
    x, y = record.fairness.value, record.price.value
    wide, high = (
        np.ptp(_span([e.low, e.high, e.value])) for e in (record.fairness, record.price)
    )
    placed: list[tuple[float, float]] = []
    for m in sorted(drawn, key=lambda m: (record.names[m] not in first, m)):
        side = -1 if record.names[m] == first[0] else 1  # the model before: under it
        at = (x[m] / wide, y[m] / high + side * CLEARANCE[1] / 2)
        if _is_taken(at, placed):
            continue
        placed.append(at)
        is_first = record.names[m] in first
        theme.label(
            chart,
            theme.safe(record.names[m], 18),
            x=x[m],
            y=y[m],
            xanchor="center",
            yshift=-16 if record.names[m] == first[0] else 17,
            bgcolor=theme.translucent(ink.page, 0.8),
            borderpad=0,
            font={"color": ink.text if is_first else ink.muted, "size": 13},
        )


def _is_taken(at: tuple[float, float], placed: Collection[tuple[float, float]]) -> bool:
    return any(
        abs(at[0] - other[0]) < CLEARANCE[0] and abs(at[1] - other[1]) < CLEARANCE[1]
        for other in placed
    )


def _span(ends: list[np.ndarray]) -> list[float]:
    """Return a range that holds every interval, with some room."""
    known = np.concatenate(ends)
    known = known[np.isfinite(known)]
    if not known.size:
        return [0.0, 1.0]
    room = max(float(np.ptp(known)) * MARGIN, 0.005)
    return [float(known.min()) - room, float(known.max()) + room]
