import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.metrics.average_precision import average_precision
from analysis.subgroups.disaggregate import disaggregate


def drawn(make_evaluation, rng, n=80, decimals=2, weighted=True):
    w = rng.lognormal(size=n) if weighted else None
    scores = rng.uniform(size=n).round(decimals)
    codes = rng.integers(0, 3, n)
    return make_evaluation(rng.integers(0, 2, n), scores, codes, w, g=3)


def test_precision_at_each_positive_is_averaged(make_evaluation):
    # down the ranking: yes (1 of 1), no, yes (2 of 3)
    evaluation = make_evaluation([1, 0, 1], [0.9, 0.8, 0.7])
    value = average_precision(evaluation, evaluation.grouping(())).value[0]
    assert value == pytest.approx((1 + 2 / 3) / 2)


def test_tied_rows_are_taken_together(make_evaluation):
    evaluation = make_evaluation([1, 0, 0], [0.5, 0.5, 0.5])
    value = average_precision(evaluation, evaluation.grouping(())).value[0]
    assert value == pytest.approx(1 / 3)


@pytest.mark.parametrize("decimals", [0, 1, 12])
@pytest.mark.parametrize("weighted", [False, True])
def test_value_agrees_with_scikit_learn(make_evaluation, rng, decimals, weighted):
    evaluation = drawn(make_evaluation, rng, 120, decimals, weighted)
    value = average_precision(evaluation, evaluation.groups["group"]).value
    for g in range(3):
        mine = evaluation.groups["group"].codes == g
        expected = sk.average_precision_score(
            evaluation.y_true[mine],
            evaluation.score[mine],
            sample_weight=evaluation.weights[mine],
        )
        assert value[g] == pytest.approx(expected, abs=1e-12)


def test_a_group_without_positives_is_nan_with_its_n(make_evaluation):
    evaluation = make_evaluation([0, 0, 1], [0.2, 0.9, 0.1], [0, 0, 1], g=3)
    found = disaggregate(evaluation, ("group",), ["average_precision"])
    column = found.by_group["average_precision"]
    assert np.isnan(column.value).tolist() == [True, False, True]
    assert column.n.tolist() == [2, 1, 0]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_a_row_of_no_weight_changes_nothing(make_evaluation, rng, at, weighted):
    few = drawn(make_evaluation, rng, 20, weighted=weighted)
    codes = few.groups["group"].codes
    for label in (0, 1):
        more = make_evaluation(
            np.append(few.y_true, label),
            np.append(few.score, at),
            np.append(codes, 0),
            np.append(few.weights, 0),
            g=3,
        )
        a, b = (average_precision(e, e.groups["group"]) for e in (few, more))
        assert a.value == pytest.approx(b.value)
        assert np.isfinite(b.rows).all()
        assert a.rows == pytest.approx(b.rows[:-1])


def test_influences_have_weighted_mean_0_and_are_the_derivative(make_evaluation, rng):
    evaluation = drawn(make_evaluation, rng)
    grouping = evaluation.groups["group"]
    rows = average_precision(evaluation, grouping).rows
    means = np.bincount(grouping.codes, evaluation.weights * rows)
    assert means == pytest.approx(np.zeros(3), abs=1e-9)
    for row in range(0, 80, 7):
        values = []
        for step in (1e-5, -1e-5):
            w = evaluation.weights.copy()
            w[row] += step
            other = make_evaluation(
                evaluation.y_true, evaluation.score, grouping.codes, w, g=3
            )
            values.append(average_precision(other, grouping).value[grouping.codes[row]])
        total = evaluation.weights[grouping.codes == grouping.codes[row]].sum()
        expected = (values[0] - values[1]) / 2e-5 * total
        assert rows[row] == pytest.approx(expected, rel=1e-4, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_value_stays_between_0_and_1_whatever_the_rounding(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], 20)
    w = rng.lognormal(sigma=4, size=40)
    evaluation = make_evaluation(y, np.linspace(0, 1, 40), None, w)
    found = disaggregate(evaluation, (), ["average_precision"])
    value = found.overall["average_precision"]
    assert value.value == pytest.approx(1)
    assert 0 <= value.low <= value.value <= value.high <= 1
