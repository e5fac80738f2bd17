import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.counts import Counts
from analysis.estimates import Estimates, Z
from analysis.metrics.bands import count_band
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast, difference_limits, ratio_limits

SELECTED = metric_named("selection_rate")


def rates(hits, n):
    """A band of selection rates, one group per entry."""
    hits, n = np.atleast_1d(hits).astype(float), np.atleast_1d(n).astype(float)
    table = np.zeros((len(hits), 2, 2))
    table[:, 0, 0], table[:, 0, 1] = n - hits, hits
    names = tuple(map(str, range(len(hits))))
    return count_band(SELECTED, Counts(names, table, table, table))


def estimates(value, low, high):
    arrays = (np.atleast_1d(np.asarray(v, float)) for v in (value, low, high, 9))
    return Estimates(*arrays)


shares = st.tuples(st.integers(0, 60), st.integers(1, 60)).map(
    lambda pair: (min(pair), max(pair))
)


@pytest.mark.parametrize(
    ("x", "n", "y", "m"),
    [(9, 10, 3, 10), (0, 20, 5, 20), (56, 70, 48, 80), (5, 5, 0, 9)],
)
def test_difference_agrees_with_newcombes_in_statsmodels(x, n, y, m):
    found = contrast(rates(x, n), rates(y, m)).difference.at(0)
    expected = confint_proportions_2indep(x, n, y, m, method="newcomb", compare="diff")
    assert found.value == pytest.approx(x / n - y / m)
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.n == n + m


def test_ratio_worked_by_hand():
    """Of 0.4 (0.3 to 0.5) over 0.8 (0.7 to 0.9).

    The low end t solves (0.4 - 0.8 t)^2 = 0.1^2 + 0.1^2 t^2, the upper end the same:
    0.63 t^2 - 0.64 t + 0.15 = 0.
    """
    low, high = ratio_limits(estimates(0.4, 0.3, 0.5), estimates(0.8, 0.7, 0.9))
    root = np.sqrt(0.64**2 - 4 * 0.63 * 0.15)
    assert low[0] == pytest.approx((0.64 - root) / 1.26)
    assert high[0] == pytest.approx((0.64 + root) / 1.26)


@settings(max_examples=60, deadline=None)
@given(shares, shares)
def test_ratio_ends_are_where_the_difference_just_reaches_0(one, two):
    a, b = rates(*one)(Z).at(0), rates(*two)(Z).at(0)
    found = contrast(rates(*one), rates(*two)).ratio.at(0)
    if b.value == 0:
        assert np.isnan([found.value, found.low, found.high]).all()
        return

    def low_end(t):
        return a.value - t * b.value - np.hypot(a.value - a.low, t * (b.high - b.value))

    def high_end(t):
        return a.value - t * b.value + np.hypot(a.high - a.value, t * (b.value - b.low))

    assert found.value == pytest.approx(a.value / b.value)
    middle = a.value / b.value
    expected = optimize.brentq(low_end, 0, middle, xtol=1e-14) if a.low > 0 else 0.0
    assert found.low == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert b.low > 0  # Wilson's, once anybody is there
    expected = optimize.brentq(high_end, middle, 1e6, xtol=1e-14)
    assert found.high == pytest.approx(expected, rel=1e-6)


def test_a_ratio_has_no_known_upper_end_where_the_reference_may_be_0():
    low, high = ratio_limits(estimates(0.4, 0.3, 0.5), estimates(0.1, 0.0, 0.3))
    assert high[0] == np.inf
    assert 0 < low[0] < 4
    low, high = ratio_limits(estimates(0.0, 0.0, 0.2), estimates(0.1, 0.0, 0.3))
    assert (low[0], high[0]) == (0, np.inf)
    zero = contrast(rates(4, 10), rates(0, 10)).ratio.at(0)
    assert np.isnan([zero.value, zero.low, zero.high]).all()
    none = contrast(rates(0, 10), rates(4, 10)).ratio.at(0)
    assert (none.value, none.low) == (0, 0)
    assert none.high > 0


def test_ratios_of_values_that_may_be_negative_are_undefined():
    def band(value):
        return lambda z: estimates(value, value - z / 5, value + z / 5)

    found = contrast(band(0.3), band(0.9))
    assert np.isnan(found.ratio.value[0])
    assert found.difference.value[0] == pytest.approx(-0.6)


@settings(max_examples=60, deadline=None)
@given(shares, shares)
def test_the_p_value_is_below_5_percent_exactly_where_0_is_left_out(one, two):
    found = contrast(rates(*one), rates(*two))
    p, ends = found.p_value[0], found.difference.at(0)
    assert 0 <= p <= 1
    assert (p < 0.05) == (ends.low > 0 or ends.high < 0)
    turned = contrast(rates(*two), rates(*one))
    assert turned.p_value[0] == pytest.approx(p, abs=1e-9)
    assert turned.difference.low[0] == pytest.approx(-ends.high, abs=1e-12)


