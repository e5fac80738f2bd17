"""Measures of a strength: by hand, as the pages' own comparison has them, and marks."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.compare import flips, paired
from analysis.errors import DataError
from analysis.marks import BY_LOT, DEFERRED
from analysis.paths.measuring import ALONE, CALIBRATION, WATCHED, measured, moved, side
from analysis.subgroups.disaggregate import disaggregate
from analysis.verdict import Alarm

GROUP = ("group",)


@pytest.fixture
def both(make_evaluation, rng):
    """A model, and another that decides more of group b positive."""
    y, codes = rng.integers(0, 2, 800), rng.integers(0, 2, 800)
    scores = np.clip(0.3 + 0.4 * y + rng.normal(0, 0.25, 800), 0.01, 0.99)
    before = make_evaluation(y, scores, codes)
    return before, make_evaluation(y, np.clip(scores + 0.2 * codes, 0, 0.99), codes)


def test_rates_of_four_people_are_those_worked_by_hand(make_evaluation):
    shown = make_evaluation([0, 1, 0, 1], [0.1, 0.9, 0.9, 0.1], [0, 0, 1, 1])
    columns = measured(shown, GROUP, {}).columns
    assert columns["accuracy"].value == (0.5, 1.0, 0.0)
    assert columns["selection_rate"].value == (0.5, 0.5, 0.5)
    assert columns["true_positive_rate"].value == (0.5, 1.0, 0.0)
    assert columns["accuracy"].n == (4.0, 2.0, 2.0)


def test_rates_and_gaps_are_those_of_a_table_by_group(both):
    found = measured(both[0], GROUP, {})
    metrics = (*WATCHED, CALIBRATION)
    table = disaggregate(both[0], GROUP, metrics)
    for metric in metrics:
        column = found.columns[metric]
        assert column.at(0) == table.overall[metric]
        assert column.at(2) == table.by_group[metric].at(1)
        assert found.gaps[metric] == table.gaps[metric]


def test_changes_are_paired_and_as_compare_has_them(both):
    found, record = moved(*both, GROUP), paired(*both, GROUP, WATCHED)
    turned = flips(*both, GROUP)
    assert found.price == record.overall["accuracy"]
    for metric in WATCHED:
        change = record.change[metric].estimates
        assert found.changes[metric].at(2) == change.at(1)
    assert found.newly_right[1:] == tuple(turned.newly_right)
    assert found.newly_wrong[0] == turned.newly_wrong.sum()
    assert found.otherwise.at(2) == turned.changed.at(1)
    assert found.gained["true_positive_rate"] == ("b",)
    assert found.lost["false_positive_rate"] == ("b",)


def test_a_model_against_itself_moves_nobody(both):
    found = moved(both[0], both[0], GROUP)
    assert set(found.otherwise.value) == {0.0}
    assert not any(found.gained.values())
    assert not any(found.lost.values())
    assert found.price.value == 0


def test_one_person_more_is_no_sure_gain(make_evaluation):
    y, codes = [1] * 20, [0] * 10 + [1] * 10
    before = make_evaluation(y, [0.4] * 20, codes)
    after = make_evaluation(y, [0.4] * 19 + [0.6], codes)
    found = moved(before, after, GROUP)
    assert found.newly_right == (1.0, 0.0, 1.0)
    assert not any(found.gained.values())


def test_marks_become_columns_and_those_decided_alone_have_an_accuracy(both):
    mark = np.arange(800) % 4 == 0
    found = measured(both[0], GROUP, {BY_LOT: ~mark, DEFERRED: mark}).columns
    assert found[BY_LOT].value[0] == 0.75
    alone = disaggregate(both[0].take(np.flatnonzero(~mark)), GROUP, ("accuracy",))
    assert found[ALONE].at(0) == alone.overall["accuracy"]
    assert found[ALONE].n[0] == 600


def test_without_attributes_there_is_everyone_alone(both):
    found = moved(*both, ())
    assert len(found.otherwise.value) == len(found.newly_wrong) == 1
    assert found.gained == {}
    assert len(measured(both[0], (), {}).columns["accuracy"].value) == 1


def test_other_rows_are_refused(both):
    other = replace(both[1], row_ids=both[1].row_ids + 1)
    with pytest.raises(DataError, match="Choose runs with the same data set"):
        moved(both[0], other, GROUP)


def test_who_is_decided_all_alike_is_alarmed_of(both, make_evaluation):
    before, after = both
    codes = before.groups["group"].codes
    scores = np.where(codes == 1, 0.9, before.scores.values[:, 1])
    alike = make_evaluation(before.y_true, scores, codes)
    assert side(before, after, GROUP, {}).alarms == ()
    (alarm,) = side(before, alike, GROUP, {}).alarms
    assert alarm == Alarm(after.classes[1], ("b",))
    everyone = make_evaluation(before.y_true, [0.9] * 800, codes)
    assert side(before, everyone, (), {}).alarms == (Alarm(after.classes[1]),)
