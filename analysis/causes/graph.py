"""A causal graph over columns: parse, check, edit, and list its mechanisms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.causes.graph_text import Edge, read, written
from analysis.errors import SettingError

__all__ = [
    "LABEL_NODE",
    "Edge",
    "Graph",
    "Mechanism",
    "Node",
    "graph_from_json",
    "graph_of_columns",
    "parse_graph",
]

LABEL_NODE = "Y"
"""How a graph writes the label."""


@dataclass(frozen=True)
class Node:
    """One variable of the graph: a column, the label, or several columns as one.

    Parameters
    ----------
    name : str
    columns : tuple of str
        Features or sensitive attributes; `(LABEL_NODE,)` for the label.
    """

    name: str
    columns: tuple[str, ...]

    @property
    def is_label(self) -> bool:
        """Whether it stands for the label."""
        return self.columns == (LABEL_NODE,)


@dataclass(frozen=True)
class Mechanism:
    """One conditional distribution P(node | parents), a player of the attribution."""

    node: str
    parents: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"P({self.node}|{','.join(self.parents)})"
            if self.parents
            else (f"P({self.node})")
        )


@dataclass(frozen=True)
class Graph:
    """Causes and effects without a cycle.

    Parameters
    ----------
    nodes : tuple of Node
        With unique names; no column in two of them.
    edges : tuple of (str, str)
        Names of cause and effect.

    Raises
    ------
    SettingError
        An edge names no node, a name or a column occurs twice, or edges form a cycle.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()

    def __post_init__(self) -> None:
        names = [node.name for node in self.nodes]
        columns = [column for node in self.nodes for column in node.columns]
        for what, given in (("node", names), ("column", columns)):
            twice = sorted({g for g in given if given.count(g) > 1})
            if twice:
                raise SettingError(
                    f"The {what} '{twice[0]}' stands in the graph twice. Keep one."
                )
        unknown = sorted({end for edge in self.edges for end in edge} - set(names))
        if unknown:
            raise SettingError(
                f"The graph has an edge at '{unknown[0]}', which is not one of its "
                f"nodes: {', '.join(names)}. Add the node, or drop the edge."
            )
        object.__setattr__(self, "edges", tuple(dict.fromkeys(self.edges)))
        _sorted({name: self.parents_of(name) for name in names})

    def parents_of(self, name: str) -> tuple[str, ...]:
        """Return the causes of a node, in the order of their edges."""
        return tuple(cause for cause, effect in self.edges if effect == name)

    def node(self, name: str) -> Node:
        """Return a node by its name."""
        return next(node for node in self.nodes if node.name == name)

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """One per node, parents before their children."""
        parents = {node.name: self.parents_of(node.name) for node in self.nodes}
        return tuple(Mechanism(n, parents[n]) for n in _sorted(parents))

    def with_edge(self, cause: str, effect: str) -> "Graph":
        """Return the graph with one more edge."""
        return replace(self, edges=(*self.edges, (cause, effect)))

    def without_edge(self, cause: str, effect: str) -> "Graph":
        """Return the graph without an edge."""
        kept = tuple(edge for edge in self.edges if edge != (cause, effect))
        return replace(self, edges=kept)

    def with_reversed(self, cause: str, effect: str) -> "Graph":
        """Return the graph with an edge turned round."""
        turned = tuple(
            (effect, cause) if edge == (cause, effect) else edge for edge in self.edges
        )
        return replace(self, edges=turned)

    def with_node(self, node: Node) -> "Graph":
        """Return the graph with one more node, without edges."""
        return replace(self, nodes=(*self.nodes, node))

    def without_node(self, name: str) -> "Graph":
        """Return the graph without a node and its edges.

        Raises
        ------
        SettingError
            It is the label, which what people are told right or wrong depends on.
        """
        if self.node(name).is_label:
            raise SettingError(
                "The label has to stay: without it nobody knows who is decided "
                "wrongly. Drop its edges instead."
            )
        nodes = tuple(node for node in self.nodes if node.name != name)
        return Graph(nodes, tuple(edge for edge in self.edges if name not in edge))

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Node names from the causes to the effects: each stands after its causes."""
        depth: dict[str, int] = {}
        for mechanism in self.mechanisms:
            above = (depth[parent] + 1 for parent in mechanism.parents)
            depth[mechanism.node] = max(above, default=0)
        return tuple(
            tuple(node.name for node in self.nodes if depth[node.name] == layer)
            for layer in range(max(depth.values(), default=-1) + 1)
        )

    def renamed(self, old: str, new: str) -> "Graph":
        """Return the graph with one node, and its only column, called otherwise."""

        def name(given: str) -> str:
            return new if given == old else given

        nodes = tuple(
            Node(new, (new,)) if node.name == old else node for node in self.nodes
        )
        return Graph(nodes, tuple((name(a), name(b)) for a, b in self.edges))

    def to_json(self) -> dict[str, Any]:
        """Return JSON types; `graph_from_json` reads them."""
        return {
            "nodes": [{"name": n.name, "columns": list(n.columns)} for n in self.nodes],
            "edges": [list(edge) for edge in self.edges],
        }

    def __str__(self) -> str:
        return written({n.name: n.columns for n in self.nodes}, self.edges)


def graph_from_json(given: Mapping[str, Any]) -> Graph:
    """Return the graph that `Graph.to_json` wrote."""
    nodes = tuple(Node(n["name"], tuple(n["columns"])) for n in given["nodes"])
    return Graph(nodes, tuple((cause, effect) for cause, effect in given["edges"]))


def graph_of_columns(names: Iterable[str], edges: Sequence[Edge]) -> Graph:
    """Return a graph in which every node is the column of its name."""
    return Graph(tuple(Node(name, (name,)) for name in names), tuple(edges))


def parse_graph(text: str) -> Graph:
    """Read a graph as `str(graph)` prints it, such as `G->Y,Y->X1`.

    The text is described in `analysis/causes/graph_text.py`.

    Raises
    ------
    SettingError
        An edge cannot be read, or the edges form a cycle.
    """
    columns, edges = read(text)
    if not edges:
        raise SettingError("The graph has no edges; write at least one, such as G->Y.")
    return Graph(tuple(Node(name, columns[name]) for name in columns), tuple(edges))


def _sorted(parents: dict[str, tuple[str, ...]]) -> list[str]:
    """Order nodes with parents first (Kahn 1962)."""
    placed: list[str] = []
    waiting = dict(parents)
    while waiting:
        ready = [n for n, p in waiting.items() if all(q in placed for q in p)]
        if not ready:
            raise SettingError(
                f"The edges among {', '.join(waiting)} form a cycle; a cause cannot be "
                "its own effect. Remove or reverse one of them."
            )
        placed += ready
        for node in ready:
            del waiting[node]
    return placed
