"""A graph of causes, from left to right, with a mark on each edge to choose it by."""

import re
import textwrap
from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.causes.graph import Edge, Graph
from analysis.causes.graph_text import default_name
from analysis.charts import components, theme
from analysis.charts.graph_layout import (
    BOX_HEIGHT,
    ROW,
    Curve,
    Place,
    curve_of,
    places_of,
)

MOST_LINES = 2
CURVE_POINTS = 24

MOST_NAMED = 6
"""Mechanisms that are named in a sentence."""


def figure(
    graph: Graph,
    *,
    chosen: Edge | None = None,
    open_edges: Collection[Edge] = (),
    is_suggestion: bool = False,
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw causes left of their effects; the label has a box of its own colour.

    Parameters
    ----------
    graph : Graph
    chosen : (str, str) or None
        The edge that is being edited.
    open_edges : collection of (str, str)
        Edges whose direction is not determined, drawn dashed.
    is_suggestion : bool
    ink : Ink
    """
    places, (low, high) = places_of(graph)
    curves = [curve_of(places, edge, graph) for edge in graph.edges]
    reach = [y for c in curves for y in c.at(np.linspace(0, 1, CURVE_POINTS))[1]]
    pad = BOX_HEIGHT / 2 / ROW
    low, high = min([low - pad, *reach]) - 0.15, max([high + pad, *reach]) + 0.15
    subtitle = "From cause to effect. Click the dot on an arrow to choose it."
    if is_suggestion:
        subtitle = (
            "From cause to effect: a suggestion from the data, not a proof. Dashed: "
            "the direction is not determined. Click the dot on an arrow to choose it."
        )
    chart = theme.figure(
        f"{len(graph.nodes)} mechanisms, {len(graph.edges)} arrows",
        subtitle,
        height=round(ROW * (high - low)),
        ink=ink,
    )
    for edge, curve in zip(graph.edges, curves, strict=True):
        _draw_curve(chart, curve, edge == chosen, edge in open_edges, ink)
    _draw_marks(chart, graph, curves, chosen, ink)
    for node in graph.nodes:
        _draw_node(chart, node.name, places[node.name], graph, ink)
    hidden = {"visible": False, "showgrid": False}
    last = max((place.x for place in places.values()), default=0.0)
    chart.update_xaxes(range=[-0.5, last + 0.5], **hidden)
    chart.update_yaxes(range=[low, high], **hidden)
    chart.update_layout(margin={"l": 0, "r": 0, "b": 4})
    return chart


def words(graph: Graph) -> str:
    """Say over which mechanisms a change is split."""
    named = [components.in_sentence(str(m)) for m in graph.mechanisms]
    if not graph.edges:
        return "Without arrows nothing depends on anything. Add one to begin."
    if len(named) > MOST_NAMED:
        named = [*named[: MOST_NAMED - 1], f"and {len(named) - MOST_NAMED + 1} more"]
    return f"The change is split over {len(graph.nodes)} parts: {'; '.join(named)}."


def alt(graph: Graph) -> str:
    """Say every mechanism: each node with its causes."""
    said = [
        f"{_called(m.node)} from {', '.join(map(_called, m.parents))}"
        if m.parents
        else f"{_called(m.node)} without causes"
        for m in graph.mechanisms
    ]
    return f"Graph of causes: {'; '.join(said)}."


def bundles(graph: Graph) -> str:
    """Say which columns stand behind nodes whose names do not."""
    said = [
        f"{node.name} is {', '.join(node.columns)}"
        for node in graph.nodes
        if len(node.columns) > 1 and node.name != default_name(node.columns)
    ]
    return f"{'; '.join(said)}." if said else ""


def table(graph: Graph) -> pd.DataFrame:
    """Return one row per mechanism: the node, its columns and its causes."""
    rows = [
        (m.node, ", ".join(graph.node(m.node).columns), ", ".join(m.parents))
        for m in graph.mechanisms
    ]
    return pd.DataFrame(rows, columns=["node", "columns", "causes"])


def edge_words(edge: Edge) -> str:
    """Return an edge as it stands in lists."""
    return f"{_called(edge[0])} → {_called(edge[1])}"


def _called(name: str) -> str:
    return "the label" if name == "Y" else name


def _draw_curve(
    chart: go.Figure,
    curve: Curve,
    is_chosen: bool,
    is_open: bool,
    ink: theme.Ink,
) -> None:
    x, y = curve.at(np.linspace(0, 1, CURVE_POINTS))
    color = ink.accent if is_chosen else ink.ghost
    chart.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={
            "color": color,
            "width": 2.5 if is_chosen else 1.5,
            "dash": "dash" if is_open else "solid",
        },
        hoverinfo="skip",
    )
    chart.add_scatter(  # the head, its tip at the box
        x=[x[-1]],
        y=[y[-1]],
        mode="markers",
        marker={"symbol": "arrow", "angle": curve.angle, "size": 11, "color": color},
        hoverinfo="skip",
    )


def _draw_marks(
    chart: go.Figure,
    graph: Graph,
    curves: list[Curve],
    chosen: Edge | None,
    ink: theme.Ink,
) -> None:
    chart.add_scatter(
        x=[float(c.at(np.array([c.mark]))[0][0]) for c in curves],
        y=[float(c.at(np.array([c.mark]))[1][0]) for c in curves],
        mode="markers",
        name="edges",
        marker={
            "size": 11,
            "color": [ink.accent if e == chosen else ink.page for e in graph.edges],
            "line": {
                "color": [
                    ink.accent if e == chosen else ink.muted for e in graph.edges
                ],
                "width": 1.5,
            },
        },
        customdata=[[i, theme.safe(edge_words(e))] for i, e in enumerate(graph.edges)],
        hovertemplate="%{customdata[1]}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _draw_node(
    chart: go.Figure,
    name: str,
    place: Place,
    graph: Graph,
    ink: theme.Ink,
) -> None:
    is_label = graph.node(name).is_label
    tall = BOX_HEIGHT / 2 / ROW
    color = ink.accent if is_label else ink.mark
    chart.add_shape(
        type="rect",
        x0=place.x - place.half,
        x1=place.x + place.half,
        y0=place.y - tall,
        y1=place.y + tall,
        line={"color": color, "width": 2 if is_label else 1},
        fillcolor=ink.page,
        layer="above",
    )
    theme.label(
        chart,
        _boxed("The label" if is_label else name, place.letters),
        x=place.x,
        y=place.y,
        xanchor="center",
        yanchor="middle",
        align="center",
        font={"color": color if is_label else ink.text, "size": 13},
    )
    columns = graph.node(name).columns
    if len(columns) > 1:
        chart.add_scatter(
            x=[place.x],
            y=[place.y],
            mode="markers",
            marker={"size": BOX_HEIGHT, "opacity": 0},
            hovertemplate=_listed(columns) + "<extra></extra>",
        )


def _boxed(name: str, letters: int) -> str:
    """Return a name in few lines, broken after a blank, a plus or an underscore."""
    lines = [""]
    for piece in re.split(r"(?<=[\s_])|(?<=[^(]\+)", name):
        if len(lines[-1] + piece.rstrip()) > letters and lines[-1]:
            lines.append("")
        lines[-1] += piece
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1].rstrip()}…"]
    return "<br>".join(theme.safe(line, letters + 1) for line in lines)


def _listed(columns: tuple[str, ...]) -> str:
    lines = textwrap.wrap(", ".join(columns), 50)
    return "<br>".join(map(theme.safe, lines))
