from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.composition import composition, label_share, parts_table
from analysis.frame import AuditFrame, Grouping, Splits


@pytest.fixture
def frame():
    return AuditFrame(
        features=pd.DataFrame({"x": np.zeros(6)}),
        y_true=np.array([0, 1, 1, 0, 1, 1]),
        classes=("no", "yes"),
        groups={"g": Grouping(np.array([0, 0, 1, 1, 1, 1]), ("a", "b", "nobody"))},
        weights=np.array([1, 3, 1, 1, 1, 1.0]),
    )


def test_rows_are_counted_and_shares_are_weighted(frame):
    record = composition(frame, "g")
    assert record.n.tolist() == [2, 4, 0]
    assert record.share.tolist() == [0.5, 0.5, 0]
    assert record.label_rate.value[:2].tolist() == [0.75, 0.75]
    assert np.isnan(record.label_rate.value[2])
    assert label_share(frame) == 0.75


def test_parts_of_a_split_add_up(frame):
    rows = {"train": [0, 1], "validation": [2], "calibration": [3], "test": [4, 5]}
    table = parts_table(frame, Splits(rows, "random", 0))
    assert table["rows"].tolist() == [2, 1, 1, 2]
    assert table["share of rows"].sum() == pytest.approx(1)
    assert table["positive label"].tolist() == [0.75, 1, 0, 1]
    other = parts_table(frame, Splits(rows, "random", 0), "no")
    assert other["positive label"].tolist() == [0.25, 0, 1, 0]


def test_another_class_is_counted_as_positive(frame):
    record = composition(frame, "g", "no")
    assert record.label_rate.value[:2].tolist() == [0.25, 0.25]
    assert label_share(frame, "no") == 0.25
    assert composition(frame, "g", "yes").label_rate.value[0] == 0.75


@pytest.fixture
def uneven():
    """100, 60 and 4 people, half of each group with the positive label."""
    codes = np.repeat([0, 1, 2], [100, 60, 4])
    return AuditFrame(
        features=pd.DataFrame({"x": np.zeros(164)}),
        y_true=np.arange(164) % 2,
        classes=("no", "yes"),
        groups={"g": Grouping(codes, ("a", "b", "c"))},
        weights=np.ones(164),
    )


def test_a_small_group_and_what_would_give_it_away_are_withheld(uneven):
    record = composition(uneven, "g", k=10)
    assert record.hidden.tolist() == [False, True, True]
    assert record.n[0] == 100
    assert record.label_rate.value[0] == 0.5
    rate = record.label_rate
    for numbers in (record.n, record.share, rate.value, rate.low, rate.high, rate.n):
        assert np.isnan(numbers[1:]).all()


def test_few_people_of_the_class_in_view_are_withheld(uneven):
    few = replace(uneven, y_true=np.where(np.arange(164) < 3, 1, 0))
    assert composition(few, "g", k=10).hidden[0]
    assert composition(replace(few, y_true=None), "g", k=4).hidden.sum() == 0


def test_no_threshold_withholds_nothing(uneven):
    given, usual = composition(uneven, "g", k=0), composition(uneven, "g")
    assert not given.hidden.any()
    assert given.share.tolist() == usual.share.tolist()
