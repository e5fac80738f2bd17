import numpy as np
import pytest
from scipy import integrate, optimize

from analysis.errors import DataError, NeedsProbabilitiesError, SettingError
from analysis.evaluation import Evaluation, Scores, Threshold
from analysis.intervals import clopper_pearson, sidak
from analysis.subgroups.disaggregate import disaggregate
from analysis.subgroups.smooth import SCORE_POINTS, _quantile, smooth_curve


def decided(make_evaluation, rng, selected, weights=None):
    """An evaluation whose selection rate is that of `selected`, bool[n]."""
    labels = rng.integers(0, 2, len(selected))
    return make_evaluation(labels, np.where(selected, 0.9, 0.1), weights=weights)


def test_values_that_each_hold_a_window_keep_their_own_rates(make_evaluation, rng):
    values = np.repeat([1.0, 5.0, 6.0], [50, 30, 20])
    selected = np.concatenate(
        [np.arange(50) < 10, np.arange(30) < 15, np.arange(20) < 19]
    )
    evaluation = decided(make_evaluation, rng, selected)
    curve = smooth_curve(evaluation, values, "selection_rate", span=0.2)
    assert curve.x.tolist() == [1, 5, 6]
    assert curve.estimates.value == pytest.approx([0.2, 0.5, 0.95])
    assert curve.estimates.n.tolist() == [50, 30, 20]
    # three windows without a row in common: as three independent groups
    assert curve.quantile == pytest.approx(sidak(3))
    low, high = clopper_pearson(curve.estimates.value, curve.estimates.n, sidak(3))
    assert curve.estimates.low == pytest.approx(low)
    assert curve.estimates.high == pytest.approx(high)


def tricube_by_rows(values, weights, selected, centre, span):
    """The same window, row by row and without bins."""

    def mass(width):
        reach = np.abs(values - centre) / width
        return weights * np.clip(1 - reach**3, 0, None) ** 3

    flat, _ = integrate.quad(lambda u: (1 - u**3) ** 3, 0, 1)
    needed = flat * span * weights.sum()
    width = optimize.brentq(lambda h: mass(h).sum() - needed, 1e-6, 1e3, xtol=1e-12)
    w = mass(width)
    return w @ values / w.sum(), w @ selected / w.sum(), w.sum() ** 2 / (w**2).sum()


def test_a_window_is_the_tricube_kernel_of_its_nearest_rows(make_evaluation, rng):
    values, weights = np.sort(rng.random(300)), rng.uniform(0.5, 2, 300)
    selected = rng.random(300) < 0.4
    evaluation = decided(make_evaluation, rng, selected, weights)
    curve = smooth_curve(evaluation, values, "selection_rate", span=0.3, points=400)
    assert len(curve.x) > 200
    for at in (40, 150, 250):
        x, rate, effective = tricube_by_rows(values, weights, selected, values[at], 0.3)
        p = int(np.abs(curve.x - x).argmin())
        assert curve.x[p] == pytest.approx(x, abs=1e-6)
        assert curve.estimates.value[p] == pytest.approx(rate, abs=1e-6)
        low, _ = clopper_pearson(
            np.array([rate]), np.array([effective]), curve.quantile
        )
        assert curve.estimates.low[p] == pytest.approx(low[0], abs=1e-6)


def test_a_window_between_heavy_ties_reaches_them(make_evaluation, rng):
    """Three people of 27 between hundreds of 24 and of 30 are not a window alone."""
    values = np.repeat([12.0, 24, 27, 30, 48], [300, 180, 3, 180, 300])
    selected = rng.random(963) < 0.3
    curve = smooth_curve(
        decided(make_evaluation, rng, selected), values, "selection_rate"
    )
    between = int(np.abs(curve.x - 27).argmin())
    assert curve.x[between] == pytest.approx(27, abs=0.5)
    assert curve.estimates.n[between] == 363
    assert np.diff([curve.estimates.low[between], curve.estimates.high[between]]) < 0.3


