"""What candidate sources of rows are worth for the target."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.datasets.load import load
from analysis.errors import DataError, RunError, SettingError
from analysis.frame import AuditFrame
from analysis.progress import Tick
from analysis.shifts.sides import grouping_of_sides
from analysis.shifts.source_value import SourceValues, source_values
from analysis.thresholds.halves import may_be_learnt
from models.evaluations import splits_of
from models.inquiries.opening import Opened
from models.remedies.other_rows import matched


@dataclass(frozen=True)
class Asked:
    """Settings of the inquiry.

    Parameters
    ----------
    tables : tuple of str
        Other tables whose rows could be added.
    values : tuple of str
        Values of the column that tells the sides apart: training rows that have one
        could be left out.
    seed : int
    """

    tables: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    seed: int = 0


def answer(opened: Opened, asked: Asked, tick: Tick) -> SourceValues:
    """Return what each candidate is worth.

    The target is judged on validation rows, so that test rows stay unseen until
    something is trained; or on the half of a second table that nothing learns from.

    Raises
    ------
    RunError
        There is a score only, and nothing that was trained.
    """
    if opened.run is None:
        raise RunError(
            "A score came with this table, and its model is elsewhere; nothing can be "
            "trained with or without a source. Train a model first."
        )
    # Late: it imports torch, and the server reads answers.
    from models.workshop import without_held_out

    _check(opened, asked)
    dataset, rows = opened.dataset, splits_of(opened.run, opened.dataset).rows
    features = list(opened.source.columns.columns)
    train = _only(dataset.frame.take(rows["train"]), features)
    there: dict[str, AuditFrame] = {}
    found: dict[str, AuditFrame] = {}
    for name in asked.tables:
        table = load(opened.store.task(name), opened.store.tables)
        other = without_held_out(table, opened.run, opened.store)
        there[name] = train
        found[name] = _only(matched(train, other.frame), features)
    by = _sides(opened) if opened.other is None else np.empty(0, dtype=object)
    for value in asked.values if opened.other is None else ():
        inside = by[rows["train"]] == value
        there[value] = train.take(np.flatnonzero(~inside))
        found[value] = train.take(np.flatnonzero(inside))
    target = _only(_target(opened, rows, train), features)
    return source_values(there, found, target, seed=asked.seed, tick=tick)


def _check(opened: Opened, asked: Asked) -> None:
    """Refuse candidates that are not there, or that are the target itself."""
    table = opened.inquiry.scope.sides.table
    if table and table in asked.tables:
        raise SettingError(
            f"'{table}' is the target itself; rows that are learnt from cannot say "
            "what they are worth. Choose other tables."
        )
    if not (asked.tables or asked.values):
        raise SettingError("No source is named; give tables or values.")
    if opened.other is not None and asked.values:
        raise SettingError("Values are of a column; here the target is a table.")
    known = set(_sides(opened).tolist()) if asked.values else set()
    unknown = [value for value in asked.values if value not in known]
    if unknown:
        raise SettingError(
            f"'{unknown[0]}' is no value of what tells the sides apart; there are "
            f"{', '.join(sorted(known)[:20])}."
        )


def _sides(opened: Opened) -> np.ndarray:
    """Return the value of each row in what tells the sides apart, [n]."""
    by = grouping_of_sides(opened.dataset, opened.inquiry.scope.sides.column)
    return np.array(by.names, dtype=object)[by.codes]


def _target(
    opened: Opened, rows: Mapping[str, np.ndarray], train: AuditFrame
) -> AuditFrame:
    if opened.other is not None:
        if opened.other.task.is_unlabelled:
            raise DataError(
                "The target has no labels, so nobody can say what helps there. Bring "
                "a target with labels."
            )
        whole = matched(train, opened.other.frame)
        judged = ~may_be_learnt(opened.other.frame.features)
        return whole.take(np.flatnonzero(judged))
    validation = opened.dataset.frame.take(rows["validation"])
    values = _sides(opened)[rows["validation"]]
    inside = np.isin(values, opened.inquiry.scope.sides.target)
    if not inside.any():
        raise DataError(
            "In this split every row of the target is a test row, which stays unseen "
            "until something is trained; so no source can be valued before. Train a "
            "model with another split on the Model page, or on a second table."
        )
    return validation.take(np.flatnonzero(inside))


def _only(frame: AuditFrame, features: list[str]) -> AuditFrame:
    """Return a frame with the features compared alone."""
    return AuditFrame(
        features=frame.features[features],
        y_true=frame.y_true,
        classes=frame.classes,
        groups=frame.groups,
        weights=frame.weights,
        row_ids=frame.row_ids,
    )
