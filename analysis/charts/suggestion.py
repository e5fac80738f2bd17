"""What a suggested graph of causes rests on, in words and as a table."""

import pandas as pd

from analysis.causes.graph import LABEL_NODE, Edge
from analysis.causes.suggested_graph import REASONS, Suggestion

MOST_NAMED = 4


def open_edges(found: Suggestion) -> tuple[Edge, ...]:
    """Return the edges whose direction is not determined."""
    return tuple((e.cause, e.effect) for e in found.edges if e.is_default)


def words(found: Suggestion) -> str:
    """Say which mechanisms seem to have moved, and which directions stay open."""
    moved = [_called(m.node) for m in found.moved]
    if not moved:
        said = "No mechanism differs between the sides beyond chance."
    else:
        named = ", ".join(moved[:MOST_NAMED])
        more = f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
        said = f"What depends on the side whatever else is known: {named}{more}."
    left = len(open_edges(found))
    if left:
        said += (
            f" {left} of {len(found.edges)} directions are not determined by the data; "
            "those arrows are dashed."
        )
    return f"{said} A suggestion, not a proof: check it against what you know."


def notes(found: Suggestion) -> str:
    """Say how the suggestion was made."""
    return (
        f"From {found.rows:,} of {found.of_rows:,} rows. Two nodes are linked if no "
        "test lets them pass for independent, whatever up to three others are known "
        f"(each at {found.level:.0%}); the side is one of the variables. Directions "
        "that stay open point from sensitive attributes to features in the table's "
        "order and on to the label. Unseen causes of two nodes link them as well."
    )


def table(found: Suggestion) -> pd.DataFrame:
    """Return every edge with its p-value and why it points so; then what moved."""
    edges = [(e.cause, e.effect, e.p_value, REASONS[e.reason]) for e in found.edges]
    moved = [
        ("the side", m.node, m.p_value, "its mechanism differs") for m in found.moved
    ]
    return pd.DataFrame(
        [*edges, *moved], columns=["cause", "effect", "p at most", "why it points so"]
    )


def _called(name: str) -> str:
    return "the label" if name == LABEL_NODE else name
