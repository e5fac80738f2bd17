"""The rows of runs and their events: every change of a run's state is one statement."""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from analysis.datasets.task import Task, task_from_json, task_to_json
from analysis.errors import AuditError
from models.database import Database
from models.owners import is_alive
from models.recipe import Recipe
from models.remedies.chain import without_last
from models.run import Event, Run, State, run_id, run_title

INTERRUPTED = (
    "Interrupted: the program that ran it ended. Resume continues after the last "
    "finished epoch."
)

DAMAGED = "Its stored files are gone or damaged. Train it again to make them anew."

CANCELLED = "Cancelled. Resume continues after the last finished epoch."


class Ledger:
    """Runs and events of one store.

    A state changes only from the state it is expected in and only for the owner that
    holds the run, so that two processes, or a cancel and a finish, cannot both win.

    Parameters
    ----------
    database : Database
    owners : Path
        Folder of the owners' locks.
    """

    def __init__(self, database: Database, owners: Path) -> None:
        self._database = database
        self._owners = owners

    def select(self, where: str = "", arguments: tuple[str, ...] = ()) -> list[Run]:
        """Return the runs that fulfil a condition and can be read."""
        with self._database.reading() as c:
            rows = c.execute(_SELECT + where, arguments).fetchall()
        return _readable(rows, is_shipped=self._database.is_read_only)

    def knows(self, prefix: str) -> bool:
        """Whether the id of any run, readable or not, starts with some letters."""
        query = "SELECT 1 FROM runs WHERE substr(id, 1, ?) = ? LIMIT 1"
        with self._database.reading() as c:
            return c.execute(query, (len(prefix), prefix)).fetchone() is not None

    def events(self, run: str, after: int) -> list[Event]:
        """Return a run's events in order, after the one of a number."""
        query = (
            "SELECT number, kind, payload FROM events WHERE run_id = ? AND number > ? "
            "ORDER BY number"
        )
        with self._database.reading() as c:
            rows = c.execute(query, (run, after)).fetchall()
        return [Event(n, kind, json.loads(text)) for n, kind, text in rows]

    def submit(self, recipe: Recipe, task: Task, data_digest: str, owner: str) -> str:
        """Queue a run for an owner, unless it is finished or under way; return its id.

        Two processes that submit the same recipe at the same time get one run. An
        entry that cannot be read gives way to the new one.
        """
        name, now = run_id(recipe, data_digest), time.time()
        values = {
            "id": name,
            "task_name": recipe.task,
            "recipe": json.dumps(recipe.to_json()),
            "task": json.dumps(task_to_json(task)),
            "data_digest": data_digest,
            "now": now,
            "owner": owner,
            "title": run_title(recipe),
            "base": run_id(without_last(recipe), data_digest) if recipe.stages else "",
        }
        self.sweep()
        with self._database.connection() as c:
            if not _readable(c.execute(_SELECT + "WHERE id = ?", (name,))):
                c.execute("DELETE FROM runs WHERE id = ?", (name,))
            c.execute(_INSERT, values)
            c.execute(_QUEUE, values)
        return name

    def start(self, run: str, owner: str, device: str) -> bool:
        """Mark an owner's queued run as running; False when it is no longer queued."""
        with self._database.connection() as c:
            return _changed(
                c,
                "UPDATE runs SET state = 'running', device = ? "
                "WHERE id = ? AND owner = ? AND state = 'queued'",
                (device, run, owner),
            )

    def queued_by(self, owner: str) -> set[str]:
        """Return the ids of the runs that an owner has queued and not begun."""
        query = "SELECT id FROM runs WHERE owner = ? AND state = 'queued'"
        with self._database.reading() as c:
            return {name for (name,) in c.execute(query, (owner,))}

    def report(
        self, run: str, owner: str, kind: str, payload: Mapping[str, Any]
    ) -> bool:
        """Add an event to a running run; False when its owner has lost it."""
        with self._database.connection() as c:
            added = _changed(c, _REPORT, (run, kind, json.dumps(payload), run, owner))
            if added and kind == "epoch":
                c.execute(
                    "UPDATE runs SET epochs = ?, seconds = ? WHERE id = ?",
                    (payload["epoch"], payload["seconds"], run),
                )
            return added

    def restart(self, run: str) -> None:
        """Forget what a run reported, because it begins again."""
        with self._database.connection() as c:
            c.execute("DELETE FROM events WHERE run_id = ?", (run,))
            c.execute("UPDATE runs SET epochs = 0, seconds = 0 WHERE id = ?", (run,))

    def finish(
        self,
        run: str,
        owner: str,
        artefacts: Mapping[str, str],
        *,
        seconds: float,
        best_epoch: int = 0,
    ) -> bool:
        """Mark a running run as done, with its files; False when its owner lost it.

        Tables that it could not score before may then be tried again.
        """
        with self._database.connection() as c:
            c.execute(_FORGET_FAILED, (run,))
            return _changed(
                c,
                "UPDATE runs SET state = 'done', reason = '', artefacts = ?, "
                "seconds = ?, best_epoch = ? "
                "WHERE id = ? AND owner = ? AND state = 'running'",
                (json.dumps(dict(artefacts)), seconds, best_epoch, run, owner),
            )

    def spoil(self, run: str) -> bool:
        """Mark a finished run as failed, because its files are gone or damaged."""
        with self._database.connection() as c:
            return _changed(
                c,
                "UPDATE runs SET state = 'failed', reason = ?, artefacts = '{}' "
                "WHERE id = ? AND state = 'done'",
                (DAMAGED, run),
            )

    def end(self, run: str, state: State, reason: str) -> bool:
        """Mark a waiting or running run as failed or cancelled, with the reason."""
        with self._database.connection() as c:
            return _changed(
                c,
                "UPDATE runs SET state = ?, reason = ? "
                "WHERE id = ? AND state IN ('queued', 'running')",
                (state, reason, run),
            )

    def sweep(self) -> int:
        """Mark what dead owners left unfinished as interrupted; count the runs."""
        query = "SELECT DISTINCT owner FROM runs WHERE state IN ('queued', 'running')"
        with self._database.reading() as c:
            owners = [owner for (owner,) in c.execute(query)]
        dead = [owner for owner in owners if not is_alive(self._owners, owner)]
        return sum(self.interrupt(owner) for owner in dead)

    def interrupt(self, owner: str, reason: str = INTERRUPTED) -> int:
        """Mark everything an owner left unfinished as failed; return how many runs."""
        with self._database.connection() as c:
            return c.execute(
                "UPDATE runs SET state = 'failed', reason = ? "
                "WHERE owner = ? AND state IN ('queued', 'running')",
                (reason, owner),
            ).rowcount

    def forget(self, task: str) -> list[Run]:
        """Drop all runs of a task with their events; return them as they were."""
        dropped = self.select("WHERE task_name = ?", (task,))
        with self._database.connection() as c:
            c.execute(f"DELETE FROM events WHERE run_id IN ({_IDS})", (task,))
            c.execute(f"DELETE FROM scorings WHERE run_id IN ({_IDS})", (task,))
            c.execute("DELETE FROM runs WHERE task_name = ?", (task,))
        return dropped


