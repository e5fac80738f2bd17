"""Delimited text to an Arrow table: encoding, separator, header, rows."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv

from analysis.datasets.encodings import as_utf8
from analysis.errors import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
MISSING_WORDS = frozenset(
    ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "NULL", "null", "#N/A", "<NA>")
)
MAX_COLUMNS = 2_000
MAX_CELLS = 500_000_000
_BLOCK = 8 << 20
_SAMPLE = 1 << 18


@dataclass(frozen=True)
class CsvText:
    """A parsed text file: the table, and what a reader must know about the reading."""

    table: pa.Table
    notes: tuple[str, ...]


def parse_csv(data: bytes, name: str) -> CsvText:
    """Read delimited text.

    Raises
    ------
    DataError
        It is empty, binary, has no row, one column, doubled names, or broken rows.
    """
    text, notes = as_utf8(data, name)
    sample = text[:_SAMPLE].decode(errors="replace")
    if not sample.strip():
        raise DataError(
            f"'{name}' is empty. Upload a table with a header and at least one row."
        )
    separator = separator_of(sample)
    if not text.endswith((b"\n", b"\r")):
        text += b"\n"  # the parser takes a lone line without an end for no line
    columns, more = column_names(sample, separator, name)
    decimal = _decimal_mark(sample, separator)
    if separator != ",":
        notes.append(f"Values are separated by {SEPARATORS[separator]}.")
    if decimal == ",":
        notes.append("Numbers are written with a decimal comma.")
    table = _rows(text, separator, decimal, columns, name)
    return CsvText(table, (*notes, *more))


def separator_of(sample: str) -> str:
    """Return the separator that cuts the first lines into equal parts most often.

    Among separators that agree equally, the one that gives more columns wins.
    """

    def agreement(separator: str) -> tuple[float, int]:
        lines = _sample_rows(sample, separator)
        widths = Counter(len(line) for line in lines if line)
        if not widths or len(lines[0]) < 2:
            return 0.0, 0
        return widths[len(lines[0])] / widths.total(), len(lines[0])

    return max(SEPARATORS, key=agreement)


def _sample_rows(sample: str, separator: str, most: int = 50) -> list[list[str]]:
    """Return the first rows of a sample, without a last one that may be cut off."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > most:
                break
    except csv.Error:  # an open quote swallowed the sample; the parser will say so
        pass
    return rows[:-1] if len(rows) > 1 and len(sample) >= _SAMPLE else rows


def column_names(sample: str, separator: str, name: str) -> tuple[list[str], list[str]]:
    """Return the names in the first row, and notes about it.

    Raises
    ------
    DataError
        One column, more than `MAX_COLUMNS`, or two columns of the same name.
    """
    rows = _sample_rows(sample, separator)
    names = [word.strip() for word in rows[0]] if rows else [""]
    if len(names) == 1:
        raise DataError(
            f"'{name}' has one column, '{names[0][:60]}'; a label and at least one "
            "more column are needed. Separate columns by commas, semicolons, tabs or |."
        )
    notes = []
    unnamed = [i for i, word in enumerate(names) if not word]
    for i in unnamed:
        names[i] = f"column {i + 1}"
    if unnamed:
        notes.append(
            f"{len(unnamed)} columns have no name and are called by their place, such "
            f"as '{names[unnamed[0]]}'."
        )
    if sum(_is_number(word) for word in names) * 2 >= len(names):
        notes.append(
            f"The first row, '{', '.join(names)[:60]}', was read as column names but "
            "looks like data. Add a header if it is."
        )
    check_names(names, name)
    return names, notes


def check_names(names: list[str], file: str) -> None:
    """Refuse too many columns and doubled names."""
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"'{file}' has {len(names):,} columns; at most {MAX_COLUMNS:,} can be "
            "audited. Keep the columns that matter and upload it again."
        )
    doubled = [word for word, count in Counter(names).items() if count > 1]
    if doubled:
        shown = ", ".join(f"'{word[:60]}'" for word in doubled[:5])
        more = f" and {len(doubled) - 5:,} more" if len(doubled) > 5 else ""
        raise DataError(
            f"'{file}' has several columns named {shown}{more}; each name must be "
            "different. Rename them and upload it again."
        )


