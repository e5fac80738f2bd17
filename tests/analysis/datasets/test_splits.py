"""Splits are disjoint, complete, stratified, seeded, and refuse what cannot serve."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import Dataset, frame_of, load
from analysis.datasets.splits import methods_for, random_like, split
from analysis.datasets.task import Task
from analysis.datasets.tasks import task_named
from analysis.errors import DataError, SettingError


def dataset_of(table: pd.DataFrame, **roles) -> Dataset:
    task = Task("t", "t", "t", "y", ("0", "1"), ("x",), (), **roles)
    return Dataset(task, table, frame_of(task, table, np.arange(len(table))))


@pytest.fixture
def table(rng):
    n = 1_000
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "y": rng.integers(0, 2, n),
            "when": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 100, n), unit="D"),
            "site": pd.Categorical(rng.choice(["a", "b", "c"], n)),
        }
    )


@pytest.mark.parametrize("name", ["adult", "compas", "german", "planted_multiclass"])
def test_random_splits_are_disjoint_complete_and_stratified(name):
    dataset = load(task_named(name))
    splits = split(dataset, "random", seed=3)
    rows = np.concatenate(list(splits.rows.values()))
    assert sorted(rows) == list(range(len(dataset.frame)))
    n = len(rows)
    shares = {name: len(r) / n for name, r in splits.rows.items()}
    expected = {"train": 0.56, "validation": 0.12, "calibration": 0.12, "test": 0.2}
    assert shares == pytest.approx(expected, abs=1.5 / n)
    for part, taken in splits.rows.items():
        per_class = np.bincount(dataset.frame.y_true[taken])
        fair = np.bincount(dataset.frame.y_true) * expected[part]
        assert np.abs(per_class - fair).max() < 3  # one row per draw


def test_each_large_cell_is_divided_to_within_a_row_per_draw():
    dataset = load(task_named("compas"))
    splits = split(dataset, "random")
    cell = dataset.frame.y_true.copy()
    for grouping in dataset.frame.groups.values():
        cell = cell * len(grouping.names) + grouping.codes
    sizes = np.bincount(cell)
    in_test = np.bincount(cell[splits.rows["test"]], minlength=len(sizes))
    large = sizes >= 20
    assert np.abs(in_test - 0.2 * sizes)[large].max() <= 1 + 1e-9
    assert "coarser strata" in splits.note


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    dataset = load(task_named("german"))
    first, again, other = (split(dataset, "random", seed=s) for s in (1, 1, 2))
    assert first.digest == again.digest != other.digest


def test_the_official_split_is_the_published_test_file():
    dataset = load(task_named("adult"))
    splits = split(dataset)
    assert len(splits.rows["test"]) == 16_281
    assert set(dataset.table.official_split.iloc[splits.rows["test"]]) == {"test"}
    assert "published" in splits.note


def test_the_latest_times_are_test(table):
    dataset = dataset_of(table, time="when")
    splits = split(dataset, "time")
    test = table.when.iloc[splits.rows["test"]]
    train = table.when.iloc[splits.rows["train"]]
    assert train.max() < test.min()
    assert len(test) / len(table) == pytest.approx(0.2, abs=0.02)


def test_with_two_times_the_last_one_is_test():
    dataset = load(task_named("census_income"))
    splits = split(dataset, "time")
    assert set(dataset.table.year.iloc[splits.rows["test"]]) == {95}
    assert "Rows of 95 (50%) are test" in splits.note


def test_the_held_out_domain_is_test(table):
    dataset = dataset_of(table, domain="site")
    splits = split(dataset, "domain", held_out="b")
    assert set(table.site.iloc[splits.rows["test"]]) == {"b"}
    assert "b" not in set(table.site.iloc[splits.rows["train"]])
    with pytest.raises(SettingError, match=r"there is a, b, c. Choose the one to hold"):
        split(dataset, "domain", held_out="z")


def test_the_random_twin_has_the_same_sizes(table):
    dataset = dataset_of(table, time="when")
    by_time = split(dataset, "time")
    twin = random_like(dataset, by_time, seed=5)
    assert {k: len(v) for k, v in twin.rows.items()} == {
        k: len(v) for k, v in by_time.rows.items()
    }
    assert twin.method == "random"
    assert twin.digest != by_time.digest


def test_periodic_tables_do_not_fool_the_systematic_draw():
    """Every fifth row is special; a draw of every fifth row must not follow it."""
    n = 5_000
    table = pd.DataFrame({"x": np.arange(n) % 5.0, "y": np.tile([0, 1], n // 2)})
    splits = split(dataset_of(table), "random")
    share = (table.x.iloc[splits.rows["test"]] == 0).mean()
    assert share == pytest.approx(0.2, abs=0.05)


def test_methods_follow_from_the_declared_columns(table):
    assert methods_for(task_named("adult")) == ("official", "random")
    assert methods_for(task_named("census_income")) == ("official", "random", "time")
    assert methods_for(dataset_of(table, domain="site").task) == ("random", "domain")


@pytest.mark.parametrize(
    ("name", "method", "advice"),
    [
        ("compas", "official", "Choose random"),
        ("adult", "time", "Choose official or random"),
        ("adult", "loo", "use one of official, random, time, domain"),
    ],
)
def test_a_method_without_its_column_is_refused_with_advice(name, method, advice):
    with pytest.raises(SettingError, match=advice):
        split(load(task_named(name)), method)


def test_a_split_with_one_class_or_no_row_is_refused(table):
    recent = table.assign(y=(table.when < "2020-03-01").astype(int))
    with pytest.raises(DataError, match="one class only, '0'; two are needed"):
        split(dataset_of(recent, time="when"), "time")
    with pytest.raises(DataError, match=r"would be empty. Use a table with more rows"):
        split(dataset_of(table.head(2)), "random")
    still = table.assign(when=pd.Timestamp("2020-01-01"))
    with pytest.raises(DataError, match="Choose another time column"):
        split(dataset_of(still, time="when"), "time")


def test_rows_without_labels_cannot_be_split(table):
    dataset = dataset_of(table)
    unlabelled = replace(dataset, frame=replace(dataset.frame, y_true=None))
    with pytest.raises(DataError, match="Choose a label"):
        split(unlabelled, "random")
