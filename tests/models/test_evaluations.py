import numpy as np
import pytest

from analysis.cohorts import cohort_of_group
from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.errors import DataError, SettingError
from analysis.evaluation import Scores, Threshold, binary_probabilities, evaluate
from models.evaluations import in_view, rows_fitted, splits_of, within_cohort
from models.recipe import Recipe, Stage
from models.remedies.chain import completed, runs_of
from models.run import Run


@pytest.fixture(scope="module")
def german():
    return load(task_named("german"))


@pytest.fixture
def part(german, rng):
    """A part of the rows in another order than the table's."""
    rows = rng.permutation(len(german.frame))[:400]
    scores = binary_probabilities(rng.random(400))
    return evaluate("model", german.frame.take(rows), scores, Threshold())


def test_a_cohort_finds_its_rows_wherever_they_stand(german, part):
    found = within_cohort(part, german, "age >= 40 & sex = female")
    age = german.table["age"].to_numpy()[found.row_ids]
    female = found.groups["sex"].names.index("female")
    assert (age >= 40).all()
    assert (found.groups["sex"].codes == female).all()
    whole = german.table["age"].to_numpy()[part.row_ids] >= 40
    whole &= part.groups["sex"].codes == female
    assert len(found) == whole.sum() > 0


def test_the_cohort_of_every_group_is_the_group(german, part):
    for attribute, grouping in part.groups.items():
        for code, name in enumerate(grouping.names):
            rule = str(cohort_of_group({attribute: name}))
            expected = part.row_ids[grouping.codes == code]
            assert within_cohort(part, german, rule).row_ids.tolist() == list(expected)


def test_a_row_filter_of_the_task_does_not_move_the_rows():
    data = load(task_named("compas:customary"))
    assert data.frame.row_ids[-1] != len(data.frame) - 1  # rows were left out
    scores = Scores(np.ones((len(data.frame), 1)), "raw")
    whole = evaluate("score", data.frame, scores, Threshold())
    found = within_cohort(whole, data, 'age = "under 25"')
    expected = data.frame.row_ids[(data.table["age"] < 25).to_numpy()]
    assert found.row_ids.tolist() == expected.tolist()


def test_everyone_is_the_same_evaluation(german, part):
    assert within_cohort(part, german, "") is part


def test_a_cohort_of_nobody_says_what_to_do(german, part):
    with pytest.raises(DataError, match="Widen the rule, or leave it out"):
        within_cohort(part, german, "age >= 400")


def test_another_class_in_view_counts_its_own_labels_and_scores(rng):
    data = load(task_named("planted_multiclass"))
    values = rng.dirichlet(np.ones(3), len(data.frame))
    shown = evaluate("model", data.frame, Scores(values), Threshold())
    turned = in_view(shown, "low")
    assert (turned.score == values[:, 0]).all()
    assert (turned.is_positive == (data.table["outcome"] == "low")).all()
    assert in_view(shown, "") is shown
    with pytest.raises(SettingError, match="it has low, middle, high"):
        in_view(shown, "top")


def test_each_change_of_scores_in_a_chain_has_rows_of_its_own(german):
    names = ("temperature", "bias_correction", "platt")
    recipe = completed(Recipe("german", stages=tuple(Stage(n) for n in names)))
    runs = [Run("", step, german.digest, "done") for step in runs_of(recipe)[1:]]
    parts = [rows_fitted(run, german) for run in runs]
    whole = splits_of(runs[0], german).rows["calibration"]
    assert sorted(np.concatenate(parts)) == sorted(whole)  # none twice, none left out
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    alone = completed(Recipe("german", stages=(Stage("platt"),)))
    only = rows_fitted(Run("", alone, german.digest, "done"), german)
    np.testing.assert_array_equal(only, whole)
