import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
)

from analysis.counts import Counts, count, counts_of
from analysis.estimates import Z
from analysis.intervals import GAP_LEVEL, range_quantile, share_interval, sidak
from analysis.metrics.bands import count_band
from analysis.metrics.registry import DECISION_METRICS, METRICS, metric_named
from analysis.subgroups.disaggregate import disaggregate


def random_case(rng, n, g, weighted):
    y = rng.integers(0, 2, n)
    scores = rng.uniform(size=n).round(rng.integers(1, 4))
    weights = rng.lognormal(size=n) if weighted else np.ones(n)
    return y, scores, rng.integers(0, g, n), weights


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_row_order_and_weight_scale_change_nothing(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y, scores, codes, weights = random_case(rng, 60, 3, True)
    order = rng.permutation(60)
    first = make_evaluation(y, scores, codes, weights, g=3)
    second = make_evaluation(
        y[order], scores[order], codes[order], 7 * weights[order], g=3
    )
    names = list(METRICS)
    a, b = (disaggregate(e, ("group",), names) for e in (first, second))
    for name in names:
        for field in ("value", "low", "high", "n"):
            mine, other = (getattr(d.by_group[name], field) for d in (a, b))
            assert mine == pytest.approx(other, abs=1e-9, nan_ok=True), name
        assert a.gaps[name].low == pytest.approx(
            b.gaps[name].low, abs=1e-9, nan_ok=True
        )


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_weights_of_any_scale_give_the_same_intervals(make_evaluation, rng, scale):
    y, scores, codes, weights = random_case(rng, 60, 2, True)
    names = ["selection_rate", "auroc", "f1"]
    a, b = (
        disaggregate(make_evaluation(y, scores, codes, w), ("group",), names)
        for w in (weights, weights * scale)
    )
    for name in names:
        assert a.by_group[name].high == pytest.approx(b.by_group[name].high)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_weight_is_duplication_for_point_values(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y, scores, codes, _ = random_case(rng, 40, 2, False)
    copies = rng.integers(1, 4, 40)
    weighted = make_evaluation(y, scores, codes, copies, g=2)
    duplicated = make_evaluation(
        *(np.repeat(a, copies) for a in (y, scores, codes)), g=2
    )
    a, b = (disaggregate(e, ("group",), list(METRICS)) for e in (weighted, duplicated))
    for name in METRICS:
        mine, other = a.by_group[name].value, b.by_group[name].value
        assert mine == pytest.approx(other, abs=1e-12, nan_ok=True), name


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_a_row_of_no_weight_changes_no_value(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y, scores, codes, weights = random_case(rng, 40, 3, True)
    weights = weights * (rng.random(40) < 0.6)
    held = weights > 0
    all_rows = make_evaluation(y, scores, codes, weights, g=3)
    some = make_evaluation(y[held], scores[held], codes[held], weights[held], g=3)
    a, b = (disaggregate(e, ("group",), list(METRICS)) for e in (all_rows, some))
    for name in METRICS:
        mine, other = a.by_group[name].value, b.by_group[name].value
        assert mine == pytest.approx(other, abs=1e-9, nan_ok=True), name


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_renaming_groups_moves_their_numbers_and_nothing_else(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y, scores, codes, weights = random_case(rng, 60, 4, True)
    place = rng.permutation(4)
    first = make_evaluation(y, scores, codes, weights, g=4)
    second = make_evaluation(y, scores, place[codes], weights, g=4)
    a, b = (disaggregate(e, ("group",), list(METRICS)) for e in (first, second))
    for name in METRICS:
        for field in ("value", "low", "high", "n"):
            mine, other = (getattr(d.by_group[name], field) for d in (a, b))
            assert mine == pytest.approx(other[place], abs=1e-9, nan_ok=True), name
        for part in ("gaps", "ratios"):
            mine, other = (vars(getattr(d, part)[name]) for d in (a, b))
            assert mine == pytest.approx(other, abs=1e-9, nan_ok=True), (name, part)


@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_equal_weights_are_no_weights(make_evaluation, rng, weight):
    y, scores, codes, _ = random_case(rng, 80, 3, False)
    weighted = make_evaluation(y, scores, codes, np.full(80, weight))
    found = disaggregate(weighted, ("group",), list(METRICS))
    assert found.effective_n == pytest.approx(found.n)
    unweighted = count(y, scores >= 0.5, weighted.groups["group"], weights=None)
    for name in DECISION_METRICS:
        expected = count_band(metric_named(name), unweighted)(Z)
        for field in ("value", "low", "high", "n"):
            ours = getattr(found.by_group[name], field)
            assert ours == pytest.approx(getattr(expected, field)), name


@pytest.mark.parametrize("name", DECISION_METRICS)
def test_counts_of_two_groups_add_up_to_those_of_their_union(
    make_evaluation, rng, name
):
    y, scores, codes, weights = random_case(rng, 80, 3, True)
    metric = metric_named(name)
    apart = counts_of(make_evaluation(y, scores, codes, weights), ("group",))
    merged = counts_of(make_evaluation(y, scores, codes // 2, weights), ("group",))
    tables = (t[:2].sum(0, keepdims=True) for t in (apart.n, apart.w, apart.w2))
    together = count_band(metric, Counts(("ab",), *tables))(Z).at(0)
    expected = count_band(metric, merged)(Z).at(0)
    assert vars(together) == pytest.approx(vars(expected))


def test_the_gap_of_two_groups_joins_their_exact_limits(make_evaluation):
    """Newcombe's way of joining, a little wider than from Wilson's limits."""
    codes = np.repeat([0, 1], [60, 90])
    scores = np.concatenate([np.arange(60) < 15, np.arange(90) < 50])
    evaluation = make_evaluation(np.zeros(150, int), scores, codes)
    gap = disaggregate(evaluation, ("group",), ["selection_rate"]).gaps
    (low, high), (lower, upper) = (
        proportion_confint(hits, n, alpha=1 - GAP_LEVEL, method="beta")
        for hits, n in ((50, 90), (15, 60))
    )
    apart = 50 / 90 - 15 / 60
    expected = (
        apart - np.hypot(50 / 90 - low, upper - 15 / 60),
        apart + np.hypot(high - 50 / 90, 15 / 60 - lower),
    )
    shorter = confint_proportions_2indep(50, 90, 15, 60, method="newcomb")
    found = gap["selection_rate"]
    assert found.low < shorter[0] < shorter[1] < found.high
    assert found.value == pytest.approx(50 / 90 - 15 / 60)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("groups", [3, 8])
def test_gap_ratio_and_worst_group_hold_together_at_95_percent(make_evaluation, groups):
    """The largest gap by all pairs, the others by as many intervals at once."""
    rng = np.random.default_rng(groups)
    codes = np.repeat(np.arange(groups), 50)
    scores = rng.random(50 * groups) < np.linspace(0.2, 0.8, groups)[codes]
    evaluation = make_evaluation(np.zeros(50 * groups, int), scores, codes)
    found = disaggregate(evaluation, ("group",), ["selection_rate", "accuracy"])
    rates = found.by_group["selection_rate"].value
    rows = np.full(groups, 50.0)
    low, high = share_interval(rates, rows, range_quantile(groups))
    ends = [
        rates[i] - rates[j] - np.hypot(rates[i] - low[i], high[j] - rates[j])
        for i, j in itertools.permutations(range(groups), 2)
    ]
    expected = max(ends)
    assert expected > 0
    assert found.gaps["selection_rate"].low == pytest.approx(expected)
    low, high = share_interval(rates, rows, sidak(groups))
    assert found.ratios["selection_rate"].low == pytest.approx(low.min() / high.max())
    low, high = share_interval(1 - rates, rows, sidak(groups))
    worst = found.worst["accuracy"]
    assert (worst.low, worst.high) == pytest.approx((low.min(), high.min()))


def test_a_hidden_group_has_no_number_and_stands_in_no_gap(make_evaluation, rng):
    y, scores, codes, weights = random_case(rng, 300, 4, True)
    keep = (codes != 2) | (np.cumsum(codes == 2) <= 3)  # three people in group c
    evaluation = make_evaluation(y[keep], scores[keep], codes[keep], weights[keep], g=4)
    names = ["selection_rate", "auroc", "expected_calibration_error"]
    hidden = np.array([False, False, True, False])
    found = disaggregate(evaluation, ("group",), names, hidden)
    assert found.hidden.tolist() == hidden.tolist()
    assert np.isnan(found.n[hidden]).all()
    for name in names:
        column = found.by_group[name]
        for array in (column.value, column.low, column.high, column.n):
            assert np.isnan(array[hidden]).all()
            assert np.isfinite(array[~hidden]).all()
        gap = np.ptp(column.value[~hidden])
        assert found.gaps[name].value == pytest.approx(gap, nan_ok=True)
