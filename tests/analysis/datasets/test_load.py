"""From a task to rows in their roles."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import (
    Dataset,
    as_feature,
    existing_scores,
    frame_of,
    label_codes,
    load,
)
from analysis.datasets.task import ExistingScore
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import DataError, SettingError


def test_features_are_numbers_or_categories_and_keep_their_gaps():
    features = load(task_named("adult")).frame.features
    kinds = {str(t) for t in features.dtypes}
    assert kinds == {"float64", "category"}
    assert features["workclass"].isna().sum() == 2_799


def test_a_time_as_a_feature_is_days():
    days = as_feature(
        pd.Series(pd.to_datetime(["1970-01-02 00:00", "1970-01-01 12:00"]))
    )
    assert days.tolist() == [1.0, 0.5]


def test_row_ids_point_into_the_unfiltered_table():
    every, some = (load(task_named(n)) for n in ("compas", "compas:customary"))
    picked = every.table.iloc[some.frame.row_ids].reset_index(drop=True)
    pd.testing.assert_frame_equal(picked, some.table)


def test_the_digest_sees_the_score_that_came_with_the_rows():
    task = TASKS["compas"]
    other = replace(task, score=ExistingScore(("v_decile_score",), "raw", 5))
    assert load(task).digest == load(task).digest != load(other).digest


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("compas", (7_214, 1)),
        ("planted", (20_000, 2)),
        ("planted_multiclass", (20_000, 3)),
    ],
)
def test_a_raw_score_has_one_column_and_a_probability_one_per_class(name, shape):
    scores = existing_scores(load(TASKS[name]))
    values = np.asarray(scores.values)
    assert values.shape == shape
    if scores.scale == "probability":
        np.testing.assert_allclose(values.sum(axis=1), 1, atol=1e-12)


def test_a_task_without_a_score_says_so():
    with pytest.raises(
        SettingError, match=r"no score column\. Choose one .*, or train"
    ):
        existing_scores(load(task_named("adult")))


def test_a_value_that_is_no_class_is_refused():
    column = pd.Series(pd.Categorical(["yes", "perhaps"]), name="label")
    with pytest.raises(DataError, match="'perhaps', which is none of no, yes"):
        label_codes(column, ("no", "yes"))


def test_missing_columns_and_empty_filters_are_refused():
    with pytest.raises(DataError, match=r"lacks shoe_size.* Choose the roles again"):
        load(replace(TASKS["adult"], sensitive=("shoe_size",)))
    with pytest.raises(DataError, match="Choose another row filter or label"):
        load(replace(TASKS["adult"], rows="age > 200"))
    with pytest.raises(DataError, match="Upload it again on the Data page"):
        load(replace(TASKS["adult"], table="0" * 32))


def test_weights_are_the_declared_column_or_one():
    assert set(load(task_named("adult")).frame.weights) == {1.0}
    census = load(task_named("census_income"))
    np.testing.assert_array_equal(census.frame.weights, census.table.instance_weight)


def test_a_predictions_only_frame_has_rows_without_features():
    task = replace(TASKS["compas"], features=())
    dataset = load(task)
    assert isinstance(dataset, Dataset)
    assert dataset.frame.features.shape == (7_214, 0)
    frame = frame_of(task, dataset.table, np.arange(7_214))
    assert len(frame.take(np.arange(10))) == 10
