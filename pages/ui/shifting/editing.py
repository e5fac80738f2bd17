"""The controls that edit a graph of causes: edges, nodes, or the graph as text."""

from collections.abc import Callable

import streamlit as st

from analysis.causes.graph import LABEL_NODE, Edge, Graph, Node, parse_graph
from analysis.causes.graph_nodes import merged, taken_apart
from analysis.charts.causal_graph import edge_words
from analysis.charts.theme import visible
from analysis.errors import SettingError
from pages.ui import widgets
from pages.ui.messages import plain
from pages.ui.shifting import drafts

KEY = "shift.edit"
EDGE, CHART = f"{KEY}.edge", "shift.graph_chart"
EVERY = "Every column"
MOST_APART = 4
"""Columns that a node is taken apart into at once; of more, one by one."""


def draw(graph: Graph, columns: tuple[str, ...]) -> None:
    """Draw the controls of one kind of edit.

    Parameters
    ----------
    graph : Graph
        As edited so far.
    columns : tuple of str
        Everything that it can name beside the label.
    """
    kind = st.segmented_control(
        "Edit",
        ["Arrows", "Nodes", "As text"],
        default="Arrows",
        required=True,
        key=f"{KEY}.kind",
    )
    if kind == "Arrows":
        _arrows(graph)
    elif kind == "Nodes":
        _nodes(graph, columns)
    else:
        _as_text(graph, columns)


def chosen(graph: Graph) -> Edge | None:
    """Return the edge that is chosen for editing, if it is still there."""
    at = widgets.held(EDGE)
    return at if at in graph.edges else None


def take_clicked() -> None:
    """Choose the edge whose mark was clicked."""
    points = widgets.held(CHART, {}).get("selection", {}).get("points", [])
    edges = widgets.held(f"{KEY}.edges") or []
    for point in points:
        custom = point.get("customdata") or []
        if custom and int(custom[0]) < len(edges):
            widgets.show(EDGE, tuple(edges[int(custom[0])]))


def _arrows(graph: Graph) -> None:
    names = [node.name for node in graph.nodes]
    cause, effect, add = st.columns([3, 3, 2], vertical_alignment="bottom")
    start = cause.selectbox("Cause", names, key=f"{KEY}.cause", format_func=_called)
    others = [name for name in names if name != start]
    end = effect.selectbox("Effect", others, key=f"{KEY}.effect", format_func=_called)
    add.button(
        "Add the arrow",
        key=f"{KEY}.add",
        width="stretch",
        on_click=drafts.edit,
        args=(lambda: graph.with_edge(str(start), str(end)),),
        disabled=end is None or (start, end) in graph.edges,
    )
    widgets.show(f"{KEY}.edges", list(graph.edges))
    if not graph.edges:
        return
    if widgets.held(EDGE) not in graph.edges:
        widgets.show(EDGE, graph.edges[0])
    which, turn, drop = st.columns([6, 1, 1], vertical_alignment="bottom")
    edge = which.selectbox(
        "Arrow", graph.edges, key=EDGE, format_func=lambda e: visible(edge_words(e))
    )
    turn.button(
        "Reverse",
        key=f"{KEY}.reverse",
        width="stretch",
        on_click=_reverse,
        args=(graph, edge),
    )
    drop.button(
        "Drop",
        key=f"{KEY}.drop",
        width="stretch",
        on_click=drafts.edit,
        args=(lambda: graph.without_edge(*edge),),
    )


def _reverse(graph: Graph, edge: Edge) -> None:
    def turned() -> Graph:
        found = graph.with_reversed(*edge)
        widgets.show(EDGE, (edge[1], edge[0]))
        return found

    drafts.edit(turned)