def check_cells(n_rows: int, n_columns: int, file: str) -> None:
    """Refuse a table without rows, or with more cells than fit in memory."""
    if n_rows == 0:
        raise DataError(
            f"'{file}' has a header but no rows. Upload a table with at least one row."
        )
    if n_rows * n_columns > MAX_CELLS:
        raise DataError(
            f"'{file}' has {n_rows:,} rows and {n_columns:,} columns; at most "
            f"{MAX_CELLS:,} cells can be read. Keep fewer columns and upload it again."
        )


def _is_number(word: str) -> bool:
    return re.fullmatch(r"[-+]?\d+([.,]\d*)?", word) is not None


def _decimal_mark(sample: str, separator: str) -> str:
    """Return ',' where columns are cut by ';' and no number has a decimal point."""
    if separator != ";":
        return "."
    cells = [cell for row in _sample_rows(sample, separator)[1:] for cell in row]
    has_comma = any(re.fullmatch(r"\s*[-+]?\d+,\d+\s*", c) for c in cells)
    has_point = any(re.fullmatch(r"\s*[-+]?\d+\.\d+\s*", c) for c in cells)
    return "," if has_comma and not has_point else "."


def _rows(
    text: bytes, separator: str, decimal: str, columns: list[str], name: str
) -> pa.Table:
    """Parse all rows; text becomes dictionaries where it has few values.

    Where the text has quotes, one row of empty cells is added and must come back: a
    quote that is never closed would swallow it, and every row before it, silently.
    """
    probe = b'"' in text
    if probe:
        text = b"".join((text, b"\n", separator.encode() * (len(columns) - 1), b"\n"))
    try:
        table = _parsed(text, separator, decimal, threads=True)
    except (pa.ArrowInvalid, pa.ArrowCapacityError, pa.ArrowNotImplementedError):
        raise _broken_row(text, separator, len(columns), name) from None
    if table.num_columns != len(columns):
        raise _unclosed_quote(name)
    if probe:
        if any(table.column(i)[-1].is_valid for i in range(table.num_columns)):
            raise _unclosed_quote(name)
        table = table.slice(0, table.num_rows - 1)
    check_cells(table.num_rows, table.num_columns, name)
    return table.rename_columns(columns)


def _parsed(
    text: bytes, separator: str, decimal: str, *, threads: bool, handler: object = None
) -> pa.Table:
    return pa.csv.read_csv(
        pa.BufferReader(text),
        read_options=pa.csv.ReadOptions(block_size=_BLOCK, use_threads=threads),
        parse_options=pa.csv.ParseOptions(
            delimiter=separator,
            newlines_in_values=True,
            invalid_row_handler=handler,
        ),
        convert_options=pa.csv.ConvertOptions(
            null_values=sorted(MISSING_WORDS),
            strings_can_be_null=True,
            decimal_point=decimal,
            auto_dict_encode=True,
            auto_dict_max_cardinality=50_000,
        ),
    )


def _broken_row(text: bytes, separator: str, width: int, name: str) -> DataError:
    """Parse again, in one thread, to find the row that does not fit the header."""
    found: list[pa.csv.InvalidRow] = []

    def keep(row: pa.csv.InvalidRow) -> str:
        found.append(row)
        return "error"

    try:
        _parsed(text, separator, ".", threads=False, handler=keep)
    except (pa.ArrowInvalid, pa.ArrowCapacityError, pa.ArrowNotImplementedError):
        if not found:
            return _unclosed_quote(name)
    if not found:
        return _unclosed_quote(name)
    row = found[0]
    place = f"Row {row.number - 1:,}" if row.number else "A row"
    return DataError(
        f"{place} of '{name}' has {row.actual_columns} values, but the header names "
        f"{width} columns: '{row.text.strip()[:60]}'. Put values that hold the "
        "separator in double quotes, or mend the row, and upload it again."
    )


def _unclosed_quote(name: str) -> DataError:
    return DataError(
        f"'{name}' holds a double quote that is never closed, or a value longer than "
        f"{_BLOCK >> 20} MB, so rows run into each other. Close the quote, or double "
        "quotes inside values, and upload it again."
    )
