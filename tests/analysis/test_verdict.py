from dataclasses import replace

import numpy as np
import pytest

from analysis.answers import alarms_json
from analysis.compare import paired
from analysis.estimates import Estimate
from analysis.evaluation import Scores, binary_probabilities
from analysis.verdict import ALARM_ROWS, alarms, by_metric, verdict

METRICS = ("false_negative_rate", "true_positive_rate", "accuracy")


@pytest.fixture
def pair(make_evaluation, rng):
    """Before and after: a is missed far less, b far more, c as before."""
    n = 3000
    y, codes = np.ones(n, int), np.repeat([0, 1, 2], 1000)
    y[rng.uniform(size=n) < 0.3] = 0
    before = np.where(rng.uniform(size=n) < 0.7, y, 1 - y).astype(float)
    after = before.copy()
    missed = (y == 1) & (before == 0) & (codes == 0)
    after[missed & (rng.uniform(size=n) < 0.8)] = 1
    found = (y == 1) & (before == 1) & (codes == 1)
    after[found & (rng.uniform(size=n) < 0.2)] = 0
    return make_evaluation(y, before, codes), make_evaluation(y, after, codes)


def test_the_verdict_names_who_gained_and_who_lost(pair):
    found = verdict(paired(*pair, ("group",), METRICS), "false_negative_rate")
    assert found.gained == ("a",)
    assert found.lost == ("b",)
    assert ("b", "accuracy") in found.lost_otherwise
    assert all(metric != "false_negative_rate" for _, metric in found.lost_otherwise)


def test_a_measure_and_its_opposite_are_one_thing():
    missed, found = "false_negative_rate", "true_positive_rate"
    harmed = [("a", found), ("b", found), ("a", missed), ("a", "precision")]
    assert by_metric(harmed) == {found: ["a", "b"], "precision": ["a"]}


def test_the_opposite_of_the_watched_measure_is_no_further_loss(pair):
    found = verdict(paired(*pair, ("group",), METRICS), "false_negative_rate")
    assert "true_positive_rate" not in dict(map(reversed, found.lost_otherwise))


def test_more_is_better_where_the_measure_says_so(pair):
    found = verdict(paired(*pair, ("group",), METRICS), "true_positive_rate")
    assert found.gained == ("a",)
    assert found.lost == ("b",)


def test_nothing_is_sure_where_nothing_changed(pair):
    before, _ = pair
    found = verdict(paired(before, before, ("group",), METRICS), "false_negative_rate")
    assert found.gained == found.lost == found.lost_otherwise == ()
    assert found.is_worth is None
    assert found.undetected > 0


def test_the_price_is_the_change_in_accuracy_and_its_sign_is_sure_or_not(pair):
    before, after = pair
    record = paired(before, after, ("group",), METRICS)
    found = verdict(record, "false_negative_rate")
    assert found.price == record.overall["accuracy"]
    better = verdict(paired(before, _right(before), ("group",), METRICS), METRICS[0])
    worse = verdict(paired(_right(before), before, ("group",), METRICS), METRICS[0])
    assert better.is_worth is True
    assert worse.is_worth is False


def _right(shown):
    scores = binary_probabilities(shown.y_true.astype(float))
    return replace(shown, scores=scores)


def test_what_is_withheld_is_not_named(pair):
    record = paired(*pair, ("group",), METRICS)
    found = verdict(record.withholding(np.array([True, True, True])), METRICS[0])
    assert found.gained == found.lost == found.lost_otherwise == ()
    assert np.isnan(found.undetected)


def no_groups(g):
    return np.zeros(g, dtype=bool)


def test_a_model_that_decides_everyone_alike_raises_the_alarm(make_evaluation):
    shown = make_evaluation([0, 1] * 50, np.full(100, 0.7), [0, 1] * 50)
    (alarm,) = alarms(shown, ("group",), no_groups(2))
    assert alarm.decided == "yes"
    assert alarm.groups == ()


def test_a_whole_group_decided_alike_is_named_unless_it_is_small(make_evaluation):
    codes = np.repeat([0, 1, 2], [100, ALARM_ROWS, ALARM_ROWS - 1])
    scores = np.where(codes == 0, np.tile([0.2, 0.8], len(codes))[: len(codes)], 0.1)
    shown = make_evaluation(np.ones(len(codes), int), scores, codes)
    (alarm,) = alarms(shown, ("group",), no_groups(3))
    assert alarm.decided == "no"
    assert alarm.groups == ("b",)
    hidden = np.array([False, True, False])
    assert alarms(shown, ("group",), hidden) == ()


def test_a_model_that_tells_people_apart_raises_no_alarm(pair):
    assert alarms(pair[0], ("group",), no_groups(3)) == ()


def test_without_groups_everyone_is_one_and_nobody_is_named(make_evaluation):
    shown = make_evaluation([0, 1] * 50, np.tile([0.2, 0.8], 50))
    assert alarms(shown, (), no_groups(1)) == ()


def test_of_three_classes_the_highest_score_decides(make_evaluation):
    values = np.tile([0.4, 0.35, 0.25], (60, 1))
    shown = replace(
        make_evaluation(np.zeros(60, int), np.zeros(60)),
        scores=Scores(values, "probability"),
        classes=("low", "middle", "high"),
    )
    (alarm,) = alarms(shown, ("group",), no_groups(1))
    assert alarm.decided == "low"


def test_an_unknown_price_is_neither_gain_nor_loss(pair):
    record = paired(*pair, ("group",), METRICS)
    unknown = Estimate(np.nan, np.nan, np.nan, 0)
    blank = replace(record, overall={**record.overall, "accuracy": unknown})
    assert verdict(blank, "accuracy").is_worth is None


def test_sure_takes_a_small_q_value_and_an_interval_without_zero(pair):
    record = paired(*pair, ("group",), METRICS)
    change = record.change[METRICS[0]]
    wide = replace(change.estimates, low=change.estimates.low - 9.0)
    wide = replace(wide, high=change.estimates.high + 9.0)
    changes = {**record.change, METRICS[0]: replace(change, estimates=wide)}
    found = verdict(replace(record, change=changes), METRICS[0])
    assert found.gained == found.lost == ()


def test_alarms_as_the_command_line_tells_them(make_evaluation):
    alike = make_evaluation([0, 1] * 50, np.full(100, 0.7), [0, 1] * 50)
    assert alarms_json(alike) == [{"decided": "yes", "by": "", "groups": []}]
    codes = np.repeat([0, 1], 100)
    scores = np.where(codes == 0, np.tile([0.2, 0.8], 100), 0.1)
    shown = make_evaluation(np.ones(200, int), scores, codes)
    assert alarms_json(shown) == [{"decided": "no", "by": "group", "groups": ["b"]}]
