"""A metric over a continuous attribute: a line with its band."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Bools, Floats
from analysis.charts import numbers, theme
from analysis.charts.groups import short_title, unit_of
from analysis.charts.numbers import NO_BREAK
from analysis.metrics.kinds import NEGATIVE, POSITIVE, REJECTED, SELECTED, Mask, Rate
from analysis.metrics.registry import metric_named
from analysis.subgroups.smooth import SmoothCurve

WHOM: dict[Mask, str] = {
    POSITIVE: "with the positive label",
    NEGATIVE: "with the negative label",
    SELECTED: "decided positive",
    REJECTED: "decided negative",
}
"""Whom a rate is a share of, where not of everyone."""


def curve(
    record: SmoothCurve,
    attribute: str,
    *,
    people: str = "people",
    is_whole: bool = False,
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw the curve with its simultaneous band, against the overall value.

    Parameters
    ----------
    record : SmoothCurve
    attribute : str
        Column name.
    people : str
        What a row is, in words.
    is_whole : bool
        Whether the attribute has whole numbers only.
    ink : Ink
    """
    unit = unit_of(record.metric)
    chart = theme.figure(
        f"{metric_named(record.metric).title} over {attribute}",
        f"{_of_whom(record.metric, people)} among the nearest "
        f"{numbers.plain(record.span, decimals=0)} of {people} by {attribute}, with a "
        "95 % band that holds for the whole curve; "
        f"n{NO_BREAK}={NO_BREAK}{numbers.count(record.overall.n)}",
        height=320,
        ink=ink,
    )
    if not record.overall.is_undefined:
        chart.add_hline(y=record.overall.value, line={"color": ink.muted, "width": 1})
        said = numbers.value(record.overall, unit)
        theme.label(
            chart,
            f"overall {said}",
            x=1,
            xref="paper",
            xshift=6,
            y=record.overall.value,
        )
    _draw(chart, record, ".0f" if is_whole else ".4g", ink)
    chart.update_xaxes(title=theme.safe(attribute))
    chart.update_yaxes(
        title="Share" if unit == "percent" else "Value",
        tickformat=".1~%" if unit == "percent" else "",
    )
    chart.update_layout(margin={"r": 120, "b": 56})
    return chart


def _of_whom(metric: str, people: str) -> str:
    """Say whose share or value is drawn; a rate among some says among whom."""
    spec = metric_named(metric)
    if unit_of(metric) != "percent":
        return "Value"
    among = WHOM.get(spec.denominator, "") if isinstance(spec, Rate) else ""
    return f"Share of the {people} {among}" if among else f"Share of {people}"


def alt(record: SmoothCurve, attribute: str, *, is_whole: bool = False) -> str:
    """Say where the curve is lowest and highest, and overall, with their bands."""
    unit, known = unit_of(record.metric), record.estimates
    title = metric_named(record.metric).title
    if np.isnan(known.value).all():
        return f"{title} over {attribute}: undefined everywhere."
    ends = (int(np.nanargmin(known.value)), int(np.nanargmax(known.value)))
    said = [
        f"{numbers.full(known.at(p), unit)} at {attribute} "
        f"{numbers.coordinate(record.x[p], is_whole=is_whole)}"
        for p in ends
    ]
    overall = numbers.full(record.overall, unit)
    return f"{title}: from {said[0]} to {said[1]}; overall {overall}."


def words(record: SmoothCurve, attribute: str, *, is_whole: bool = False) -> str:
    """Say where the band lies wholly above or below the overall value.

    Plain text, not escaped: the attribute's name comes from the data. `is_whole` says
    that the attribute has whole numbers only.
    """
    known, overall = record.estimates, record.overall.value
    with np.errstate(invalid="ignore"):
        above, below = known.low > overall, known.high < overall
    said = [
        f"{side} it at {attribute} {_ranges(record.x, where, is_whole)}"
        for side, where in (("above", above), ("below", below))
        if where.any()
    ]
    name = short_title(record.metric)
    value = numbers.full(record.overall, unit_of(record.metric))
    if not said:
        return f"{name}: {value} overall, and nowhere surely above or below it."
    return f"{name}: {value} overall, surely {' and '.join(said)}."


def table(record: SmoothCurve, attribute: str) -> pd.DataFrame:
    """Return the curve, one row per point."""
    known, name = record.estimates, short_title(record.metric)
    return pd.DataFrame(
        {
            attribute: record.x,
            name: known.value,
            f"{name}, low": known.low,
            f"{name}, high": known.high,
            f"{name}, n": known.n,
        }
    )


def _ranges(x: Floats, where: Bools, is_whole: bool) -> str:
    """Return the stretches of x where something holds, as '17 to 25 and 60 to 71'."""
    said = []
    for start, stop in _stretches(where):
        ends = (
            numbers.coordinate(at, is_whole=is_whole) for at in (x[start], x[stop - 1])
        )
        said.append(" to ".join(dict.fromkeys(ends)))
    return " and ".join(said)


def _stretches(where: Bools) -> list[tuple[int, int]]:
    """Return where each run of points that hold starts, and where it has ended."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]])))
    return [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def _draw(chart: go.Figure, record: SmoothCurve, places: str, ink: theme.Ink) -> None:
    """Draw line and band; where the metric is undefined, both have a gap."""
    known, x, unit = record.estimates, record.x, unit_of(record.metric)
    for start, stop in _stretches(~np.isnan(known.low + known.high)):
        run = slice(start, stop)
        chart.add_scatter(
            x=np.concatenate([x[run], x[run][::-1]]),
            y=np.concatenate([known.high[run], known.low[run][::-1]]),
            fill="toself",
            fillcolor=theme.translucent(ink.accent, 0.18),
            mode="lines",
            line={"width": 0 if stop - start > 1 else 2, "color": ink.accent},
            hoverinfo="skip",
        )
    said = [numbers.full(known.at(p), unit) for p in range(len(x))]
    n = [numbers.count(rows) for rows in known.n]
    chart.add_scatter(
        x=x,
        y=known.value,
        mode="lines" if len(x) > 2 else "markers",
        line={"color": ink.accent, "width": 2},
        customdata=np.column_stack([said, n]),
        hovertemplate=f"%{{x:{places}}}: "
        "%{customdata[0]}<br>n = %{customdata[1]}"
        "<extra></extra>",
    )
