import warnings

import numpy as np
import pytest

from analysis.calibration.binned import MEAN, SQUARED, distance
from analysis.calibration.graded import Graded
from analysis.frame import Grouping, everyone
from analysis.metrics.bins import Binning, bins


def netcal(name, scores, y_true, number=10):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # netcal's imports raise many
        import netcal.metrics
    return getattr(netcal.metrics, name)(bins=number).measure(scores, y_true)


@pytest.mark.parametrize("decimals", [1, 2, 12])
@pytest.mark.parametrize("number", [5, 10, 40])
@pytest.mark.parametrize(
    ("ours", "theirs"), [("equal_width_error", "ECE"), ("largest_error", "MCE")]
)
def test_errors_agree_with_netcal(rng, measure, decimals, number, ours, theirs):
    scores = rng.uniform(size=500).round(decimals)
    y_true = rng.binomial(1, scores**1.5)
    found = measure(ours, y_true, scores, binning=Binning(number))
    assert found.value[0] == pytest.approx(netcal(theirs, scores, y_true, number))


def test_top_label_agrees_with_netcal_on_three_classes(rng, many_classes):
    shown = many_classes(rng, 600, g=1)
    graded = Graded(shown, shown.grouping(("group",)))
    ours = distance([graded.top_label], MEAN).value[0]
    assert ours == pytest.approx(netcal("ECE", shown.scores.values, shown.y_true))


def test_classwise_is_the_mean_of_each_class_against_the_rest(rng, many_classes):
    shown = many_classes(rng, 600, g=1)
    graded = Graded(shown, shown.grouping(("group",)))
    each = [
        netcal("ECE", shown.scores.values[:, c], (shown.y_true == c).astype(int))
        for c in range(3)
    ]
    assert distance(graded.by_class, MEAN).value[0] == pytest.approx(np.mean(each))


def test_debiased_squared_error_by_hand(measure):
    """One bin, 10 people of score 0.5, 8 hits: 0.3^2 - 0.8 * 0.2 / 9."""
    y_true = np.repeat([1, 0], [8, 2])
    found = measure("squared_error", y_true, np.full(10, 0.5))
    assert found.value[0] == pytest.approx(0.3)
    assert found.debiased[0] == pytest.approx(np.sqrt(0.09 - 0.16 / 9))


def test_debiased_squares_are_right_on_average(rng):
    """True error is 0.1; a single bin keeps the estimate without bias."""
    groups, n = 2000, 200
    codes = np.repeat(np.arange(groups), n)
    by = Grouping(codes, tuple(map(str, range(groups))))
    y_true, scores = rng.binomial(1, 0.5, groups * n), np.full(groups * n, 0.4)
    table = bins(y_true, scores, np.ones(groups * n), by, Binning(1))
    found = distance([table], SQUARED)
    assert np.mean(found.value**2) == pytest.approx(0.01 + 0.25 / n, abs=0.0005)
    assert np.mean(found.debiased**2) == pytest.approx(0.01, abs=0.0005)


@pytest.mark.parametrize(
    "name", ["equal_width_error", "equal_mass_error", "squared_error"]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_true_scores_fall_inside_the_null_range(rng, measure, name, weighted):
    groups, n = 50, 150
    inside = []
    for _ in range(6):
        scores = rng.beta(1, 4, groups * n)
        w = rng.choice([1.0, 2.0, 5.0], groups * n) if weighted else None
        codes = np.repeat(np.arange(groups), n)
        found = measure(name, rng.binomial(1, scores), scores, codes, w)
        inside.append(
            (found.null_low <= found.value) & (found.value <= found.null_high)
        )
    assert 0.915 <= np.mean(inside) <= 0.985


def test_p_values_of_true_scores_are_even(rng, measure):
    groups, n = 50, 400
    scores = rng.uniform(size=groups * n)
    codes = np.repeat(np.arange(groups), n)
    p = np.concatenate(
        [
            measure("equal_width_error", rng.binomial(1, scores), scores, codes).p_value
            for _ in range(6)
        ]
    )
    assert np.quantile(p, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.09)


def test_wide_bins_know_that_scores_differ_within_them(rng):
    """One bin for all: labels vary less than coins of the mean score would."""
    n, values, found = 200, [], None
    for _ in range(300):
        scores = rng.choice([0.02, 0.98], n)
        one = bins(rng.binomial(1, scores), scores, np.ones(n), everyone(n), Binning(1))
        found = distance([one], MEAN)
        values.append(float(found.value[0]))
    assert np.quantile(values, 0.975) == pytest.approx(found.null_high[0], rel=0.2)
    # coins of one half would reach five times as far
    assert found.null_high[0] < 0.03
