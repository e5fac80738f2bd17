import numpy as np
import pytest

from analysis.costs import Costs
from analysis.counts import Counts, counts_of
from analysis.errors import DataError, SettingError
from analysis.evaluation import Threshold
from analysis.subgroups.disaggregate import disaggregate
from analysis.thresholds.halves import halves
from analysis.thresholds.outcomes import change, outcomes


def counts(*tables):
    n = np.array(tables, dtype=float)
    return Counts(tuple("abc"[: len(n)]), n, n, n)


def test_outcomes_of_ten_people_by_hand():
    found = outcomes(counts([[4, 1], [2, 3]]), [0.4], Costs(false_negative=3))
    expected = {
        "selection_rate": 0.4,
        "true_positive_rate": 0.6,
        "false_positive_rate": 0.2,
        "accuracy": 0.7,
        "expected_cost": (1 * 1 + 2 * 3) / 10,
    }
    for metric, value in expected.items():
        assert found.by_group[metric].at(0).value == pytest.approx(value)
        assert found.overall[metric].value == pytest.approx(value)
        assert found.by_group[metric].low[0] < value < found.by_group[metric].high[0]
    assert found.n.tolist() == [10]


def test_outcomes_are_those_of_the_disaggregation(make_evaluation, rng):
    shown = make_evaluation(
        rng.integers(0, 2, 200),
        rng.uniform(size=200),
        rng.integers(0, 3, 200),
        rng.uniform(0.5, 2, 200),
        threshold=0.4,
    )
    found = outcomes(counts_of(shown, ("group",)), [0.4] * 3, Costs(), "f1")
    expected = disaggregate(shown, ("group",), ("accuracy", "f1"))
    for metric in ("accuracy", "f1"):
        for part in ("value", "low", "high", "n"):
            mine = getattr(found.by_group[metric], part)
            assert mine == pytest.approx(getattr(expected.by_group[metric], part))


def test_a_metric_of_ranking_has_no_outcome_at_a_threshold():
    with pytest.raises(SettingError, match="does not depend on a threshold"):
        outcomes(counts([[4, 1], [2, 3]]), [0.4], Costs(), "auroc")


def test_a_change_counts_people_by_hand():
    before = counts([[4, 1], [2, 3]], [[5, 0], [1, 1]])
    after = counts([[2, 3], [1, 4]], [[5, 0], [2, 0]])
    moved = change(before, after)
    assert moved.selected.tolist() == [3, -1]
    assert moved.found.tolist() == [1, -1]
    assert moved.wrongly_flagged.tolist() == [2, 0]
    assert moved.n.tolist() == [10, 7]


def test_decisions_about_other_rows_are_not_compared():
    with pytest.raises(DataError, match="same rows"):
        change(counts([[4, 1], [2, 3]]), counts([[4, 1], [2, 4]]))
    with pytest.raises(DataError, match="same rows"):
        change(counts([[4, 1], [2, 3]]), counts(*[[[4, 1], [2, 3]]] * 2))


def test_halves_share_no_row_and_lose_none(make_evaluation, rng):
    shown = make_evaluation(rng.integers(0, 2, 101), rng.uniform(size=101))
    first, second = halves(shown)
    assert (len(first), len(second)) == (50, 51)
    both = np.concatenate([first.row_ids, second.row_ids])
    assert np.array_equal(np.sort(both), shown.row_ids)
    assert np.array_equal(first.score, shown.score[first.row_ids])


def test_halves_follow_the_seed_and_not_the_rule(make_evaluation, rng):
    shown = make_evaluation(rng.integers(0, 2, 60), rng.uniform(size=60))
    again = halves(shown.decided_by(Threshold(0.9)))
    assert np.array_equal(halves(shown)[0].row_ids, again[0].row_ids)
    assert not np.array_equal(halves(shown)[0].row_ids, halves(shown, 1)[0].row_ids)
