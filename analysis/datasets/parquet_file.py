"""A Parquet file from outside to an Arrow table, without trusting what it says."""

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.datasets.columns import is_text
from analysis.datasets.csv_text import check_cells, check_names
from analysis.errors import DataError

MAGIC = b"PAR1"
MAX_UNPACKED = 4 << 30
"""Bytes that a file may take in memory; a small file can claim any number."""


def parse_parquet(data: bytes, name: str) -> pa.Table:
    """Read a Parquet file; metadata of its writer is ignored and nothing is unpickled.

    The declared size is checked before reading and the real one while reading.

    Raises
    ------
    DataError
        It is damaged, too large, has no rows, or holds nested or binary columns.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        _check_schema(schema, name)
        _check_size(file.metadata, name)
        texts = [f.name for f in schema if is_text(f.type)]
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
        table = _read(file, name)
        table.validate(full=True)  # text that is not UTF-8, indices out of range
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError):
        raise _unreadable(name) from None
    check_cells(table.num_rows, table.num_columns, name)
    return table.replace_schema_metadata()


def _check_schema(schema: pa.Schema, name: str) -> None:
    check_names(schema.names, name)
    if len(schema) < 2:
        raise DataError(
            f"'{name}' has {len(schema)} column; a label and at least one more column "
            "are needed."
        )
    odd = [
        f"'{f.name[:60]}' ({str(f.type)[:40]})" for f in schema if not _is_flat(f.type)
    ]
    if odd:
        raise DataError(
            f"'{name}' holds columns that are neither numbers, text nor dates: "
            f"{', '.join(odd[:5])}. Drop or flatten them and upload it again."
        )


def _is_flat(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_decimal,
        pa.types.is_date,
        pa.types.is_timestamp,
        pa.types.is_null,
        is_text,
    )
    return any(test(kind) for test in tests)


def _check_size(metadata: pq.FileMetaData, name: str) -> None:
    check_cells(metadata.num_rows, metadata.num_columns, name)
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    _refuse_bomb(sum(group.total_byte_size for group in groups), name)


def _read(file: pq.ParquetFile, name: str) -> pa.Table:
    batches, size = [], 0
    for batch in file.iter_batches(batch_size=1 << 17):
        size += batch.nbytes
        _refuse_bomb(size, name)
        batches.append(batch)
    return pa.Table.from_batches(batches).unify_dictionaries()


def _refuse_bomb(size: int, name: str) -> None:
    if size > MAX_UNPACKED:
        raise DataError(
            f"'{name}' unpacks to {size / (1 << 30):.1f} GB; at most "
            f"{MAX_UNPACKED >> 30} GB can be read. Keep fewer rows or columns and "
            "upload it again."
        )


def _unreadable(name: str) -> DataError:
    return DataError(
        f"'{name}' is not a readable Parquet file: it is damaged, or another kind of "
        "file under that name. Write it again, or upload the table as CSV."
    )