@pytest.mark.parametrize("metric", ["brier_score", "mean_score", "auroc", "accuracy"])
def test_a_window_over_everything_gives_almost_the_overall_value(
    make_evaluation, rng, metric
):
    y = rng.integers(0, 2, 900)
    evaluation = make_evaluation(
        y, np.clip(0.3 * y + rng.uniform(size=900) * 0.7, 0, 1)
    )
    curve = smooth_curve(evaluation, rng.uniform(size=900), metric, span=1.0)
    alone = disaggregate(evaluation, (), (metric,)).overall[metric]
    assert curve.overall == alone
    assert np.abs(curve.estimates.value - alone.value).max() < 0.06
    if metric != "accuracy":
        assert len(curve.x) <= SCORE_POINTS


def test_score_metrics_and_counts_agree_where_they_mean_the_same(make_evaluation, rng):
    """The Brier score of certain scores is the error rate."""
    values, y = rng.normal(size=800), rng.integers(0, 2, 800)
    scores = np.where(rng.random(800) < 0.2, 1 - y, y).astype(float)
    evaluation = make_evaluation(y, scores, weights=rng.lognormal(size=800))
    brier, error = (
        smooth_curve(evaluation, values, metric, points=SCORE_POINTS)
        for metric in ("brier_score", "error_rate")
    )
    assert brier.x == pytest.approx(error.x)
    assert brier.estimates.value == pytest.approx(error.estimates.value)
    assert brier.estimates.n.tolist() == error.estimates.n.tolist()


@pytest.mark.parametrize(("slope", "is_weighted"), [(0.0, True), (0.5, False)])
def test_the_whole_truth_lies_in_the_band(make_evaluation, slope, is_weighted):
    covered = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        values = rng.random(2_000)
        selected = rng.random(2_000) < 0.2 + slope * values
        weights = rng.lognormal(size=2_000) if is_weighted else None
        evaluation = decided(make_evaluation, rng, selected, weights)
        curve = smooth_curve(evaluation, values, "selection_rate")
        truth = 0.2 + slope * curve.x
        known = curve.estimates
        covered += bool(((known.low <= truth) & (truth <= known.high)).all())
    assert covered / 400 >= 0.93


def test_one_interval_per_window_that_fits_would_not_cover(make_evaluation):
    """Why the quantile is not that of 1 / span independent windows."""
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values, selected = rng.random(1_500), rng.random(1_500) < 0.3
        evaluation = decided(make_evaluation, rng, selected)
        curve = smooth_curve(evaluation, values, "selection_rate")
        half = (curve.estimates.high - curve.estimates.low) / 2
        half *= sidak(5) / curve.quantile
        middle = (curve.estimates.high + curve.estimates.low) / 2
        covered += bool((np.abs(middle - 0.3) <= half).all())
    assert covered / 200 < 0.9


def test_a_narrow_peak_is_smoothed_and_the_band_follows_the_smoothed_truth(
    make_evaluation, rng
):
    """The stated limit: a peak narrower than the window is cut."""
    values = rng.random(20_000)
    selected = rng.random(20_000) < np.where(np.abs(values - 0.5) < 0.02, 0.9, 0.1)
    evaluation = decided(make_evaluation, rng, selected)
    wide = smooth_curve(evaluation, values, "selection_rate", span=0.4)
    narrow = smooth_curve(evaluation, values, "selection_rate", span=0.02)
    assert wide.estimates.value.max() < 0.4
    assert narrow.estimates.value.max() > 0.8


