"""Which crossings of attributes readers of the Calibration page see together."""

import streamlit as st

from analysis.evaluation import Evaluation
from analysis.frame import MAX_GROUPS
from analysis.subgroups.listing import Crossings, group_counts, listing
from pages.ui import state, widgets

DEPTH = "calibration.depth"
FIRST_DEPTH = 2
WORDS = {1: "One attribute", 2: "Two at once", 3: "Three at once", 4: "Four at once"}


def attributes(shown: Evaluation) -> tuple[str, ...]:
    """Return the attributes whose groups fit in one table, those of most left out."""
    names = sorted(shown.groups, key=lambda a: len(shown.groups[a].names))
    while len(names) > 1 and group_counts(shown, names, 1) > MAX_GROUPS:
        names.pop()
    return tuple(name for name in shown.groups if name in names)


def depths(shown: Evaluation, names: tuple[str, ...]) -> list[int]:
    """Return how many attributes can be crossed at once."""
    return [
        depth
        for depth in range(1, len(names) + 1)
        if depth == 1 or group_counts(shown, names, depth) <= MAX_GROUPS
    ]


def choose_depth(shown: Evaluation) -> int:
    """Let the reader choose how many attributes are crossed at once."""
    possible = depths(shown, attributes(shown))
    if len(possible) < 2:
        return 1
    chosen = st.segmented_control(
        "Combine",
        possible,
        default=_first(possible),
        format_func=lambda depth: WORDS.get(depth, f"{depth} at once"),
        required=True,
        key=DEPTH,
    )
    return int(chosen)


def crossings(shown: Evaluation) -> Crossings:
    """Return what small groups are hidden beside; nothing while none are hidden."""
    if state.view().k < 2 or not shown.groups:
        return ()
    names = attributes(shown)
    possible = depths(shown, names)
    depth = widgets.held(DEPTH, _first(possible))
    return listing(shown, names, min(depth, possible[-1])).crossed


def withheld(beside: Crossings) -> str:
    """Return the arguments that withhold small groups; empty where none are."""
    k = state.view().k
    return f", k={k}, beside={beside!r}" if k > 1 else ""


def _first(possible: list[int]) -> int:
    return FIRST_DEPTH if FIRST_DEPTH in possible else possible[-1]