_SELECT = """
SELECT *, CASE state WHEN 'queued' THEN (
    SELECT COUNT(*) FROM runs AS other WHERE other.owner = runs.owner
    AND (other.state = 'running'
         OR other.state = 'queued' AND other.queued < runs.queued)
) ELSE 0 END AS position FROM runs
"""

_IDS = "SELECT id FROM runs WHERE task_name = ?"

_FORGET_FAILED = "DELETE FROM scorings WHERE run_id = ? AND state = 'failed'"

_INSERT = """
INSERT OR IGNORE INTO runs
    (id, task_name, recipe, task, data_digest, state, created, queued, title, base)
VALUES (:id, :task_name, :recipe, :task, :data_digest, 'failed', :now, :now,
        :title, :base)
"""

_QUEUE = """
UPDATE runs SET state = 'queued', reason = '', queued = :now, owner = :owner
WHERE id = :id AND state IN ('failed', 'cancelled')
"""

_REPORT = """
INSERT INTO events
SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ? FROM events WHERE run_id = ?1
HAVING EXISTS (SELECT 1 FROM runs WHERE id = ? AND owner = ? AND state = 'running')
"""


def _changed(
    connection: sqlite3.Connection, statement: str, arguments: tuple[Any, ...]
) -> bool:
    return connection.execute(statement, arguments).rowcount == 1


_UNREADABLE = (AuditError, ValueError, TypeError, KeyError, AttributeError)
"""What reading an entry raises that another version wrote or somebody damaged."""


def _readable(rows: Iterable[sqlite3.Row], *, is_shipped: bool = False) -> list[Run]:
    runs = []
    for row in rows:
        with suppress(*_UNREADABLE):
            runs.append(_run(row, is_shipped=is_shipped))
    return runs


def _run(row: sqlite3.Row, *, is_shipped: bool) -> Run:
    task_from_json(json.loads(row["task"]))  # whoever asks for it later can read it
    if row["state"] not in get_args(State):
        raise ValueError(row["state"])
    artefacts = json.loads(row["artefacts"])
    return Run(
        id=row["id"],
        recipe=Recipe.from_json(json.loads(row["recipe"])),
        data_digest=row["data_digest"],
        state=row["state"],
        reason=row["reason"],
        created=float(row["created"]),
        seconds=float(row["seconds"]),
        epochs=int(row["epochs"]),
        best_epoch=int(row["best_epoch"]),
        device=row["device"],
        title=row["title"],
        base=row["base"],
        is_shipped=is_shipped,
        artefacts={str(role): str(name) for role, name in artefacts.items()},
        task_json=row["task"],
        position=row["position"],
    )
