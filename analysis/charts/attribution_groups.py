"""The split of a change by group: who lost most through which mechanism."""

import textwrap

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.attribution.by_group import ByGroup, GroupAttribution
from analysis.charts import components, numbers, theme
from analysis.charts.attribution_groups_words import decimals_of, estimate_of, rows_of
from analysis.charts.changes import change_unit, color_of, color_words
from analysis.metrics.registry import metric_named

MOST_PARTS = 4
ROW_HEIGHT = 34
HEAD = 40
"""Pixels of the panels' heads, two lines."""


def panels(record: ByGroup, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the change and its parts, a panel each, a row per group, on one axis.

    Parameters
    ----------
    record : ByGroup
    ink : Ink
    """
    rows, parts = rows_of(record), _parts(record)
    head = theme.figure(
        f"{metric_named(record.metric).title}: what moved each group of "
        f"{record.attribute}",
        _subtitle(record, len(rows), len(parts)),
        height=ROW_HEIGHT * len(rows) + 30,
        ink=ink,
    )
    chart = make_subplots(
        rows=1,
        cols=1 + len(parts),
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        figure=head,
    )
    decimals = decimals_of(record)
    for k, component in enumerate(["", *parts], start=1):
        _panel(chart, record, (rows, component, k, (decimals, 1 + len(parts))), ink)
    chart.update_xaxes(
        range=_span(record, rows, parts),
        tickformat=".1~%" if change_unit(record.metric) == "points" else "",
        nticks=4,
        zeroline=True,
        zerolinecolor=ink.muted,
        zerolinewidth=1,
    )
    _make_room(chart)
    upward = rows[::-1]
    chart.update_yaxes(range=[-0.6, len(rows) - 0.4], showgrid=False)
    chart.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[_label(g) for g in upward],
        tickfont={"color": ink.text, "size": 13},
        col=1,
    )
    return chart


def _make_room(chart: go.Figure) -> None:
    """Leave room for the panels' heads between them and the title."""
    whole = chart.layout.height + HEAD
    top = chart.layout.margin.t + HEAD
    chart.update_layout(height=whole, margin={"t": top})
    chart.update_layout(title={"y": 1 - 12 / whole})


def _parts(record: ByGroup) -> list[str]:
    """Return the components drawn: those with the largest part in any group."""

    def largest(component: str) -> float:
        values = [abs(estimate_of(g, component).value) for g in record.groups]
        known = [v for v in values if not np.isnan(v)]
        return max(known, default=0.0)

    kept = sorted(record.components, key=lambda c: -largest(c))[:MOST_PARTS]
    return [c for c in record.components if c in kept]


def _panel(
    chart: go.Figure,
    record: ByGroup,
    what: tuple[list[GroupAttribution], str, int, tuple[int, int]],
    ink: theme.Ink,
) -> None:
    rows, component, column, (decimals, panels) = what
    at = {"row": 1, "col": column}
    for y, g in enumerate(reversed(rows)):
        found = estimate_of(g, component)
        if found.is_undefined:
            theme.label(
                chart,
                "not known",
                x=0,
                y=y,
                xref=_axis("x", column),
                yref=_axis("y", column),
                xanchor="center",
            )
            continue
        is_sure = (g.group, component) in record.sure
        if not component:
            is_sure = found.low > 0 or found.high < 0
        color = color_of(record.metric, found.value, ink) if is_sure else ink.ghost
        chart.add_scatter(
            x=[found.low, found.high],
            y=[y, y],
            mode="lines",
            line={"color": color, "width": 2},
            hoverinfo="skip",
            **at,
        )
        said = numbers.full(found, change_unit(record.metric), decimals)
        chart.add_scatter(
            x=[found.value],
            y=[y],
            mode="markers",
            marker={"color": color, "size": 10},
            customdata=[[theme.safe(g.group), said]],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
            **at,
        )
    theme.label(
        chart,
        _head(component, panels),
        x=0,
        xref=f"{_axis('x', column)} domain",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=4,
        font={"color": ink.text, "size": 13},
    )


def _head(component: str, panels: int) -> str:
    """Return the words over a panel in at most two lines."""
    words = components.words(component) if component else "The whole change"
    width = max(14, 92 // panels)
    lines = textwrap.wrap(words, width)
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1]}…"]
    return "<br>".join(map(theme.safe, lines))


def _axis(letter: str, column: int) -> str:
    return letter if column == 1 else f"{letter}{column}"


def _label(g: GroupAttribution) -> str:
    name = theme.safe(g.group, theme.LABEL_WIDTH - 8)
    n = f"{numbers.count(g.n_source)} to {numbers.count(g.n_target)}"
    return f"{name}<br><span style='font-size:11px'>n = {n}</span>"


def _span(
    record: ByGroup, rows: list[GroupAttribution], parts: list[str]
) -> list[float]:
    found = [estimate_of(g, c) for g in rows for c in ("", *parts)]
    ends = [e for f in found for e in (f.low, f.high, f.value) if np.isfinite(e)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    pad = 0.06 * max(high - low, 1e-3)
    return [low - pad, high + pad]


def _subtitle(record: ByGroup, groups: int, parts: int) -> str:
    is_points = change_unit(record.metric) == "points"
    unit = ", in points of percent" if is_points else ""
    said = (
        f"Change from source to target and its parts{unit}, with 95 % intervals; "
        f"{color_words(record.metric)} over all groups and parts, grey could be chance"
    )
    if groups < len(record.groups):
        said += f"; the {groups} largest of {len(record.groups)} groups"
    if parts < len(record.components):
        said += f"; the {parts} largest of {len(record.components)} parts"
    return said
