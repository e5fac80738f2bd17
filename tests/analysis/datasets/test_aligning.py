"""A second table brought under the columns of a task, or what is in the way."""

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.aligning import (
    NOT_THERE,
    aligned,
    alignment,
    target_task,
)
from analysis.datasets.load import frame_of
from analysis.datasets.task import ExistingScore, Task
from analysis.errors import DataError

TASK = Task(
    name="own",
    title="own",
    table="0" * 32,
    label="hired",
    classes=("no", "yes"),
    features=("age", "job", "start"),
    sensitive=("town", "age"),
    cut_points={"age": (30.0, 50.0)},
    weight="w",
    score=ExistingScore(("p",)),
)


def own(n=6):
    return pd.DataFrame(
        {
            "age": np.linspace(20, 60, n).round(),
            "job": pd.Categorical(["a", "b"] * (n // 2)),
            "start": pd.date_range("2020-01-01", periods=n),
            "town": pd.Categorical(["x", "y"] * (n // 2)),
            "w": np.ones(n),
            "p": np.linspace(0.1, 0.9, n),
            "hired": pd.Categorical(["no", "yes"] * (n // 2)),
        }
    )


def test_the_same_columns_agree_and_nothing_is_asked():
    found = alignment(TASK, own(), own(4))
    assert found.is_exact
    assert found.has_label
    assert found.missing == ()
    assert found.extra == ()


def test_what_is_called_otherwise_is_suggested_and_the_rest_is_listed():
    other = own(4).rename(columns={"age": "Age_", "town": "city"}).assign(note="z")
    found = alignment(TASK, own(), other)
    assert found.missing == ("age", "town")
    assert found.suggested == {"age": "Age_"}  # nothing resembles town
    assert set(found.extra) == {"Age_", "city", "note"}
    assert not found.is_exact


def test_a_column_that_nobody_has_spoken_for_is_refused():
    other = own(4).drop(columns="job")
    with pytest.raises(DataError, match="no column job"):
        aligned(TASK, own(), other, {})


def test_renamed_columns_take_their_place():
    other = own(4).rename(columns={"age": "years"})
    found = aligned(TASK, own(), other, {"age": "years"})
    np.testing.assert_allclose(found["age"], own(4)["age"])


def test_one_column_cannot_serve_twice():
    other = own(4).rename(columns={"age": "years"}).drop(columns="w")
    with pytest.raises(DataError, match="serve for two"):
        aligned(TASK, own(), other, {"age": "years", "w": "years"})


def test_numbers_written_as_text_are_read_and_words_are_refused():
    other = own(4)
    other["age"] = pd.Categorical(["20", "33.5", "46", "60"])
    assert alignment(TASK, own(), other).retyped == {"age": ("number", "category")}
    found = aligned(TASK, own(), other, {})
    np.testing.assert_allclose(found["age"], [20, 33.5, 46, 60])
    other["age"] = pd.Categorical(["20", "old", "46", "60"])
    with pytest.raises(DataError, match="'old'"):
        aligned(TASK, own(), other, {})


def test_numbers_become_categories_under_the_names_that_groups_have():
    other = own(4)
    other["town"] = [1.0, 2.0, 1.0, np.nan]
    found = aligned(TASK, own(), other, {})
    assert list(found["town"].astype(object)[:3]) == ["1", "2", "1"]
    assert found["town"].isna()[3]


def test_a_feature_may_be_absent_and_is_then_missing_for_everyone():
    other = own(4).drop(columns=["age", "job", "start"])
    task = TASK.__class__(**{**vars(TASK), "sensitive": ("town",), "cut_points": {}})
    found = aligned(
        task, own(), other, dict.fromkeys(["age", "job", "start"], NOT_THERE)
    )
    assert found[["age", "job", "start"]].isna().all(axis=None)
    assert found["age"].dtype == np.float64


def test_groups_and_scores_cannot_be_absent():
    other = own(4).drop(columns="p")
    with pytest.raises(DataError, match="cannot be left out"):
        aligned(TASK, own(), other, {"p": NOT_THERE})


def test_labels_of_other_words_are_refused():
    other = own(4)
    other["hired"] = pd.Categorical(["no", "maybe", "no", "yes"])
    with pytest.raises(DataError, match="'maybe'"):
        aligned(TASK, own(), other, {})


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_table_without_labels_makes_an_unlabelled_target(is_empty):
    other = own(4)
    if is_empty:
        other["hired"] = np.full(4, np.nan)
    else:
        other = other.drop(columns="hired")
    assert not alignment(TASK, own(), other).has_label
    table = aligned(TASK, own(), other, {})
    task = target_task(TASK, own(), table, "new")
    assert task.is_unlabelled
    frame = frame_of(task, table, np.arange(4))
    assert frame.y_true is None
    assert frame.groups["age"].names == ("under 30", "30-49", "50 and over")


def test_a_weight_that_is_not_there_counts_every_row_once():
    other = own(4).drop(columns="w")
    table = aligned(TASK, own(), other, {"w": NOT_THERE})
    task = target_task(TASK, own(), table, "new")
    assert task.weight is None
    assert frame_of(task, table, np.arange(4)).weights.tolist() == [1, 1, 1, 1]
