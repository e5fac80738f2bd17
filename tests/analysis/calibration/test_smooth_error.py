import warnings

import numpy as np
import pytest

from analysis.calibration.graded import Graded
from analysis.calibration.smooth_error import grid_of


@pytest.fixture(scope="module")
def relplot():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting imports raise several
        import relplot.metrics
    return relplot.metrics


@pytest.mark.parametrize("bandwidth", [0.02, 0.1, 0.4])
def test_the_error_at_a_bandwidth_agrees_with_relplot(
    rng, relplot, make_evaluation, bandwidth
):
    scores = rng.uniform(0.02, 0.98, 3000)
    y_true = rng.binomial(1, scores**1.5)
    shown = make_evaluation(y_true, scores)
    waves = grid_of(Graded(shown, shown.grouping(("group",)))).waves()
    theirs = relplot.smECE_sigma(scores, y_true, bandwidth)
    # its kernel is cut off at half the axis, and its ends count once
    assert waves.error(np.array([bandwidth]))[0] == pytest.approx(theirs, rel=0.03)


@pytest.mark.parametrize("power", [1, 1.3, 2])
@pytest.mark.parametrize("n", [300, 20_000])
def test_the_smooth_error_agrees_with_relplot(rng, relplot, measure, n, power):
    scores = rng.beta(2, 2, n)
    y_true = rng.binomial(1, scores**power)
    found = measure("smooth_error", y_true, scores)
    assert found.value[0] == pytest.approx(relplot.smECE(scores, y_true), abs=0.0015)


def test_it_is_where_the_error_equals_the_bandwidth(rng, make_evaluation):
    scores = rng.uniform(size=2000)
    shown = make_evaluation(rng.binomial(1, scores**2), scores)
    waves = grid_of(Graded(shown, shown.grouping(("group",)))).waves()
    width = waves.fixed_point()
    assert waves.error(width) == pytest.approx(width, abs=1e-4)


def test_a_constant_miss_is_measured_as_it_is(rng, measure):
    """Everybody scored 0.5 and 0.8 true: smoothed or not, the mass is 0.3."""
    y_true = np.repeat([1, 0], [800, 200])
    found = measure("smooth_error", y_true, np.full(1000, 0.5))
    assert found.value[0] == pytest.approx(0.3, abs=0.002)
    assert found.p_value[0] < 0.005


def test_a_small_change_of_scores_changes_it_little(rng, measure):
    """Where bins jump: half of the people just below 0.5, half just above."""
    y_true = np.arange(1000) % 2
    near = 0.5 + np.where(y_true == 1, -1e-4, 1e-4)
    smooth = measure("smooth_error", y_true, near).value[0]
    assert measure("equal_width_error", y_true, near).value[0] > 0.45
    assert smooth < 0.05


def test_a_weight_of_two_is_two_rows(rng, measure):
    scores, copies = rng.uniform(size=200), rng.integers(1, 4, 200)
    y_true = rng.integers(0, 2, 200)
    weighted = measure("smooth_error", y_true, scores, weights=copies.astype(float))
    repeated = measure(
        "smooth_error", np.repeat(y_true, copies), np.repeat(scores, copies)
    )
    assert weighted.value == pytest.approx(repeated.value)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [60, 1000])
def test_true_scores_fall_inside_the_null_range(rng, measure, n, weighted):
    groups, inside = 50, []
    for _ in range(3):
        scores = rng.beta(1, 3, groups * n)
        codes = np.repeat(np.arange(groups), n)
        w = rng.choice([1.0, 4.0], groups * n) if weighted else None
        found = measure("smooth_error", rng.binomial(1, scores), scores, codes, w)
        inside.append(
            (found.null_low <= found.value) & (found.value <= found.null_high)
        )
    assert 0.9 <= np.mean(inside) <= 0.99
