import numpy as np
import pytest

from analysis.errors import DataError
from analysis.frontier import frontier, lower_is_fairer, undominated
from analysis.subgroups.disaggregate import disaggregate

NAN = np.nan


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        ([1, 2, 3], [3, 2, 1], [True, True, True]),
        ([1, 2, 3], [1, 2, 3], [True, False, False]),
        ([1, 1, 2], [2, 1, 0], [False, True, True]),
        ([1, 1], [1, 1], [True, True]),
        ([1, NAN, 0], [1, 0, NAN], [True, False, False]),
        ([], [], []),
    ],
)
def test_a_point_is_best_when_no_other_is_as_low_in_both(first, second, best):
    found = undominated(np.array(first, float), np.array(second, float))
    assert found.tolist() == best


def test_the_undominated_agree_with_the_definition_pair_by_pair(rng):
    first, second = rng.integers(0, 6, (2, 40)).astype(float)
    expected = [
        not any(
            first[j] <= first[i]
            and second[j] <= second[i]
            and (first[j] < first[i] or second[j] < second[i])
            for j in range(40)
        )
        for i in range(40)
    ]
    assert undominated(first, second).tolist() == expected


@pytest.fixture
def models(make_evaluation, rng):
    """Three models of 900 people in three groups; one of them decides at random."""
    n = 900
    y, codes = rng.integers(0, 2, n), rng.integers(0, 3, n)
    noise = rng.uniform(size=n)
    good = np.where(noise < 0.9, y, 1 - y) * 0.8 + 0.1
    unfair = np.where((codes == 0) & (noise < 0.5), 0.1, good)
    chance = rng.uniform(size=n)
    made = {"good": good, "unfair": unfair, "chance": chance}
    return {name: make_evaluation(y, s, codes) for name, s in made.items()}


def test_values_are_those_of_the_table_of_groups(models):
    found = frontier(models, ("group",), "false_negative_rate")
    for m, shown in enumerate(models.values()):
        table = disaggregate(shown, ("group",), ("false_negative_rate", "accuracy"))
        assert found.fairness.at(m) == table.gaps["false_negative_rate"]
        assert found.price.at(m) == table.overall["accuracy"]


def test_a_fair_and_accurate_model_beats_an_unfair_one(models):
    found = frontier(models, ("group",), "false_negative_rate")
    best = dict(zip(found.names, found.is_best, strict=True))
    assert best["good"]
    assert not best["unfair"]


def test_the_worst_group_is_held_against_accuracy_on_request(models):
    found = frontier(models, ("group",), "true_positive_rate", "worst")
    table = disaggregate(models["good"], ("group",), ("true_positive_rate",))
    assert found.fairness.value[0] == table.worst["true_positive_rate"].value
    assert not lower_is_fairer("true_positive_rate", "worst")
    assert lower_is_fairer("false_negative_rate", "worst")
    assert found.is_best[0]


def test_a_measure_that_is_neither_good_nor_bad_has_a_gap_alone(models):
    assert frontier(models, ("group",), "selection_rate", "worst").against == "gap"


def test_a_group_too_small_on_one_model_is_left_out_of_all(make_evaluation, rng):
    y = np.tile([0, 1], 150)
    codes = np.repeat([0, 1, 2], [140, 140, 20])
    one = np.where(y == 1, 0.9, 0.1)
    other = np.where(codes == 2, 0.9, rng.uniform(size=300))  # all of c decided alike
    models = {
        "one": make_evaluation(y, one, codes),
        "other": make_evaluation(y, other, codes),
    }
    found = frontier(models, ("group",), "false_negative_rate", k=12)
    assert found.hidden.any()
    shown = ~found.hidden
    for m, e in enumerate(models.values()):
        table = disaggregate(e, ("group",), ("false_negative_rate",))
        values = table.by_group["false_negative_rate"].value[shown]
        gap = values.max() - values.min() if shown.sum() > 1 else NAN
        assert found.fairness.value[m] == pytest.approx(gap, nan_ok=True)


def test_one_group_has_no_gap_and_no_best_model(make_evaluation):
    shown = make_evaluation([0, 1, 1, 0], [0.2, 0.8, 0.4, 0.6])
    found = frontier({"only": shown}, ("group",), "error_rate")
    assert np.isnan(found.fairness.value[0])
    assert not found.is_best[0]


def test_without_models_there_is_nothing_to_hold_against_each_other():
    assert frontier({}, ("group",), "error_rate").names == ()


def test_models_on_other_rows_are_refused(models, make_evaluation):
    short = make_evaluation([0, 1], [0.2, 0.8], [0, 1], g=3)
    with pytest.raises(DataError, match="same data set, split and seed"):
        frontier(models | {"short": short}, ("group",), "error_rate")
