import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from analysis.estimates import Z
from analysis.evaluation import Evaluation, Scores
from analysis.frame import Grouping
from analysis.intervals import (
    clopper_pearson,
    largest_gap,
    q_values,
    range_quantile,
    share_interval,
    sidak,
    smallest_ratio,
    student,
    surest_pair,
    wilson,
    worst_value,
)
from analysis.subgroups.disaggregate import disaggregate


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
    assert range_quantile(groups, 0.95) == pytest.approx(expected, rel=2e-4)


def test_q_values_agree_with_statsmodels_and_skip_undefined(rng):
    p = rng.uniform(size=30) ** 3
    expected = multipletests(p, method="fdr_bh")[1]
    with_gap = np.insert(p, 10, np.nan)
    assert np.delete(q_values(with_gap), 10) == pytest.approx(expected)
    assert np.isnan(q_values(with_gap)[10])


@pytest.mark.parametrize("level", [0.5, 0.955, 0.99])
def test_range_quantile_of_two_groups_is_the_normal_one(level):
    expected = stats.norm.ppf((1 + level) / 2)
    assert range_quantile(2, level) == pytest.approx(expected, rel=2e-6)
    assert range_quantile(1, level) == pytest.approx(expected)


def test_independent_intervals_hold_together_at_their_level():
    z = sidak(10)
    assert (1 - 2 * stats.norm.sf(z)) ** 10 == pytest.approx(0.95)


def test_the_largest_gap_worked_by_hand():
    """Of 0.2, 0.5 and 0.6, each known to 0.1: 0.4 give or take the square of both."""
    value = np.array([0.2, 0.5, 0.6])
    gap = largest_gap(value, value - 0.1, value + 0.1, np.array([5.0, 6.0, 7.0]))
    assert gap.value == pytest.approx(0.4)
    assert gap.low == pytest.approx(0.4 - np.hypot(0.1, 0.1))
    assert gap.high == pytest.approx(0.4 + np.hypot(0.1, 0.1))
    assert gap.n == 12


def test_the_surest_pair_is_not_that_of_the_smallest_group():
    value = np.array([0.2, 0.5, 0.9])
    width = np.array([0.02, 0.02, 0.6])
    assert surest_pair(value, value - width, value + width)[:2] == (1, 0)
    nothing = np.array([np.nan, 0.5])
    assert np.isnan(surest_pair(nothing, nothing, nothing)[2])


def test_ratio_and_worst_group_worked_by_hand():
    value = np.array([0.2, 0.8, np.nan])
    low, high, n = value - 0.1, value + 0.1, np.array([5.0, 6.0, 0.0])
    ratio = smallest_ratio(value, low, high, n)
    assert ratio.value == pytest.approx(0.25)
    assert (ratio.low, ratio.high) == pytest.approx((0.1 / 0.9, 0.3 / 0.7))
    assert ratio.n == 11
    worst = worst_value(value, low, high, n, "high")
    assert (worst.value, worst.low, worst.high) == pytest.approx((0.2, 0.1, 0.3))
    assert worst.n == 5
    worst = worst_value(value, low, high, n, "low")
    assert (worst.value, worst.low, worst.high) == pytest.approx((0.8, 0.7, 0.9))
    none = worst_value(value[2:], low[2:], high[2:], n[2:], "high")
    assert np.isnan([none.value, none.low, none.high]).all()


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


def draw_rows(rng, n, weighted, apart=1.0, groups=1):
    """Rows of one population in groups of n each; scores are not calibrated."""
    size = n * groups
    y = rng.random(size) < 0.4
    logit = apart * (2 * y - 1) + rng.normal(size=size)
    p = 1 / (1 + np.exp(-logit))
    weights = rng.lognormal(sigma=0.5, size=size) if weighted else np.ones(size)
    names = tuple(map(str, range(groups)))
    return Evaluation(
        title="model",
        y_true=y.astype(int),
        scores=Scores(np.column_stack([1 - p, p])),
        classes=("no", "yes"),
        groups={"group": Grouping(np.arange(size) % groups, names)},
        weights=weights,
        row_ids=np.arange(size),
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [40, 250])
def test_intervals_cover_the_value_of_the_population(n, weighted):
    """Every draw is one group, so that one pass gives all their intervals."""
    rng, draws = np.random.default_rng(11), 1_000
    big = draw_rows(rng, 400_000, weighted)
    true = disaggregate(big, (), COVERED).overall
    drawn = draw_rows(rng, n, weighted, groups=draws)
    for name, found in disaggregate(drawn, ("group",), COVERED).by_group.items():
        held = (found.low <= true[name].value) & (true[name].value <= found.high)
        # 0.95 less two standard errors of the draws; small weighted means are skewed
        assert held.mean() >= (0.91 if n == 40 else 0.93), name
        assert held.mean() <= 0.98, name


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "auroc", "brier_score"])
@pytest.mark.parametrize("groups", [8, 40])
def test_small_equal_groups_seldom_show_a_gap(name, groups):
    rng = np.random.default_rng(groups)
    shown = 0
    for _ in range(100):
        rows = draw_rows(rng, 15, False, groups=groups)
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


