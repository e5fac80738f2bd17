"""Columns in canonical form: from Arrow, with a content digest and a summary."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.arrays import digest_of

RARE_ROWS = 30
"""A category with fewer rows is called rare: its rates have wide intervals."""


def to_pandas(table: pa.Table, missing: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Return a table whose text is `category`, dates are timestamps, numbers numbers.

    Categories are sorted, so that equal content gives equal tables whatever wrote
    them. An all-missing column becomes float. Metadata of the writer is ignored.

    Parameters
    ----------
    table : pyarrow.Table
    missing : set of str
        Words that stand for a missing value. When given, text loses the spaces around
        it first.
    """
    columns = {
        name: _series(column, missing)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _series(column: pa.ChunkedArray, missing: frozenset[str]) -> pd.Series:
    kind = column.type
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pd.Series(column.cast(pa.timestamp("us"), safe=False).to_pandas())
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return pd.Series(column.cast(pa.float64()).to_pandas())
    if pa.types.is_boolean(kind):
        column = pc.if_else(column, "True", "False")
    if pa.types.is_dictionary(column.type) or is_text(column.type):
        return pd.Series(_categorical(column, missing))
    return pd.Series(column.to_pandas())


def is_text(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds plain text."""
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _categorical(column: pa.ChunkedArray, missing: frozenset[str]) -> pd.Categorical:
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.large_string()).dictionary_encode()
    array = _one_array(column.unify_dictionaries())
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    words = array.dictionary.cast(pa.large_string())
    if missing:
        words = pc.utf8_trim_whitespace(words)
        words = pc.if_else(pc.is_in(words, pa.array(missing, words.type)), None, words)
    used = np.zeros(len(words), dtype=bool)
    used[codes[codes >= 0]] = True
    words = pc.if_else(pa.array(used), words, None).dictionary_encode()
    order = pc.sort_indices(words.dictionary).to_numpy()  # [g], in code point order
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    lookup = rank[words.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    codes = np.append(lookup, -1)[codes]  # the code -1 points at the last entry
    categories = pd.Index(words.dictionary.take(order).to_pandas(), dtype="str")
    return pd.Categorical.from_codes(codes, categories=categories)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 0:
        return pa.array([], column.type)
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def sorted_categorical(words: list[str | None], codes: np.ndarray) -> pd.Categorical:
    """Return a categorical with sorted, unique categories that all occur.

    Parameters
    ----------
    words : list of str or None
        What each code stands for; words may repeat, None is missing.
    codes : int[n]
        Position in `words`, -1 for missing.
    """
    used = np.zeros(len(words), dtype=bool)
    used[codes[codes >= 0]] = True
    categories = sorted(
        {w for w, u in zip(words, used, strict=True) if u and w is not None}
    )
    position = {word: i for i, word in enumerate(categories)}
    lookup = [position.get(w, -1) if w is not None else -1 for w in words]
    lookup.append(-1)  # the code -1 points at the last entry
    return pd.Categorical.from_codes(
        np.asarray(lookup, dtype=np.int64)[codes], categories=categories
    )


def column_digests(table: pd.DataFrame) -> dict[str, str]:
    """Return a digest of each column's name, dtype and values, missing ones included.

    It depends neither on the file format nor on the order of a column's categories.
    """
    return {
        str(name): digest_of(_content(str(name), table[name])) for name in table.columns
    }


def content_digest(table: pd.DataFrame) -> str:
    """Return one digest of a table's columns in their order."""
    return digest_of(d.encode() for d in column_digests(table).values())


def _content(name: str, column: pd.Series) -> Iterator[bytes]:
    yield name.encode("utf-8", "surrogatepass")
    yield str(column.dtype).encode()
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = [str(w) for w in column.cat.categories]
        canonical = sorted_categorical(list(words), column.cat.codes.to_numpy())
        yield from (
            str(w).encode("utf-8", "surrogatepass") for w in canonical.categories
        )
        yield canonical.codes.astype("<i4").tobytes()
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        yield column.astype("datetime64[us]").to_numpy().astype("<i8").tobytes()
    elif pd.api.types.is_float_dtype(column.dtype):
        values = column.to_numpy(dtype="<f8")
        yield np.where(
            np.isnan(values), np.nan, values + 0.0
        ).tobytes()  # one NaN, one 0
    else:
        yield column.to_numpy(dtype="<i8").tobytes()


@dataclass(frozen=True)
class ColumnSummary:
    """What one column holds.

    Parameters
    ----------
    name : str
    kind : 'category', 'number' or 'time'
    n : int
        Rows.
    missing, distinct : int
        Rows without a value, and different values among the others.
    rare : tuple of (str, int)
        Categories with fewer than `RARE_ROWS` rows and their counts, rarest first; at
        most 20 of them.
    n_rare : int
        How many categories are rare.
    low, high : float
        Smallest and largest number; NaN for a category.
    """

    name: str
    kind: str
    n: int
    missing: int
    distinct: int
    rare: tuple[tuple[str, int], ...] = ()
    n_rare: int = 0
    low: float = float("nan")
    high: float = float("nan")


def kind_of(column: pd.Series) -> str:
    """Return 'category', 'number' or 'time'."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "time"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "category"


def summarise(table: pd.DataFrame) -> tuple[ColumnSummary, ...]:
    """Return one summary per column, in the table's order."""
    return tuple(_summary(str(name), table[name]) for name in table.columns)


def _summary(name: str, column: pd.Series) -> ColumnSummary:
    kind, missing = kind_of(column), int(column.isna().sum())
    distinct = int(column.nunique())
    if kind == "number" and missing < len(column):
        low, high = float(column.min()), float(column.max())
        return ColumnSummary(
            name, kind, len(column), missing, distinct, low=low, high=high
        )
    if kind != "category":
        return ColumnSummary(name, kind, len(column), missing, distinct)
    counts = column.value_counts(ascending=True)
    rare = counts[(counts > 0) & (counts < RARE_ROWS)]
    shown = tuple((str(word), int(count)) for word, count in rare.head(20).items())
    return ColumnSummary(name, kind, len(column), missing, distinct, shown, len(rare))
