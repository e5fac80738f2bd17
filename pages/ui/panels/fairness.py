"""The fairness measures of the groups in view, side by side."""

import streamlit as st

from analysis.charts import measures as printing
from analysis.evaluation import Evaluation
from analysis.subgroups.fairness import MEASURES
from analysis.subgroups.group_table import GroupTable
from analysis.subgroups.listing import Crossings
from analysis.subgroups.measures import Fairness, fairness
from analysis.subgroups.tabulate import Options
from pages.ui import cache, commands, state, tables
from pages.ui.messages import empty, note, plain

KEY = "subgroups.fairness"


def draw(
    shown: Evaluation,
    by: tuple[str, ...],
    table: GroupTable | None,
    beside: Crossings = (),
) -> None:
    """Draw the panel; groups are compared with what the table compares with."""
    if not by:
        empty(
            "There is no group to compare yet",
            "Choose an attribute to group by above; this shows every fairness measure "
            "over its groups.",
        )
        return
    reference = None if table is None else table.reference
    pairs = None if reference is None else tuple(reference.items())
    found = measured(shown, by, pairs, state.view().k, beside)
    tables.printed(
        printing.printed_measures(found), f"{KEY}.measures", texts=("Furthest off",)
    )
    note(
        "Gaps and ratios hold for all pairs of groups at once. Furthest off: the group "
        f"that differs most from {printing.reference_words(reference, by)}, in points "
        "where gaps are."
    )
    if state.view().k <= 1:
        tables.printed(printing.printed_scaled(found), f"{KEY}.scaled")
        note(
            "Scaled by equity: divided by 1 plus the distances of all groups from "
            f"everyone's value; equal groups leave it as it is. "
            f"{printing.entropy_words(found)}"
        )
    with st.expander("What each asks", type="compact"):
        for row in found.rows:
            spec = MEASURES[row.measure.name]
            st.markdown(
                f"**{plain(spec.title)}.** {plain(spec.question)} {plain(spec.source)}."
            )
    names = tuple(n for row in found.rows for n in (row.measure.gap, row.measure.ratio))
    tables.numbers(
        printing.measures_table(found),
        KEY,
        commands.audit_command(by, names, reference=_within(pairs, by)),
    )


def _within(
    reference: tuple[tuple[str, str], ...] | None, by: tuple[str, ...]
) -> tuple[tuple[str, str], ...] | None:
    """Return a reference over the attributes compared only."""
    if reference is None:
        return None
    return tuple((a, name) for a, name in reference if a in by) or None


@cache.shared(16)
def measured(
    shown: Evaluation,
    by: tuple[str, ...],
    reference: tuple[tuple[str, str], ...] | None,
    k: int,
    beside: Crossings,
) -> Fairness:
    """Return every fairness measure over the groups of some attributes."""
    hidden = cache.hidden_together(shown, (*beside, by), k).of(by)
    options = Options(None if reference is None else dict(reference), hidden=hidden)
    return fairness(shown, by, options)
