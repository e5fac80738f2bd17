import numpy as np
import pytest
from scipy import stats

from analysis.calibration.kolmogorov import _larger, _quantile
from analysis.intervals import q_values


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


def constant(rng, n):
    return np.full(n, 0.3)


def two_values(rng, n):
    return rng.choice([0.2, 0.6], n)


def one_for_most(rng, n):
    return np.where(rng.uniform(size=n) < 0.9, 0.3, rng.uniform(size=n))


def low_ones(rng, n):
    return rng.beta(0.5, 50, n)


SKEWED = [(constant, 150), (two_values, 200), (one_for_most, 300), (low_ones, 200)]


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize(("made", "n"), SKEWED)
def test_few_scores_or_few_events_are_judged_by_their_own_walk(
    rng, measure, made, n, is_weighted
):
    """The walk in the limit put 10 % of constant scores below 0.05."""
    groups, tables = 50, []
    for _ in range(12):
        scores = made(rng, groups * n)
        weights = rng.lognormal(0, 0.5, groups * n) if is_weighted else None
        y_true = rng.uniform(size=groups * n) < scores
        codes = np.repeat(np.arange(groups), n)
        tables.append(measure("kolmogorov_smirnov", y_true, scores, codes, weights))
    p_value = np.stack([found.p_value for found in tables])
    assert np.mean(p_value < 0.05) < 0.075
    assert np.mean([found.value > found.null_high for found in tables]) < 0.05
    assert np.mean([found.value < found.null_low for found in tables]) < 0.075
    families = p_value.reshape(-1, 10)
    assert np.mean([q_values(family).min() < 0.05 for family in families]) < 0.2


def test_one_row_is_as_rare_as_its_score_says(measure):
    found = measure("kolmogorov_smirnov", [1], [0.3])
    assert found.p_value[0] == pytest.approx(0.3, abs=0.02)
    assert (found.null_low[0], found.null_high[0]) == pytest.approx((0.3, 0.7))


@pytest.mark.parametrize("hits", [20, 24, 38, 42, 43])
def test_a_constant_score_is_a_binomial_test(measure, hits):
    y_true = np.arange(100) < hits
    found = measure("kolmogorov_smirnov", y_true, np.full(100, 0.3))
    away = abs(hits - 30)
    exact = stats.binom.cdf(30 - away, 100, 0.3) + stats.binom.sf(29 + away, 100, 0.3)
    assert found.p_value[0] == pytest.approx(exact, abs=4 * np.sqrt(exact / 8_000))


def test_what_draws_cannot_tell_apart_is_bounded(measure):
    """Three in four where 30 % were promised: rarer than any number of draws."""
    found = measure("kolmogorov_smirnov", np.arange(200) < 150, np.full(200, 0.3))
    assert stats.binom.sf(149, 200, 0.3) < found.p_value[0] < 1e-20


def test_the_scale_of_weights_does_not_matter(rng, measure):
    scores = rng.choice([0.2, 0.6], 80)
    y_true, weights = rng.binomial(1, scores), rng.uniform(1, 2, 80)
    first, second = (
        measure("kolmogorov_smirnov", y_true, scores, None, c * weights)
        for c in (1, 1e6)
    )
    for name in ("value", "debiased", "null_low", "null_high", "p_value"):
        assert getattr(first, name) == pytest.approx(getattr(second, name))
