import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.estimates import Z
from analysis.metrics.roc import auroc, auroc_limits, auroc_spread
from analysis.metrics.score_metrics import Spread, spread_of
from analysis.subgroups.disaggregate import disaggregate

FIELDS = ("value", "n", "error", "effective", "positives", "negatives")


def drawn(make_evaluation, rng, n=80, g=3, decimals=2, weighted=True):
    y = rng.integers(0, 2, n)
    scores = rng.uniform(size=n).round(decimals)
    w = rng.lognormal(size=n) if weighted else None
    return make_evaluation(y, scores, rng.integers(0, g, n), w, g=g)


def perturbed(evaluation, make_evaluation, row, step):
    w = evaluation.weights.copy()
    w[row] += step
    codes = evaluation.groups["group"].codes
    g = len(evaluation.groups["group"].names)
    return make_evaluation(evaluation.y_true, evaluation.score, codes, w, g=g)


def slope(metric, evaluation, make_evaluation, row, step=1e-5):
    """Change of the row's group per unit of the row's share of weight, by steps."""
    ahead, behind = (
        metric(e, e.groups["group"]).value
        for e in (perturbed(evaluation, make_evaluation, row, s) for s in (step, -step))
    )
    g = evaluation.groups["group"].codes[row]
    held = evaluation.groups["group"].codes == g
    return (ahead[g] - behind[g]) / (2 * step) * evaluation.weights[held].sum()


def test_area_is_the_share_of_pairs_in_order_with_ties_one_half(make_evaluation):
    # positives 0.4, 0.8; negatives 0.2, 0.4, 0.9: pairs 1 + 1/2 + 0, 1 + 1 + 0
    evaluation = make_evaluation([1, 1, 0, 0, 0], [0.4, 0.8, 0.2, 0.4, 0.9])
    area = auroc(evaluation, evaluation.grouping(())).value[0]
    assert area == pytest.approx(3.5 / 6)


@pytest.mark.parametrize("decimals", [0, 1, 12])
@pytest.mark.parametrize("weighted", [False, True])
def test_area_agrees_with_scikit_learn(make_evaluation, rng, decimals, weighted):
    evaluation = drawn(
        make_evaluation, rng, n=120, decimals=decimals, weighted=weighted
    )
    area = auroc(evaluation, evaluation.groups["group"]).value
    for g in range(3):
        mine = evaluation.groups["group"].codes == g
        expected = sk.roc_auc_score(
            evaluation.y_true[mine],
            evaluation.score[mine],
            sample_weight=evaluation.weights[mine],
        )
        assert area[g] == pytest.approx(expected, abs=1e-12)


def test_a_group_with_one_label_by_weight_has_no_area(make_evaluation):
    evaluation = make_evaluation(
        [1, 1, 0, 1, 0, 1],
        [0.2, 0.9, 0.1, 0.4, 0.3, 0.8],
        [0, 0, 1, 1, 3, 3],
        [1, 1, 0, 1, 1, 1],
        g=4,
    )
    spread = auroc_spread(evaluation, evaluation.groups["group"])
    assert np.isnan(spread.value[:3]).all()  # no negative; weightless one; nobody
    assert spread.n.tolist() == [2, 2, 0, 2]
    assert spread.value[3] == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_spread_without_rows_equals_that_of_the_influences(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    evaluation = drawn(make_evaluation, rng, 60, 4, int(rng.integers(0, 4)))
    grouping = evaluation.groups["group"]
    fast = auroc_spread(evaluation, grouping)
    slow = spread_of(auroc(evaluation, grouping), evaluation, grouping)
    for field in FIELDS:
        mine, other = getattr(fast, field), getattr(slow, field)
        if field == "error":  # only where there is a value to be unsure of
            mine, other = (np.where(np.isnan(slow.value), 0, e) for e in (mine, other))
        assert mine == pytest.approx(other, abs=1e-7, nan_ok=True), field


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_area_stays_between_0_and_1_whatever_the_rounding(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], 20)
    w = rng.lognormal(sigma=4, size=40)
    evaluation = make_evaluation(y, np.linspace(0, 1, 40), None, w)
    for e in (evaluation, make_evaluation(1 - y, evaluation.score, None, w)):
        area = disaggregate(e, (), ["auroc"]).overall["auroc"]
        assert 0 <= area.low <= area.value <= area.high <= 1


def test_influences_have_weighted_mean_0_and_are_the_derivative(make_evaluation, rng):
    evaluation = drawn(make_evaluation, rng)
    grouping = evaluation.groups["group"]
    rows = auroc(evaluation, grouping).rows
    means = np.bincount(grouping.codes, evaluation.weights * rows)
    assert means == pytest.approx(np.zeros(3), abs=1e-9)
    for row in range(0, 80, 7):
        expected = slope(auroc, evaluation, make_evaluation, row)
        assert rows[row] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_standard_error_is_delongs(make_evaluation, rng):
    """The variances of the placements, with one factor N / (N - 1) for both."""
    evaluation = drawn(make_evaluation, rng, 300, 1, weighted=False)
    x = evaluation.score[evaluation.is_positive]
    y = evaluation.score[~evaluation.is_positive]
    kernel = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    by_part = kernel.mean(1).var() / len(x) + kernel.mean(0).var() / len(y)
    error = auroc_spread(evaluation, evaluation.grouping(())).error[0]
    assert error**2 == pytest.approx(by_part * 300 / 299)


def test_a_monotone_map_of_scores_changes_nothing(make_evaluation, rng):
    a = drawn(make_evaluation, rng)
    codes = a.groups["group"].codes
    b = make_evaluation(a.y_true, a.score**3 / 2, codes, a.weights, g=3)
    one, other = (auroc_spread(e, e.groups["group"]) for e in (a, b))
    for field in FIELDS:
        assert getattr(one, field) == pytest.approx(getattr(other, field))


def test_a_perfect_area_of_m_and_n_rows_has_newcombes_lower_end():
    """With area 1 the end solves (1 - t)^2 = q^2 v(t), worked out here by its root.

    q is Student's, of two samples of 8.
    """
    m, n, q = 8.0, 12.0, stats.t.ppf(0.975, 14)

    def excess(t):
        size = (m + n) / 2 - 1
        v = t * (1 - t) * (1 + size * ((1 - t) / (2 - t) + t / (1 + t))) / (m * n)
        return (1 - t) ** 2 - q**2 * v

    grid = np.linspace(0, 1, 2_000_001)[:-1]
    expected = grid[excess(grid) > 0].max()
    columns = {"value": 1, "n": m + n, "error": 0, "effective": m + n}
    columns |= {"positives": m, "negatives": n, "prior": 0}
    spread = Spread(**{name: np.array([float(v)]) for name, v in columns.items()})
    low, high = auroc_limits(spread, Z)
    assert low[0] == pytest.approx(expected, abs=1e-6)
    assert high[0] == 1


def test_limits_of_many_rows_are_the_normal_ones(make_evaluation):
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 40_000)
    scores = stats.norm.cdf(rng.normal(size=40_000) + y)
    evaluation = make_evaluation(y, scores)
    spread = auroc_spread(evaluation, evaluation.grouping(()))
    low, high = auroc_limits(spread, Z)
    assert (low[0] + high[0]) / 2 == pytest.approx(spread.value[0], abs=2e-4)
    assert high[0] - low[0] == pytest.approx(2 * Z * spread.error[0], rel=0.01)
