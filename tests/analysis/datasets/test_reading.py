"""Any file gives a table or a plain refusal; dialects, damage, and random bytes."""

import contextlib
import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.datasets import csv_text, reading
from analysis.datasets.reading import read_table
from analysis.errors import DataError

PLAIN = "name,age,score\nAnn,31,0.5\nBo,,0.25\nCé,40,1e-3\n"


def columns_of(text: str | bytes, name: str = "t.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return read_table(data, name)


def test_a_plain_file_is_read_without_a_note():
    read = columns_of(PLAIN)
    assert read.notes == ()
    assert list(read.table["name"]) == ["Ann", "Bo", "Cé"]
    assert isinstance(read.table["name"].dtype, pd.CategoricalDtype)
    assert math.isnan(read.table["age"][1])
    assert read.table["score"].tolist() == [0.5, 0.25, 0.001]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_told_apart(separator, end):
    text = PLAIN.replace(",", separator).replace("\n", end)
    pd.testing.assert_frame_equal(columns_of(text).table, columns_of(PLAIN).table)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "read as UTF-16"),
        ("utf-16-le", "read as UTF-16"),
        ("utf-16-be", "read as UTF-16"),
        ("cp1252", "read as Windows-1252"),
    ],
)
def test_encodings_give_the_same_table(encoding, note):
    read = columns_of(PLAIN.encode(encoding))
    pd.testing.assert_frame_equal(read.table, columns_of(PLAIN).table)
    assert bool(note) == bool(read.notes)
    assert all(note in n for n in read.notes)


def test_bytes_without_a_windows_letter_are_read_as_latin_1():
    read = columns_of(b"a,b\n\x81\xe9,1\nx,2\n")
    assert "Latin-1" in read.notes[0]
    assert read.table["a"].cat.categories[-1] == "\x81é"


def test_a_decimal_comma_is_seen_among_semicolons():
    read = columns_of("a;b\n1,5;x\n2,25;y\n")
    assert read.table["a"].tolist() == [1.5, 2.25]
    assert any("decimal comma" in note for note in read.notes)


def test_quoted_values_keep_separators_quotes_and_line_ends():
    read = columns_of('a,b\n1,"x, ""y""\nz"\n2,w\n')
    assert list(read.table["b"]) == ['x, "y"\nz', "w"]


def test_spaces_around_values_and_question_marks_are_not_content():
    read = columns_of("sex, age\n Male, 39\n ?, ?\nMale , 41\n")
    assert list(read.table.columns) == ["sex", "age"]
    assert read.table["sex"].cat.categories.tolist() == ["Male"]
    assert read.table["sex"].isna().sum() == 1
    assert read.table["age"].tolist()[::2] == [39, 41]


def test_mixed_types_become_text_and_are_counted():
    rows = "".join(f"{i},{i}\n" for i in range(99))
    read = columns_of("a,b\n" + rows + "x,1\n")
    assert isinstance(read.table["a"].dtype, pd.CategoricalDtype)
    assert "mixes numbers with text such as 'x' (1 rows)" in read.notes[0]


def test_infinities_become_missing_and_are_counted():
    read = columns_of("a,b\n1.5,1\ninf,2\n-inf,3\n")
    assert read.table["a"].isna().tolist() == [False, True, True]
    assert "'a' is infinite in 2 of 3 rows; these count as missing" in read.notes[0]


def test_odd_names_are_only_names():
    head = ["__index__", "<script>alert(1)</script>", "=1+1", "__index_level_0__"]
    read = columns_of(",".join(head) + "\n1,2,3,4\n5,6,7,8\n")
    assert list(read.table.columns) == head
    assert read.table["__index__"].tolist() == [1, 5]


def test_formula_like_text_stays_text():
    read = columns_of("a,b\n=cmd|' /C calc'!A0,1\n@x,2\n")
    assert set(read.table["a"]) == {"=cmd|' /C calc'!A0", "@x"}


def test_dates_are_times():
    read = columns_of("a,b\n2020-01-02,1\n2019-12-31,2\n")
    assert read.table["a"].tolist()[0] == pd.Timestamp("2020-01-02")


def test_columns_without_a_name_are_called_by_their_place():
    read = columns_of(",b\n0,x\n1,y\n")
    assert list(read.table.columns) == ["column 1", "b"]
    assert "called by their place" in read.notes[0]