def _nodes(graph: Graph, columns: tuple[str, ...]) -> None:
    names = [node.name for node in graph.nodes if not node.is_label]
    which, merge = st.columns([6, 2], vertical_alignment="bottom")
    together = which.multiselect(
        "Several nodes as one", names, key=f"{KEY}.merge_names", format_func=visible
    )
    merge.button(
        "Merge them",
        key=f"{KEY}.merge",
        width="stretch",
        on_click=drafts.edit,
        args=(lambda: merged(graph, together),),
        disabled=len(together) < 2,
    )
    _apart(graph)
    left, out, right, back = st.columns([3, 1, 3, 1], vertical_alignment="bottom")
    name = left.selectbox(
        "A node to leave out", names, key=f"{KEY}.out_name", format_func=visible
    )
    out.button(
        "Leave out",
        key=f"{KEY}.out",
        width="stretch",
        on_click=drafts.edit,
        args=(lambda: graph.without_node(str(name)),),
        disabled=len(names) < 2,
    )
    _back(graph, columns, right, back)


def _apart(graph: Graph) -> None:
    """Let the reader take a column out of a node, or the whole node apart."""
    several = [node for node in graph.nodes if len(node.columns) > 1]
    if not several:
        return
    which, what, take = st.columns([3, 3, 2], vertical_alignment="bottom")
    node = which.selectbox(
        "A node of several columns",
        several,
        key=f"{KEY}.apart_node",
        format_func=lambda n: visible(n.name),
    )
    few = len(node.columns) <= MOST_APART
    column = what.selectbox(
        "Column",
        [*([EVERY] if few else []), *node.columns],
        key=f"{KEY}.apart_column",
        format_func=visible,
    )
    take.button(
        "Take it apart" if column == EVERY else "Take it out",
        key=f"{KEY}.apart",
        width="stretch",
        on_click=drafts.edit,
        args=(
            lambda: taken_apart(graph, node.name, "" if column == EVERY else column),
        ),
    )


def _back(
    graph: Graph,
    columns: tuple[str, ...],
    place: st.delta_generator.DeltaGenerator,
    button: st.delta_generator.DeltaGenerator,
) -> None:
    """Let the reader bring back a column that is left out."""
    held = {column for node in graph.nodes for column in node.columns}
    away = [column for column in columns if column not in held and column != LABEL_NODE]
    column = place.selectbox(
        "A column that is left out",
        away,
        key=f"{KEY}.back_name",
        format_func=visible,
        placeholder="None is",
        disabled=not away,
    )
    button.button(
        "Add",
        key=f"{KEY}.back",
        width="stretch",
        on_click=drafts.edit,
        args=(lambda: graph.with_node(Node(str(column), (str(column),))),),
        disabled=not away,
    )


def _as_text(graph: Graph, columns: tuple[str, ...]) -> None:
    key = f"{KEY}.text"
    # a widget that was not drawn for a while has forgotten its text
    if widgets.held(f"{key}.of") != str(graph) or widgets.held(key) is None:
        widgets.show(f"{key}.of", str(graph))
        widgets.show(key, str(graph))
    st.text_area(
        "The graph as text",
        key=key,
        help="cause->effect, joined by commas; Y is the label; {a,b} is several "
        "columns as one node, name={a,b} gives it a name.",
    )
    st.button(
        "Read it",
        key=f"{key}.read",
        on_click=drafts.edit,
        args=(_reader(columns),),
    )


def _reader(columns: tuple[str, ...]) -> Callable[[], Graph]:
    def read() -> Graph:
        graph = parse_graph(str(widgets.held(f"{KEY}.text")))
        named = [c for node in graph.nodes for c in node.columns]
        unknown = [c for c in named if c not in (*columns, LABEL_NODE)]
        if unknown:
            raise SettingError(
                f"'{unknown[0]}' is not a column here; there are {', '.join(columns)}, "
                f"and {LABEL_NODE} for the label."
            )
        if LABEL_NODE not in named:
            raise SettingError(
                f"The graph has no label. Add an arrow from or to {LABEL_NODE}."
            )
        return graph

    return read


def _called(name: str) -> str:
    return plain("The label") if name == LABEL_NODE else visible(name)
