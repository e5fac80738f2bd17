"""Bring two scored tables into one shape, so that a change can be split over them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.datasets.load import Dataset, existing_scores
from analysis.datasets.roles import infer_roles
from analysis.datasets.times import periods
from analysis.errors import DataError
from analysis.evaluation import Evaluation, Scores, Threshold, evaluate
from analysis.frame import Grouping
from analysis.shifts.domain import Domain, Unlabelled


def two_domains(
    source: Dataset,
    target: Dataset,
    features: tuple[str, ...] = (),
    threshold: float = 0.5,
    time: str = "",
) -> tuple[Domain, Domain | Unlabelled]:
    """Evaluate two tables by their score columns, over the columns that both have.

    Parameters
    ----------
    source, target : Dataset
        Declared with the same label and score.
    features : tuple of str
        Columns taken as X, each once; by default all that both tables have, without
        label, score, weight, time, identifiers and constants.
    threshold : float
    time : str
        Column that orders rows in time, which is no feature: a period that the source
        lacks would make every row of it unlike the source. Empty for none.

    Returns
    -------
    (Domain, Domain or Unlabelled)
        The target without labels where its task has none.

    Raises
    ------
    DataError
        A feature is not in both tables or has another role, or no feature is left.
    """
    columns = tuple(dict.fromkeys(features)) or _shared_features(source, target, time)
    for side in (source, target):
        _check_features(side, columns, time)
        absent = [c for c in columns if c not in side.table.columns]
        if absent:
            raise DataError(
                f"'{side.task.title}' has no column {', '.join(absent)}. Choose "
                "features that both tables have."
            )
    if not columns:
        raise DataError(
            "The two tables share no column that could serve as a feature. Give "
            "tables with the same columns."
        )
    if source.task.score != target.task.score:
        raw = [
            s for s in (source, target) if s.task.score and s.task.score.scale == "raw"
        ]
        if len(raw) == 1:
            raise DataError(
                f"The score of '{raw[0].task.title}' is not a probability but that of "
                "the other table is. Give both on one scale."
            )
    first = _evaluated(source, threshold)
    there, here = (_times(side, time) for side in (target, source))
    domain = Domain(first, source.table[list(columns)], here)
    if target.task.is_unlabelled:
        return domain, _without_labels(target, columns, threshold, there)
    second = _same_classes(first, _evaluated(target, threshold))
    return domain, Domain(second, target.table[list(columns)], there)


def _without_labels(
    data: Dataset, columns: tuple[str, ...], threshold: float, times: Grouping | None
) -> Unlabelled:
    frame = data.frame
    return Unlabelled(
        existing_scores(data),
        frame.classes,
        frame.groups,
        frame.weights,
        data.table[list(columns)],
        Threshold(threshold),
        len(frame.classes) - 1,
        times,
    )


def _times(data: Dataset, column: str) -> Grouping | None:
    """Return the periods of the rows; None where no column tells them."""
    if not column:
        return None
    if column not in data.table:
        raise DataError(
            f"'{data.task.title}' has no column '{column}' to order its rows by. Give "
            "one that both tables have."
        )
    return periods(data.table[column])


def _check_features(side: Dataset, features: tuple[str, ...], time: str) -> None:
    if time and time in features:
        raise DataError(
            f"'{time}' orders the rows in time, so it cannot be a feature as well: new "
            "periods would be unlike anything before. Leave it out of the features."
        )
    roles: dict[str, set[str | None]] = {
        "the label": {side.task.label},
        "a score": {*_score_columns(side)},
        "the weight": {side.task.weight},
    }
    for role, columns in roles.items():
        both = [f for f in features if f in columns]
        if both:
            raise DataError(
                f"'{both[0]}' is {role} of '{side.task.title}', so it cannot be a "
                "feature as well: that would let the answer into the question. Leave "
                "it out of the features."
            )


def _score_columns(side: Dataset) -> set[str]:
    return set(side.task.score.columns) if side.task.score else set()


def _evaluated(data: Dataset, threshold: float) -> Evaluation:
    scores = existing_scores(data)
    return evaluate(data.task.title, data.frame, scores, Threshold(threshold))


def _same_classes(first: Evaluation, second: Evaluation) -> Evaluation:
    if first.classes == second.classes:
        return second
    if set(first.classes) != set(second.classes):
        raise DataError(
            f"The labels differ: {', '.join(first.classes)} in the source and "
            f"{', '.join(second.classes)} in the target. Use the same values in both."
        )
    if first.classes[-1] != second.classes[-1]:
        raise DataError(
            f"The positive class is '{first.classes[-1]}' in the source and "
            f"'{second.classes[-1]}' in the target. Choose the same one for both."
        )
    position = np.array([first.classes.index(name) for name in second.classes])
    scores = second.scores
    if scores.scale == "probability":
        values = np.empty_like(scores.values)
        values[:, position] = scores.values  # noqa: PD011 - no DataFrame
        scores = Scores(values)
    y_true = position[second.y_true]
    return replace(second, y_true=y_true, scores=scores, classes=first.classes)


def _shared_features(source: Dataset, target: Dataset, time: str) -> tuple[str, ...]:
    taken: set[str | None] = {time, *_score_columns(source), *_score_columns(target)}
    taken |= {c for s in (source, target) for c in (s.task.label, s.task.weight)}
    useless: set[str] = set()
    for table in (source.table, target.table):
        useless |= set(infer_roles(_without(table, taken)).left_out)
    return tuple(
        c
        for c in source.table.columns
        if c in target.table.columns and c not in taken and c not in useless
    )


def _without(table: pd.DataFrame, columns: set[str | None]) -> pd.DataFrame:
    return table.drop(columns=[c for c in columns if c in table.columns])
