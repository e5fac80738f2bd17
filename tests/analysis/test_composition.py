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
