"""Audit presets: the four-fifths rule, and New York City's Local Law 144."""

from collections.abc import Sequence

import streamlit as st

from analysis.audits.presets import MEASURES, ImpactTable, four_fifths, law_144
from analysis.charts import presets as printing
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from pages.ui import cache, tables
from pages.ui.messages import empty, note, plain
from pages.ui.panels.part import is_withheld

KEY = "subgroups.presets"
FOUR_FIFTHS, LAW_144 = "Four-fifths rule", "New York City Local Law 144"
HINTS = {"sex": ("sex", "gender"), "race": ("race", "ethnic")}


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
    chosen = st.pills(
        "Groups of",
        names,
        selection_mode="multi",
        default=names[0],
        format_func=plain,
        key=f"{KEY}.attributes",
    )
    by = tuple(name for name in names if name in chosen)
    table = _four_fifths(shown, by)
    st.markdown(plain(printing.verdict(table)))
    _show(table, data, f"{KEY}.fifths", f"four_fifths(shown, {by!r})")
    note(
        "Impact ratio: a group's selection rate over that of the most selected group, "
        "which is looked for among known groups of at least 2 % of the people. Below "
        "0.8, United States agencies see evidence of adverse impact (29 CFR 1607.4 D); "
        "surely below: the whole 95 % interval is. The rule asks nothing about who "
        "deserves to be selected."
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
    sex = str(first.selectbox("Sex", names, _guess(names, "sex"), key=f"{KEY}.sex"))
    others = [name for name in names if name != sex]
    race = second.selectbox(
        "Race or ethnicity", others, _guess(others, "race"), key=f"{KEY}.race"
    )
    measure = third.selectbox(
        "Rate", list(MEASURES), format_func=MEASURES.__getitem__, key=f"{KEY}.measure"
    )
    record = _law_144(shown, sex, str(race), str(measure))
    for said in printing.notes(record[0], data.task.rows_are):
        note(said)
    call = f"law_144(shown, {sex!r}, {race!r}, {measure!r})"
    for i, table in enumerate(record):
        st.markdown(f"**By {plain(' and '.join(table.attributes))}**")
        _show(table, data, f"{KEY}.law{i}", f"{call}[{i}]")
    note(
        "As 6 RCNY 5-301 asks: individuals are counted, without weights; people whose "
        "sex or race is unknown are left out; impact ratio: a category's rate over the "
        "highest one; categories under 2 % of the people may be left out of it."
    )


def _show(table: ImpactTable, data: Dataset, key: str, call: str) -> None:
    """Show a table with its files for publication and the numbers behind it."""
    people = data.task.rows_are
    tables.printed(printing.printed(table, people), key=f"{key}.table")
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
    name = call.split("(")[0]
    snippet = (
        f"from analysis.audits.presets import {name}\n\n# shown: an Evaluation\n{call}"
    )
    tables.numbers(printing.frame(table), key, snippet)


def _guess(names: Sequence[str], what: str) -> int:
    """Return the first attribute that is called like what is asked for, else 0."""
    found = [
        i
        for i, name in enumerate(names)
        if any(hint in name.lower() for hint in HINTS[what])
    ]
    return found[0] if found else 0


@cache.shared(32)
def _four_fifths(shown: Evaluation, by: tuple[str, ...]) -> ImpactTable:
    return four_fifths(shown, by)


@cache.shared(16)
def _law_144(
    shown: Evaluation, sex: str, race: str, measure: str
) -> tuple[ImpactTable, ImpactTable, ImpactTable]:
    return law_144(shown, sex, race, measure)
