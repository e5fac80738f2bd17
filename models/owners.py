"""Who works on a store: a lock that the operating system drops when its holder dies."""

import contextlib
import secrets
import sqlite3
from pathlib import Path


class Owner:
    """A living process that queues and runs jobs.

    The lock is an exclusive transaction on a tiny SQLite file: portable, released when
    the process dies in any way, and safe against process ids that are used again.

    Parameters
    ----------
    folder : Path
        Where all owners of one store keep their locks.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.token = secrets.token_hex(8)
        self._path = folder / f"{self.token}.lock"
        self._lock = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False
        )
        self._lock.execute("BEGIN EXCLUSIVE")

    def close(self) -> None:
        """Give the lock back; what this owner left unfinished counts as interrupted."""
        self._lock.close()
        self._path.unlink(missing_ok=True)


def is_alive(folder: Path, token: str) -> bool:
    """Return whether the owner with this token still runs; remove its lock if not."""
    path = folder / f"{token}.lock"
    if not token or not path.exists():
        return False
    with contextlib.closing(
        sqlite3.connect(path, timeout=0, isolation_level=None)
    ) as probe:
        try:
            probe.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
    path.unlink(missing_ok=True)
    return False
