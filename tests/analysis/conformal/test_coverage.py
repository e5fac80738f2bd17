"""Coverage and size of sets by group."""

import numpy as np
import pytest
from scipy import stats

from analysis.conformal.coverage import coverage
from analysis.conformal.promise import kept_promise
from analysis.conformal.sets import fit_sets, sets_of


@pytest.fixture
def covered(make_evaluation):
    """Return a report of two groups, the second one missed too often."""
    rng = np.random.default_rng(5)
    n = 2_000
    codes = rng.integers(0, 2, n)
    scores = rng.uniform(size=n)
    y_true = rng.binomial(1, np.where(codes == 1, 0.5, scores))
    shown = make_evaluation(y_true, scores, codes)
    fit, rest = shown.take(np.arange(1_000)), shown.take(np.arange(1_000, n))
    rule = fit_sets(fit, 0.2)
    return rest, rule, sets_of(rule, rest)


def test_coverage_and_size_by_hand(make_evaluation):
    shown = make_evaluation([0, 1, 1, 0], [0.1, 0.9, 0.2, 0.6], [0, 0, 1, 1])
    rule = fit_sets(make_evaluation([1] * 9, np.linspace(0.1, 0.9, 9)), 0.5)
    sets = np.array([[1, 0], [0, 1], [1, 0], [1, 1]], bool)
    report = coverage(shown, rule, sets, ("group",))
    assert report.by_group.coverage.value.tolist() == [1.0, 0.5]
    assert report.by_class.coverage.value.tolist() == [1.0, 0.5]
    assert report.overall.coverage.at(0).value == 0.75
    assert report.by_group.size.value.tolist() == [1.0, 1.5]
    assert report.by_group.full.value.tolist() == [0.0, 0.5]
    assert report.overall.single.at(0).value == 0.75
    assert report.overall.empty.at(0).value == 0.0
    assert report.gap.value == 0.5


def test_weights_count_people_several_times(make_evaluation):
    rule = fit_sets(make_evaluation([1] * 9, np.linspace(0.1, 0.9, 9)), 0.5)
    sets = np.array([[1, 0], [0, 1], [1, 0]], bool)
    weighed = make_evaluation([0, 1, 1], [0.1, 0.9, 0.2], weights=[1, 1, 2])
    report = coverage(weighed, rule, sets, ())
    assert report.overall.coverage.at(0).value == 0.5
    assert report.overall.n.tolist() == [3]
    assert report.overall.size.at(0).value == 1


def test_a_group_missed_too_often_is_named_and_others_are_not(covered):
    rest, rule, sets = covered
    report = coverage(rest, rule, sets, ("group",))
    assert report.by_group.is_short.tolist() == [False, True]
    assert not report.overall.is_short.any()
    assert report.gap.low > 0


def test_the_range_of_a_kept_promise_is_beta_binomial():
    low, high, p = kept_promise(
        np.array([0.85]), np.array([200.0]), np.array([99.0]), 0.1
    )
    kept = stats.betabinom(200, 90, 10)
    assert (200 * low[0], 200 * high[0]) == (kept.ppf(0.025), kept.ppf(0.975))
    assert p[0] == pytest.approx(kept.cdf(170))


def test_a_kept_promise_is_called_broken_in_one_of_twenty_at_most(rng):
    """Thresholds of 30 rows and 200 people: binomial limits alone would fail."""
    called = []
    for _ in range(2_000):
        threshold = np.sort(rng.uniform(size=30))[int(np.ceil(31 * 0.8)) - 1]
        share = (rng.uniform(size=200) <= threshold).mean(keepdims=True)
        _, _, p = kept_promise(share, np.array([200.0]), np.array([30.0]), 0.2)
        called.append(p[0] < 0.05)
    assert 0.02 < np.mean(called) < 0.065


def test_intervals_hold_for_coverage_and_size(rng, make_evaluation):
    rule = fit_sets(make_evaluation([1] * 9, np.linspace(0.1, 0.9, 9)), 0.5)
    held = []
    for _ in range(300):
        sets = rng.uniform(size=(40, 2)) < [0.6, 0.9]
        y_true = rng.integers(0, 2, 40)
        found = coverage(make_evaluation(y_true, np.full(40, 0.5)), rule, sets, ())
        each = (found.overall.coverage.at(0), 0.75), (found.overall.size.at(0), 1.5)
        held.append([e.low <= truth <= e.high for e, truth in each])
    assert (np.mean(held, axis=0) > 0.92).all()


def test_an_empty_group_is_undefined_with_no_rows(make_evaluation):
    shown = make_evaluation([0, 1] * 20, [0.3, 0.8] * 20, g=2)
    report = coverage(shown, *_ruled(shown), ("group",))
    empty = report.by_group
    assert empty.n.tolist() == [40, 0]
    for part in (empty.coverage, empty.size, empty.empty, empty.single, empty.full):
        assert np.isnan(part.value).tolist() == [False, True]
    assert report.gap.is_undefined


def test_one_row_and_one_class_have_values(make_evaluation):
    fit = make_evaluation([1] * 20, [0.7] * 20)
    shown = make_evaluation([1], [0.7])
    rule = fit_sets(fit, 0.1)
    report = coverage(shown, rule, sets_of(rule, shown), ())
    assert report.overall.coverage.at(0).value == 1
    assert report.overall.coverage.at(0).low < 0.3
    assert np.isnan(report.by_class.coverage.value).tolist() == [True, False]


def test_small_groups_are_withheld_with_every_number(covered, make_evaluation):
    codes = np.repeat([0, 1, 2], [100, 100, 8])
    rng = np.random.default_rng(1)
    shown = make_evaluation(rng.integers(0, 2, 208), rng.uniform(size=208), codes)
    report = coverage(shown, *_ruled(shown), ("group",), k=10)
    hidden = report.by_group.hidden
    assert hidden[2]
    assert hidden.sum() >= 2  # else the third follows from the total
    for part in (report.by_group.coverage, report.by_group.size, report.by_group.full):
        assert (np.isnan(part.value) == hidden).all()
        assert (np.isnan(part.n) == hidden).all()
    assert (np.isnan(report.by_group.q_value) >= hidden).all()


def _ruled(shown):
    rule = fit_sets(shown, 0.1)
    return rule, sets_of(rule, shown)
