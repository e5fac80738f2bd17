"""The graph of causes that is in force, and those to start from."""

import pandas as pd

from analysis.causes.graph import Graph, parse_graph
from analysis.causes.starting_graphs import (
    StartingGraph,
    bundles_in_order,
    starting_graphs,
)
from analysis.errors import SettingError
from pages.ui import cache, state
from pages.ui.shifting.setting import Setting


def starts(setting: Setting) -> tuple[StartingGraph, ...]:
    """Return the graphs that a reader can start from."""
    return _starts(setting.source.digest, setting.by, setting.source.columns)


def bundles(setting: Setting) -> tuple[tuple[str, ...], ...]:
    """Return groups of features in the order in which they are split at first."""
    return _bundles(setting.source.digest, setting.source.columns)


def columns_of(setting: Setting) -> tuple[str, ...]:
    """Return everything that a graph can name beside the label."""
    features = map(str, setting.source.columns.columns)
    return tuple(dict.fromkeys([*features, *setting.by]))


def fits(graph: Graph, setting: Setting) -> bool:
    """Whether a graph has the label, and no column that is not compared."""
    known = set(columns_of(setting))
    named = {c for n in graph.nodes if not n.is_label for c in n.columns}
    return named <= known and any(n.is_label for n in graph.nodes)


def in_force(setting: Setting) -> Graph | None:
    """Return the graph that the reader put in force, if it fits what is compared."""
    if not state.graph():
        return None
    try:
        graph = parse_graph(state.graph())
    except SettingError:  # an address that was changed by hand
        return None
    return graph if fits(graph, setting) else None


def used(setting: Setting) -> Graph:
    """Return the graph in force, or else the one to start from."""
    graph = in_force(setting)
    return starts(setting)[0].graph if graph is None else graph


@cache.shared(16)
def _starts(
    digest: str, by: tuple[str, ...], _columns: pd.DataFrame
) -> tuple[StartingGraph, ...]:
    return starting_graphs(_columns, by)


@cache.shared(16)
def _bundles(digest: str, _columns: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    return bundles_in_order(_columns)
