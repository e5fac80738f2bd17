"""Graphs to start from, each right about how a mechanism splits if its order is."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.causes.association import bundled, joined, sampled
from analysis.causes.graph import LABEL_NODE, Graph, Node
from analysis.density.basis import FULL_PRODUCTS, MAX_INTERACTION_COLUMNS, basis
from analysis.errors import SettingError

FEATURE_NODES = 4
"""Nodes that features are bundled into: with the label few enough to read, to weigh
and to split exactly."""

MOST_NODES = 8
"""Above it features are bundled also where the order is the reader's."""

SAMPLED_ROWS = 5_000

FEATURES = "features"
GROUPS = 4
"""Numbers that stand for the label, or for an attribute that is no feature."""

_LABEL = Node(LABEL_NODE, (LABEL_NODE,))


@dataclass(frozen=True)
class StartingGraph:
    """One graph to start from.

    Parameters
    ----------
    name : str
    title : str
    words : str
        When it fits, as a sentence.
    graph : Graph
    """

    name: str
    title: str
    words: str
    graph: Graph

    @property
    def bundles(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Nodes that hold several columns, by name, and which."""
        return tuple(
            (n.name, n.columns) for n in self.graph.nodes if len(n.columns) > 1
        )


def starting_graphs(
    columns: pd.DataFrame, attributes: Sequence[str]
) -> tuple[StartingGraph, ...]:
    """Return the graphs that a reader can start from.

    In each, a node has all earlier ones as causes, so that the mechanisms multiply to
    the whole distribution whatever depends on whatever; dropping edges says more.

    Parameters
    ----------
    columns : DataFrame [n, d]
        The features compared.
    attributes : sequence of str
        Sensitive attributes that do not tell the sides apart, features or not.
    """
    # a feature of the label's own name could not be told from it in a graph
    columns = columns[[c for c in columns.columns if str(c) != LABEL_NODE]]
    nodes = [Node(joined(b), b) for b in bundles_in_order(columns)]
    found = [
        StartingGraph(
            "label_last",
            "The label after the features",
            "Fits where the features lead to what is predicted, as years at work lead "
            "to income.",
            ordered([*nodes, _LABEL]),
        ),
        StartingGraph(
            "label_first",
            "The features after the label",
            "Fits where what is predicted shows itself in the features, as a disease "
            "does in its symptoms.",
            ordered([_LABEL, *nodes]),
        ),
    ]
    if attributes:
        found.insert(1, _groups_first(columns, attributes))
    return tuple(found)


def graph_in_order(order: Sequence[Sequence[str]]) -> Graph:
    """Return the graph of groups of features in a reader's order, the label last.

    Parameters
    ----------
    order : sequence of sequence of str
        The columns of each group, causes first; a column that stands in an earlier
        group is left out of later ones.

    Raises
    ------
    SettingError
        There is no group, or there are more than `MOST_NODES` with the label.
    """
    seen: set[str] = set()
    nodes = []
    for group in order:
        fresh = tuple(dict.fromkeys(c for c in group if c not in seen))
        seen |= set(fresh)
        if fresh:
            nodes.append(Node(joined(fresh), fresh))
    if not 1 <= len(nodes) < MOST_NODES:
        raise SettingError(
            f"There are {len(nodes)} groups of features; from 1 to {MOST_NODES - 1} "
            "can be ordered. Put several features into one group."
        )
    return ordered([*nodes, _LABEL])


def bundles_in_order(columns: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return groups of features to start an order from: as many as can be weighed."""
    part = sampled(columns, SAMPLED_ROWS)
    for at_most in range(FEATURE_NODES, 1, -1):
        bundles = bundled(part, at_most)
        sizes = [_size(part, bundle) for bundle in bundles]
        before = [GROUPS + sum(sizes[:i]) for i in range(len(sizes))]
        if all(map(_can_interact, before, sizes)):
            return bundles
    return bundled(part, 1)


def _size(columns: pd.DataFrame, names: Sequence[str]) -> int:
    """Return how many numbers enter products for some columns."""
    part = columns[list(names)]
    return len(basis(part, part).short_columns)


def _can_interact(parents: int, node: int) -> bool:
    return parents * node <= max(MAX_INTERACTION_COLUMNS, FULL_PRODUCTS)


def ordered(nodes: Sequence[Node]) -> Graph:
    """Return the graph in which every node causes all that stand after it."""
    names = [node.name for node in nodes]
    edges = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return Graph(tuple(nodes), tuple(edges))


def _groups_first(columns: pd.DataFrame, attributes: Sequence[str]) -> StartingGraph:
    """Return sensitive attributes, then all other features as one, then the label.

    Of many attributes only as many stand by themselves as can be weighed.
    """
    part = sampled(columns, SAMPLED_ROWS)
    features = [str(c) for c in columns.columns]
    chosen: list[str] = []
    for name in attributes[: MOST_NODES - 2]:
        rest = [f for f in features if f not in (*chosen, name)]
        held = [a for a in (*chosen, name) if a in features]
        groups = _size(part, held) + GROUPS * (len(chosen) + 1 - len(held))
        if not chosen or _can_interact(groups, _size(part, rest)):
            chosen.append(name)
    rest = [f for f in features if f not in chosen]
    nodes = [Node(a, (a,)) for a in chosen]
    is_clear = len(rest) > 1 and FEATURES not in chosen
    nodes += [Node(FEATURES if is_clear else joined(rest), tuple(rest))] if rest else []
    return StartingGraph(
        "groups_first",
        "Groups, then features, then the label",
        "Tells a changed mix of groups from changes within the groups.",
        ordered([*nodes, _LABEL]),
    )