def test_a_missing_header_is_suspected():
    read = columns_of("39,77516,13\n50,83311,14\n")
    assert "looks like data. Add a header" in read.notes[0]


def test_two_thousand_columns_are_read_and_more_refused():
    def wide(d):
        return ",".join(f"c{i}" for i in range(d)) + "\n" + ",".join(["1"] * d) + "\n"

    assert columns_of(wide(2_000)).table.shape == (1, 2_000)
    with pytest.raises(DataError, match=r"2,001 columns.*Keep the columns that matter"):
        columns_of(wide(2_001))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty. Upload a table with a header"),
        (b"\n \n", "is empty. Upload a table with a header"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"a,b\n", "a header but no rows. Upload a table with at least one row"),
        (b"a,b", "a header but no rows"),
        (b"a\n1\n2\n", "has one column, 'a'; .* Separate columns by commas"),
        (b"a,b,a\n1,2,3\n", "several columns named 'a'; .* Rename them"),
        (b"a,b\n1,2,3\n", "Row 1 of 't.csv' has 3 values, but the header names 2"),
        (b"a,b\n1,2\n3\n4,5\n", "Row 2 .* has 1 values.* mend the row"),
        (b'a,b\n1,"x\n2,y\n3,z\n', "never closed.* Close the quote"),
        (b'a,b\n1,"x', "never closed"),
        (b'a,"b\n1,2\n', "(never closed|no rows|one column)"),
        (b"a,b\n1,\x002\n", "zero bytes, so it is not a text table"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "zero bytes"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00", "cannot be read as such. Save it"),
    ],
)
def test_what_is_no_table_is_refused_plainly(data, message):
    with pytest.raises(DataError, match=f"(?s){message}"):
        columns_of(data)


def test_a_file_over_the_limit_is_refused_unread(monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    path = tmp_path / "big.csv"
    path.write_text(PLAIN)
    with pytest.raises(DataError, match=r"at most 1 GB can be read. Keep fewer rows"):
        read_table(path, "big.csv")


def test_a_table_with_too_many_cells_is_refused(monkeypatch):
    monkeypatch.setattr(csv_text, "MAX_CELLS", 5)
    with pytest.raises(DataError, match=r"at most 5 cells.* Keep fewer columns"):
        columns_of(PLAIN)


def test_a_path_and_its_bytes_give_the_same_table(tmp_path):
    path = tmp_path / "with space.csv"
    path.write_text(PLAIN, encoding="utf-8")
    pd.testing.assert_frame_equal(
        read_table(path, "t.csv").table, columns_of(PLAIN).table
    )


def test_types_that_change_late_in_a_long_file_cost_no_row(rng):
    n = 200_000
    late = pd.DataFrame({"a": np.arange(n).astype(str), "b": rng.random(n).round(6)})
    late.loc[n - 1, "a"] = "last"
    read = columns_of(late.to_csv(index=False))
    assert len(read.table) == n
    assert read.table["a"].iloc[-1] == "last"
    np.testing.assert_array_equal(read.table["b"], late["b"])


names_or_values = st.text(
    alphabet=st.sampled_from("ab1.-,;\t|\"\n\r '?é€\x00<=&"), max_size=8
)


@given(st.lists(st.lists(names_or_values, min_size=1, max_size=4), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_broken_text_gives_a_table_or_a_data_error(rows):
    data = "\n".join(",".join(row) for row in rows).encode()
    _read_or_refuse(data, "fuzz.csv")


@given(st.binary(max_size=300), st.sampled_from(["f.csv", "f.parquet"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_table_or_a_data_error(data, name):
    _read_or_refuse(data, name)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_parquet_file_with_damaged_bytes_gives_a_table_or_a_data_error(data):
    whole = bytearray(_parquet())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(4, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    _read_or_refuse(bytes(whole[: cut or len(whole)]), "fuzz.parquet")


def _parquet() -> bytes:
    buffer = io.BytesIO()
    table = pd.DataFrame({"a": ["x", "y", None] * 4, "b": np.arange(12) / 7})
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _read_or_refuse(data: bytes, name: str) -> None:
    with contextlib.suppress(DataError):
        table = read_table(data, name).table
        assert len(table) >= 1
        assert table.columns.is_unique
