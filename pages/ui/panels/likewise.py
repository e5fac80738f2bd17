"""Like with like: groups compared within the levels of another attribute."""

import streamlit as st

from analysis.charts import measures as printing
from analysis.evaluation import Evaluation
from analysis.subgroups.conditional import Conditional, conditional
from pages.ui import cache, commands, tables
from pages.ui.messages import empty, note, plain
from pages.ui.panels.part import is_withheld

KEY = "subgroups.likewise"


def draw(shown: Evaluation, by: tuple[str, ...], metric: str) -> None:
    """Draw the panel: what to hold fixed, the levels, and the gap that stays."""
    if is_withheld("Levels within groups hold few people."):
        return
    others = [name for name in shown.groups if name not in by]
    if not others or not by:
        empty(
            "There is nothing to hold fixed",
            "Two attributes are needed, one to compare by and one to hold fixed. "
            "Choose fewer to group by above, or declare another on the Data page.",
        )
        return
    controls = st.pills(
        "Hold fixed",
        others,
        selection_mode="multi",
        default=[_first(shown, by, others, metric)],
        format_func=plain,
        key=f"{KEY}.controls",
    )
    if not controls:
        note("Choose what to hold fixed.")
        return
    found = held(shown, by, tuple(controls), metric)
    plain_gap = cache.disaggregation(shown, by, (metric,)).gaps[metric]
    st.markdown(plain(printing.levels_words(found, metric, plain_gap)))
    tables.printed(
        printing.printed_levels(found, metric), f"{KEY}.levels", texts=("Group",)
    )
    note(
        "The last lines give each group the same mix of levels. A gap that goes away "
        "there comes with the mix; whether the mix itself is fair is another question."
    )
    tables.numbers(
        printing.levels_table(found, metric),
        KEY,
        commands.audit_command(by, (metric,), more=("--controls", ",".join(controls))),
    )


@cache.shared(32)
def _first(
    shown: Evaluation, by: tuple[str, ...], others: list[str], metric: str
) -> str:
    """Return the first attribute that can be held fixed: in no level a group lacks."""
    for name in others:
        if not held(shown, by, (name,), metric).gaps[metric].is_undefined:
            return name
    return others[0]


@cache.shared(16)
def held(
    shown: Evaluation, by: tuple[str, ...], controls: tuple[str, ...], metric: str
) -> Conditional:
    """Return a metric by group within the levels of the controls."""
    return conditional(shown, by, controls, (metric,))
