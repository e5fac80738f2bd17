"""Audit presets: the four-fifths rule, and New York City's Local Law 144."""

from collections.abc import Sequence

import streamlit as st

from analysis.audits.presets import (
    FAVOURABLE,
    MEASURES,
    ImpactTable,
    four_fifths,
    law_144,
)
from analysis.charts import presets as printing
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from pages.ui import cache, commands, decision, tables
from pages.ui.messages import empty, note, plain
from pages.ui.panels.part import is_withheld
from pages.ui.snippets import code

KEY = "subgroups.presets"
FOUR_FIFTHS, LAW_144 = "Four-fifths rule", "New York City Local Law 144"
HINTS = {"sex": ("sex", "gender"), "race": ("race", "ethnic")}
FIRST = "positive"
"""The decision taken as favourable until the reader says otherwise."""


def draw(shown: Evaluation, data: Dataset) -> None:
    """Draw the panel: a preset to choose, its tables, and their files."""
    if is_withheld("An audit's table counts people by group."):
        return
    names = tuple(shown.groups)
    if not names:
        empty(
            "There are no groups to audit",
            "Declare a sensitive attribute on the Data page.",
        )
        return
    chosen = st.segmented_control(
        "Audit",
        [FOUR_FIFTHS, LAW_144],
        default=FOUR_FIFTHS,
        required=True,
        key=f"{KEY}.which",
    )
    if chosen == LAW_144:
        _law(shown, data, names)
    else:
        _fifths(shown, data, names)


def _fifths(shown: Evaluation, data: Dataset, names: Sequence[str]) -> None:
    left, right = st.columns(2)
    chosen = left.pills(
        "Groups of",
        names,
        selection_mode="multi",
        default=names[0],
        format_func=plain,
        key=f"{KEY}.attributes",
    )
    with right:
        favourable = _favourable()
    by = tuple(name for name in names if name in chosen)
    table = _four_fifths(shown, by, favourable)
    st.markdown(plain(printing.verdict(table)))
    _say(table, shown, data)
    _show(table, data, f"{KEY}.fifths", _fifths_snippet(by, favourable))
    note(
        "Impact ratio: a group's rate over that of the group with the highest, looked "
        "for among groups of at least 2 % of the people. Below 0.8, United States "
        "agencies see evidence of adverse impact (29 CFR 1607.4 D); surely below: the "
        "whole 95 % interval is. The rule asks nothing about who deserves the decision."
    )


def _favourable() -> str:
    """Let the reader say which decision people want."""
    return str(
        st.segmented_control(
            "The favourable decision is",
            list(FAVOURABLE),
            default=FIRST,
            required=True,
            key=f"{KEY}.favourable",
            help="Being hired or given credit is wanted, being flagged is not. An "
            "impact ratio compares how often groups get what is wanted.",
        )
    )


def _law(shown: Evaluation, data: Dataset, names: Sequence[str]) -> None:
    if len(names) < 2:
        empty(
            "This audit needs two attributes",
            "It asks for tables by sex, by race or ethnicity, and by both. Declare "
            "both as sensitive attributes on the Data page.",
        )
        return
    first, second, third = st.columns(3)
    sex = _attribute(first, "Sex", names, "sex")
    race = _attribute(second, "Race or ethnicity", names, "race")
    measure = str(
        third.selectbox(
            "Rate",
            list(MEASURES),
            format_func=MEASURES.__getitem__,
            key=f"{KEY}.measure",
        )
    )
    favourable = _favourable() if measure == "selection" else FIRST
    if not sex or not race or sex == race:
        empty(
            "Choose the two attributes",
            "The law compares by sex and by race or ethnicity. Say above which "
            "attribute of this table is which; two different ones are needed.",
        )
        return
    record = _law_144(shown, (sex, race), measure, favourable)
    _say(record[0], shown, data)
    snippet = _law_snippet((sex, race), measure, favourable)
    for i, table in enumerate(record):
        st.markdown(f"**By {plain(' and '.join(table.attributes))}**")
        _show(table, data, f"{KEY}.law{i}", snippet)
    note(
        "As 6 RCNY 5-301 asks: individuals are counted, without weights; people whose "
        "sex or race is unknown are left out; impact ratio: a category's rate over the "
        "highest one; categories under 2 % of the people may be left out of it."
    )


def _attribute(
    place: st.delta_generator.DeltaGenerator,
    label: str,
    names: Sequence[str],
    what: str,
) -> str:
    """Let the reader choose an attribute; one that is called so is chosen already."""
    chosen = place.selectbox(
        label,
        names,
        _guess(names, what),
        placeholder="Choose an attribute",
        key=f"{KEY}.{what}",
    )
    return str(chosen or "")


def _say(table: ImpactTable, shown: Evaluation, data: Dataset) -> None:
    """Say which decision is compared, and who is left out."""
    people = data.task.rows_are
    positive = decision.task_in_view(shown, data.task).words(positive=True)
    note(printing.decision_words(table, positive, people))
    for said in printing.notes(table, people):
        note(said)


def _show(table: ImpactTable, data: Dataset, key: str, snippet: str) -> None:
    """Show a table with its files for publication and the numbers behind it."""
    people = data.task.rows_are
    tables.printed(
        printing.printed(table, people), key=f"{key}.table", texts=("Remark",)
    )
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Table as CSV",
        data=lambda: printing.csv(table, people).encode(),
        file_name="faultline-audit.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"{key}.printed",
    )
    right.download_button(
        "Table as Markdown",
        data=lambda: printing.markdown(table, people).encode(),
        file_name="faultline-audit.md",
        mime="text/markdown",
        on_click="ignore",
        key=f"{key}.markdown",
    )
    tables.numbers(printing.frame(table), key, snippet)


def _fifths_snippet(by: tuple[str, ...], favourable: str) -> str:
    if favourable == FIRST:
        preset = ("--preset", "four_fifths")
        return commands.audit_command(by, ("selection_rate",), more=preset)
    return code(
        ["from analysis.audits.presets import four_fifths"],
        [f"four_fifths(shown, {by!r}, {favourable!r})"],
    )


def _law_snippet(by: tuple[str, str], measure: str, favourable: str) -> str:
    if favourable == FIRST:
        preset = ("--preset", "law_144")
        return commands.audit_command(by, ("selection_rate",), more=preset)
    call = f"law_144(shown, *{by!r}, {measure!r}, favourable={favourable!r})"
    return code(["from analysis.audits.presets import law_144"], [call])


def _guess(names: Sequence[str], what: str) -> int | None:
    """Return the first attribute that is called like what is asked for; else None."""
    found = [
        i
        for i, name in enumerate(names)
        if any(hint in name.lower() for hint in HINTS[what])
    ]
    return found[0] if found else None


@cache.shared(32)
def _four_fifths(
    shown: Evaluation, by: tuple[str, ...], favourable: str
) -> ImpactTable:
    return four_fifths(shown, by, favourable)


@cache.shared(16)
def _law_144(
    shown: Evaluation, by: tuple[str, str], measure: str, favourable: str
) -> tuple[ImpactTable, ImpactTable, ImpactTable]:
    return law_144(shown, *by, measure, favourable=favourable)
