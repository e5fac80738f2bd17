import numpy as np
import pytest

from analysis.calibration.smooth_curve import smooth_reliability


def test_it_is_the_reflected_kernel_average_of_differences(rng, make_evaluation):
    scores, w = rng.beta(1, 2, 800), rng.choice([1.0, 3.0], 800)
    y_true = rng.binomial(1, scores**1.5)
    (curve,) = smooth_reliability(make_evaluation(y_true, scores, weights=w), ())
    at = curve.score[:, None]
    kernel = sum(
        np.exp(-((at - s) ** 2) / 2 / curve.bandwidth**2)
        for s in (scores, -scores, 2 - scores)
    )
    rate = curve.score + (kernel * w) @ (y_true - scores) / (kernel @ w)
    effective = (kernel @ w) ** 2 / (kernel**2 @ w**2)
    known = ~np.isnan(curve.rate)
    assert known.sum() > 20
    assert curve.rate[known] == pytest.approx(rate.clip(0, 1)[known], abs=0.003)
    assert curve.effective_n[known] == pytest.approx(effective[known], rel=0.02)


def test_the_band_holds_the_diagonal_for_true_scores(rng, make_evaluation):
    held = []
    for _ in range(60):
        scores = rng.beta(2, 3, 1500)
        (curve,) = smooth_reliability(
            make_evaluation(rng.binomial(1, scores), scores), ()
        )
        known = ~np.isnan(curve.rate)
        inside = (curve.low <= curve.score) & (curve.score <= curve.high)
        held.append(inside[known].mean())
    assert 0.92 <= np.mean(held) <= 0.975


def test_nothing_is_drawn_where_nobody_stands(rng, make_evaluation):
    scores = np.append(rng.uniform(0, 0.2, 500), [0.9, 0.91])
    (curve,) = smooth_reliability(make_evaluation(rng.binomial(1, scores), scores), ())
    far = curve.score > 0.4
    assert np.isnan(curve.rate[far]).all()
    assert np.isnan(curve.low[far]).all()
    assert not np.isnan(curve.rate[curve.score < 0.15]).any()


def test_an_empty_group_and_one_person_have_no_curve(make_evaluation):
    curves = smooth_reliability(make_evaluation([1], [0.5], g=2), ("group",))
    assert all(np.isnan(c.rate).all() for c in curves)
    assert np.isnan(curves[1].bandwidth)


def test_the_scale_of_weights_says_nothing(rng, make_evaluation):
    scores, w = rng.uniform(size=300), rng.uniform(1, 2, 300)
    y_true = rng.integers(0, 2, 300)
    one, ten = (
        smooth_reliability(make_evaluation(y_true, scores, weights=w * x), ())[0]
        for x in (1, 10)
    )
    assert one.low == pytest.approx(ten.low, nan_ok=True)
    assert one.effective_n == pytest.approx(ten.effective_n)