def test_weighting_a_row_twice_is_having_it_twice(make_evaluation, rng):
    values, selected = rng.normal(size=200), rng.random(200) < 0.4
    twice = rng.integers(1, 3, 200)
    y = rng.integers(0, 2, 200)
    scores = np.where(selected, 0.9, 0.1)
    heavy = make_evaluation(y, scores, weights=twice)
    copied = make_evaluation(np.repeat(y, twice), np.repeat(scores, twice))
    a = smooth_curve(heavy, values, "selection_rate", points=400)
    b = smooth_curve(copied, np.repeat(values, twice), "selection_rate", points=400)
    at = np.interp(a.x, b.x, b.estimates.value)
    assert np.abs(at - a.estimates.value).max() < 0.02


def test_neither_row_order_nor_the_scale_of_weights_matters(make_evaluation, rng):
    values, selected = rng.normal(size=500), rng.random(500) < 0.4
    weights, order = rng.lognormal(size=500), rng.permutation(500)
    y, scores = rng.integers(0, 2, 500), np.where(selected, 0.9, 0.1)
    first = smooth_curve(make_evaluation(y, scores, weights=weights), values, "f1")
    moved = make_evaluation(y[order], scores[order], weights=1e4 * weights[order])
    again = smooth_curve(moved, values[order], "f1")
    assert again.x == pytest.approx(first.x)
    assert again.estimates.low == pytest.approx(first.estimates.low)
    assert again.quantile == pytest.approx(first.quantile)


def test_rows_without_a_value_are_left_out_and_counted(make_evaluation, rng):
    values = np.where(np.arange(400) < 100, np.nan, rng.normal(size=400))
    values[399] = np.inf
    selected = np.arange(400) < 100
    curve = smooth_curve(
        decided(make_evaluation, rng, selected), values, "selection_rate"
    )
    assert (curve.n, curve.missing) == (299, 101)
    assert curve.overall.value == 0


def test_where_nobody_has_the_label_the_curve_is_undefined(make_evaluation, rng):
    values = np.arange(1_000.0)
    y = ((values > 600) & (rng.random(1_000) < 0.5)).astype(int)
    curve = smooth_curve(
        make_evaluation(y, rng.random(1_000)), values, "true_positive_rate", span=0.1
    )
    is_early = curve.x < 500
    assert np.isnan(curve.estimates.value[is_early]).all()
    assert (curve.estimates.n[is_early] == 0).all()
    assert not np.isnan(curve.estimates.value[curve.x > 700]).any()


def test_one_value_for_everyone_is_one_point_at_the_usual_level(make_evaluation, rng):
    evaluation = decided(make_evaluation, rng, rng.random(100) < 0.4)
    curve = smooth_curve(evaluation, np.full(100, 7.0), "selection_rate")
    assert curve.x.tolist() == [7]
    assert curve.estimates.at(0).low == pytest.approx(curve.overall.low)


def test_the_quantile_grows_with_how_far_the_window_moves():
    still = np.ones((10, 4))
    assert _quantile(still) == pytest.approx(sidak(1), abs=1e-6)
    turning = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 3, 200)])
    # 3 radians: 3 / pi exp(-c^2 / 2) + 2 (1 - Phi(c)) = 0.05 at c = 2.532
    assert _quantile(turning) == pytest.approx(2.532, abs=0.001)


def test_what_cannot_be_drawn_is_said(make_evaluation, rng):
    evaluation = make_evaluation(rng.integers(0, 2, 10), rng.random(10))
    with pytest.raises(DataError, match="Choose another column"):
        smooth_curve(evaluation, np.full(10, np.nan), "accuracy")
    with pytest.raises(DataError, match="one for every row"):
        smooth_curve(evaluation, np.zeros(9), "accuracy")
    with pytest.raises(SettingError, match="at most 1"):
        smooth_curve(evaluation, np.zeros(10), "accuracy", span=0)
    raw = Evaluation(
        "raw",
        evaluation.y_true,
        Scores(rng.normal(size=(10, 1)), "raw"),
        ("no", "yes"),
        {},
        np.ones(10),
        np.arange(10),
        Threshold(0.0),
    )
    with pytest.raises(NeedsProbabilitiesError):
        smooth_curve(raw, np.arange(10.0), "brier_score")
