"""A causal graph suggested by the data of both sides."""

from dataclasses import dataclass

from analysis.causes.suggested_graph import Suggestion, suggested_graph
from analysis.errors import DataError
from analysis.progress import Tick
from analysis.shifts.domain import Domain
from models.inquiries.opening import Opened


@dataclass(frozen=True)
class Asked:
    """What the suggestion is made of.

    Parameters
    ----------
    attributes : tuple of str
        Sensitive attributes that do not tell the sides apart.
    nodes : int
        At most so many.
    """

    attributes: tuple[str, ...]
    nodes: int


def answer(opened: Opened, asked: Asked, tick: Tick) -> Suggestion:
    """Suggest causes and effects."""
    if not isinstance(opened.target, Domain):
        raise DataError(
            "The target has no labels, so what causes them there cannot be looked for. "
            "Start from another graph."
        )
    return suggested_graph(
        opened.source, opened.target, asked.attributes, nodes=asked.nodes, tick=tick
    )
