"""Accept or defer: by hand, ties, and in simulation."""

import numpy as np
import pytest

from analysis.deferral.area import area_under_risk
from analysis.deferral.curve import CUTS, deferral_at, deferral_curve
from analysis.deferral.doubt import DOUBTS, doubts, suggested_cut
from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Argmax, Evaluation, GroupThresholds, Scores, Threshold
from analysis.frame import Grouping


@pytest.fixture
def six(make_evaluation):
    """Return six people in two groups; the doubtful ones of b are decided wrong."""
    scores = [0.9, 0.8, 0.3, 0.55, 0.6, 0.05]
    y_true = [1, 1, 0, 0, 0, 0]
    return make_evaluation(y_true, scores, [0, 0, 0, 1, 1, 1])


def three(y_true, values, rule=None):
    n = len(y_true)
    return Evaluation(
        "model",
        np.asarray(y_true),
        Scores(np.asarray(values, dtype=float)),
        ("x", "y", "z"),
        {"group": Grouping(np.zeros(n, np.int64), ("a",))},
        np.ones(n),
        np.arange(n),
        rule or Argmax(),
    )


def test_six_people_by_hand(six):
    # distances from 0.5: .4 .3 .2 .05 .1 .45; wrong are the fourth and the fifth
    curve = deferral_curve(six, ("group",))
    assert curve.names == ("Everyone", "a", "b")
    assert curve.cuts == pytest.approx([-np.inf, -0.45, -0.4, -0.3, -0.2, -0.1, -0.05])
    assert curve.deferred[0] == pytest.approx([1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0])
    assert curve.accuracy[0, 1:] == pytest.approx([1, 1, 1, 1, 4 / 5, 4 / 6])
    at = deferral_at(curve, curve.at_share(1 / 3))
    assert at.deferred.value == pytest.approx([2 / 6, 0, 2 / 3])
    assert at.deferred.n.tolist() == [6, 3, 3]
    assert at.accuracy.value.tolist() == [1, 1, 1]
    assert at.accuracy.n.tolist() == [4, 3, 1]
    assert at.deferred_gap.value == pytest.approx(2 / 3)
    # risks on the way: 0 0 0 0 1/5 2/6, each of one sixth
    assert curve.area.value == pytest.approx((1 / 5 + 2 / 6) / 6)


def test_everyone_deferred_leaves_nobody_to_be_right_about(six):
    curve = deferral_curve(six, ("group",))
    assert (curve.deferred[:, 0] == 1).all()
    assert np.isnan(curve.accuracy[:, 0]).all()
    assert curve.accepted[:, 0].tolist() == [0, 0, 0]


def test_ties_are_deferred_together(make_evaluation):
    shown = make_evaluation([1, 0, 1, 0, 1], [0.9, 0.6, 0.6, 0.4, 0.4])
    curve = deferral_curve(shown, ())
    assert curve.deferred[0].tolist() == pytest.approx([1, 0.8, 0])
    assert curve.at_share(0.5) == 1
    assert curve.at_share(0.3) == 2


def test_constant_scores_leave_two_choices(make_evaluation):
    curve = deferral_curve(make_evaluation([0, 1] * 30, [0.5] * 60), ("group",))
    assert curve.deferred[0].tolist() == [1, 0]
    assert curve.area.value == pytest.approx(0.5)


def test_a_weight_of_two_is_two_rows(make_evaluation, rng):
    scores, y_true = rng.uniform(size=30), rng.integers(0, 2, 30)
    weights = rng.integers(1, 4, 30)
    whole = np.repeat(np.arange(30), weights)
    weighed = deferral_curve(make_evaluation(y_true, scores, weights=weights), ())
    repeated = deferral_curve(make_evaluation(y_true[whole], scores[whole]), ())
    assert weighed.deferred == pytest.approx(repeated.deferred)
    assert weighed.accuracy[:, 1:] == pytest.approx(repeated.accuracy[:, 1:])
    assert weighed.area.value == pytest.approx(repeated.area.value)