def test_at_its_p_value_the_interval_just_reaches_0():
    a, b = rates([30, 50, 3], [100, 90, 40]), rates([20, 70, 9], [90, 80, 30])
    z = stats.norm.isf(contrast(a, b).p_value / 2)
    low, high = difference_limits(a(z), b(z))
    nearest = np.minimum(np.abs(low), np.abs(high))
    assert nearest == pytest.approx(np.zeros(3), abs=1e-7)
    for factor, is_sure in ((0.99, True), (1.01, False)):
        low, high = difference_limits(a(z * factor), b(z * factor))
        assert (((low > 0) | (high < 0)) == is_sure).all()


def test_tried_and_normal_p_values_agree_for_many_rows():
    a, b = rates([5_100, 3_050], 10_000 * np.ones(2)), rates([5_000, 3_000], [1e4, 1e4])
    quick, slow = contrast(a, b).p_value, contrast(a, b, is_quick=False).p_value
    assert quick == pytest.approx(slow, rel=0.02)
    pooled = stats.norm.sf(0.01 / np.sqrt(2 * 0.505 * 0.495 / 10_000)) * 2
    assert quick[0] == pytest.approx(pooled, rel=0.02)


def test_equal_values_have_p_1_and_unknown_ones_none():
    found = contrast(rates([3, 0], [10, 0]), rates([6, 5], [20, 10]))
    assert found.p_value[0] == pytest.approx(1)
    assert np.isnan([found.p_value[1], found.difference.value[1]]).all()


def test_p_values_of_equal_rates_are_uniform():
    rng = np.random.default_rng(4)
    draws = 4_000
    one, two = rng.binomial(200, 0.3, draws), rng.binomial(300, 0.3, draws)
    p = contrast(rates(one, np.full(draws, 200)), rates(two, np.full(draws, 300)))
    for level in (0.01, 0.05, 0.2, 0.5):
        share = (p.p_value < level).mean()
        error = np.sqrt(level * (1 - level) / draws)
        assert share == pytest.approx(level, abs=3 * error + 0.1 * level)


def fisher(x, n, y, m):
    return stats.fisher_exact([[x, n - x], [y, m - y]]).pvalue


@pytest.mark.parametrize(
    ("x", "n", "y", "m"),
    [
        (1, 4, 20, 2_000),  # chance does this 4 times in 100
        (2, 2, 40, 2_000),
        (1, 1, 20, 2_000),
        (0, 10, 27, 100),
        (2, 10, 100, 5_000),
        (9, 10, 3, 10),
    ],
)
def test_few_rows_are_no_surer_than_fishers_exact_test_says(x, n, y, m):
    p = contrast(rates(x, n), rates(y, m)).p_value[0]
    assert p >= 0.5 * fisher(x, n, y, m)
    for_few = contrast(rates(n - x, n), rates(m - y, m)).p_value[0]
    assert for_few == pytest.approx(p, rel=1e-6)


def test_no_p_value_beyond_5_percent_is_far_below_fishers():
    """Every outcome of up to 12 rows, against references of many rates."""
    own = [(x, n) for n in range(1, 13) for x in range(n + 1)]
    for y, m in ((1, 2_000), (20, 2_000), (300, 1_000), (2, 40), (250, 500), (3, 3)):
        x, n = np.array(own).T
        other = rates(np.full(len(x), y), np.full(len(x), m))
        p = contrast(rates(x, n), other).p_value
        exact = np.array([fisher(*one, y, m) for one in own])
        far = p < 0.0499  # up to 5 % it is Newcombe's, as the interval that is shown
        assert far.any()
        # one hit in 2,000: the reference's own doubt is taken as normal
        least = 0.4 if y == 1 else 0.75
        telling = far & (exact > 1e-6)
        assert (p[telling] >= least * exact[telling]).all()


@pytest.mark.parametrize(("n", "m", "q"), [(4, 2_000, 0.01), (30, 800, 0.05)])
def test_equal_rates_near_0_seldom_reach_small_p_values(n, m, q):
    """A family takes its p-values from far below 5 %."""
    rng = np.random.default_rng(n)
    draws = 4_000
    one, two = rng.binomial(n, q, draws), rng.binomial(m, q, draws)
    p = contrast(rates(one, np.full(draws, n)), rates(two, np.full(draws, m))).p_value
    for level in (0.0005, 0.005, 0.01):
        error = np.sqrt(level * (1 - level) / draws)
        assert (p < level).mean() <= level + 3 * error
