"""A file with the command line's columns becomes a scored table."""

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.declared import ScoredColumns, scored_file
from analysis.errors import DataError


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "g": ["a", "b"] * 50,
            "y": [0, 1, 1, 0] * 25,
            "p": np.linspace(0.1, 0.9, 100),
        }
    )


def declared(table, folder, **columns):
    path = folder / "mine.parquet"
    table.to_parquet(path)
    given = {"label": "y", "scores": ("p",), "groups": ("g",)} | columns
    return scored_file(str(path), ScoredColumns(**given))


def test_rows_without_a_label_are_left_out_and_counted(table, tmp_path):
    table["y"] = table["y"].where(np.arange(100) > 6)
    data = declared(table, tmp_path)
    assert len(data.frame) == 93
    assert data.notes == (
        "7 rows have no value in the label 'y' and are left out; 93 remain.",
    )


def test_what_was_mended_while_reading_is_told(table, tmp_path):
    table["other"] = np.inf
    assert "infinite in 100 of 100 rows" in declared(table, tmp_path).notes[0]


def test_a_group_that_is_named_twice_counts_once(table, tmp_path):
    data = declared(table, tmp_path, groups=("g", "g"))
    assert list(data.frame.groups) == ["g"]


@pytest.mark.parametrize("empty", [np.full(100, np.nan), [None] * 100])
def test_an_attribute_without_any_value_is_refused(table, tmp_path, empty):
    with pytest.raises(DataError, match="puts all rows in one group"):
        declared(table.assign(g=empty), tmp_path)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_large_whole_numbers_are_groups_by_value(table, tmp_path, dtype):
    table["g"] = (2**60 + np.arange(100) % 20).astype(dtype)
    data = declared(table, tmp_path)
    assert len(data.frame.groups["g"].names) == 20
