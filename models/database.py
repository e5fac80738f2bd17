"""The SQLite file of a run store: its tables and connections."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.failures import store_errors

BUSY_SECONDS = 20.0
"""How long a writer waits for another process before it gives up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, task_name TEXT NOT NULL, recipe TEXT NOT NULL,
    task TEXT NOT NULL, data_digest TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', created REAL NOT NULL, queued REAL NOT NULL,
    owner TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0,
    epochs INTEGER NOT NULL DEFAULT 0, best_epoch INTEGER NOT NULL DEFAULT 0,
    device TEXT NOT NULL DEFAULT '', title TEXT NOT NULL,
    base TEXT NOT NULL DEFAULT '', artefacts TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,
    payload TEXT NOT NULL, PRIMARY KEY (run_id, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scorings (
    run_id TEXT NOT NULL, data_digest TEXT NOT NULL, task TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '', scores TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, data_digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trials (
    key TEXT PRIMARY KEY, task TEXT NOT NULL, trial TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '', scores TEXT NOT NULL DEFAULT '',
    parameters TEXT NOT NULL DEFAULT '{}', seconds REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS inquiries (
    key TEXT PRIMARY KEY, task TEXT NOT NULL, inquiry TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '', share REAL NOT NULL DEFAULT 0,
    doing TEXT NOT NULL DEFAULT '', answer TEXT NOT NULL DEFAULT '',
    seconds REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS looks (
    task TEXT NOT NULL, scorer TEXT NOT NULL, rule TEXT NOT NULL,
    cohort TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (task, scorer, rule, cohort)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cohorts (
    task TEXT NOT NULL, name TEXT NOT NULL, rule TEXT NOT NULL,
    created REAL NOT NULL, PRIMARY KEY (task, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks (
    name TEXT PRIMARY KEY, task TEXT NOT NULL, created REAL NOT NULL);
"""


class Database:
    """One SQLite file; a connection per use, so that any thread may use it.

    Parameters
    ----------
    path : Path
    is_read_only : bool
        Open without locks or side files, for a folder that nobody writes.
    """

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self.path = path
        self.is_read_only = is_read_only
        if not is_read_only:
            self._create()

    def _create(self) -> None:
        with store_errors(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._open()
            try:
                # WAL lets readers go on while one process writes.
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(_SCHEMA)
            finally:
                connection.close()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Give a connection; commit at the end, or undo everything on an error.

        Raises
        ------
        StoreError
            The file cannot be read or written; `DiskFullError` on a full disk.
        """
        with store_errors(self.path.parent):
            connection = self._open()
            try:
                # IMMEDIATE takes the write lock at once: a read that turns into a
                # write in mid-transaction fails instead of waiting.
                connection.execute("BEGIN" if self.is_read_only else "BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            finally:
                connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that waits for no writer."""
        with store_errors(self.path.parent):
            connection = self._open()
            try:
                yield connection
            finally:
                connection.close()

    def _open(self) -> sqlite3.Connection:
        if self.is_read_only:
            uri = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(uri, uri=True)
        else:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None
            )
            connection.execute("PRAGMA synchronous=NORMAL")
        connection.row_factory = sqlite3.Row
        return connection
