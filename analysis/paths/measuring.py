"""Measure a model, and what a change of it moved, by group and over everyone."""

from collections.abc import Mapping

import numpy as np

from analysis.arrays import Bools
from analysis.compare import flips, paired
from analysis.estimates import Estimates
from analysis.evaluation import Evaluation
from analysis.marks import DEFERRED, share
from analysis.metrics.registry import usable_metrics
from analysis.paths.record import Column, Measured, Moved, Side, column
from analysis.shares import shares
from analysis.subgroups.disaggregate import disaggregate
from analysis.verdict import alarms, verdict

WATCHED = (
    "true_positive_rate",
    "false_positive_rate",
    "selection_rate",
    "accuracy",
)
"""Rates whose changes are told; misses and right rejections are one less them."""

CALIBRATION = "expected_calibration_error"
ALONE = "accuracy_alone"
"""Accuracy over those whom the model decides alone."""

Marks = Mapping[str, Bools]
"""What is marked of rows, bool[n] by name."""


def measured(shown: Evaluation, attributes: tuple[str, ...], marks: Marks) -> Measured:
    """Return rates, calibration and marks by group, with gaps.

    Parameters
    ----------
    shown : Evaluation
    attributes : tuple of str
        Crossed in full; none for everyone alone.
    marks : mapping of str to bool[n]
    """
    metrics = usable_metrics((*WATCHED, CALIBRATION), shown.is_probability)
    table = disaggregate(shown, attributes, metrics)
    columns = {
        m: column(table.overall[m], _groups(table.by_group[m], attributes))
        for m in metrics
    }
    columns |= {name: _share(shown, m, attributes) for name, m in marks.items()}
    deferred = marks.get(DEFERRED)
    if deferred is not None:
        others = shown.take(np.flatnonzero(~deferred))
        alone = disaggregate(others, attributes, ("accuracy",))
        by_group = _groups(alone.by_group["accuracy"], attributes)
        columns[ALONE] = column(alone.overall["accuracy"], by_group)
    return Measured(columns, {m: table.gaps[m] for m in metrics})


def moved(before: Evaluation, after: Evaluation, attributes: tuple[str, ...]) -> Moved:
    """Return what changed between two models on the same rows, and who surely moved.

    Raises
    ------
    DataError
        The two are not of the same rows.
    """
    found = flips(before, after, attributes)
    everyone = found.overall()
    record = paired(before, after, attributes, WATCHED)
    said = {m: verdict(record, m) for m in WATCHED} if attributes else {}
    right, wrong = everyone.newly_right, everyone.newly_wrong
    if attributes:
        right = np.append(right, found.newly_right)
        wrong = np.append(wrong, found.newly_wrong)
    return Moved(
        otherwise=column(everyone.changed.at(0), _groups(found.changed, attributes)),
        newly_right=tuple(right.tolist()),
        newly_wrong=tuple(wrong.tolist()),
        price=record.overall["accuracy"],
        changes={
            m: column(
                record.overall[m], _groups(record.change[m].estimates, attributes)
            )
            for m in WATCHED
        },
        gained={m: v.gained for m, v in said.items()},
        lost={m: v.lost for m, v in said.items()},
    )


def side(
    before: Evaluation,
    after: Evaluation,
    attributes: tuple[str, ...],
    marks: Marks,
) -> Side:
    """Return one strength on some rows; no group may be one that is withheld."""
    hidden = np.zeros(len(after.grouping(attributes).names), dtype=bool)
    return Side(
        measured=measured(after, attributes, marks),
        moved=moved(before, after, attributes),
        alarms=alarms(after, attributes, hidden),
    )


def _share(shown: Evaluation, mark: Bools, attributes: tuple[str, ...]) -> Column:
    grouping = shown.grouping(attributes)
    by_group, _ = shares(mark, shown.weights, grouping)
    return column(share(shown, mark), _groups(by_group, attributes))


def _groups(estimates: Estimates, attributes: tuple[str, ...]) -> Estimates | None:
    """Return the estimates of groups; none where everyone is the only one."""
    return estimates if attributes else None
