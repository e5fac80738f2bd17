"""The rows of scorings: a run's weights put to another table."""

import json
from pathlib import Path

from analysis.datasets.task import Task, task_from_json, task_to_json
from models.database import Database
from models.owners import is_alive
from models.run import State


class Scorings:
    """Jobs that score a second table with a finished run.

    Parameters
    ----------
    database : Database
    owners : Path
        Folder of the owners' locks.
    """

    def __init__(self, database: Database, owners: Path) -> None:
        self._database = database
        self._owners = owners

    def submit(self, run: str, task: Task, data_digest: str, owner: str) -> bool:
        """Queue a scoring; False when it is done or under way with a living owner."""
        state, holder, _ = self._row(run, data_digest)
        dead = state in ("queued", "running") and not is_alive(self._owners, holder)
        if state == "done" or (state in ("queued", "running") and not dead):
            return False
        with self._database.connection() as c:
            c.execute(
                "INSERT OR REPLACE INTO scorings "
                "(run_id, data_digest, task, state, owner) "
                "VALUES (?, ?, ?, 'queued', ?)",
                (run, data_digest, json.dumps(task_to_json(task)), owner),
            )
        return True

    def end(
        self, run: str, data_digest: str, *, scores: str = "", reason: str = ""
    ) -> None:
        """Mark a scoring as done with its file, or as failed with the reason."""
        with self._database.connection() as c:
            c.execute(
                "UPDATE scorings SET state = ?, scores = ?, reason = ? "
                "WHERE run_id = ? AND data_digest = ?",
                ("done" if scores else "failed", scores, reason, run, data_digest),
            )

    def forget(self, run: str, data_digest: str) -> None:
        """Drop a scoring, as if it had never been asked for."""
        with self._database.connection() as c:
            c.execute(_FORGET, (run, data_digest))

    def state(self, run: str, data_digest: str) -> tuple[State | None, str]:
        """Return state and reason of a scoring; (None, '') when it was never asked."""
        state, _, reason = self._row(run, data_digest)
        return state, reason

    def task(self, run: str, data_digest: str) -> Task:
        """Return the task of the table to be scored."""
        with self._database.reading() as c:
            row = c.execute(_SELECT, (run, data_digest)).fetchone()
        return task_from_json(json.loads(row["task"]))

    def scores(self, run: str, data_digest: str) -> str:
        """Return the name of the file of scores; empty while there is none."""
        with self._database.reading() as c:
            row = c.execute(_SELECT, (run, data_digest)).fetchone()
        return "" if row is None else str(row["scores"])

    def _row(self, run: str, data_digest: str) -> tuple[State | None, str, str]:
        with self._database.reading() as c:
            row = c.execute(_SELECT, (run, data_digest)).fetchone()
        return (
            (None, "", "")
            if row is None
            else (row["state"], row["owner"], row["reason"])
        )


_SELECT = "SELECT * FROM scorings WHERE run_id = ? AND data_digest = ?"
_FORGET = "DELETE FROM scorings WHERE run_id = ? AND data_digest = ?"
