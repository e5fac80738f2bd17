"""Roles become a task, or a refusal that says what to do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.declaring import role_notes, task_from_roles
from analysis.datasets.load import Dataset, existing_scores, frame_of
from analysis.datasets.roles import Roles
from analysis.errors import DataError, TooManyGroupsError

ROLES = Roles(
    label="y", positive="1", features=("x",), sensitive=("sex",), score=("score",)
)

MIXED = pd.Categorical(["0.01"] * 50 + ["oops"] + ["0.5"] * 49)
NOTHING = pd.Categorical([None] * 100)
ONE_SIDED = [np.nan, 1.0, np.nan, 0.0] * 25  # no label where sex is F


@pytest.fixture
def table(rng):
    n = 100
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "sex": pd.Categorical(["F", "M"] * (n // 2)),
            "y": [0.0, 1.0, 1.0, 0.0] * (n // 4),
            "score": rng.random(n),
            "when": np.repeat([2019, 2020], n // 2),
            "site": pd.Categorical(["a"] * n),
            "id": np.arange(n),
            "name": pd.Categorical([f"p{i}" for i in range(n)]),
            "part": pd.Categorical(["train", "test"] * (n // 2)),
        }
    )


def declare(table, **changes):
    return task_from_roles(replace(ROLES, **changes), table, "mine", "0" * 32)


def loaded(task, table):
    return Dataset(task, table, frame_of(task, table, np.arange(len(table))))


def test_a_binary_task_has_its_positive_class_last(table):
    task = declare(table)
    assert task.classes == ("0", "1")
    assert (task.score.scale, task.score.threshold) == ("probability", 0.5)
    assert declare(table, positive="0").classes == ("1", "0")
    frame = loaded(declare(table, positive="0"), table).frame
    assert (frame.y_true == 1 - table.y).all()


def test_predictions_alone_are_enough(table):
    dataset = loaded(declare(table, features=()), table)
    assert dataset.frame.features.shape == (100, 0)
    positive = existing_scores(dataset).values[:, 1]  # noqa: PD011 - no DataFrame
    assert list(positive) == list(table.score)


def test_a_score_beyond_0_to_1_is_raw_and_cut_at_the_base_rate(table):
    table["score"] = np.arange(100) / 10
    task = declare(table)
    assert task.score.scale == "raw"
    selected = table.score >= task.score.threshold
    assert selected.mean() == pytest.approx(table.y.mean(), abs=0.01)
    assert declare(table, threshold=5.0).score.threshold == 5
    assert any("so it is a raw score, not" in n for n in role_notes(task, table))


def test_rows_without_a_label_are_counted_and_their_cells_not_judged(table):
    table.loc[:2, ["y", "score"]] = np.nan
    task = declare(table)
    assert any(
        "3 rows have no value in the label" in n for n in role_notes(task, table)
    )


def test_numbers_with_many_values_are_cut_at_quartiles_unless_told_otherwise(table):
    table["age"] = np.tile(np.arange(20, 70), 2)
    assert len(declare(table, sensitive=("age",)).cut_points["age"]) == 3
    cut = declare(table, sensitive=("age",), cut_points={"age": (30,)})
    assert cut.cut_points == {"age": (30.0,)}
    by_value = declare(table, sensitive=("age",), cut_points={"age": ()})
    assert by_value.cut_points == {}


def test_small_and_missing_groups_are_told(table):
    table["sex"] = pd.Categorical(["F"] * 10 + [None] * 5 + ["M"] * 85)
    notes = " ".join(role_notes(declare(table), table))
    assert "'sex' is missing in 5 rows, which form a group of their own" in notes
    assert "2 groups of 'sex' have fewer than 30 rows (F, Missing)" in notes


@pytest.mark.parametrize(
    ("changes", "edit", "message"),
    [
        ({"label": ""}, {}, "No label is chosen. Choose the column"),
        ({"label": "nope"}, {}, "no column 'nope'. Choose among its own"),
        ({}, {"y": 1}, "one class only, '1'; .* Choose another label"),
        ({}, {"y": np.nan}, "no value in any row; two or more classes"),
        ({"label": "id"}, {}, "100 different values; at most 20 classes"),
        ({"positive": "maybe"}, {}, "'maybe' does not occur .* Choose one of these"),
        ({"sensitive": ("site",)}, {}, "puts all rows in one group; two are needed"),
        ({"sensitive": ("name",)}, {}, "different value in every row.* people share"),
        (
            {"sensitive": ("id",), "cut_points": {"id": ()}},
            {},
            "different value in every row.* Give it cut points",
        ),
        ({"score": ("name",)}, {}, "score 'name' holds text, such as 'p0'"),
        ({}, {"score": MIXED}, "score 'score' holds text, such as 'oops'"),
        ({"score": ("score", "score")}, {}, "score column 'score' is named twice"),
        ({"sensitive": ("x",)}, {"x": np.nan}, "puts all rows in one group"),
        ({"sensitive": ("x",)}, {"x": NOTHING}, "puts all rows in one group"),
        ({"domain": "site"}, {"site": NOTHING}, "one side of the comparison is empty"),
        (
            {"domain": "sex", "sensitive": ()},
            {"y": ONE_SIDED},
            "holds 'M' in every row, so one side",
        ),
        ({}, {"score": np.nan}, "missing or infinite in 100 of 100 rows.* Fill"),
        ({}, {"score": np.inf}, "missing or infinite in 100 of 100"),
        ({"weight": "x"}, {}, "'x' is both the weight and a feature.*one role"),
        ({"weight": "id"}, {"id": -1}, "negative in 100 rows.*'No weights'"),
        ({"weight": "id"}, {"id": 0}, "zero in every row"),
        ({"weight": "name"}, {}, "weight 'name' holds text"),
        ({"time": "when"}, {"when": 2020}, "one time only, '2020'; two are needed"),
        ({"domain": "site"}, {}, "one side of the comparison is empty. Choose"),
        ({"official_split": "site"}, {}, "must say 'train' or 'test' in every row"),
        ({"features": ("x", "y")}, {}, "'y' is both the label and a feature"),
        ({"features": ("score",)}, {}, "'score' is both the score and a feature"),
        ({"sensitive": ("y",)}, {}, "both the label and a sensitive attribute"),
        ({"features": ("x", "x")}, {}, "named twice; name it once"),
        ({"features": (), "score": ()}, {}, "neither a feature nor a score. Choose"),
        ({"score": ("score", "x"), "features": ()}, {}, "do not add up to 1"),
        ({"score": ("score", "x", "id"), "features": ()}, {}, "3 score columns .* 2"),
    ],
)
def test_a_column_that_does_not_serve_is_refused_with_advice(
    table, changes, edit, message
):
    with pytest.raises(DataError, match=message):
        declare(table.assign(**edit), **changes)


def test_thousands_of_groups_are_refused(rng):
    n = 5_000
    table = pd.DataFrame({"y": np.tile([0, 1], n // 2), "x": np.arange(n)})
    table["zip"] = pd.Categorical([str(i // 2) for i in range(n)])
    roles = Roles(label="y", features=("x",), sensitive=("zip",))
    with pytest.raises(TooManyGroupsError, match="2,500 different values; at most"):
        task_from_roles(roles, table, "t", "0" * 32)


def test_multiclass_scores_follow_the_classes(rng):
    scores = rng.dirichlet(np.ones(3), size=90)
    table = pd.DataFrame(scores, columns=["p_a", "p_b", "p_c"])
    table["y"] = pd.Categorical(["a", "b", "c"] * 30)
    roles = Roles(label="y", score=("p_a", "p_b", "p_c"))
    task = task_from_roles(roles, table, "t", "0" * 32)
    assert task.classes == ("a", "b", "c")
    np.testing.assert_array_equal(existing_scores(loaded(task, table)).values, scores)
    with pytest.raises(DataError, match="one probability per class"):
        task_from_roles(roles, table.assign(p_a=2.0), "t", "0" * 32)


def test_an_attribute_that_is_named_twice_is_declared_once(table):
    assert declare(table, sensitive=("sex", "sex")).sensitive == ("sex",)


def test_rows_that_say_missing_are_told_apart_from_those_that_say_nothing(table):
    table["sex"] = pd.Categorical(["Missing"] * 40 + [None] * 5 + ["M"] * 55)
    notes = " ".join(role_notes(declare(table), table))
    assert "5 rows, which form a group of their own" in notes
    assert "'Missing (not recorded)', beside the value 'Missing'" in notes
