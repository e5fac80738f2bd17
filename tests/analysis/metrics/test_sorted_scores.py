import numpy as np
import pytest

from analysis.metrics.sorted_scores import sorted_scores


@pytest.fixture(params=[1, 12], ids=["ties", "no ties"])
def case(request, make_evaluation, rng):
    """Rows, their sorted form, and everything worked row by row."""
    n = 60
    score = rng.uniform(size=n).round(request.param)
    codes = rng.choice([0, 1, 3], n)  # group 2 is empty
    evaluation = make_evaluation(
        rng.integers(0, 2, n), score, codes, rng.lognormal(size=n), g=5
    )
    return evaluation, sorted_scores(evaluation, evaluation.groups["group"])


def test_rows_stand_by_group_and_then_by_score(case):
    evaluation, rows = case
    codes = evaluation.groups["group"].codes[rows.order]
    score = evaluation.score[rows.order]
    expected = np.lexsort((evaluation.score, evaluation.groups["group"].codes))
    assert codes.tolist() == evaluation.groups["group"].codes[expected].tolist()
    assert score.tolist() == evaluation.score[expected].tolist()
    assert rows.w.tolist() == evaluation.weights[rows.order].tolist()
    assert rows.positive.tolist() == evaluation.is_positive[rows.order].tolist()


def test_an_empty_group_has_no_rows_and_a_sum_of_0(case):
    _, rows = case
    assert rows.sizes[[2, 4]].tolist() == [0, 0]
    assert rows.sums(rows.w)[[2, 4]].tolist() == [0, 0]
    assert rows.sums(rows.w).sum() == pytest.approx(rows.w.sum())


def test_running_sums_and_ties_agree_with_a_loop_over_rows(case):
    evaluation, rows = case
    codes = evaluation.groups["group"].codes
    same = codes[:, None] == codes[None, :]
    score = evaluation.score
    below = same & (score[None, :] <= score[:, None])
    tied = same & (score[None, :] == score[:, None])
    w = rows.w
    assert rows.unsorted(rows.up_to(w)) == pytest.approx(below @ evaluation.weights)
    assert rows.unsorted(rows.at_ties(w)) == pytest.approx(tied @ evaluation.weights)


def test_group_values_spread_over_rows_come_back_in_row_order(case):
    evaluation, rows = case
    by_group = np.array([5.0, 6.0, 7.0, 8.0, 9.0])
    back = rows.unsorted(rows.spread_out(by_group))
    assert back.tolist() == by_group[evaluation.groups["group"].codes].tolist()


def test_no_rows_at_all_are_no_trouble(make_evaluation):
    evaluation = make_evaluation([], [], [], g=2)
    rows = sorted_scores(evaluation, evaluation.groups["group"])
    assert rows.sums(rows.w).tolist() == [0, 0]
    assert rows.up_to(rows.w).size == 0
