"""The two sides of a shift as the page chooses them, and the rows on either side."""

import numpy as np
import streamlit as st

from analysis.datasets.groups import OTHERS
from analysis.datasets.load import Dataset
from analysis.errors import DataError
from analysis.evaluation import Evaluation
from analysis.privacy.sides import refuse_withheld_sides
from analysis.shifts.domain import Domain, Unlabelled
from analysis.shifts.sides import (
    SCORE,
    Sides,
    called,
    columns_of,
    compared,
    domain_of,
    domains_of,
    grouping_of_sides,
    implied,
    unlabelled_of,
)
from analysis.subgroups.finding import Finding
from analysis.thresholds.halves import row_hashes
from pages.ui import cache, controls, second_table, state
from pages.ui.decision import carried_over, rule_of
from pages.ui.messages import plain
from pages.ui.needs import weight_words
from pages.ui.scoring import ensure_scored
from pages.ui.shifting.setting import Setting
from pages.ui.state import View

SECOND_TABLE = "A second table"

SHARED = 0.5
"""Share of a target's rows that also stand in this table from which it is said."""


def choose(data: Dataset, shown: Evaluation) -> tuple[Sides, str]:
    """Let the reader choose two sides, and the measure.

    First come the times or domains before the last, and the last; or a customary
    comparison that the data set declares; or, for the attribute of the finding, the
    group that fares best and the one that fares worst.
    """
    found = cache.found(shown, data, state.view().k)
    first, left, right = st.columns(3)
    below, beside = st.columns([2, 1], vertical_alignment="bottom")
    with below:
        metric = controls.metric("shift", controls.measures(shown), "accuracy")
    options = [*_ordered(data, found), SECOND_TABLE]
    column = first.selectbox(
        "Compare by",
        options,
        key="shift.by",
        bind="query-params",
        format_func=plain,
    )
    if column == SECOND_TABLE:
        return _checked(second_table.choose(data)), metric
    names = list(grouping_of_sides(data, str(column)).names)
    before, after = _first_values(data, found, str(column), names)
    key = f"shift.{column}"
    source = left.multiselect("Source", names, before, key=f"{key}.source")
    target = right.multiselect("Target", names, after, key=f"{key}.target")
    with beside:
        without = _left_out(data, str(column), key)
    chosen = Sides(str(column), tuple(source), tuple(target), without=without)
    return _checked(chosen), metric


def _ordered(data: Dataset, found: Finding) -> list[str]:
    """Return what can tell sides apart, the attribute of a sure finding early."""
    names = columns_of(data)
    rest = [n for n in names if n in data.frame.groups]
    first = [n for n in names if n not in rest or n == data.task.domain]
    first += [found.attribute] if found.is_sure else []
    return list(dict.fromkeys([*first, *rest]))


def _first_values(
    data: Dataset, found: Finding, column: str, names: list[str]
) -> tuple[list[str], list[str]]:
    """Return the values on either side until the reader chooses."""
    if column in data.task.comparisons:
        declared = data.task.comparisons[column]
        return [declared.source], [declared.target]
    if found.is_sure and column == found.attribute:
        return [found.best], [found.worst]
    known = [name for name in names if name != OTHERS]
    return known[:-1], known[-1:]


def _left_out(data: Dataset, column: str, key: str) -> tuple[str, ...]:
    """Let the reader leave features out of the comparison."""
    given = compared(data, Sides(column))
    given += [] if state.view().is_trained else [SCORE]
    with st.popover("Columns compared"):
        st.markdown(
            plain(
                "A column that follows from the sides would explain everything and "
                "nothing; leave it out."
            )
        )
        without = st.multiselect("Left out", given, key=f"{key}.without")
    if len(without) == len(given):
        st.info("Keep at least one column to compare.")
        st.stop()
    return tuple(without)


