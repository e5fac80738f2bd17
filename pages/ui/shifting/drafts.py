"""The graph of causes that is being edited: every edit can be undone."""

import json
from collections.abc import Callable

from analysis.causes.graph import Graph, graph_from_json
from analysis.errors import SettingError
from pages.ui import widgets

_DRAFTS, _REFUSED = "shift.drafts", "shift.refused"
MOST = 50


def current(first: Graph, is_fitting: Callable[[Graph], bool]) -> Graph:
    """Return the graph as edited so far; the first one where there is none that fits.

    Parameters
    ----------
    first : Graph
    is_fitting : callable
        Whether a graph names only what is compared now.
    """
    kept = widgets.held(_DRAFTS) or []
    if kept:
        graph = graph_from_json(json.loads(kept[-1]))
        if is_fitting(graph):
            return graph
    widgets.show(_DRAFTS, [_text(first)])
    return first


def edit(change: Callable[[], Graph]) -> None:
    """Keep an edited graph; one that is no graph is refused, and the old one stays."""
    try:
        replace(change())
    except SettingError as error:
        widgets.show(_REFUSED, str(error))


def replace(graph: Graph) -> None:
    """Put a graph in the place of the one that is edited; undo brings that back."""
    kept = list(widgets.held(_DRAFTS) or [])
    if not kept or kept[-1] != _text(graph):
        widgets.show(_DRAFTS, [*kept, _text(graph)][-MOST:])


def undo() -> None:
    """Go back to the graph before the last edit."""
    kept = list(widgets.held(_DRAFTS) or [])
    widgets.show(_DRAFTS, kept[:-1] if len(kept) > 1 else kept)


def can_undo() -> bool:
    """Whether there was an edit."""
    return len(widgets.held(_DRAFTS) or []) > 1


def refused() -> str:
    """Return why the last edit was refused, once; empty if it was not."""
    return str(widgets.once(_REFUSED, ""))


def _text(graph: Graph) -> str:
    return json.dumps(graph.to_json())
