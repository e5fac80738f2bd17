"""Files named by the digest of their content, written whole or not at all."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.errors import StoreError
from models.failures import store_errors

_NAME = re.compile(r"[0-9a-f]{32}\.(safetensors|parquet|json)")

_ADVICE = (
    "Train it again: the same settings on the Model or Remedies page, or the same "
    "`python cli.py train`, make it anew."
)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, meets the old one or the new one.

    Raises
    ------
    StoreError
        The folder is read-only, or the disk is full (`DiskFullError`); no partial
        file stays behind.
    """
    with store_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        _write_and_rename(handle, temporary, path, content)


def _write_and_rename(handle: int, temporary: str, path: Path, content: bytes) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Artefacts:
    """A folder of files named by content.

    Parameters
    ----------
    root : Path
        Folder; made when the first file is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes, suffix: str) -> str:
        """Write content unless it is there already, undamaged; return its name."""
        name = f"{_digest(content)}.{suffix}"
        if not self.is_whole(name):
            write_atomically(self.path(name), content)
        return name

    def is_whole(self, name: str) -> bool:
        """Whether a file is there and its content fits its name."""
        try:
            self.get(name)
        except StoreError:
            return False
        return True

    def path(self, name: str) -> Path:
        """Return where a file lies.

        Raises
        ------
        StoreError
            The name is not one that `put` gives, so it could point elsewhere.
        """
        if not _NAME.fullmatch(name):
            raise StoreError(
                f"'{name}' is not the name of a stored file; the run store was edited "
                f"by hand. {_ADVICE}"
            )
        return self.root / name[:2] / name

    def get(self, name: str) -> bytes:
        """Read a file.

        Raises
        ------
        StoreError
            The file is gone or its content no longer fits its name.
        """
        path = self.path(name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(
                f"A run's stored file {name} cannot be read ({error.strerror}). "
                f"{_ADVICE}"
            ) from error
        if _digest(content) != name[:32]:
            raise StoreError(
                f"A run's stored file {name} was changed or damaged. {_ADVICE}"
            )
        return content


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def json_bytes(data: Any) -> bytes:
    """Return JSON whose bytes depend on the content only."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


MARK = "mark_"
"""Before the name of a column that marks rows."""


def scores_bytes(
    row_ids: Ints, logits: Floats, marks: Mapping[str, Bools] | None = None
) -> bytes:
    """Write logits as Parquet, without loss, and marks of rows beside them.

    A network's logits are float32 numbers, so columns are stored in that type
    whenever that changes no value; half the size and the same numbers.
    """
    narrow = logits.astype(np.float32)
    exact = narrow if np.array_equal(narrow.astype(np.float64), logits) else logits
    columns = {"row_id": row_ids} | {
        f"logit_{i}": exact[:, i] for i in range(exact.shape[1])
    }
    marked = {MARK + name: mark for name, mark in (marks or {}).items()}
    buffer = BytesIO()
    pq.write_table(
        pa.table(columns | marked),
        buffer,
        compression="zstd",
        use_dictionary=False,
        column_encoding={
            name: "DELTA_BINARY_PACKED" if name == "row_id" else "BYTE_STREAM_SPLIT"
            for name in columns
        },
    )
    return buffer.getvalue()


def read_scores(content: bytes) -> tuple[Ints, Floats, dict[str, Bools]]:
    """Read what `scores_bytes` wrote: row ids int[n], logits float[n, k], and marks."""
    table = pq.read_table(BytesIO(content))
    logits = [
        table[name].to_numpy().astype(np.float64)
        for name in table.column_names
        if name.startswith("logit_")
    ]
    marks = {
        name.removeprefix(MARK): frozen(table[name].to_numpy(), np.bool_)
        for name in table.column_names
        if name.startswith(MARK)
    }
    return (
        frozen(table["row_id"].to_numpy(), np.int64),
        frozen(np.column_stack(logits), np.float64),
        marks,
    )
