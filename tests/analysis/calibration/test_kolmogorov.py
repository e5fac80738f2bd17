import numpy as np
import pytest
from scipy import stats

from analysis.calibration.kolmogorov import _larger, _quantile


def test_by_hand(measure):
    """Steps -0.1, -0.3, +0.5, +0.2 of four: furthest is -0.4 / 4 after two."""
    found = measure("kolmogorov_smirnov", [0, 0, 1, 1], [0.1, 0.3, 0.5, 0.8])
    assert found.value[0] == pytest.approx(0.1)


def test_equal_scores_are_passed_together(measure, rng):
    scores, y_true = np.full(40, 0.5), np.repeat([1, 0], 20)
    shuffled = rng.permutation(40)
    assert measure("kolmogorov_smirnov", y_true, scores).value[0] == pytest.approx(0)
    assert measure("kolmogorov_smirnov", y_true[shuffled], scores).value[0] < 1e-12


def test_it_is_the_distance_of_two_distribution_functions(rng, measure):
    """As Gupta et al. (2021) define it, cumulated over the sorted scores."""
    scores = rng.uniform(size=300)
    y_true = rng.binomial(1, scores**2)
    order = np.argsort(scores)
    cumulated = np.abs(np.cumsum((y_true - scores)[order])) / 300
    found = measure("kolmogorov_smirnov", y_true, scores)
    assert found.value[0] == pytest.approx(cumulated.max())


def test_the_distribution_is_that_of_a_long_walk(rng):
    walks = rng.choice([-1.0, 1.0], (4000, 2500)).cumsum(1)
    furthest = np.abs(walks).max(1) / 50
    for x in (0.8, 1.5, 2.3):
        assert np.mean(furthest > x) == pytest.approx(_larger(np.array(x)), abs=0.03)
    assert float(_larger(np.array(_quantile(0.975)))) == pytest.approx(0.025)
    # far out, leaving either side is four normal tails
    assert float(_larger(np.array(4.0))) == pytest.approx(4 * stats.norm.sf(4.0))


@pytest.mark.parametrize("n", [30, 500])
@pytest.mark.parametrize("decimals", [1, 12])
def test_true_scores_fall_inside_the_null_range(rng, measure, n, decimals):
    groups, inside = 50, []
    for _ in range(8):
        scores = rng.beta(2, 3, groups * n).round(decimals)
        codes = np.repeat(np.arange(groups), n)
        found = measure("kolmogorov_smirnov", rng.binomial(1, scores), scores, codes)
        inside.append(
            (found.null_low <= found.value) & (found.value <= found.null_high)
        )
    assert 0.91 <= np.mean(inside) <= 0.99


def test_scores_of_zero_and_one_alone_are_refuted_by_any_miss(measure):
    wrong = measure("kolmogorov_smirnov", [0, 1, 1], [0.0, 1.0, 0.0])
    right = measure("kolmogorov_smirnov", [0, 1, 1], [0.0, 1.0, 1.0])
    assert wrong.p_value[0] == 0
    assert right.p_value[0] == 1
