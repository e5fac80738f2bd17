import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.errors import DataError
from models.recipe import Recipe
from models.remedies.moment_matching import MomentMatching


def factors(frame, survey=False, **settings):
    recipe = Recipe("t", survey_weights=survey)
    changed = MomentMatching(**settings).change(recipe, frame)
    return changed.row_weights.factors(frame)


def rates_and_shares(frame, w, attribute):
    grouping = frame.groups[attribute]
    mass = np.bincount(grouping.codes, w, len(grouping.names))
    positive = np.bincount(grouping.codes, w * frame.y_true, len(grouping.names))
    return positive[mass > 0] / mass[mass > 0], mass[mass > 0] / mass.sum()


@pytest.mark.parametrize("distance", ["least squares", "entropy"])
def test_both_moments_hold_for_two_attributes_at_once(dataset, distance):
    frame = dataset.frame
    w = factors(frame, survey=True, attribute="group,work", distance=distance)
    for attribute in ("group", "work"):
        rates, shares = rates_and_shares(frame, w * frame.weights, attribute)
        np.testing.assert_allclose(rates, rates[0], atol=1e-5)
        _, before = rates_and_shares(frame, frame.weights, attribute)
        np.testing.assert_allclose(shares, before, atol=1e-5)
    assert (w >= 0).all()


def test_equal_shares_are_equal(dataset):
    w = factors(dataset.frame, attribute="work", shares="equal")
    rates, shares = rates_and_shares(dataset.frame, w, "work")
    np.testing.assert_allclose(shares, 0.25, atol=1e-5)
    np.testing.assert_allclose(rates, rates[0], atol=1e-5)


@pytest.mark.parametrize(
    ("distance", "cost"),
    [
        ("least squares", lambda q: ((q - 1) ** 2).mean()),
        ("entropy", lambda q: (q * np.log(np.maximum(q, 1e-12))).mean()),
    ],
)
def test_no_other_weights_with_these_moments_are_closer(dataset, distance, cost):
    """A general solver on the four cells of group and label finds nothing better."""
    frame = dataset.frame
    group, y = frame.groups["group"].codes, frame.y_true
    cells = group * 2 + y
    share = (group == 0).mean()
    conditions = [
        lambda q: q[cells].mean() - 1,
        lambda q: (q[cells] * ((group == 0) - share)).mean(),
        lambda q: (q[cells] * ((group == 0) - share) * y).mean(),
    ]
    best = minimize(
        lambda q: cost(q[cells]),
        np.ones(4),
        method="SLSQP",
        bounds=[(0, None)] * 4,
        constraints=[{"type": "eq", "fun": c} for c in conditions],
        options={"ftol": 1e-12},
    )
    w = factors(frame, attribute="group", distance=distance)
    assert cost(w) == pytest.approx(best.fun, rel=1e-4)


def test_strength_leaves_that_share_of_the_dependence(dataset):
    frame = dataset.frame
    a = frame.groups["group"].codes == 0

    def covariance(strength):
        w = factors(frame, attribute="group", strength=strength)
        return (w * (a - a.mean()) * frame.y_true).mean()

    assert covariance(0.25) == pytest.approx(0.75 * covariance(0))
    assert covariance(1) == pytest.approx(0, abs=1e-6)


def test_a_tolerance_allows_weights_closer_to_equal(dataset):
    spreads = [
        factors(dataset.frame, attribute="group,work", tolerance=t).std()
        for t in (0.0, 0.01, 0.03)
    ]
    assert spreads[0] > spreads[1] > spreads[2]


def test_a_group_without_a_class_is_refused_by_name(dataset):
    frame = dataset.frame
    keep = (frame.groups["group"].codes == 0) | (frame.y_true == 1)
    with pytest.raises(
        DataError, match="Group 'b' has no training row with label 'no'"
    ):
        factors(frame.take(np.flatnonzero(keep)), attribute="group")


def test_impossible_moments_are_refused_with_advice(dataset):
    with pytest.raises(DataError, match="Raise the tolerance or the cap"):
        factors(dataset.frame, attribute="group,work", cap=1.1)


def test_one_group_is_refused(dataset):
    frame = dataset.frame
    rows = np.flatnonzero(frame.groups["group"].codes == 0)
    with pytest.raises(DataError, match="Only one group of 'group'"):
        factors(frame.take(rows), attribute="group")
