import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.costs import Costs
from analysis.counts import Counts
from analysis.estimates import Z
from analysis.metrics.bands import count_band
from analysis.metrics.count_metrics import COUNT_METRICS, expected_cost
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import disaggregate

TABLE = np.array([[[4.0, 1.0], [2.0, 3.0]]])  # tn, fp / fn, tp
NAMES = tuple(metric.name for metric in COUNT_METRICS)
cell = st.integers(0, 40)


def benefits(y, decided):
    return decided.astype(float) - y + 1


def entropy_over_rows(b, w):
    """AIF360's generalised entropy at alpha = 2, written out over the rows."""
    mean = np.average(b, weights=w)
    return np.average((b / mean) ** 2 - 1, weights=w) / (2 * (2 - 1))


def theil_over_rows(b, w):
    share = b / np.average(b, weights=w)
    logs = np.log(np.where(share > 0, share, 1))  # 0 ln 0 = 0
    return np.average(share * logs, weights=w)


ORACLES = {
    "matthews_correlation": lambda y, d, w: sk.matthews_corrcoef(y, d, sample_weight=w),
    "cohens_kappa": lambda y, d, w: sk.cohen_kappa_score(y, d, sample_weight=w),
    "balanced_accuracy": lambda y, d, w: sk.balanced_accuracy_score(
        y, d, sample_weight=w
    ),
    "f1": lambda y, d, w: sk.f1_score(y, d, sample_weight=w),
    "generalized_entropy": lambda y, d, w: entropy_over_rows(benefits(y, d), w),
    "theil_index": lambda y, d, w: theil_over_rows(benefits(y, d), w),
    "expected_cost": lambda y, d, w: sk.zero_one_loss(y, d, sample_weight=w),
    "expected_cost:0/1/5/0": lambda y, d, w: np.average(
        1 * (~y & d) + 5 * (y & ~d), weights=w
    ),
    "expected_cost:1/2/4/-8": lambda y, d, w: np.average(
        1 * (~y & ~d) + 2 * (~y & d) + 4 * (y & ~d) - 8 * (y & d), weights=w
    ),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("matthews_correlation", 10 / np.sqrt(600)),  # (3 * 4 - 1 * 2) / sqrt(4 5 5 6)
        ("cohens_kappa", (0.7 - 0.5) / 0.5),
        ("balanced_accuracy", (3 / 5 + 4 / 5) / 2),
        ("f1", 6 / 9),
        ("generalized_entropy", (1.1 / 0.9**2 - 1) / 2),  # 2 misses, 7 right, 1 flag
        ("theil_index", (7 * np.log(1 / 0.9) + 2 * np.log(2 / 0.9)) / 9),
        ("expected_cost", 0.3),
        ("expected_cost:0/1/5/0", (1 + 2 * 5) / 10),
    ],
)
def test_value_worked_by_hand(name, expected):
    assert metric_named(name).value(TABLE)[0] == pytest.approx(expected)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("weighted", [False, True])
def test_value_agrees_with_its_formula_over_rows(make_evaluation, name, weighted):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        n = (8, 30, 300)[seed % 3]
        y, scores = rng.integers(0, 2, n), rng.uniform(size=n)
        w = rng.lognormal(size=n) if weighted else np.ones(n)
        ours = disaggregate(make_evaluation(y, scores, None, w), (), [name])
        expected = ORACLES[name](y.astype(bool), scores >= 0.5, w)
        assert ours.overall[name].value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("table", "undefined"),
    [
        ([[5, 0], [0, 0]], {"matthews_correlation", "cohens_kappa", "f1"}),
        ([[0, 0], [0, 5]], {"matthews_correlation", "cohens_kappa"}),
        ([[3, 0], [2, 0]], {"matthews_correlation"}),  # nobody flagged
        ([[0, 0], [2, 3]], {"matthews_correlation"}),
        ([[0, 0], [4, 0]], {"matthews_correlation", "entropies"}),  # no benefit at all
        ([[0, 0], [0, 0]], {*NAMES, "entropies"}),
    ],
)
def test_undefined_is_nan_where_scikit_learn_says_0(table, undefined):
    entropies = {"generalized_entropy", "theil_index"}
    undefined = undefined | (entropies if "entropies" in undefined else set())
    w = np.array([table], dtype=float)
    one_label = 0 in w[0].sum(1)
    for metric in COUNT_METRICS:
        expected = metric.name in undefined or (
            metric.name == "balanced_accuracy" and one_label
        )
        assert np.isnan(metric.value(w)[0]) == expected, metric.name


def test_scikit_learn_calls_a_constant_decision_uncorrelated():
    """The convention we leave: it looks like a measured 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sk.matthews_corrcoef([0, 1, 1], [1, 1, 1]) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(cell, min_size=4, max_size=4), st.sampled_from(NAMES))
def test_interval_holds_its_value_within_bounds_and_has_a_width(cells, name):
    table = np.array(cells, dtype=float).reshape(1, 2, 2)
    metric = metric_named(name)
    found = count_band(metric, Counts(("a",), table, table, table))(Z).at(0)
    if found.is_undefined:
        assert np.isnan([found.low, found.high]).all()
        return
    low, high = metric.bounds
    assert low <= found.low <= found.value <= found.high <= high
    assert found.low < found.high


def test_n_is_that_of_the_denominator():
    counts = Counts(("a",), TABLE, TABLE, TABLE)
    n = {m.name: count_band(m, counts)(Z).n[0] for m in COUNT_METRICS}
    assert n.pop("f1") == 6  # right rejections do not enter
    assert set(n.values()) == {10}


def test_f1_has_the_limits_of_its_overlap():
    found = count_band(metric_named("f1"), Counts(("a",), TABLE, TABLE, TABLE))(Z)
    low, high = proportion_confint(3, 6, method="wilson")
    expected = 2 * low / (1 + low), 2 * high / (1 + high)
    assert (found.low[0], found.high[0]) == pytest.approx(expected)


def test_balanced_accuracy_joins_the_limits_of_its_two_rates():
    found = count_band(
        metric_named("balanced_accuracy"), Counts(("a",), TABLE, TABLE, TABLE)
    )(Z)
    tpr, tnr = (proportion_confint(x, 5, method="wilson") for x in (3, 4))
    down = np.hypot(0.6 - tpr[0], 0.8 - tnr[0]) / 2
    up = np.hypot(tpr[1] - 0.6, tnr[1] - 0.8) / 2
    expected = (0.7 - down, 0.7 + up)
    assert (found.low[0], found.high[0]) == pytest.approx(expected)


def test_a_cost_that_no_decision_changes_is_known_exactly():
    metric = expected_cost(Costs(2, 2, 2, 2))
    found = count_band(metric, Counts(("a",), TABLE, TABLE, TABLE))(Z).at(0)
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))


def test_matthews_correlation_is_pearsons_of_label_and_decision(rng):
    y, d = rng.integers(0, 2, (2, 50))
    table = np.zeros((1, 2, 2))
    np.add.at(table[0], (y, d), 1)
    expected = stats.pearsonr(y, d).statistic
    assert metric_named("matthews_correlation").value(table)[0] == pytest.approx(
        expected
    )


def test_large_weights_do_not_overflow():
    large = TABLE * 1e90
    value = metric_named("matthews_correlation").value(large)[0]
    assert value == pytest.approx(10 / np.sqrt(600))
