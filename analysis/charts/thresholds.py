"""A metric by group over the threshold, with the thresholds chosen marked on it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.thresholds.curves import MetricCurve
from analysis.thresholds.outcomes import COST, RATES, Change, Outcomes

MAX_LINES = 8
"""Groups drawn; each takes three marks at every threshold of the grid."""

FINE = 40
"""From so many thresholds on, lines join them; fewer are all there are, and stepped."""

HEIGHT = 340
LABEL_PIXELS = 19
MAX_NAMED = 2

HEADS = {
    "selection_rate": "selected",
    "true_positive_rate": "found",
    "false_positive_rate": "wrongly flagged",
    "accuracy": "decided right",
    COST: "cost per person",
}
"""Columns of the table, in plain words."""


def curves(
    curve: MetricCurve,
    now: Outcomes,
    *,
    rows: str = "rows",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw one line per group over the threshold, with its band and chosen threshold.

    Parameters
    ----------
    curve : MetricCurve
    now : Outcomes
        At the thresholds chosen; holds the curve's metric.
    rows : str
        Which rows these are, in words.
    ink : Ink
    """
    spec, unit = metric_named(curve.metric), unit_of(curve.metric)
    drawn = shown_groups(now)
    chart = theme.figure(
        f"{spec.title} over the threshold",
        _subtitle(now, rows, len(drawn)),
        height=HEIGHT,
        ink=ink,
    )
    for g in drawn:
        _draw_line(chart, curve, g, ink)
    for g in drawn:
        _mark(chart, now, (curve.metric, g), ink)
    _label(chart, now, curve.metric, drawn, ink)
    chart.update_xaxes(title="Decided positive from a score of")
    chart.update_yaxes(
        title="Share" if unit == "percent" else "Value",
        tickformat=".1~%" if unit == "percent" else "",
    )
    chart.update_layout(margin={"r": 265, "b": 56})
    return chart


def alt(curve: MetricCurve, now: Outcomes) -> str:
    """Say each drawn group's threshold and the metric there."""
    unit = unit_of(curve.metric)
    said = [
        f"{now.names[g]} {numbers.full(now.by_group[curve.metric].at(g), unit)} from "
        f"{threshold_words(now.thresholds[g])}"
        for g in shown_groups(now)
    ]
    title = metric_named(curve.metric).title
    return f"{title} over the threshold by group; now {'; '.join(said) or 'nobody'}."


def table(now: Outcomes) -> pd.DataFrame:
    """Return the numbers at the thresholds chosen, one row per group, overall first."""
    columns: dict[str, object] = {
        "group": ("Overall", *now.names),
        "threshold": [np.nan, *now.thresholds],
        "people": [float(now.n.sum()), *now.n],
    }
    for metric, by_group in now.by_group.items():
        overall, name = now.overall[metric], HEADS.get(metric) or short_title(metric)
        columns[name] = [overall.value, *by_group.value]
        columns[f"{name}, low"] = [overall.low, *by_group.low]
        columns[f"{name}, high"] = [overall.high, *by_group.high]
        columns[f"{name}, n"] = [overall.n, *by_group.n]
    return pd.DataFrame(columns)


def printed(now: Outcomes) -> pd.DataFrame:
    """Return the table as it is shown: numbers with their intervals, as texts."""
    columns: dict[str, object] = {
        "Group": ("Overall", *now.names),
        "Threshold": ("", *map(threshold_words, now.thresholds)),
        "People": [numbers.count(n) for n in (now.n.sum(), *now.n)],
    }
    for metric in (*RATES, COST):
        by_group = now.by_group[metric]
        cells = [now.overall[metric], *(by_group.at(g) for g in range(len(now.names)))]
        columns[HEADS[metric].capitalize()] = _cells(metric, cells)
    return pd.DataFrame(columns)


def change_words(moved: Change, people: str) -> str:
    """Say what changes against the rule in force, and for whom.

    Plain text, not escaped: group names come from the data.
    """
    if not (moved.found.any() or moved.wrongly_flagged.any()):
        return (
            "Against the rule in force nothing changes: in every group as many "
            f"{people} are decided positive."
        )
    total = float(moved.selected.sum())
    who = sorted(range(len(moved.names)), key=lambda g: -abs(moved.selected[g]))
    named = [
        f"{moved.names[g]} ({_more(moved.selected[g])})"
        for g in who[:MAX_NAMED]
        if moved.selected[g]
    ]
    said = (
        f"Against the rule in force {_more(total)} {people} of "
        f"{numbers.count(moved.n.sum())} are decided positive (found: "
        f"{_more(float(moved.found.sum()))}, wrongly flagged: "
        f"{_more(float(moved.wrongly_flagged.sum()))})."
    )
    return f"{said} Changed most: {', '.join(named)}." if named else said


def threshold_words(threshold: float) -> str:
    """Return a threshold as printed: whole numbers as such, others to what matters."""
    if threshold == round(threshold) or abs(threshold) >= 1000:
        text = f"{threshold:,.0f}"
    else:
        text = f"{threshold:.3f}" if abs(threshold) >= 0.001 else f"{threshold:.2g}"
    return text.replace("-", "−")


