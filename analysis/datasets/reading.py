"""Bytes of a user's file to a table: CSV in its dialects, or Parquet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.datasets.columns import to_pandas
from analysis.datasets.csv_text import MISSING_WORDS, parse_csv
from analysis.datasets.parquet_file import MAGIC, parse_parquet
from analysis.errors import DataError

MAX_BYTES = 1 << 30
"""Largest file that is read: 1 GB."""

_MIXED_SHARE = 0.5
"""From this share of numbers on, a text column with other words is called mixed."""

_SAMPLE = 1_000
"""Words looked at first: names and other text are seen not to be numbers at once."""


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A user's table and what they must know about how it was read.

    Parameters
    ----------
    table : DataFrame [n, columns]
        Numbers, `category` for text, timestamps for dates; missing stays missing.
    notes : tuple of str
        One sentence each; empty when the file left no doubt.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]


def read_table(data: bytes | Path, name: str) -> ReadTable:
    """Read a CSV or Parquet file, told apart by its content.

    Empty cells, `?`, `NA`, `NaN`, `null` and their kin are missing. Infinities become
    missing and are counted. Text stays text, whatever it looks like.

    Parameters
    ----------
    data : bytes or Path
        The file, or where it is.
    name : str
        What the user calls it; used in messages.

    Raises
    ------
    DataError
        The file is too large, empty, damaged, or not a table.
    """
    arrow, notes, missing = _parsed(data, name)
    table = to_pandas(arrow, missing)
    more = [note for column in table for note in _mended(table, column)]
    return ReadTable(table, (*notes, *more))


def _parsed(
    data: bytes | Path, name: str
) -> tuple[pa.Table, tuple[str, ...], frozenset[str]]:
    """Return rows, notes and the words for missing; the file's bytes are let go."""
    content = _content(data, name)
    if content.startswith(MAGIC) or name.lower().endswith((".parquet", ".pq")):
        return parse_parquet(content, name), (), frozenset()
    text = parse_csv(content, name)
    return text.table, text.notes, MISSING_WORDS


def _content(data: bytes | Path, name: str) -> bytes:
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if size > MAX_BYTES:
        raise DataError(
            f"'{name}' has {size / (1 << 30):.1f} GB; at most 1 GB can be read. Keep "
            "fewer rows or columns, or upload it as Parquet."
        )
    content = data.read_bytes() if isinstance(data, Path) else data
    if not content:
        raise DataError(
            f"'{name}' is empty. Upload a table with a header and at least one row."
        )
    return content


def _mended(table: pd.DataFrame, name: str) -> Iterator[str]:
    """Mend one column in place, and say what was done to it."""
    column = table[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        yield from _mixed(table, name)
        column = table[name]
    if pd.api.types.is_float_dtype(column.dtype):
        infinite = np.isinf(column.to_numpy())
        if infinite.any():
            table[name] = column.mask(infinite)
            yield (
                f"'{name}' is infinite in {infinite.sum():,} of {len(table):,} rows; "
                "these count as missing."
            )


def _mixed(table: pd.DataFrame, name: str) -> Iterator[str]:
    """Turn text that is all numbers into numbers; report text that partly is."""
    column = table[name]
    words = pd.Series(column.cat.categories, dtype="str")
    sample = words[:: len(words) // _SAMPLE + 1]
    if pd.to_numeric(sample, errors="coerce").isna().all():
        return
    numbers = pd.to_numeric(words, errors="coerce").to_numpy(dtype=np.float64)
    is_number = ~np.isnan(numbers)
    if is_number.all():
        table[name] = np.append(numbers, np.nan)[column.cat.codes.to_numpy()]
        return
    rows = np.bincount(column.cat.codes[column.notna()], minlength=len(words))
    share = rows[is_number].sum() / rows.sum()
    if share >= _MIXED_SHARE:
        odd = words[~is_number].iloc[0]
        yield (
            f"'{name}' mixes numbers with text such as '{odd[:40]}' "
            f"({rows[~is_number].sum():,} rows), so it is read as text. Mend these "
            "cells if it should be a number."
        )
