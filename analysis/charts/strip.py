"""Subgroups as dots, one strip for each metric, the same subgroup linked across them.

After FairVis (Cabrera et al. 2019, IEEE VAST): a dot is a subgroup, its size the people
in it; here with intervals on hover, and colour only for what is surely off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.arrays import Floats, Ints
from analysis.charts import numbers, theme
from analysis.charts.group_table import compared_group, compared_with, q_words
from analysis.charts.groups import unit_of
from analysis.charts.numbers import Unit
from analysis.charts.swarm import LANES, lanes_of, limits_of, sizes
from analysis.metrics.registry import metric_named
from analysis.subgroups.group_table import Column, GroupTable

MAX_MARKS = 2_000
STRIP_HEIGHT = 118
TITLE_SPACE = 34

NAMES = 5
"""Room above the uppermost lane, in lanes, for the names of chosen dots."""

ROOM = {"l": 22, "r": 22}
"""Margins in which the labels of ticks at both ends fit; else they are not drawn."""

EDGE = 0.15
"""Nearer to an end of the axis than this share of it, names point to the middle."""


def strip(
    table: GroupTable,
    metrics: Sequence[str],
    *,
    people: str = "people",
    picked: Sequence[str] = (),
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw every subgroup as a dot in a strip for each metric.

    Parameters
    ----------
    table : GroupTable
    metrics : sequence of str
        Names of columns, drawn from top to bottom.
    people : str
        What a row is, in words.
    picked : sequence of str
        Names of subgroups drawn in colours of their own, with their names.
    ink : Ink

    Returns
    -------
    Figure
        Each mark's `customdata[0]` is the position of its group in the table.
    """
    shown = shown_groups(table, metrics)
    chart = theme.figure(
        "Subgroups on each measure",
        subtitle(table, metrics, people, len(shown)),
        height=STRIP_HEIGHT * len(metrics),
        ink=ink,
    )
    for row, metric in enumerate(metrics):
        _Strip(chart, table, metric, row, ink).draw(shown, len(metrics), picked)
    chart.update_layout(clickmode="event+select", dragmode=False, margin=ROOM)
    return chart


def shown_groups(table: GroupTable, metrics: Sequence[str]) -> Ints:
    """Return the groups drawn: those with people, the surest ones if there are many."""
    held = np.flatnonzero(np.nan_to_num(table.n) > 0)
    most = MAX_MARKS // max(len(metrics), 1)
    if len(held) <= most or not metrics:
        return held
    q = np.nan_to_num(table.columns[metrics[0]].q_value[held], nan=2.0)
    kept = held[np.lexsort((-table.n[held], q))[:most]]
    return np.sort(kept)


def subtitle(table: GroupTable, metrics: Sequence[str], people: str, shown: int) -> str:
    """Say what a dot is, and how many stand there."""
    present = int((np.nan_to_num(table.n) > 0).sum())
    text = (
        f"A dot is a subgroup, its size the {people} in it. Orange: surely worse than "
        f"{compared_with(table)}, blue: surely better (higher and lower where neither "
        "is better); hollow: fewer than 30"
    )
    return text + (f"; {shown:,} of {present:,} subgroups" if shown < present else "")


def alt(table: GroupTable, metrics: Sequence[str]) -> str:
    """Say for each metric how many subgroups surely differ, and the extremes."""
    said = []
    for metric in metrics:
        column, title = table.columns[metric], metric_named(metric).title
        value = column.own.value
        defined = np.flatnonzero(~np.isnan(value))
        if not len(defined):
            said.append(f"{title}: undefined in every subgroup.")
            continue
        ends = defined[[int(value[defined].argmin()), int(value[defined].argmax())]]
        unit = unit_of(metric)
        low, high = (
            f"{table.names[g]} {numbers.full(column.own.at(int(g)), unit)}"
            for g in ends
        )
        said.append(
            f"{title}: {int(column.is_sure.sum())} of {len(defined)} subgroups surely "
            f"differ from {compared_with(table)}; from {low} to {high}."
        )
    return " ".join(said)


@dataclass(frozen=True, eq=False)
class _Strip:
    """One metric's strip: where its marks go."""

    chart: go.Figure
    table: GroupTable
    metric: str
    row: int
    ink: theme.Ink

    @property
    def column(self) -> Column:
        return self.table.columns[self.metric]

    @property
    def unit(self) -> Unit:
        return unit_of(self.metric)

    @property
    def axes(self) -> dict[str, str]:
        return {"xaxis": f"x{self.row + 1}", "yaxis": f"y{self.row + 1}"}

    @property
    def refs(self) -> dict[str, str]:
        return {"xref": f"x{self.row + 1}", "yref": f"y{self.row + 1}"}

    def draw(self, shown: Ints, rows: int, picked: Sequence[str]) -> None:
        """Draw axis, overall line and dots."""
        value = self.column.own.value
        limits = limits_of(self.column, shown, metric_named(self.metric).bounds)
        self._lay_out(limits, rows)
        defined = shown[~np.isnan(value[shown])]
        diameters = sizes(self.table.n, defined)
        lanes = lanes_of(value[defined], diameters, limits)
        plain = np.array([self.table.names[g] not in picked for g in defined], bool)
        _draw_overall(self)
        _draw_dots(self, defined[plain], lanes[plain])
        kept = sorted(
            zip(map(int, defined[~plain]), lanes[~plain], strict=True),
            key=lambda dot: value[dot[0]],
        )
        for i, (g, lane) in enumerate(kept):  # neighbours' names on either side
            place = picked.index(self.table.names[g])
            position = _name_position(value[g], limits, is_above=i % 2 == 0)
            _draw_picked(self, (g, lane), place, position)

    def _lay_out(self, limits: list[float], rows: int) -> None:
        bottom, top = 1 - (self.row + 1) / rows, 1 - self.row / rows
        pad = TITLE_SPACE / (STRIP_HEIGHT * rows)
        x: dict[str, object]
        x = {"anchor": self.axes["yaxis"], "range": limits, "nticks": 9}
        x |= {"tickformat": ".1~%"} if self.unit == "percent" else {}
        y: dict[str, object] = {"range": [-LANES - 1, LANES + NAMES], "visible": False}
        y |= {"anchor": self.axes["xaxis"], "domain": [bottom + 0.75 * pad, top - pad]}
        self.chart.update_layout({f"xaxis{self.row + 1}": x, f"yaxis{self.row + 1}": y})
        theme.label(
            self.chart,
            f"<b>{theme.safe(metric_named(self.metric).title)}</b>{self._overall()}",
            **{"x": 0, "xref": "paper", "y": top, "yref": "paper", "yanchor": "top"},
            font={"color": self.ink.text, "size": 13},
        )

    def _overall(self) -> str:
        """Return what the line says, in the head, where no dot's name can hide it."""
        if self.column.overall.is_undefined:
            return ""
        said = numbers.value(self.column.overall, self.unit)
        return f" <span style='color:{self.ink.muted}'>line: overall {said}</span>"


