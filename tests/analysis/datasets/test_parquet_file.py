"""Parquet from outside is checked before it is trusted."""

import datetime
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.datasets import parquet_file
from analysis.datasets.reading import read_table
from analysis.errors import DataError


def as_bytes(table: pa.Table, **options) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def test_every_flat_type_is_read():
    table = pa.table(
        {
            "int": pa.array([1, 2], pa.int8()),
            "float": pa.array([0.5, None], pa.float32()),
            "text": pa.array(["b", None]),
            "category": pa.array(["y", "x"]).dictionary_encode(),
            "bool": pa.array([True, False]),
            "date": pa.array([datetime.date(2020, 1, 2)] * 2),
            "instant": pa.array([1, None], pa.timestamp("ns", "Asia/Tokyo")),
            "decimal": pa.array([1, 2], pa.decimal128(5, 2)),
            "null": pa.nulls(2),
        }
    )
    read = read_table(as_bytes(table), "t.parquet").table
    assert list(read["category"].cat.categories) == ["x", "y"]
    assert list(read["bool"]) == ["True", "False"]
    assert read["date"][0] == pd.Timestamp("2020-01-02")
    assert read["instant"][0] == pd.Timestamp(0)
    assert read["decimal"].tolist() == [1.0, 2.0]
    assert read["null"].isna().all()
    assert read["int"].dtype == np.int8


def test_the_index_that_pandas_hides_in_metadata_is_a_column_like_others():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=["p", "q"])
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    read = read_table(buffer.getvalue(), "t.parquet").table
    assert list(read["__index_level_0__"]) == ["p", "q"]
    assert isinstance(read.index, pd.RangeIndex)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1], [2]]),
        pa.array([{"x": 1}, {"x": 2}]),
        pa.array([b"\x00", b"\x01"]),
        pa.array([datetime.timedelta(1)] * 2),
    ],
)
def test_nested_and_binary_columns_are_refused_by_name(column):
    table = pa.table({"deep": column, "b": [1, 2]})
    with pytest.raises(DataError, match=r"'deep' \(.*Drop or flatten them"):
        read_table(as_bytes(table), "t.parquet")


def test_a_file_that_only_has_the_name_is_refused():
    with pytest.raises(DataError, match="not a readable Parquet file: it is damaged"):
        read_table(b"a,b\n1,2\n", "t.parquet")
    with pytest.raises(DataError, match="or upload the table as CSV"):
        read_table(b"PAR1 and then nothing", "t.csv")


def test_text_that_is_not_utf8_is_refused():
    broken = pa.array([b"\xff\xfe", b"ok"]).view(pa.string())
    with pytest.raises(DataError, match="it is damaged"):
        read_table(as_bytes(pa.table({"a": broken, "b": [1, 2]})), "t.parquet")


def test_empty_narrow_and_doubled_tables_are_refused():
    with pytest.raises(DataError, match="a header but no rows"):
        read_table(as_bytes(pa.table({"a": [], "b": []})), "t.parquet")
    with pytest.raises(DataError, match="has 1 column"):
        read_table(as_bytes(pa.table({"a": [1]})), "t.parquet")
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(DataError, match="several columns named 'a'"):
        read_table(as_bytes(twice), "t.parquet")


def test_a_small_file_that_unpacks_to_much_is_refused_before_reading(monkeypatch):
    bomb = as_bytes(pa.table({"a": np.zeros(2_000_000), "b": np.zeros(2_000_000)}))
    assert len(bomb) < 50_000
    monkeypatch.setattr(parquet_file, "MAX_UNPACKED", 1_000)
    monkeypatch.setattr(
        parquet_file, "_read", lambda *_: pytest.fail("the file was read")
    )
    with pytest.raises(DataError, match=r"unpacks to .* Keep fewer rows or columns"):
        read_table(bomb, "t.parquet")


def test_one_long_text_repeated_stays_one_text_in_memory():
    """As plain text this is 1 GB; as a dictionary it is 10 KB."""
    text = pa.array(["x" * 10_000]).take(pa.array(np.zeros(100_000, np.int32)))
    data = as_bytes(pa.table({"a": text.dictionary_encode(), "b": np.zeros(100_000)}))
    read = read_table(data, "t.parquet").table
    assert read["a"].memory_usage(index=False) < 1_000_000
