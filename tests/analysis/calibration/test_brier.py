import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, log_loss

from analysis.calibration.graded import Graded
from analysis.calibration.measures import MEASURES
from analysis.metrics.bins import Binning

PARTS = ("reliability_part", "resolution_part", "uncertainty_part", "within_bins_part")


def test_brier_and_log_loss_agree_with_scikit_learn(rng, measure):
    scores, w = rng.uniform(size=300), rng.uniform(1, 3, 300)
    y_true = rng.binomial(1, scores)
    brier = measure("brier", y_true, scores, weights=w).value[0]
    nll = measure("negative_log_likelihood", y_true, scores, weights=w).value[0]
    assert brier == pytest.approx(brier_score_loss(y_true, scores, sample_weight=w))
    assert nll == pytest.approx(log_loss(y_true, scores, sample_weight=w))


@pytest.mark.parametrize("number", [1, 7, 30])
@pytest.mark.parametrize("kind", ["width", "mass"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_parts_add_up_to_the_brier_score(rng, measure, number, kind, weighted):
    scores, codes = rng.uniform(size=400).round(2), rng.integers(0, 3, 400)
    y_true = rng.binomial(1, scores)
    w = rng.uniform(1, 3, 400) if weighted else None
    rel, res, unc, within, brier = (
        measure(name, y_true, scores, codes, w, Binning(number, kind)).value
        for name in (*PARTS, "brier")
    )
    assert rel - res + unc + within == pytest.approx(brier, abs=1e-12)


def test_parts_by_hand(measure):
    """Two bins of two: scores 0.2 and 0.8, rates 0 and 0.5; nothing within bins."""
    y_true, scores = [0, 0, 1, 0], [0.2, 0.2, 0.8, 0.8]
    found = [measure(name, y_true, scores).value[0] for name in PARTS]
    assert found == pytest.approx([0.065, 0.0625, 0.1875, 0.0], abs=1e-12)


def test_resolution_of_scores_that_tell_nobody_apart_is_within_its_range(rng, measure):
    groups, n = 50, 300
    scores = rng.uniform(size=groups * n)
    codes = np.repeat(np.arange(groups), n)
    y_true = rng.binomial(1, 0.3, groups * n)
    found = measure("resolution_part", y_true, scores, codes)
    inside = (found.null_low <= found.value) & (found.value <= found.null_high)
    assert inside.mean() >= 0.86
    assert np.abs(found.debiased).mean() < 0.5 * found.value.mean()


def test_the_class_in_view_is_decomposed_and_all_classes_surprise(rng, many_classes):
    shown = many_classes(rng, 300, g=1)
    graded = Graded(shown, shown.grouping(("group",)))
    p, y = shown.scores.values, shown.y_true
    brier = MEASURES["brier"].function(graded).value[0]
    assert brier == pytest.approx(np.mean((p[:, 2] - (y == 2)) ** 2))
    nll = MEASURES["negative_log_likelihood"].function(graded).value[0]
    assert nll == pytest.approx(-np.log(p[np.arange(300), y]).mean())


def test_uncertainty_reaches_a_quarter_where_one_half_is_possible(measure):
    found = measure("uncertainty_part", np.repeat([0, 1], [11, 9]), np.full(20, 0.4))
    assert found.high[0] == 0.25
    assert found.low[0] < found.value[0] < 0.25


def test_spiegelhalter_by_hand(measure):
    """Sum of (y - s)(1 - 2 s) over the root of sum (1 - 2 s)^2 s (1 - s)."""
    y_true, scores = [1, 0, 1], [0.9, 0.2, 0.3]
    top = 0.1 * -0.8 + -0.2 * 0.6 + 0.7 * 0.4
    below = 0.64 * 0.09 + 0.36 * 0.16 + 0.16 * 0.21
    found = measure("spiegelhalter", y_true, scores)
    assert found.value[0] == pytest.approx(top / np.sqrt(below))
    assert found.p_value[0] == pytest.approx(2 * stats.norm.sf(abs(found.value[0])))


def test_spiegelhalter_sees_nothing_in_even_scores(measure):
    assert np.isnan(measure("spiegelhalter", [0, 1], [0.5, 0.5]).value[0])


def test_spiegelhalter_is_normal_under_true_scores_and_signed_otherwise(rng, measure):
    groups, n = 50, 400
    scores, codes = rng.beta(2, 2, groups * n), np.repeat(np.arange(groups), n)
    w = rng.choice([1.0, 3.0], groups * n)
    z = measure("spiegelhalter", rng.binomial(1, scores), scores, codes, w).value
    assert abs(z.mean()) < 0.5
    assert z.std() == pytest.approx(1, abs=0.3)
    bold = rng.binomial(1, 0.5 + 0.5 * (scores - 0.5))
    assert (measure("spiegelhalter", bold, scores, codes).value > 0).all()


def test_a_row_of_no_weight_in_a_bin_of_its_own_takes_no_part(measure):
    rows = ([0, 1, 1], [0.1, 0.15, 0.9], None, np.array([1.0, 1.0, 0.0]))
    within = measure("within_bins_part", *rows)
    # two rows of one bin, -0.025 and +0.025 off its mean score, at a rate of one half
    by_hand = 0.025**2 - (0.025 * 0.5 + 0.025 * 0.5)
    assert within.value[0] == pytest.approx(by_hand) == pytest.approx(-0.024375)
    parts = [measure(part, *rows).value[0] for part in PARTS]
    whole = parts[0] - parts[1] + parts[2] + parts[3]
    assert whole == pytest.approx(measure("brier", *rows).value[0], abs=1e-15)
