"""The tab in which a graph of causes is drawn and edited."""

import streamlit as st

from analysis.attribution.quantity import Quantity
from analysis.causes.graph import Graph
from analysis.causes.starting_graphs import graph_in_order
from analysis.causes.suggested_graph import FIRST_NODES, MOST_NODES, Suggestion
from analysis.charts import causal_graph, suggestion
from analysis.errors import SettingError
from models.inquiries.suggested_graph import Asked
from models.names import joined
from models.names import split as read_names
from pages.ui import commands, controls, state, tables, widgets
from pages.ui.messages import answer, note, plain
from pages.ui.shifting import asking, drafts, editing, graphs, split
from pages.ui.shifting.setting import Setting

KEY = "shift.cause"
ORDER, SUGGESTED = "order", "suggested"
TITLES = {
    ORDER: "Features in an order of your own",
    SUGGESTED: "A suggestion from the data",
}


def draw(setting: Setting) -> None:
    """Draw the graph as edited, what edits it, and the split by the one in force."""
    starts = {start.name: start for start in graphs.starts(setting)}
    first = graphs.used(setting)
    top = st.container()
    choice = _start(starts)
    if choice in starts:
        note(starts[choice].words)
    found = None
    if choice == ORDER:
        _order(setting)
    elif choice == SUGGESTED:
        found = _suggested(setting)
    graph = drafts.current(first, lambda g: graphs.fits(g, setting))
    with top:
        _show(setting, graph, found)
    editing.draw(graph, graphs.columns_of(setting))
    if found is not None:
        _explain(setting, found)
    _split(setting)


def _start(starts: dict[str, graphs.StartingGraph]) -> str:
    """Let the reader choose what to start from; a known graph is taken at once."""
    key = f"{KEY}.start"

    def take() -> None:
        name = widgets.held(key)
        if name in starts:
            drafts.replace(starts[name].graph)

    titles = {name: start.title for name, start in starts.items()} | TITLES
    chosen = st.selectbox(
        "Start from",
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        on_change=take,
    )
    return str(chosen)


def _show(setting: Setting, graph: Graph, found: Suggestion | None) -> None:
    """Draw the graph, what was refused, and the buttons for the whole of it."""
    is_suggestion = found is not None and graph == found.graph
    answer(causal_graph.words(graph), "cause")
    refused = drafts.refused()
    if refused:
        st.warning(plain(f"{refused} The graph stays as it was."))
    open_edges = suggestion.open_edges(found) if is_suggestion and found else ()
    figure = causal_graph.figure(
        graph,
        chosen=editing.chosen(graph),
        open_edges=open_edges,
        is_suggestion=is_suggestion,
        ink=state.ink(),
    )
    st.plotly_chart(
        figure,
        key=editing.CHART,
        alt=causal_graph.alt(graph),
        theme=None,
        config=controls.MODEBAR_OFF,
        on_select=editing.take_clicked,
        selection_mode="points",
    )
    note(causal_graph.bundles(graph))
    use, undo, _ = st.columns([2, 1, 3])
    use.button(
        "Use this graph",
        type="primary",
        key=f"{KEY}.use",
        width="stretch",
        on_click=state.use_graph,
        args=(str(graph),),
        disabled=graph == graphs.in_force(setting) or not graph.edges,
    )
    undo.button(
        "Undo",
        key=f"{KEY}.undo",
        width="stretch",
        on_click=drafts.undo,
        disabled=not drafts.can_undo(),
    )
    tables.numbers(
        causal_graph.table(graph),
        editing.CHART,
        "from analysis.causes.graph import parse_graph\n\n"
        f"parse_graph({str(graph)!r}).mechanisms",
    )


def _order(setting: Setting) -> None:
    """Let the reader write groups of features in an order."""
    key = f"{KEY}.order"
    lines = [joined(bundle) for bundle in graphs.bundles(setting)]
    text = st.text_area(
        "One group of features a line, causes first",
        "\n".join(lines),
        key=key,
        help="Names joined by commas; the label comes last.",
    )

    def ordered() -> Graph:
        order = [read_names(line) for line in text.splitlines()]
        known = graphs.columns_of(setting)
        unknown = [c for group in order for c in group if c not in known]
        if unknown:
            raise SettingError(
                f"'{unknown[0]}' is not a column here; there are {', '.join(known)}."
            )
        return graph_in_order(order)

    st.button(
        "Take this order", key=f"{key}.take", on_click=drafts.edit, args=(ordered,)
    )


def _suggested(setting: Setting) -> Suggestion | None:
    """Return a suggestion, which becomes the graph once; None while it is made."""
    nodes = st.slider(
        "At most so many nodes",
        4,
        MOST_NODES,
        FIRST_NODES,
        key=f"{KEY}.nodes",
        help="Features that hang together share one.",
    )
    question = Asked(attributes=setting.by, nodes=int(nodes))
    found: Suggestion | None = asking.answered(
        setting, "suggested_graph", question, "Testing who depends on whom"
    )
    taken = f"{KEY}.taken"
    if found is not None and widgets.held(taken) != (question, str(found.graph)):
        widgets.show(taken, (question, str(found.graph)))
        drafts.replace(found.graph)
    return found


def _explain(setting: Setting, found: Suggestion) -> None:
    """Say what the suggestion rests on, and what it leaves open."""
    st.markdown(plain(suggestion.words(found)))
    note(suggestion.notes(found))
    imports = ["from analysis.causes.suggested_graph import suggested_graph"]
    call = f"suggested_graph(source, target, {setting.by!r})"
    snippet = commands.sides_snippet(setting.sides, imports, [call])
    tables.numbers(suggestion.table(found), f"{KEY}.suggestion", snippet)


def _split(setting: Setting) -> None:
    """Draw the split by the graph in force, if there is one."""
    graph = graphs.in_force(setting)
    if graph is None:
        note("Use the graph to split the change over its mechanisms.")
        return
    st.subheader("The change, split over the mechanisms in use", anchor=False)
    record = split.asked(setting, Quantity(setting.metric), graph)
    if record is not None:
        split.show(setting, record, graph, f"{KEY}.waterfall", tab="causesplit")
