"""Who works on a store: a lock that the operating system drops when its holder dies."""

import contextlib
import secrets
import sqlite3
from pathlib import Path

from models.failures import DiskFullError, is_disk_full, store_errors


class Owner:
    """A living process that queues and runs jobs.

    The lock is an exclusive transaction on a tiny SQLite file: portable, released when
    the process dies in any way, and safe against process ids that are used again.

    Parameters
    ----------
    folder : Path
        Where all owners of one store keep their locks.

    Raises
    ------
    StoreError
        The lock cannot be made; `DiskFullError` on a full disk.
    """

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_hex(8)
        self._path = folder / f"{self.token}.lock"
        with store_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            try:
                self._lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error:
                self.close()
                raise

    def close(self) -> None:
        """Give the lock back; what this owner left unfinished counts as interrupted.

        Never raises: a lock that cannot be deleted is dropped with the process.
        """
        with contextlib.suppress(sqlite3.Error):
            self._lock.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def is_alive(folder: Path, token: str) -> bool:
    """Return whether the owner with this token still runs; remove its lock if not.

    Raises
    ------
    DiskFullError
        The lock cannot be tried, because it would need room.
    """
    path = folder / f"{token}.lock"
    if not token or not path.exists():
        return False
    with contextlib.closing(
        sqlite3.connect(path, timeout=0, isolation_level=None)
    ) as probe:
        try:
            probe.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if is_disk_full(error):
                raise DiskFullError(folder) from error
            return True
        except sqlite3.DatabaseError:
            pass  # overwritten, so nobody can hold it
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    return False
