import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from models.remedies.histogram_binning import HistogramBinning


def odds_of(scores):
    return np.log(scores / (1 - scores))


def fitted(scores, hits, weights=None, bins=10):
    weights = np.ones(len(scores)) if weights is None else weights
    return HistogramBinning(bins=bins).fitted_odds(odds_of(scores), hits, weights)


@pytest.mark.parametrize("bins", [2, 10, 15])
def test_rates_agree_with_scikit_learns_quantile_bins(bins, rng):
    scores = rng.uniform(0.01, 0.99, bins * 200)
    hits = rng.random(len(scores)) < scores**2
    rates, _ = calibration_curve(hits, scores, n_bins=bins, strategy="quantile")
    found = fitted(scores, hits, bins=bins)["rates"]
    # Their quantiles are interpolated between rows: a row may fall on the other side.
    np.testing.assert_allclose(found, rates, atol=0.006)


def test_bins_by_hand():
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    hits = np.array([0, 0, 0, 1, 1, 1]) == 1
    found = fitted(scores, hits, bins=3)
    np.testing.assert_allclose(found["edges"], [0.3, 0.5])
    np.testing.assert_allclose(found["rates"], [1 / 6, 0.5, 5 / 6])  # 1 / (2 (2 + 1))
    at = odds_of(np.array([0.05, 0.3, 0.49, 0.5, 0.99]))
    rates = 1 / (1 + np.exp(-HistogramBinning().mapped_odds(found, at)))
    np.testing.assert_allclose(rates, [1 / 6, 0.5, 0.5, 5 / 6, 5 / 6])


def test_weights_move_the_edges():
    scores, weights = np.array([0.1, 0.2, 0.3, 0.4]), np.array([3.0, 1, 1, 1])
    found = fitted(scores, np.array([1, 0, 1, 0]) == 1, weights, bins=2)
    np.testing.assert_allclose(found["edges"], [0.2])
    assert found["rates"][1] == pytest.approx(1 / 3)


def test_equal_scores_share_a_bin():
    scores = np.r_[np.full(90, 0.3), np.full(10, 0.7)]
    found = fitted(scores, np.arange(100) % 2 == 0, bins=10)
    np.testing.assert_allclose(found["edges"], [0.7])
    assert len(found["rates"]) == 2
