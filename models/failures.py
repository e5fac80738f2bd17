"""Why a run failed or the store cannot be used, in words that say what to do."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import AuditError, StoreError

DISK_FULL = (
    "The disk is full, so the run could not be written. Free some space, then resume; "
    "it continues after the last finished epoch."
)
OUT_OF_MEMORY = (
    "There was not enough memory. Choose a smaller batch size, fewer features or a "
    "smaller table, then train again."
)

TRIAL_DISK_FULL = (
    "The disk is full, so what was fitted could not be kept. Free some space, then try "
    "it again."
)
TRIAL_OUT_OF_MEMORY = (
    "There was not enough memory to fit this. Choose a smaller table, then try again."
)
INQUIRY_STOPPED = "The worker stopped before there was an answer. Ask again."
TRIAL_STOPPED = "The worker stopped while this was fitted. Try it again."

FULL_BYTES = 1 << 18
"""With less room than this SQLite cannot open its files, and calls it an I/O error."""


class DiskFullError(StoreError):
    """The run store cannot be written because its disk is full."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The disk that holds the run store's folder {folder} is full; about 20 MB "
            "are needed there. Free some space, or point FAULTLINE_HOME at a folder on "
            "another disk, and try again."
        )


@contextmanager
def store_errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite or the system says about a folder of the store into words.

    Raises
    ------
    DiskFullError
        No space is left.
    StoreError
        Something else keeps the folder from being read or written.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _store_error(error, folder) from error


def _store_error(error: sqlite3.Error | OSError, folder: Path) -> StoreError:
    if is_disk_full(error):
        return DiskFullError(folder)
    if isinstance(error, OSError):
        return StoreError(
            f"The folder {folder} cannot be made or written ({error.strerror}). "
            "Point FAULTLINE_HOME at a folder that can."
        )
    if isinstance(error, sqlite3.OperationalError) and _has_no_room(folder):
        return DiskFullError(folder)
    return StoreError(
        f"The run store in {folder} cannot be used ({error}). Check that the folder is "
        "writable, or point FAULTLINE_HOME at another one."
    )


def _has_no_room(folder: Path) -> bool:
    existing = next((f for f in (folder, *folder.parents) if f.is_dir()), folder)
    try:
        return shutil.disk_usage(existing).free < FULL_BYTES
    except OSError:
        return False


def reason_of(error: BaseException) -> str:
    """Return what pages say about an error that ended a run."""
    if is_disk_full(error):
        return DISK_FULL
    if isinstance(error, AuditError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return OUT_OF_MEMORY
    return f"{_fault(error)} Resume to try once more."


def reason_of_trial(error: BaseException) -> str:
    """Return what pages say about an error that ended a trial, which has no epochs."""
    if is_disk_full(error):
        return TRIAL_DISK_FULL
    if isinstance(error, AuditError):
        return str(error)
    if reason_of(error) == OUT_OF_MEMORY:
        return TRIAL_OUT_OF_MEMORY
    return f"{_fault(error)} Try it again."


def _fault(error: BaseException) -> str:
    return (
        f"Stopped by a fault of the program ({type(error).__name__}); worker.log in "
        "the run store's folder has the details."
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that no space is left."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, DiskFullError)


def reason_of_exit(code: int) -> str:
    """Return what pages say about a worker process that ended on its own.

    Parameters
    ----------
    code : int
        Exit status; negative for a signal.
    """
    if code == -9:
        return (
            "The training process was killed, most often because memory ran out. "
            "Resume continues after the last finished epoch; a smaller batch size or "
            "table needs less memory."
        )
    return (
        f"The training process ended unexpectedly (status {code}); worker.log in the "
        "run store's folder has the details. Resume continues after the last finished "
        "epoch."
    )
