"""Every subgroup: strips of dots, a table to search, and a few side by side."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from analysis.charts import group_table as words
from analysis.charts import strip
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.frame import MAX_GROUPS
from analysis.subgroups.group_table import GroupTable
from analysis.subgroups.listing import Crossings, group_counts, listing
from analysis.subgroups.tabulate import Options, group_table
from pages.ui import cache, commands, controls, state, tables
from pages.ui.messages import note, plain
from pages.ui.panels import listed, tray

KEY = "subgroups"
REST, LARGEST, CHOSEN = "Everyone else", "The largest group of each", "Groups I choose"
DEPTHS = {1: "One attribute", 2: "Two at once", 3: "Three at once"}
FIRST_DEPTH = 2
FIRST_STRENGTH, FIRST_GAP = 1.0, 5.0


@dataclass(frozen=True)
class Asked:
    """What the reader asked of the table of every subgroup.

    Parameters
    ----------
    attributes : tuple of str
    depth : int
    metrics : tuple of str
        The first one is the page's own.
    reference : tuple of (str, str) or None
        Value of each attribute; None for everyone else.
    strength : float
        Of the shrinkage.
    gap : float
        Difference for which the rows needed are given.
    k : int
    beside : tuple of tuple of str
        All crossings that the page shows together.
    """

    attributes: tuple[str, ...]
    depth: int
    metrics: tuple[str, ...]
    reference: tuple[tuple[str, str], ...] | None
    strength: float
    gap: float
    k: int
    beside: Crossings


@dataclass(frozen=True, eq=False)
class Section:
    """Where the section is drawn, and what is published together on the page.

    Parameters
    ----------
    place, settings, below : containers
    depth : int
    crossings : tuple of tuple of str
        Attributes crossed in the table; what small groups are hidden beside.
    """

    place: Any
    settings: Any
    below: Any
    depth: int
    crossings: Crossings


def section(shown: Evaluation) -> Section | None:
    """Lay the section out and let the reader choose its depth; None without groups."""
    if not shown.groups:
        return None
    st.subheader("Every subgroup", anchor=False)
    place, settings, below = st.container(), st.container(), st.container()
    popover = settings.popover("Measures, depth, reference", key=f"{KEY}.settings")
    names = _fitting(shown)
    with popover:
        depth = _depth(shown, names)
    crossed = listing(shown, names, depth).crossed
    return Section(place, popover, below, depth, crossed)


def _fitting(shown: Evaluation) -> tuple[str, ...]:
    """Return the attributes whose groups fit in one table; the others are named."""
    names = sorted(shown.groups, key=lambda a: len(shown.groups[a].names))
    while len(names) > 1 and group_counts(shown, names, 1) > MAX_GROUPS:
        left_out = names.pop()
        note(f"{left_out} has too many groups for this table and is left out.")
    return tuple(name for name in shown.groups if name in names)


def draw(
    laid: Section, shown: Evaluation, data: Dataset, metric: str, beside: Crossings
) -> GroupTable:
    """Draw the section and return its table.

    Parameters
    ----------
    laid : Section
    shown : Evaluation
    data : Dataset
    metric : str
        The page's own.
    beside : tuple of tuple of str
        All crossings that the page shows together.
    """
    place, below = laid.place, laid.below
    with laid.settings:
        asked = _asked(shown, metric, laid, beside)
    table = table_of(shown, asked)
    picked = tray.taken(table, shown, data)
    with place:
        figure = strip.strip(
            table,
            asked.metrics,
            people=data.task.rows_are,
            picked=picked,
            ink=state.ink(),
        )
        st.plotly_chart(
            figure,
            key=f"{KEY}.strip",
            alt=strip.alt(table, asked.metrics),
            theme=None,
            config=controls.MODEBAR_OFF,
            on_select=tray.take_clicked,
            selection_mode="points",
        )
        note("Click a dot to keep the subgroup: it is set beside others below.")
    with below:
        tray.draw(table, asked.metrics, picked, len(shown))
        listed.draw(table, asked.metrics, asked.gap, data)
        tables.numbers(
            words.table_of(table, asked.metrics),
            f"{KEY}.strip",
            commands.audit_command(
                asked.attributes,
                asked.metrics,
                depth=asked.depth,
                reference=asked.reference,
                more=_further(asked),
            ),
        )
    return table


def _further(asked: Asked) -> tuple[str, ...]:
    """Return the options of the command line for what was set otherwise."""
    more: tuple[str, ...] = ()
    if asked.strength != FIRST_STRENGTH:
        more += ("--strength", f"{asked.strength:g}")
    if asked.gap != FIRST_GAP / 100:
        more += ("--gap", f"{asked.gap:g}")
    return more


@cache.shared(32)
def table_of(shown: Evaluation, asked: Asked) -> GroupTable:
    """Return the table of groups."""
    reference = None if asked.reference is None else dict(asked.reference)
    listed = listing(shown, asked.attributes, asked.depth)
    hidden = cache.hidden_together(shown, asked.beside, asked.k)
    return group_table(
        shown,
        listed,
        asked.metrics,
        Options(reference, asked.strength, hidden.listed(listed)),
    )


def _asked(shown: Evaluation, metric: str, laid: Section, beside: Crossings) -> Asked:
    names = tuple(dict.fromkeys(a for crossed in laid.crossings for a in crossed))
    metrics = controls.more_metrics(KEY, controls.measures(shown), metric)
    reference = _reference(shown)
    strength = st.slider(
        "Pull of small groups towards the others",
        *(0.0, 3.0, FIRST_STRENGTH, 0.5),
        key=f"{KEY}.strength",
        help="Small subgroups are pulled towards what the others say (empirical "
        "Bayes). 1 is as much as these data ask for, 0 leaves them as they are.",
    )
    gap = st.number_input(
        "Difference to be able to see, points",
        *(1.0, 50.0, FIRST_GAP, 1.0),
        key=f"{KEY}.gap",
        help="How many rows each subgroup would need so that a true difference of "
        "this size shows in four of five samples.",
    )
    return Asked(
        names,
        laid.depth,
        metrics,
        reference,
        strength,
        float(gap) / 100,
        state.view().k,
        beside,
    )


def _depth(shown: Evaluation, names: tuple[str, ...]) -> int:
    """Let the reader choose how many attributes are crossed at once."""
    possible = [
        depth
        for depth in DEPTHS
        if depth <= len(names) and group_counts(shown, names, depth) <= MAX_GROUPS
    ]
    if len(possible) < 2:
        return 1
    first = FIRST_DEPTH if FIRST_DEPTH in possible else possible[-1]
    chosen = st.segmented_control(
        "Combine",
        possible,
        default=first,
        format_func=DEPTHS.__getitem__,
        required=True,
        key=f"{KEY}.depth",
        bind="query-params",
    )
    return int(chosen)


def _reference(shown: Evaluation) -> tuple[tuple[str, str], ...] | None:
    """Let the reader choose what every subgroup is compared with."""
    chosen = st.selectbox(
        "Compared with",
        [REST, LARGEST, CHOSEN],
        key=f"{KEY}.compared",
        bind="query-params",
    )
    if chosen == REST:
        return None
    largest = largest_groups(shown)
    if chosen == LARGEST:
        return largest
    return tuple(
        (
            attribute,
            st.selectbox(
                plain(f"Reference {attribute}"),
                list(shown.groups[attribute].names),
                list(shown.groups[attribute].names).index(name),
                key=f"{KEY}.reference.{attribute}",
            ),
        )
        for attribute, name in largest
    )


@cache.shared(16)
def largest_groups(shown: Evaluation) -> tuple[tuple[str, str], ...]:
    """Return the largest group of each attribute."""
    return tuple(shown.largest_groups().items())