def shown_groups(now: Outcomes) -> list[int]:
    """Return the groups drawn: those with rows, of many the largest."""
    held = [g for g in range(len(now.names)) if now.n[g] > 0]
    return sorted(sorted(held, key=lambda g: -now.n[g])[:MAX_LINES])


def _subtitle(now: Outcomes, rows: str, drawn: int) -> str:
    present = int((now.n > 0).sum())
    text = f"With 95 % intervals, on {rows}; dots stand at the thresholds chosen"
    if drawn < present:
        text += f"; the {drawn} largest of {present:,} groups"
    return text


def _draw_line(chart: go.Figure, curve: MetricCurve, g: int, ink: theme.Ink) -> None:
    color, name = theme.group_color(g, ink), theme.safe(curve.names[g])
    known = ~np.isnan(curve.value[g])
    at, low, high = curve.thresholds[known], curve.low[g][known], curve.high[g][known]
    # a value holds from the threshold before it, not included, up to its own
    shape = "linear" if len(curve.thresholds) >= FINE else "vh"
    for end, fill in ((low, None), (high, "tonexty")):
        chart.add_scatter(
            x=at,
            y=end,
            mode="lines",
            line={"width": 0, "shape": shape},
            fill=fill,
            fillcolor=theme.translucent(color, 0.16),
            hoverinfo="skip",
        )
    said = [
        numbers.full(Estimate(*ends, n=0), unit_of(curve.metric))
        for ends in zip(curve.value[g][known], low, high, strict=True)
    ]
    chart.add_scatter(
        x=at,
        y=curve.value[g][known],
        mode="lines",
        name=name,
        line={"color": color, "width": 2, "shape": shape},
        customdata=list(zip(said, map(numbers.count, curve.n[g][known]), strict=True)),
        hovertemplate=f"<b>{name}</b><br>from %{{x:.3g}}: %{{customdata[0]}}<br>"
        "n = %{customdata[1]}<extra></extra>",
    )


def _mark(
    chart: go.Figure, now: Outcomes, cell: tuple[str, int], ink: theme.Ink
) -> None:
    metric, g = cell
    color, at = theme.group_color(g, ink), float(now.thresholds[g])
    line = {"color": color, "width": 1.5, "dash": "dot"}
    chart.add_vline(x=at, line=line)
    estimate = now.by_group[metric].at(g)
    if estimate.is_undefined:
        return
    chart.add_scatter(
        x=[at],
        y=[estimate.value],
        mode="markers",
        marker={
            "color": color,
            "size": 12,
            "symbol": theme.group_symbol(g),
            "line": {"color": ink.page, "width": 1.5},
        },
        hoverinfo="skip",
    )


def _label(
    chart: go.Figure, now: Outcomes, metric: str, drawn: Sequence[int], ink: theme.Ink
) -> None:
    """Write each group at the right edge, at the height of its dot or close to it."""
    by_group = now.by_group[metric]
    defined = [g for g in drawn if not by_group.at(g).is_undefined]
    decimals = numbers.shared_decimals(
        (by_group.at(g) for g in defined), unit_of(metric)
    )
    defined.sort(key=lambda g: by_group.value[g])
    heights = _spaced([float(by_group.value[g]) for g in defined], chart)
    for g, height in zip(defined, heights, strict=True):
        value = numbers.full(by_group.at(g), unit_of(metric), decimals)
        dot = f"<span style='color:{theme.group_color(g, ink)}'>●</span>"
        text = f"{dot} {theme.safe(now.names[g], 14)} {value} "
        text += f"from {threshold_words(now.thresholds[g])}"
        font = {"color": ink.text, "size": 13}
        place = {"x": 1, "xref": "paper", "xshift": 8, "y": height}
        theme.label(chart, text, font=font, **place)


def _spaced(rising: Sequence[float], chart: go.Figure) -> list[float]:
    """Return heights at least a line of text apart, as near to those given as can be.

    Pushes upward first, then the whole stack down where it left the frame.
    """
    values = [v for t in chart.data for v in (t.y if t.y is not None else ())]
    if not rising:
        return []
    low, high = float(np.min(values)), float(np.max(values))
    line = max(high - low, 1e-9) * LABEL_PIXELS / HEIGHT
    heights: list[float] = []
    for value in rising:
        heights.append(max(value, heights[-1] + line) if heights else value)
    top = high
    for i in reversed(range(len(heights))):
        heights[i] = min(heights[i], top)
        top = heights[i] - line
    return heights


def _cells(metric: str, cells: Sequence[Estimate]) -> list[str]:
    unit: numbers.Unit = "number" if metric == COST else "percent"
    decimals = numbers.shared_decimals(cells, unit)
    return [numbers.full(cell, unit, decimals) for cell in cells]


def _more(people: float) -> str:
    return f"{numbers.count(abs(people))} {'more' if people >= 0 else 'fewer'}"
