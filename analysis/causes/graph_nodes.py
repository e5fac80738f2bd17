"""Several nodes of a causal graph as one, and one taken apart again."""

from collections.abc import Iterable, Sequence

from analysis.causes.graph import Edge, Graph, Node
from analysis.causes.graph_text import default_name
from analysis.errors import SettingError


def merged(graph: Graph, names: Iterable[str], name: str = "") -> Graph:
    """Return a graph with several nodes as one, which keeps all their edges.

    Parameters
    ----------
    graph : Graph
    names : iterable of str
        Two or more; edges between them go.
    name : str
        Of the new node; its columns' names joined if empty.

    Raises
    ------
    SettingError
        The label is among them, there are fewer than two, or another node stands
        between them, so that the merged one would be its own cause.
    """
    wanted = set(names)
    chosen = [node for node in graph.nodes if node.name in wanted]
    if len(chosen) < 2 or any(node.is_label for node in chosen):
        raise SettingError(
            "Two or more nodes can be merged, and the label stays by itself. Choose at "
            "least two other nodes."
        )
    columns = tuple(column for node in chosen for column in node.columns)
    new = Node(name or default_name(columns), columns)
    old = {node.name for node in chosen}
    ends = (tuple(new.name if e in old else e for e in edge) for edge in graph.edges)
    at = min(i for i, node in enumerate(graph.nodes) if node.name in old)
    others = [node for node in graph.nodes if node.name not in old]
    return Graph(
        (*others[:at], new, *others[at:]), tuple((a, b) for a, b in ends if a != b)
    )


def taken_apart(graph: Graph, name: str, column: str = "") -> Graph:
    """Return a graph with a node of several columns taken apart.

    Each part keeps the node's edges, and earlier parts become causes of later ones: so
    the parts' mechanisms multiply to the node's own, however its columns hang together.

    Parameters
    ----------
    graph : Graph
    name : str
    column : str
        Taken out as a node by itself, before the rest; every column if empty.

    Raises
    ------
    SettingError
        The node has one column only, or has not this one.
    """
    columns = graph.node(name).columns
    if len(columns) < 2 or (column and column not in columns):
        raise SettingError(
            f"'{name}' is of {', '.join(columns)} alone, so there is nothing to take "
            "out of it. Choose a node of several columns and one of them."
        )
    if not column:
        return _replaced(graph, name, [Node(c, (c,)) for c in columns])
    rest = tuple(c for c in columns if c != column)
    is_named = name != default_name(columns) and len(rest) > 1
    kept = Node(name if is_named else default_name(rest), rest)
    return _replaced(graph, name, [Node(column, (column,)), kept])


def _replaced(graph: Graph, name: str, parts: Sequence[Node]) -> Graph:
    """Return a graph with a node's parts in its place, each a cause of those after."""
    names = [part.name for part in parts]
    edges: list[Edge] = []
    for cause, effect in graph.edges:
        causes = names if cause == name else [cause]
        effects = names if effect == name else [effect]
        edges += [(a, b) for a in causes for b in effects]
    edges += [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    at = [node.name for node in graph.nodes].index(name)
    return Graph((*graph.nodes[:at], *parts, *graph.nodes[at + 1 :]), tuple(edges))
