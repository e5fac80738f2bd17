import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from analysis.counts import count
from analysis.disaggregate import disaggregate
from analysis.frame import Grouping
from analysis.intervals import (
    cell_bootstrap,
    largest_gap,
    percentile_interval,
    q_values,
    range_quantile,
    sidak,
    smallest_ratio,
    wilson,
)


@pytest.mark.parametrize(("x", "n"), [(0, 10), (10, 10), (3, 7), (1, 1000), (400, 900)])
def test_wilson_agrees_with_statsmodels(x, n):
    low, high = wilson(np.array([x / n]), np.array([float(n)]))
    expected = proportion_confint(x, n, method="wilson")
    assert (low[0], high[0]) == pytest.approx(expected, abs=1e-12)


def test_wilson_without_rows_is_undefined():
    low, high = wilson(np.array([np.nan]), np.array([0.0]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])


@pytest.mark.parametrize("groups", [2, 3, 8, 40])
def test_range_quantile_agrees_with_the_studentised_range(groups):
    expected = stats.studentized_range.ppf(0.95, groups, 100_000) / np.sqrt(2)
    assert range_quantile(groups) == pytest.approx(expected, rel=2e-4)


def test_cell_bootstrap_spreads_as_the_row_bootstrap_does(rng):
    labels, decisions = rng.integers(0, 2, (2, 80))
    weights = rng.lognormal(size=80)
    grouping = Grouping(np.zeros(80, np.int64), ("a",))
    counts = count(labels, decisions, grouping, weights)
    cells = cell_bootstrap(counts, 20_000, rng)[:, 0]
    rows = rng.integers(0, 80, (20_000, 80))
    code = 2 * labels + decisions
    by_row = np.stack(
        [(weights[rows] * (code[rows] == c)).sum(1) for c in range(4)], axis=1
    ).reshape(-1, 2, 2)
    assert cells.mean(0) == pytest.approx(by_row.mean(0), rel=0.03)
    assert cells.std(0) == pytest.approx(by_row.std(0), rel=0.05)


def test_percentiles_leave_undefined_replicates_out():
    drawn = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    low, high = percentile_interval(drawn)
    assert 1 <= low[0] < high[0] <= 3
    assert np.isnan(low[1])


def test_q_values_agree_with_statsmodels_and_skip_undefined(rng):
    p = rng.uniform(size=30) ** 3
    expected = multipletests(p, method="fdr_bh")[1]
    with_gap = np.insert(p, 10, np.nan)
    assert np.delete(q_values(with_gap), 10) == pytest.approx(expected)
    assert np.isnan(q_values(with_gap)[10])


def test_a_gap_needs_two_defined_groups():
    value = np.array([0.3, np.nan])
    gap = largest_gap(value, value - 0.1, value + 0.1, np.array([9.0, 0.0]))
    assert np.isnan(gap.value)
    assert gap.n == 9


def test_ratio_of_all_zero_rates_is_undefined():
    zero = np.zeros(2)
    assert np.isnan(smallest_ratio(zero, zero, zero + 0.1, zero + 9).value)


@pytest.mark.parametrize("groups", [2, 8, 40])
def test_gap_and_ratio_of_equal_groups_are_covered(groups):
    """The true gap is 0 and the true ratio 1; a percentile bootstrap covers neither."""
    rng = np.random.default_rng(groups)
    n, draws = 500, 400
    covered_gap = covered_ratio = 0
    for _ in range(draws):
        rate = rng.binomial(n, 0.3, groups) / n
        rows = np.full(groups, float(n))
        gap = largest_gap(rate, *wilson(rate, rows, range_quantile(groups)), rows)
        ratio = smallest_ratio(rate, *wilson(rate, rows, sidak(groups)), rows)
        covered_gap += gap.low == 0
        covered_ratio += ratio.high == 1
    assert covered_gap / draws >= 0.93  # 0.95 less two standard errors of 400 draws
    assert covered_ratio / draws >= 0.93


def test_gap_of_unequal_groups_is_covered():
    rng = np.random.default_rng(3)
    true = np.array([0.1, 0.25, 0.4])
    rows = np.array([60.0, 400.0, 900.0])
    covered = 0
    for _ in range(400):
        rate = rng.binomial(rows.astype(int), true) / rows
        gap = largest_gap(rate, *wilson(rate, rows, range_quantile(3)), rows)
        covered += gap.low <= 0.3 <= gap.high
    assert covered / 400 >= 0.93


@pytest.mark.parametrize("metric", ["auroc", "brier_score", "accuracy", "f1"])
@pytest.mark.parametrize("weighted", [False, True])
def test_intervals_cover_the_value_of_the_population(make_evaluation, metric, weighted):
    rng = np.random.default_rng(11)

    def draw(n):
        y = rng.integers(0, 2, n)
        scores = np.clip(0.5 + 0.2 * (y - 0.5) + 0.2 * rng.normal(size=n), 0.01, 0.99)
        weights = rng.lognormal(sigma=0.5, size=n) if weighted else None
        return make_evaluation(y, scores, weights=weights)

    settings = {"replicates": 200}
    true = disaggregate(draw(400_000), (), [metric], **settings).overall[metric].value
    covered = 0
    for _ in range(300):
        estimate = disaggregate(draw(250), (), [metric], **settings).overall[metric]
        covered += estimate.low <= true <= estimate.high
    assert 0.915 <= covered / 300 <= 0.985  # 0.95 give or take 2.5 standard errors
