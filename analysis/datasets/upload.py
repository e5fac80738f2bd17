"""A user's own table: read it, suggest roles, declare a task, keep it, forget it."""

import os
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.datasets.columns import content_digest
from analysis.datasets.declaring import role_notes, task_from_roles
from analysis.datasets.load import read_stored
from analysis.datasets.reading import MAX_BYTES, ReadTable, read_table
from analysis.datasets.roles import Roles, infer_roles
from analysis.errors import StoreError

__all__ = [
    "MAX_BYTES",
    "ReadTable",
    "Roles",
    "forget_table",
    "infer_roles",
    "read_table",
    "role_notes",
    "save_table",
    "task_from_roles",
]


def save_table(table: pd.DataFrame, folder: Path) -> str:
    """Write a table into a folder and return its content digest, which is its name.

    The file appears whole or not at all.

    Raises
    ------
    StoreError
        The disk is full, or the folder cannot be written.
    """
    digest = content_digest(table)
    path = folder / f"{digest}.parquet"
    if path.is_file():
        return digest
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        pq.write_table(arrow.replace_schema_metadata(), unfinished, compression="zstd")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(
            f"The table could not be kept: {error.strerror or error}. Make room on the "
            "disk, or set FAULTLINE_HOME to another folder, and try again."
        ) from None
    return digest


def forget_table(digest: str, folder: Path) -> None:
    """Delete a kept table from disk and from memory; nothing happens if it is gone."""
    if re.fullmatch(r"[0-9a-f]{32}", digest):
        (folder / f"{digest}.parquet").unlink(missing_ok=True)
    read_stored.cache_clear()
