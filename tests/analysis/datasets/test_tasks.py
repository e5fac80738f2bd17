"""The embedded tasks: known sizes, known base rates, nothing that names a person."""

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.datasets.task import task_from_json, task_to_json
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import SettingError

ROWS = {
    "adult": 48_842,
    "compas": 7_214,
    "german": 1_000,
    "credit_default": 30_000,
    "law_school": 21_791,
    "census_income": 299_285,
    "planted": 20_000,
    "planted_multiclass": 20_000,
}

POSITIVE_ROWS = {
    "adult": 11_687,
    "compas": 3_251,
    "german": 300,
    "credit_default": 6_636,
    "law_school": 19_360,
    "census_income": 18_568,
}


@pytest.mark.parametrize("name", TASKS)
def test_each_task_has_its_rows_and_all_its_columns(name):
    dataset = load(TASKS[name])
    assert len(dataset.frame) == ROWS[name]
    assert TASKS[name].name == name
    assert list(dataset.frame.features.columns) == list(TASKS[name].features)
    assert dataset.notes == ()
    if name in POSITIVE_ROWS:
        assert (dataset.frame.y_true == 1).sum() == POSITIVE_ROWS[name]


@pytest.mark.parametrize("name", TASKS)
def test_each_task_survives_json(name):
    assert task_from_json(task_to_json(TASKS[name])) == TASKS[name]


def test_adult_keeps_its_files_apart_and_its_missing_values_missing():
    table = load(task_named("adult")).table
    sizes = table.official_split.value_counts()
    assert (sizes["train"], sizes["test"]) == (32_561, 16_281)
    train = table[table.official_split == "train"]
    assert (train.income == ">50K").mean() == pytest.approx(0.2408, abs=5e-5)
    missing = table.isna().sum()
    assert missing[missing > 0].to_dict() == {
        "workclass": 2_799,
        "occupation": 2_809,
        "native_country": 857,
    }


def test_adult_education_num_is_a_recoding_that_is_not_a_feature():
    table = load(task_named("adult")).table
    assert table.groupby("education", observed=True).education_num.nunique().max() == 1
    assert not {"education_num", "fnlwgt"} & set(TASKS["adult"].features)


def test_age_groups_take_an_edge_into_the_upper_group():
    dataset = load(task_named("adult"))
    age = dataset.frame.groups["age"]
    assert age.names == ("under 25", "25-39", "40-59", "60 and over")
    of_25 = dataset.table.age.to_numpy() == 25
    assert set(age.codes[of_25]) == {1}


def test_compas_customary_filter_gives_the_published_6172_rows():
    dataset = load(task_named("compas:customary"))
    assert dataset.task.name == "compas:customary"
    assert len(dataset.frame) == 6_172
    assert dataset.frame.y_true.mean() == pytest.approx(0.4551, abs=5e-5)
    assert dataset.frame.row_ids.max() > 6_172  # positions in the full table


def test_compas_holds_nothing_that_names_a_person():
    table = load(task_named("compas")).table
    words = ("name", "first", "last", "dob", "case", "date", "jail", "custody", "desc")
    assert not [c for c in table for w in words if w in c.split("_")]
    assert "id" not in table
    kept = [c for c in table if c != "two_year_recid"]
    assert table[kept[:3]].equals(table[kept[:3]].sort_values(kept[:3]))  # not by case


def test_compas_score_is_raw_and_no_score_is_a_feature():
    task = task_named("compas")
    assert (task.score.scale, task.score.threshold) == ("raw", 5)
    leaks = {"decile_score", "v_decile_score", "score_text", "v_score_text", "is_recid"}
    assert not leaks & set(task.features)


def test_census_columns_of_one_year_are_exactly_the_declared_eight():
    """A column is recorded in part when one year has one value, or none, throughout."""
    task = task_named("census_income")
    table = load(task).table
    candidates = [c for c in table if c not in (task.time, task.official_split)]
    found = {}
    for column in candidates:
        values = table.groupby("year")[column].nunique()
        if values.min() <= 1:
            found[column] = tuple(str(y) for y in values.index[values > 1])
    assert found == dict(task.recorded_in)
    assert len(found) == 8
    dataset = load(task)
    assert not set(dataset.features_for("time")) & set(found)
    assert set(dataset.features_for("random")) > set(found)


def test_census_has_weights_two_years_and_the_published_files():
    dataset = load(task_named("census_income"))
    assert dataset.frame.domain.names == ("94", "95")
    assert np.bincount(dataset.frame.domain.codes).tolist() == [149_643, 149_642]
    sizes = dataset.table.official_split.value_counts()
    assert (sizes["train"], sizes["test"]) == (199_523, 99_762)
    assert dataset.frame.weights.min() > 0
    train = (dataset.table.official_split == "train").to_numpy()
    assert dataset.frame.y_true[train].sum() == 12_382


def test_an_unknown_task_or_filter_is_refused_with_what_there_is():
    with pytest.raises(SettingError, match="Choose one of these, or give a CSV"):
        task_named("boston")
    with pytest.raises(SettingError, match="it has customary"):
        task_named("compas:strict")
