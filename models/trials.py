"""The rows of trials: remedies of scores that are tried out, and what came of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.database import Database
from models.owners import is_alive
from models.run import State
from models.trial import Trial, trial_of

NEVER_BEGAN = "Stopped before it began."


@dataclass(frozen=True)
class TrialState:
    """Where a trial stands.

    Parameters
    ----------
    state : State or None
        None when it was never asked for.
    reason : str
        Why it failed; else empty.
    scores : str
        File of scores, once it is done.
    parameters : mapping
        What was fitted, once it is done.
    seconds : float
        Spent on fitting and scoring.
    """

    state: State | None = None
    reason: str = ""
    scores: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_active(self) -> bool:
        """Whether it waits or is under way."""
        return self.state in ("queued", "running")


class Trials:
    """Trials by their key.

    Parameters
    ----------
    database : Database
    owners : Path
        Folder of the owners' locks.
    """

    def __init__(self, database: Database, owners: Path) -> None:
        self._database = database
        self._owners = owners

    def submit(self, trial: Trial, owner: str) -> bool:
        """Queue a trial; False when it is done or under way with a living owner.

        One that failed or was dropped is tried again.
        """
        if self.state(trial.key).state == "done":
            return False
        row = self._row(trial.key)
        waits = row is not None and row["state"] == "queued"
        if waits and is_alive(self._owners, row["owner"]):
            return False
        with self._database.connection() as c:
            c.execute(
                "INSERT OR REPLACE INTO trials (key, task, trial, state, owner) "
                "VALUES (?, ?, ?, 'queued', ?)",
                (trial.key, trial.task.name, trial.to_text(), owner),
            )
        return True

    def end(
        self,
        key: str,
        *,
        scores: str = "",
        parameters: Mapping[str, Any] | None = None,
        seconds: float = 0.0,
        reason: str = "",
    ) -> None:
        """Mark a trial as done with its file of scores, or as failed with a reason.

        One that is done stays so: its worker may die before it has said so.
        """
        state = "done" if scores else "failed"
        fitted = json.dumps(dict(parameters or {}))
        with self._database.connection() as c:
            c.execute(
                "UPDATE trials SET state = ?, scores = ?, parameters = ?, seconds = ?, "
                "reason = ? WHERE key = ? AND state != 'done'",
                (state, scores, fitted, seconds, reason, key),
            )

    def cancel(self, key: str) -> None:
        """Mark a trial that waits as cancelled; it runs only when asked for again."""
        with self._database.connection() as c:
            c.execute(
                "UPDATE trials SET state = 'cancelled', reason = ? "
                "WHERE key = ? AND state = 'queued'",
                (NEVER_BEGAN, key),
            )

    def forget(self, key: str) -> None:
        """Drop a trial, as if it had never been asked for."""
        with self._database.connection() as c:
            c.execute("DELETE FROM trials WHERE key = ?", (key,))

    def forget_task(self, task: str) -> list[str]:
        """Drop all trials of a task; return the names of their files."""
        with self._database.connection() as c:
            rows = c.execute(
                "SELECT scores FROM trials WHERE task = ?", (task,)
            ).fetchall()
            c.execute("DELETE FROM trials WHERE task = ?", (task,))
        return [str(row["scores"]) for row in rows if row["scores"]]

    def trial(self, key: str) -> Trial:
        """Return what a key stands for."""
        return trial_of(self._row(key)["trial"])

    def state(self, key: str) -> TrialState:
        """Return where a trial stands."""
        row = self._row(key)
        parameters = None if row is None else _parameters(row["parameters"])
        if parameters is None:  # never asked for, or damaged: it is made anew
            return TrialState()
        return TrialState(
            row["state"], row["reason"], row["scores"], parameters, row["seconds"]
        )

    def _row(self, key: str) -> Any:
        with self._database.reading() as c:
            return c.execute("SELECT * FROM trials WHERE key = ?", (key,)).fetchone()


def _parameters(text: str) -> dict[str, Any] | None:
    """Return what was fitted; None where the text is not what was written."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
