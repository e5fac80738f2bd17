from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from analysis.intervals import wilson
from models.class_shares import (
    SourceRows,
    black_box_shares,
    em_shares,
    on_simplex,
)

ESTIMATES = [em_shares, black_box_shares]


def rows(rng, n, shares, sharpness=1.5, source_shares=None):
    """Return scores and labels: each class is a normal cloud, scores are exact.

    The scores are the posteriors under `source_shares`, as a model gives them that was
    made where the shares were those.
    """
    k = len(shares)
    labels = rng.choice(k, n, p=shares)
    points = sharpness * np.eye(k)[labels] + rng.normal(size=(n, k))
    prior = np.log(shares if source_shares is None else source_shares)
    scores = softmax(sharpness * points + prior, axis=1)
    return SourceRows(scores, labels, np.ones(n))


BEFORE = {2: np.array([0.6, 0.4]), 3: np.array([0.5, 0.3, 0.2])}
AFTER = {2: np.array([0.15, 0.85]), 3: np.array([0.1, 0.2, 0.7])}


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("estimate", ESTIMATES)
def test_a_changed_share_is_recovered_within_its_interval(estimate, k, rng):
    source = rows(rng, 5_000, BEFORE[k])
    target = rows(rng, 4_000, AFTER[k], source_shares=BEFORE[k])
    found = estimate(source, target.scores, target.weights)
    assert found.shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.shares, AFTER[k], atol=0.05)
    assert ((found.low <= AFTER[k]) & (AFTER[k] <= found.high)).all()
    assert (found.high - found.low < 0.12).all()
    assert found.n == 4_000
    assert not found.is_clipped


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_intervals_cover_the_true_share(estimate, rng):
    inside = []
    for _ in range(200):
        source = rows(rng, 500, BEFORE[3])
        weights = rng.uniform(0.2, 1.8, 400)
        target = rows(rng, 400, np.array([0.3, 0.3, 0.4]), source_shares=BEFORE[3])
        found = estimate(source, target.scores, weights)
        inside.append((found.low <= [0.3, 0.3, 0.4]) & (found.high >= [0.3, 0.3, 0.4]))
    coverage = np.mean(inside)  # of 600 draws
    assert 0.925 < coverage < 0.985


@pytest.mark.parametrize(("sizes", "spread"), [((1_000, 300), 0.8), ((5_000, 150), 0)])
def test_the_interval_of_a_rare_class_holds_at_both_ends(sizes, spread, rng):
    """With one error for all shares, the truth lay above one interval in ten."""
    after, above, below = np.array([0.95, 0.05]), [], []
    for _ in range(300):
        source = rows(rng, sizes[0], np.array([0.7, 0.3]))
        source = replace(source, weights=rng.lognormal(0, spread, sizes[0]))
        target = rows(rng, sizes[1], after, source_shares=np.array([0.7, 0.3]))
        weights = rng.lognormal(0, spread, sizes[1])
        found = em_shares(source, target.scores, weights)
        above.append(found.high[1] < after[1])
        below.append(found.low[1] > after[1])
        assert found.low[0] == pytest.approx(1 - found.high[1])
    assert np.mean(above) < 0.05
    assert np.mean(below) < 0.06
    assert np.mean(above) + np.mean(below) < 0.08


def test_scores_without_doubt_give_the_interval_of_wilson():
    source = SourceRows(np.eye(3)[np.arange(90) % 3], np.arange(90) % 3, np.ones(90))
    found = em_shares(source, np.eye(3)[[0] * 30 + [1] * 18 + [2] * 2], np.ones(50))
    z = stats.t.ppf(0.975, 49)  # a variance from rows, so Student's t and n - 1
    low, high = wilson(found.shares, np.full(3, 49.0), z)
    np.testing.assert_allclose(found.low, low, atol=1e-5)
    np.testing.assert_allclose(found.high, high, atol=1e-5)


