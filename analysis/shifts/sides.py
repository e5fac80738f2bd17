"""The two sides of a shift: values of a column of one table, or two tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.cohorts import parse
from analysis.datasets.load import Dataset
from analysis.errors import DataError
from analysis.evaluation import DecisionRule, Evaluation, Scores
from analysis.frame import Grouping
from analysis.matching import matches
from analysis.shifts.domain import Domain, Unlabelled

SCORE = "score"
"""Column that stands for a score whose model is elsewhere."""


@dataclass(frozen=True)
class Sides:
    """What is compared with what.

    Parameters
    ----------
    column : str
        Time, domain, sensitive attribute or declared comparison whose values tell the
        sides apart; empty for a second table.
    source, target : tuple of str
        Its values.
    table : str
        Name of the second table's task, the target; empty otherwise.
    without : tuple of str
        Features that are not compared, such as those that follow from the sides.
    """

    column: str
    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    table: str = ""
    without: tuple[str, ...] = ()


def columns_of(data: Dataset) -> list[str]:
    """Return what can tell sides apart: time or domain, declared ones, attributes."""
    declared = data.task.time or data.task.domain
    first = [declared] if declared and data.frame.domain is not None else []
    return list(dict.fromkeys([*first, *data.task.comparisons, *data.frame.groups]))


def grouping_of_sides(data: Dataset, column: str) -> Grouping:
    """Return the values of what tells sides apart as groups, int codes [n].

    Raises
    ------
    DataError
        Nothing of this name tells rows apart.
    """
    declared = data.task.domain or data.task.time
    if column == declared and data.frame.domain is not None:
        return data.frame.domain
    if column in data.frame.gathered:
        return data.frame.gathered[column]
    if column not in data.frame.groups:
        raise DataError(
            f"'{column}' tells no sides apart; choose one of "
            f"{', '.join(columns_of(data)) or 'a second table'}."
        )
    return data.frame.groups[column]


def implied(data: Dataset, column: str) -> tuple[str, ...]:
    """Return the features that are known once the side is."""
    comparison = data.task.comparisons.get(column)
    own = (column,) if comparison is None else (comparison.column,)
    return tuple(f for f in own if f in data.task.features)


def compared(data: Dataset, sides: Sides, other: Dataset | None = None) -> list[str]:
    """Return the features of both sides, without those left out.

    Columns recorded at some times only are left out wherever times are compared.
    """
    method = "time" if sides.column == data.task.time else ""
    left_out = {*sides.without, *implied(data, sides.column)}
    features = [f for f in data.features_for(method) if f not in left_out]
    if other is None:
        return features
    return [f for f in features if f in other.task.features]


def side_of(
    rows: Evaluation, data: Dataset, by: Grouping, values: tuple[str, ...]
) -> Evaluation:
    """Return the evaluated rows that have one of the values."""
    codes = [by.names.index(value) for value in values]
    chosen = pd.Index(data.frame.row_ids[np.isin(by.codes, codes)])
    return rows.take(np.flatnonzero(pd.Index(rows.row_ids).isin(chosen)))


def domain_of(
    rows: Evaluation, data: Dataset, features: list[str], without: tuple[str, ...] = ()
) -> Domain:
    """Join evaluated rows with the features that are compared.

    A score that came with the table is a column beside them: its model is elsewhere,
    and may have seen more than the table holds. `without` may leave it out.
    """
    at = pd.Index(data.frame.row_ids).get_indexer(rows.row_ids)
    columns = data.frame.features[features].iloc[at].reset_index(drop=True)
    if rows.scores.logits is None and SCORE not in without:
        columns = columns.assign(**{SCORE: rows.score})
    return Domain(rows, columns, times_of(data, at))


def unlabelled_of(
    other: Dataset,
    scores: Scores,
    features: list[str],
    rule: DecisionRule,
    cohort: str = "",
    view: int = -1,
) -> Unlabelled:
    """Join a table without labels with its scores and the features compared.

    Parameters
    ----------
    other : Dataset
    scores : Scores
        Of all its rows.
    features : list of str
    rule : DecisionRule
    cohort : str
        Rule of the rows to keep; empty for all.
    view : int
        The class taken as positive.

    Raises
    ------
    DataError
        No row is in the cohort.
    """
    frame = other.frame
    columns = frame.features[features].reset_index(drop=True)
    if scores.logits is None:
        columns = columns.assign(**{SCORE: scores.values[:, -1]})  # noqa: PD011 - no DataFrame
    whole = Unlabelled(
        scores,
        frame.classes,
        frame.groups,
        frame.weights,
        columns,
        rule,
        view % len(frame.classes),
        times_of(other, np.arange(len(frame))),
    )
    if not cohort:
        return whole
    rows = np.flatnonzero(matches(parse(cohort), other.table, frame.groups))
    if not len(rows):
        raise DataError(
            f"No row of '{other.task.title}' matches the cohort '{cohort}'. Widen the "
            "rule, or leave it out."
        )
    return whole.take(rows)


def times_of(data: Dataset, at: np.ndarray) -> Grouping | None:
    """Return the periods of some rows in order, if the table has a time."""
    is_time = data.task.time is not None and data.task.domain is None
    if not is_time or data.frame.domain is None:
        return None
    return data.frame.domain.take(at)


def domains_of(rows: Evaluation, data: Dataset, sides: Sides) -> tuple[Domain, Domain]:
    """Return both sides of one table.

    Parameters
    ----------
    rows : Evaluation
        Of rows that no model was trained on.
    data : Dataset
    sides : Sides
        With a column.
    """
    by, features = grouping_of_sides(data, sides.column), compared(data, sides)
    source, target = (
        domain_of(side_of(rows, data, by, values), data, features, sides.without)
        for values in (sides.source, sides.target)
    )
    return source, target


def called(sides: Sides, at_most: int = 3) -> tuple[str, str]:
    """Return what source and target are called in a sentence."""
    if sides.table:
        return "this table", sides.table
    source, target = (
        ", ".join(values) if len(values) <= at_most else f"{len(values)} values"
        for values in (sides.source, sides.target)
    )
    return f"{sides.column} {source}", f"{sides.column} {target}"
