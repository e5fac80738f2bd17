import numpy as np
import pytest

from analysis.detection.over_time import courses, without_periods
from analysis.frame import Grouping


def timed(make_evaluation, rng, n, rate, periods, codes=None):
    y = rng.binomial(1, 0.5, n)
    right = rng.random(n) < rate
    scores = np.where(right, y, 1 - y) * 0.8 + 0.1
    times = Grouping(np.arange(n) * len(periods) // n, periods)
    return make_evaluation(y, scores, codes=codes), times


def test_the_value_of_a_period_is_that_of_its_rows(make_evaluation, rng):
    first, when = timed(make_evaluation, rng, 400, 0.8, ("a", "b"))
    second, then = timed(make_evaluation, rng, 300, 0.8, ("c", "d", "e"))
    (course,) = courses((first, second), (when, then), "accuracy")
    assert [c.name for c in course.chunks] == ["a", "b", "c", "d", "e"]
    assert [c.side for c in course.chunks] == ["source"] * 2 + ["target"] * 3
    part = second.take(np.flatnonzero(then.codes == 1))
    right = (part.is_positive == part.decisions).mean()
    assert course.chunks[3].estimate.value == pytest.approx(right)
    assert course.chunks[3].estimate.n == 100


def test_alerts_keep_their_rate_when_nothing_changed(make_evaluation):
    rng, alerts = np.random.default_rng(3), 0
    for _ in range(60):
        first, when = timed(make_evaluation, rng, 1000, 0.8, ("a", "b"))
        second, then = timed(make_evaluation, rng, 1500, 0.8, tuple("cdefg"))
        (course,) = courses((first, second), (when, then), "accuracy")
        alerts += bool(course.alerts)
    assert alerts <= 6


def test_the_period_that_fell_is_named(make_evaluation, rng):
    first, when = timed(make_evaluation, rng, 2000, 0.85, ("a", "b"))
    good, then = timed(make_evaluation, rng, 1000, 0.85, ("c",))
    bad, later = timed(make_evaluation, rng, 1000, 0.7, ("d",))
    for second, period, names in ((good, then, []), (bad, later, ["d"])):
        (course,) = courses((first, second), (when, period), "accuracy")
        assert [c.name for c in course.alerts] == names


def test_groups_have_a_course_each_unless_withheld(make_evaluation, rng):
    codes = rng.integers(0, 3, 600)
    first, when = timed(make_evaluation, rng, 600, 0.8, ("a", "b"), codes)
    second, then = timed(make_evaluation, rng, 600, 0.8, ("c",), codes)
    found = courses((first, second), (when, then), "accuracy", "group", ("b",))
    assert [c.group for c in found] == ["", "a", "c"]
    rows = second.take(np.flatnonzero(codes == 2))
    right = (rows.is_positive == rows.decisions).mean()
    assert found[2].chunks[-1].estimate.value == pytest.approx(right)


def test_an_undefined_period_is_nan_and_no_alert(make_evaluation, rng):
    first, when = timed(make_evaluation, rng, 400, 0.8, ("a",))
    second = make_evaluation(np.zeros(50, int), rng.random(50))
    then = Grouping(np.zeros(50, int), ("b",))
    (course,) = courses((first, second), (when, then), "true_positive_rate")
    assert course.chunks[-1].estimate.is_undefined
    assert not course.alerts
    hidden = without_periods(["a"], course)
    assert np.isnan(hidden.chunks[0].estimate.n)
