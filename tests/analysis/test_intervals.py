import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from analysis.disaggregate import disaggregate
from analysis.intervals import (
    clopper_pearson,
    largest_gap,
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
    """The true gap is 0, the true ratio 1; a percentile bootstrap covers neither."""
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


COVERED = ["auroc", "brier_score", "log_loss", "accuracy", "f1", "balanced_accuracy"]


def draw_rows(make_evaluation, rng, n, weighted, apart=1.0, groups=1):
    y = rng.random(n) < 0.4
    logit = apart * (2 * y - 1) + rng.normal(size=n)
    weights = rng.lognormal(sigma=0.5, size=n) if weighted else None
    codes = rng.integers(0, groups, n)
    scores = 1 / (1 + np.exp(-logit))
    return make_evaluation(y.astype(int), scores, codes, weights, g=groups)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [40, 250])
def test_intervals_cover_the_value_of_the_population(make_evaluation, n, weighted):
    rng = np.random.default_rng(11)
    big = draw_rows(make_evaluation, rng, 400_000, weighted)
    true = disaggregate(big, (), COVERED).overall
    covered = dict.fromkeys(COVERED, 0)
    for _ in range(300):
        rows = draw_rows(make_evaluation, rng, n, weighted)
        for name, estimate in disaggregate(rows, (), COVERED).overall.items():
            covered[name] += estimate.low <= true[name].value <= estimate.high
    for name, times in covered.items():
        # 0.95 less three standard errors; small weighted means are skewed
        assert times / 300 >= (0.89 if n == 40 else 0.912), name


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "auroc", "brier_score"])
@pytest.mark.parametrize(("groups", "n"), [(8, 15), (40, 15)])
def test_small_equal_groups_seldom_show_a_gap(make_evaluation, name, groups, n):
    rng = np.random.default_rng(groups)
    shown = 0
    for _ in range(100):
        rows = draw_rows(make_evaluation, rng, groups * n, False, groups=groups)
        shown += disaggregate(rows, ("group",), [name]).gaps[name].low > 0
    assert shown / 100 <= 0.12  # 5 %, its noise, and skewness at 15 rows


def test_a_perfect_ranking_of_few_rows_is_not_certain(make_evaluation):
    few = make_evaluation([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    area = disaggregate(few, (), ["auroc"]).overall["auroc"]
    assert (area.value, area.high) == (1, 1)
    assert area.low < 0.6


def test_a_group_of_one_row_has_no_known_end(make_evaluation):
    evaluation = make_evaluation([0, 1, 1], [0.2, 0.7, 0.6], [0, 0, 1])
    table = disaggregate(evaluation, ("group",), ["log_loss", "f1", "brier_score"])
    assert np.isnan(table.by_group["log_loss"].high[1])
    assert table.by_group["log_loss"].at(1).to_json()["high"] is None
    assert table.by_group["brier_score"].at(1).high == 1
    assert table.by_group["f1"].at(1).low < 0.5
    assert np.isnan(table.gaps["log_loss"].high)


@pytest.mark.parametrize(("x", "n"), [(0, 9), (3, 9), (9, 9), (40, 90)])
def test_clopper_pearson_agrees_with_statsmodels(x, n):
    low, high = clopper_pearson(np.array([x / n]), np.array([float(n)]))
    expected = proportion_confint(x, n, method="beta")
    assert (low[0], high[0]) == pytest.approx(expected, abs=1e-9)