SHARES = [(0, 9), (3, 9), (9, 9), (40, 90), (1, 4), (2, 2_000)]


@pytest.mark.parametrize(("x", "n"), SHARES)
def test_a_share_is_wilsons_up_to_95_percent_and_no_shorter_than_the_exact_one_beyond(
    x, n
):
    rate, rows = np.array([x / n]), np.array([float(n)])
    for z in (1.0, Z):
        ours, expected = share_interval(rate, rows, z), wilson(rate, rows, z)
        assert (ours[0][0], ours[1][0]) == (expected[0][0], expected[1][0])
    for alpha in (0.01, 1e-4, 1e-9):
        low, high = share_interval(rate, rows, float(stats.norm.isf(alpha / 2)))
        exact = proportion_confint(x, n, alpha, method="beta")
        assert low[0] <= exact[0] + 1e-9
        assert high[0] >= exact[1] - 1e-9


def test_each_share_may_have_a_quantile_of_its_own():
    rate, rows = np.full(3, 0.2), np.full(3, 20.0)
    together = share_interval(rate, rows, np.array([1.0, Z, 3.0]))
    for g, z in enumerate((1.0, Z, 3.0)):
        alone = share_interval(rate[:1], rows[:1], z)
        assert (together[0][g], together[1][g]) == (alone[0][0], alone[1][0])


@pytest.mark.parametrize(("x", "n"), SHARES)
def test_a_share_is_never_surer_at_a_higher_level(x, n):
    z = np.linspace(0.1, 12, 300)
    low, high = share_interval(np.full(300, x / n), np.full(300, float(n)), z)
    assert (np.diff(low) <= 1e-12).all()
    assert (np.diff(high) >= -1e-12).all()
    assert (low >= 0).all()
    assert (high <= 1).all()


@pytest.mark.parametrize(("n", "rate"), [(4, 0.01), (10, 0.02), (30, 0.05), (30, 0.5)])
@pytest.mark.parametrize("alpha", [0.01, 1e-3, 1e-4])
def test_a_share_holds_in_its_far_tails(n, rate, alpha):
    """By adding up the chances of every outcome that leaves the rate out."""
    hits = np.arange(n + 1)
    z = float(stats.norm.isf(alpha / 2))
    low, high = share_interval(hits / n, np.full(n + 1, float(n)), z)
    missed = stats.binom.pmf(hits, n, rate)[(rate < low) | (rate > high)].sum()
    assert missed <= alpha
    low, high = wilson(hits / n, np.full(n + 1, float(n)), z)
    missed = stats.binom.pmf(hits, n, rate)[(rate < low) | (rate > high)].sum()
    if rate < 0.5 and alpha < 0.01:
        assert missed > alpha  # which is why Wilson's is not used there


def test_without_rows_nothing_is_known_at_any_level():
    for z in (1.0, Z, 5.0):
        low, high = share_interval(np.array([np.nan]), np.array([0.0]), z)
        assert np.isnan([low[0], high[0]]).all()


def test_students_quantile_agrees_with_tables():
    found = student(Z, np.array([1.0, 9.0, 1e9]))
    assert found == pytest.approx([12.7062, 2.26216, Z], abs=1e-4)
    assert student(Z, np.array([-1.0]))[0] > 1e100  # nothing is known of the error


@pytest.mark.parametrize("freedom", [0.0, 1.0, 5.0, 40.0, 1e9])
def test_students_quantile_grows_to_the_last_level_that_is_tried(freedom):
    z = np.linspace(0.1, 38, 200)
    assert (np.diff(student(z, np.full(200, freedom))[:150]) >= 0).all()
    assert (student(z, np.full(200, freedom)) >= z - 1e-6).all()


def test_of_groups_of_one_value_the_one_with_most_rows_is_counted():
    value, n = np.array([0.2, 0.2, 0.6, 0.6]), np.array([5.0, 7.0, 3.0, 2.0])
    low, high = value - 0.1, value + 0.1
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]):
        arrays = value[order], low[order], high[order], n[order]
        assert largest_gap(*arrays).n == 10
        assert smallest_ratio(*arrays).n == 10
        assert worst_value(*arrays, "high").n == 7
        assert worst_value(*arrays, "low").n == 3
