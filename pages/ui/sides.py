"""The two sides of a shift: values of a column, or a second table."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analysis.counts import count
from analysis.datasets.load import Dataset
from analysis.errors import DataError, SettingError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.privacy.hidden_counts import hidden_in, tells_apart
from analysis.shifts.worlds import Domain
from analysis.subgroups.finding import Finding
from pages.ui import cache, kept, state
from pages.ui.messages import plain
from pages.ui.needs import weight_words
from pages.ui.scoring import ensure_scored
from pages.ui.state import View

SECOND_TABLE = "A second table"


@dataclass(frozen=True)
class Sides:
    """What is compared with what.

    Parameters
    ----------
    column : str
        Column whose values tell the sides apart; empty for a second table.
    source, target : tuple of str
        Values of that column.
    table : str
        Name of the second table's task, the target; empty otherwise.
    """

    column: str
    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    table: str = ""


def choose(data: Dataset, found: Finding) -> Sides:
    """Let the reader choose two sides.

    First come the times or domains before the last, and the last; for the attribute
    of the finding, the group that fares best and the one that fares worst.
    """
    seconds = kept.tables_like(data)
    options = [*columns_of(data, found), *([SECOND_TABLE] if seconds else [])]
    if not options:
        raise DataError(
            "This table has no column that tells two sides apart. Declare a time, a "
            "domain or a sensitive attribute on the Data page, or upload a second "
            "table with the same columns there."
        )
    first, left, right = st.columns(3)
    column = first.selectbox("Compare by", options, key="shift.by", bind="query-params")
    if column == SECOND_TABLE:
        table = left.selectbox("Target", seconds, key="shift.table")
        return Sides("", table=str(table))
    names = list(grouping(data, column).names)
    key = f"shift.{column}"
    before, after = names[:-1], names[-1:]
    if found.is_sure and column == found.attribute:
        before, after = [found.best], [found.worst]
    source = left.multiselect("Source", names, before, key=f"{key}.source")
    target = right.multiselect("Target", names, after, key=f"{key}.target")
    return _checked(Sides(column, tuple(source), tuple(target)))


def columns_of(data: Dataset, found: Finding) -> list[str]:
    """Return the columns that can tell sides apart: time or domain first."""
    declared = data.task.domain or data.task.time
    first = [declared] if declared and data.frame.domain is not None else []
    first += [found.attribute] if found.is_sure else []
    return list(dict.fromkeys([*first, *data.frame.groups]))


def grouping(data: Dataset, column: str) -> Grouping:
    """Return the values of a column as groups."""
    declared = data.task.domain or data.task.time
    if column == declared and data.frame.domain is not None:
        return data.frame.domain
    return data.frame.groups[column]


def domains(view: View, data: Dataset, sides: Sides) -> tuple[Domain, Domain]:
    """Return both sides, on rows that no model was trained on.

    A trained run is read on its calibration and test rows, a score that came with the
    table on all rows.

    Raises
    ------
    SettingError
        A side would give away a group of fewer people than may be shown.
    """
    rows = cache.unseen(view)
    if sides.table:
        other = cache.dataset(sides.table)
        ensure_scored(view, other)
        scored = cache.scored_table(view, other)
        features = [f for f in data.task.features if f in other.task.features]
        return _domain(rows, data, features), _domain(scored, other, features)
    by = grouping(data, sides.column)
    _refuse_withheld(rows, by.take(data.positions(rows.row_ids)), sides, view.k)
    method = "time" if sides.column == data.task.time else ""
    features = [f for f in data.features_for(method) if f != sides.column]
    source, target = (
        _domain(_with_values(rows, data, by, values), data, features)
        for values in (sides.source, sides.target)
    )
    return source, target


def words(sides: Sides, n_source: int, n_target: int, data: Dataset) -> str:
    """Say which rows stand on either side, and what is weighed."""
    is_trained, rows = state.view().is_trained, data.task.rows_are
    source, target = called(sides, at_most=1000)
    said = f"Source: {n_source:,} {rows}, {source}. Target: {n_target:,}, {target}."
    said += " Calibration and test rows" if is_trained else " All rows"
    said += ", which no model was trained on." if is_trained else "."
    if sides.column:
        said += f" The column {sides.column} is not among the features weighed."
    if not is_trained:
        said += (
            " The score itself is among the columns: a changed scorer reads as changed "
            "people."
        )
    return f"{said} {weight_words(data)}".rstrip()


def called(sides: Sides, at_most: int = 3) -> tuple[str, str]:
    """Return what source and target are called in a sentence."""
    if sides.table:
        return "this table", sides.table
    source, target = (
        ", ".join(values) if len(values) <= at_most else f"{len(values)} values"
        for values in (sides.source, sides.target)
    )
    return f"{sides.column} {source}", f"{sides.column} {target}"


def _refuse_withheld(rows: Evaluation, by: Grouping, sides: Sides, k: int) -> None:
    hidden = hidden_in(count(rows.is_positive, rows.decisions, by), k)
    for values in (sides.source, sides.target):
        if tells_apart(pd.Index(by.names).isin(values), hidden):
            raise SettingError(
                f"{sides.column} {', '.join(values)} cannot be shown by itself: it "
                "holds a group that is withheld for privacy, or one that would give "
                "such a group away. Choose other values, or a smaller number under "
                "'More' in the sidebar."
            )


def _with_values(
    rows: Evaluation, data: Dataset, by: Grouping, values: tuple[str, ...]
) -> Evaluation:
    codes = [by.names.index(value) for value in values]
    chosen = pd.Index(data.frame.row_ids[pd.Index(by.codes).isin(codes)])
    return rows.take(pd.Index(rows.row_ids).isin(chosen).nonzero()[0])


def _domain(rows: Evaluation, data: Dataset, features: list[str]) -> Domain:
    at = pd.Index(data.frame.row_ids).get_indexer(rows.row_ids)
    columns = data.frame.features[features].iloc[at].reset_index(drop=True)
    if rows.scores.logits is None:  # the table's own score: a column beside the others
        columns = columns.assign(score=rows.score)
    return Domain(rows, columns)


def _checked(sides: Sides) -> Sides:
    both = set(sides.source) & set(sides.target)
    if not sides.source or not sides.target or both:
        st.info(
            plain(
                "Choose at least one value for the source and one for the target, and "
                "none for both."
            )
        )
        st.stop()
    return sides