def domains(view: View, data: Dataset, sides: Sides) -> tuple[Domain, Domain]:
    """Return both sides, on rows that no model was trained on, labels known.

    A trained run is read on its calibration and test rows, a score that came with the
    table on all rows.

    Raises
    ------
    DataError
        The second table has no labels.
    SettingError
        A side would give away a group of fewer people than may be shown.
    """
    source, target = both(view, data, sides)
    if isinstance(target, Unlabelled):
        raise DataError("The target has no labels. Choose one that has.")
    return source, target


def both(view: View, data: Dataset, sides: Sides) -> tuple[Domain, Domain | Unlabelled]:
    """Return both sides, the target without labels where its table has none."""
    rows = cache.unseen(view)
    if sides.table:
        return _with_second(view, data, sides, rows)
    by = grouping_of_sides(data, sides.column)
    own = by.take(data.positions(rows.row_ids))
    refuse_withheld_sides(rows, own, (sides.source, sides.target), view.k, sides.column)
    return _sides_of(rows, data, sides)


@cache.shared(8)
def _sides_of(rows: Evaluation, data: Dataset, sides: Sides) -> tuple[Domain, Domain]:
    return domains_of(rows, data, sides)


def _with_second(
    view: View, data: Dataset, sides: Sides, rows: Evaluation
) -> tuple[Domain, Domain | Unlabelled]:
    other = cache.dataset(sides.table)
    ensure_scored(view, other)
    features = compared(data, sides, other)
    source = domain_of(rows, data, features)
    if not other.task.is_unlabelled:
        return source, domain_of(cache.scored_table(view, other), other, features)
    scores = cache.second_scores(view, other)
    rule = rule_of(carried_over(view, data, other), data.task)
    classes = data.task.classes
    position = classes.index(view.positive) if view.positive else -1
    return source, unlabelled_of(other, scores, features, rule, view.cohort, position)


def words(setting: Setting) -> str:
    """Say which rows stand on either side, and what is weighed."""
    sides, data = setting.sides, setting.data
    n_source, n_target = len(setting.source), len(setting.target)
    is_trained, rows = state.view().is_trained, data.task.rows_are
    source, target = called(sides, at_most=1000)
    said = f"Source: {n_source:,} {rows}, {source}. Target: {n_target:,}, {target}."
    said += _which(is_trained=is_trained, table=sides.table)
    if sides.table and is_trained:
        said += _shared_words(data, cache.dataset(sides.table))
    left_out = [*implied(data, sides.column), *sides.without]
    if left_out:
        is_one = len(left_out) == 1
        said += f" Not compared: the column{'' if is_one else 's'} "
        said += f"{', '.join(left_out)}."
    if not is_trained:
        said += (
            " The score itself is among the columns: a changed scorer reads as changed "
            "people."
        )
    return f"{said} {weight_words(data)}".rstrip()


def _which(*, is_trained: bool, table: str) -> str:
    """Say which rows of either side are read."""
    if not is_trained:
        return " All rows."
    if table:
        return (
            " Of the source calibration and test rows, which no model was trained on; "
            "of the target all rows."
        )
    return " Calibration and test rows, which no model was trained on."


def _shared_words(data: Dataset, other: Dataset) -> str:
    """Say how many of the target's rows stand in this table as well."""
    share = _shared(data, other)
    if share < SHARED:
        return ""
    return (
        f" {100 * share:.0f} % of the target’s rows look like rows of this table, some "
        "of which the model was trained on: the target may look kinder than it is."
    )


@cache.shared(8)
def _shared(data: Dataset, other: Dataset) -> float:
    names = [f for f in data.task.features if f in other.frame.features]
    mine, theirs = (row_hashes(d.frame.features[names]) for d in (data, other))
    return float(np.isin(theirs, mine).mean())


def _checked(sides: Sides) -> Sides:
    both = set(sides.source) & set(sides.target)
    if not sides.table and (not sides.source or not sides.target or both):
        st.info(
            plain(
                "Choose at least one value for the source and one for the target, and "
                "none for both."
            )
        )
        st.stop()
    return sides