def test_confidence_is_the_distance_from_the_threshold_in_force(make_evaluation):
    shown = make_evaluation([0, 1, 1], [0.1, 0.25, 0.9], [0, 0, 1])
    at = shown.decided_by(Threshold(0.2))
    assert doubts(at, "confidence", None) == pytest.approx([-0.1, -0.05, -0.7])
    by_group = shown.decided_by(GroupThresholds("group", (0.2, 0.8)))
    assert doubts(by_group, "confidence", None) == pytest.approx([-0.1, -0.05, -0.1])
    by_half, argmax = (
        doubts(shown.decided_by(r), "confidence", None) for r in (Threshold(), Argmax())
    )
    assert (by_half == argmax).all()


def test_three_classes_are_ordered_by_their_highest_probability():
    shown = three([0, 1, 2], [[0.6, 0.2, 0.2], [0.1, 0.8, 0.1], [0.4, 0.3, 0.3]])
    assert doubts(shown, "confidence", None) == pytest.approx([0.4, 0.2, 0.6])
    curve = deferral_curve(shown, ("group",))
    assert curve.accuracy[0, 1:] == pytest.approx([1, 1, 2 / 3])


def test_distance_to_centroids_by_hand():
    fit = three(
        [0, 0, 1, 0],
        [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.6, 0.3]],
    )
    # right ones: x at (.7, .2, .1), y at (.2, .7, .1); the last is wrongly y
    shown = three([0, 1, 2], [[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    found = doubts(shown, "distance", fit)
    assert found == pytest.approx([0, np.sqrt(0.02), np.inf])
    assert suggested_cut("distance", fit) == pytest.approx(np.sqrt(0.06))


def test_the_suggested_cut_defers_all_as_far_off_as_a_wrong_one():
    fit = three([0, 0, 1], [[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1]])
    curve = deferral_curve(fit, (), "distance", fit)
    far = np.sqrt(0.04 + 0.04)
    assert curve.suggested == pytest.approx(far)
    assert deferral_at(curve, curve.at_suggested).deferred.value[0] == pytest.approx(
        1 / 3
    )
    assert deferral_at(curve, curve.at_suggested).accuracy.value[0] == 1


def test_without_wrong_decisions_no_cut_is_suggested(six):
    right = six.take(np.array([0, 1, 2]))
    curve = deferral_curve(six, ("group",), "distance", right)
    assert np.isnan(curve.suggested)
    assert curve.at_suggested is None
    assert curve.deferred[0, -1] == 0


def test_one_class_and_one_row(make_evaluation):
    one = make_evaluation([1], [0.7])
    curve = deferral_curve(one, ("group",))
    assert curve.accuracy[0, 1:].tolist() == [1]
    assert np.isnan([curve.area.low, curve.area.high]).all()
    assert deferral_at(curve, curve.at_share(0)).deferred.value.tolist() == [0, 0]
    same = deferral_curve(make_evaluation([1] * 20, np.linspace(0, 1, 20)), ())
    assert same.accuracy[0, -1] == 0.5


def test_an_empty_group_is_undefined(make_evaluation, rng):
    shown = make_evaluation(rng.integers(0, 2, 40), rng.uniform(size=40), g=2)
    curve = deferral_curve(shown, ("group",))
    assert np.isnan(curve.deferred[2]).all()
    assert curve.n.tolist() == [40, 40, 0]
    assert deferral_at(curve, 5).deferred_gap.is_undefined


def test_many_scores_give_a_bounded_curve(make_evaluation, rng):
    shown = make_evaluation(rng.integers(0, 2, 5_000), rng.uniform(size=5_000))
    curve = deferral_curve(shown, ())
    assert len(curve.cuts) <= CUTS + 2
    assert np.diff(curve.deferred[0]) == pytest.approx(-1 / (CUTS - 1), abs=0.002)
    assert curve.deferred[0, -1] == 0


def test_the_area_follows_random_order_to_the_error_rate(rng):
    wrong = rng.uniform(size=20_000) < 0.3
    area = area_under_risk(rng.uniform(size=20_000), wrong, np.ones(20_000))
    assert area.value == pytest.approx(wrong.mean(), abs=0.02)
    assert area.low < 0.3 < area.high


def test_the_interval_of_the_area_holds(rng):
    """Wrong with the probability of the doubt: the area is 1 / 4 in the limit."""
    held = []
    for _ in range(400):
        doubt = rng.uniform(size=150)
        wrong = rng.uniform(size=150) < doubt
        area = area_under_risk(doubt, wrong, np.ones(150))
        held.append(area.low <= 0.25 <= area.high)
    assert 0.92 < np.mean(held) < 0.98


@pytest.mark.parametrize("n", [20, 50])
def test_the_interval_of_a_small_area_holds_for_few_people(rng, n):
    """A good order and unequal weights: a symmetric interval holds in 77 to 81 %."""
    held = []
    truth = 0.5 / 16  # the mean of the mean of d^3 / 2 up to a share
    for _ in range(500):
        doubt = rng.uniform(size=n)
        wrong = rng.uniform(size=n) < 0.5 * doubt**3
        area = area_under_risk(doubt, wrong, rng.lognormal(0, 0.8, n))
        if wrong.any():
            held.append(area.low <= truth <= area.high)
    assert np.mean(held) > 0.93


def test_wrong_decisions_of_no_weight_are_none():
    area = area_under_risk(np.arange(3.0), np.arange(3) == 1, np.array([1.0, 0, 1]))
    assert area.value == 0
    assert np.isnan([area.low, area.high]).all()


def test_the_scale_of_weights_leaves_the_area_and_its_interval(rng):
    doubt, wrong = rng.uniform(size=50), rng.uniform(size=50) < 0.3
    weights = rng.uniform(1, 2, 50)
    first, second = (area_under_risk(doubt, wrong, c * weights) for c in (1, 1e6))
    assert (first.value, first.low) == pytest.approx((second.value, second.low))


def test_intervals_of_shares_hold_for_a_group(make_evaluation, rng):
    """Each of sixty is doubtful with a chance of one half."""
    held = []
    for _ in range(300):
        scores = np.where(rng.uniform(size=60) < 0.5, 0.9, 0.6)
        curve = deferral_curve(make_evaluation([0, 1] * 30, scores), ("group",))
        at = deferral_at(curve, 1).deferred.at(1)
        held.append(at.low <= 0.5 <= at.high)
    assert 0.91 < np.mean(held) < 0.99


@pytest.mark.parametrize("doubt", DOUBTS)
def test_every_order_leaves_the_same_errors_when_nobody_is_deferred(
    doubt, make_evaluation, rng
):
    scores = rng.uniform(size=200)
    shown = make_evaluation(rng.binomial(1, scores), scores, rng.integers(0, 3, 200))
    curve = deferral_curve(shown, ("group",), doubt, shown)
    right = shown.decided_classes == shown.y_true
    assert curve.accuracy[0, -1] == pytest.approx(right.mean())
    assert (np.diff(curve.deferred, axis=1) <= 1e-12).all()


def test_what_cannot_be_ordered_is_refused(six):
    with pytest.raises(SettingError, match="choose one of confidence"):
        deferral_curve(six, (), "mood")
    with pytest.raises(SettingError, match="give rows to fit"):
        deferral_curve(six, (), "distance")
    raw = Evaluation(
        "model",
        np.array([0, 1]),
        Scores(np.array([[3.0], [7.0]]), "raw"),
        ("no", "yes"),
        {},
        np.ones(2),
        np.arange(2),
    )
    with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
        deferral_curve(raw, ())