def _draw_overall(strip: _Strip) -> None:
    overall = strip.column.overall
    if overall.is_undefined:
        return
    x = {"x0": overall.value, "x1": overall.value}
    y = {"y0": -LANES - 1, "y1": LANES + NAMES}
    line = {"color": strip.ink.muted, "width": 1}
    strip.chart.add_shape(type="line", **x, **y, **strip.refs, line=line)


def _draw_dots(strip: _Strip, groups: Ints, lanes: Floats) -> None:
    if not len(groups):
        return
    column, ink = strip.column, strip.ink
    colors = [_color(strip, int(g)) for g in groups]
    small = column.is_small[groups]
    strip.chart.add_scatter(
        x=column.own.value[groups],
        y=lanes,
        **strip.axes,
        mode="markers",
        name="",
        marker={
            "size": sizes(strip.table.n, groups),
            "color": [ink.page if s else c for s, c in zip(small, colors, strict=True)],
            "line": {"color": colors, "width": [1.5 if s else 0.5 for s in small]},
            "opacity": 0.85,
        },
        cliponaxis=False,
        selected={"marker": {"opacity": 0.85}},
        unselected={"marker": {"opacity": 0.85}},
        customdata=[_said(strip.table, strip.metric, int(g)) for g in groups],
        hovertemplate=_HOVER,
    )


def _name_position(value: float, limits: list[float], *, is_above: bool) -> str:
    """Return where a dot's name stands, so that no end of the axis cuts it."""
    share = (value - limits[0]) / (limits[1] - limits[0])
    side = "right" if share < EDGE else "left" if share > 1 - EDGE else "center"
    return f"{'top' if is_above else 'bottom'} {side}"


def _draw_picked(
    strip: _Strip, dot: tuple[int, float], place: int, position: str
) -> None:
    """Draw a chosen subgroup with its interval and name, the `place`-th of its kind.

    `dot` is its position in the table and its lane, `position` that of its name.
    """
    g, lane = dot
    estimate, ink = strip.column.own.at(g), strip.ink
    color = theme.group_color(place, ink)
    strip.chart.add_scatter(
        x=[estimate.low, estimate.high],
        y=[lane, lane],
        **strip.axes,
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    strip.chart.add_scatter(
        x=[estimate.value],
        y=[lane],
        **strip.axes,
        mode="markers+text",
        name="",
        text=[theme.safe(strip.table.names[g], theme.LABEL_WIDTH)],
        textposition=position,
        textfont={"color": ink.text, "size": 12},
        cliponaxis=False,
        marker={
            "color": color,
            "size": max(float(sizes(strip.table.n, np.array([g]))[0]), 11),
            "symbol": theme.group_symbol(place),
            "line": {"color": ink.text, "width": 1.5},
        },
        # a click selects on one strip, where all else would fade
        selected={"marker": {"opacity": 1}, "textfont": {"color": ink.text}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": ink.text}},
        customdata=[_said(strip.table, strip.metric, g)],
        hovertemplate=_HOVER,
    )


_HOVER = (
    "<b>%{customdata[1]}</b><br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>"
)


def _said(table: GroupTable, metric: str, g: int) -> list[object]:
    column, unit = table.columns[metric], unit_of(metric)
    estimate, q = column.own.at(g), column.q_value[g]
    difference = numbers.full(
        column.difference.at(g), "points" if unit == "percent" else "change"
    )
    against = f"{difference} against {compared_group(table, g)}"
    sure = "" if np.isnan(q) else f", q {q_words(float(q))}"
    return [
        g,
        theme.safe(table.names[g]),
        f"{numbers.full(estimate, unit)}, n = {numbers.count(estimate.n)}",
        theme.safe(against + sure),
    ]


def _color(strip: _Strip, g: int) -> str:
    if not strip.column.is_sure[g] or strip.column.is_small[g]:
        return strip.ink.ghost  # a small group never looks sure
    is_higher = bool(strip.column.difference.value[g] > 0)
    is_worse = is_higher != (metric_named(strip.metric).better == "high")
    return strip.ink.up if is_worse else strip.ink.down