def test_a_class_that_nobody_has_has_an_upper_end_alone():
    sure = np.array([[0.98, 0.02], [0.02, 0.98]])
    source = SourceRows(sure[np.arange(80) % 2], np.arange(80) % 2, np.ones(80))
    target = np.array([[0.98, 0.02]] * 39 + [[0.9, 0.1]])
    found = em_shares(source, target, np.ones(40))
    assert found.shares[1] == pytest.approx(0, abs=1e-6)
    assert found.low[1] == pytest.approx(0, abs=1e-6)
    chance = 1 - 0.025 ** (1 / 40)  # of a larger share 40 would hardly show none
    assert chance < found.high[1] < 0.35


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_nothing_changes_where_nothing_has_changed(estimate, rng):
    source = rows(rng, 2_000, BEFORE[3])
    found = estimate(source, source.scores, source.weights)
    # The black box solves its own equations; EM, exactly only for exact scores.
    tolerance = 1e-9 if estimate is black_box_shares else 0.03
    np.testing.assert_allclose(found.shares, source.shares, atol=tolerance)
    target = rows(rng, 2_000, BEFORE[3])
    found = estimate(source, target.scores, target.weights)
    assert ((found.low <= BEFORE[3]) & (BEFORE[3] <= found.high)).all()


def test_em_by_hand_on_two_kinds_of_rows():
    """With p = 1/2, rows of scores 0.8 and 0.2, and 3 of 4 of the first.

    The likelihood of q for the first class is (0.8 q + 0.2 (1 - q))^3 times
    (0.2 q + 0.8 (1 - q)): the root of its slope is where 0.2 + 0.6 q = 3 / 4.
    """
    source = SourceRows(np.full((2, 2), 0.5), np.array([0, 1]), np.ones(2))
    scores = np.array([[0.8, 0.2]] * 3 + [[0.2, 0.8]])
    found = em_shares(source, scores, np.ones(4))
    assert found.shares[0] == pytest.approx(0.55 / 0.6, abs=1e-5)
    assert found.steps > 1


def test_black_box_by_hand():
    """It decides rightly for 3 in 4 of either class; half of the target is called b."""
    scores = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]] + [[0.1, 0.9]] * 3 + [[0.9, 0.1]])
    source = SourceRows(scores, np.repeat([0, 1], 4), np.ones(8))
    even = black_box_shares(source, scores[[0, 4]], np.ones(2))
    np.testing.assert_allclose(even.shares, [0.5, 0.5])
    three = black_box_shares(source, scores[[0, 1, 2, 4]], np.ones(4))
    np.testing.assert_allclose(three.shares, [1.0, 0.0], atol=1e-12)
    all_a = black_box_shares(source, scores[:2], np.ones(2))
    assert all_a.is_clipped
    np.testing.assert_allclose(all_a.shares, [1.0, 0.0])
    assert all_a.condition == pytest.approx(2)


def test_scores_that_tell_nothing_give_no_interval():
    flat = np.full((50, 2), 0.5)
    source = SourceRows(flat, np.arange(50) % 2, np.ones(50))
    for estimate in ESTIMATES:
        found = estimate(source, flat, np.ones(50))
        assert np.isnan(found.low).all()
        assert found.condition == np.inf
        np.testing.assert_allclose(found.shares, [0.5, 0.5])


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_a_class_without_source_rows_keeps_no_share(estimate, rng):
    source = rows(rng, 900, BEFORE[3])
    kept = source.labels != 1
    some = SourceRows(source.scores[kept], source.labels[kept], source.weights[kept])
    found = estimate(some, some.scores, some.weights)
    assert found.shares[1] == 0
    assert np.isnan(found.low[1])
    assert found.shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_a_weight_of_2_counts_as_two_rows(estimate, rng):
    source = rows(rng, 400, BEFORE[2])
    target = rows(rng, 300, AFTER[2], source_shares=BEFORE[2])
    times = rng.integers(1, 4, 300)
    again = np.repeat(np.arange(300), times)
    weighted = estimate(source, target.scores, times.astype(float))
    repeated = estimate(source, target.scores[again], np.ones(len(again)))
    np.testing.assert_allclose(weighted.shares, repeated.shares, atol=1e-6)
    scaled = estimate(source, target.scores, times * 1e-9)
    np.testing.assert_allclose(scaled.low, weighted.low, atol=1e-6)


def test_the_nearest_shares_by_hand():
    np.testing.assert_allclose(on_simplex(np.array([0.2, 0.8])), [0.2, 0.8])
    np.testing.assert_allclose(on_simplex(np.array([1.2, -0.2])), [1.0, 0.0])
    np.testing.assert_allclose(on_simplex(np.array([0.5, 0.5, 0.3])), [0.4, 0.4, 0.2])
