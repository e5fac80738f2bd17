"""Bring two scored tables into one shape, so that a change can be split over them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.datasets.load import Dataset, existing_scores
from analysis.datasets.roles import infer_roles
from analysis.errors import DataError
from analysis.evaluation import Evaluation, Scores, Threshold, evaluate
from analysis.shifts.worlds import Domain


def two_domains(
    source: Dataset,
    target: Dataset,
    features: tuple[str, ...] = (),
    threshold: float = 0.5,
) -> tuple[Domain, Domain]:
    """Evaluate two tables by their score columns, over the columns that both have.

    Parameters
    ----------
    source, target : Dataset
        Declared with the same label and score.
    features : tuple of str
        Columns taken as X, each once; by default all that both tables have, without
        label, score, weight, identifiers and constants.
    threshold : float

    Raises
    ------
    DataError
        A feature is not in both tables or has another role, or no feature is left.
    """
    columns = tuple(dict.fromkeys(features)) or _shared_features(source, target)
    for side in (source, target):
        _check_features(side, columns)
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
    first, second = (_evaluated(side, threshold) for side in (source, target))
    second = _same_classes(first, second)
    return (
        Domain(first, source.table[list(columns)]),
        Domain(second, target.table[list(columns)]),
    )


def _check_features(side: Dataset, features: tuple[str, ...]) -> None:
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


def _shared_features(source: Dataset, target: Dataset) -> tuple[str, ...]:
    taken: set[str | None] = {*_score_columns(source), *_score_columns(target)}
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
