"""The rows of inquiries: long analyses that are asked for, and what they answered."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.database import Database
from models.inquiry import Inquiry, inquiry_of
from models.owners import is_alive
from models.run import State

STOPPED = "Stopped. Ask again, and it starts over."


@dataclass(frozen=True)
class InquiryState:
    """Where an inquiry stands.

    Parameters
    ----------
    state : State or None
        None when it was never asked for.
    reason : str
        Why it failed or was stopped; else empty.
    share : float
        Done so far, in [0, 1].
    doing : str
        What is being done, in a few words.
    seconds : float
        Since it began, or spent in all once it is done.
    """

    state: State | None = None
    reason: str = ""
    share: float = 0.0
    doing: str = ""
    seconds: float = 0.0

    @property
    def is_active(self) -> bool:
        """Whether it waits or is under way."""
        return self.state in ("queued", "running")

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the share that is done; None where there is none yet."""
        if self.state != "running" or self.share < 0.02:
            return None
        return self.seconds * (1 - self.share) / self.share


def _readable(text: str) -> Inquiry | None:
    try:
        return inquiry_of(text)
    except (ValueError, TypeError, KeyError):
        return None


def _is_about(text: str, task: str) -> bool:
    """Whether an inquiry compares with a task; one that cannot be read goes as well."""
    try:
        return bool(json.loads(text)["scope"]["sides"]["table"] == task)
    except (ValueError, TypeError, KeyError):
        return True


class Inquiries:
    """Inquiries by their key.

    Parameters
    ----------
    database : Database
    owners : Path
        Folder of the owners' locks.
    """

    def __init__(self, database: Database, owners: Path) -> None:
        self._database = database
        self._owners = owners

    def submit(self, inquiry: Inquiry, owner: str) -> bool:
        """Queue an inquiry; False when it is done or under way with a living owner."""
        row = self._row(inquiry.key)
        if row is not None and row["state"] == "done":
            return False
        waits = row is not None and row["state"] in ("queued", "running")
        if waits and is_alive(self._owners, row["owner"]):
            return False
        with self._database.connection() as c:
            c.execute(
                "INSERT OR REPLACE INTO inquiries (key, task, inquiry, state, owner) "
                "VALUES (?, ?, ?, 'queued', ?)",
                (inquiry.key, inquiry.task.name, inquiry.to_text(), owner),
            )
        return True

    def start(self, key: str) -> bool:
        """Mark an inquiry as under way; False when it was stopped before it began."""
        with self._database.connection() as c:
            changed = c.execute(
                "UPDATE inquiries SET state = 'running' "
                "WHERE key = ? AND state = 'queued'",
                (key,),
            )
        return changed.rowcount > 0

    def report(self, key: str, share: float, doing: str, seconds: float) -> None:
        """Write down how far an inquiry is."""
        with self._database.connection() as c:
            c.execute(
                "UPDATE inquiries SET share = ?, doing = ?, seconds = ? "
                "WHERE key = ? AND state = 'running'",
                (share, doing, seconds, key),
            )

    def keep(self, key: str, so_far: Any) -> None:
        """Keep what is answered so far, as JSON types, while the rest is sought."""
        with self._database.connection() as c:
            c.execute(
                "UPDATE inquiries SET answer = ? WHERE key = ? AND state = 'running'",
                (json.dumps(so_far), key),
            )

    def end(self, key: str, answer: Any, seconds: float) -> None:
        """Keep an answer, as JSON types, and mark the inquiry as done."""
        with self._database.connection() as c:
            c.execute(
                "UPDATE inquiries SET state = 'done', answer = ?, share = 1, "
                "seconds = ? WHERE key = ?",
                (json.dumps(answer), seconds, key),
            )

    def fail(self, key: str, state: State, reason: str) -> None:
        """Mark an inquiry as failed or stopped; one that is done stays so."""
        with self._database.connection() as c:
            c.execute(
                "UPDATE inquiries SET state = ?, reason = ? "
                "WHERE key = ? AND state != 'done'",
                (state, reason, key),
            )

    def forget(self, key: str) -> None:
        """Drop an inquiry, as if it had never been asked for."""
        with self._database.connection() as c:
            c.execute("DELETE FROM inquiries WHERE key = ?", (key,))

    def forget_task(self, task: str) -> None:
        """Drop all inquiries of a task, or about it as the second table."""
        with self._database.connection() as c:
            c.execute("DELETE FROM inquiries WHERE task = ?", (task,))
            rows = c.execute("SELECT key, inquiry FROM inquiries").fetchall()
            about = [(row["key"],) for row in rows if _is_about(row["inquiry"], task)]
            c.executemany("DELETE FROM inquiries WHERE key = ?", about)

    def inquiry(self, key: str) -> Inquiry:
        """Return what a key stands for."""
        return inquiry_of(self._row(key)["inquiry"])

    def answered(self, task: str, name: str) -> list[Inquiry]:
        """Return the inquiries of a name about a task that are done, the last first.

        Those that another version wrote in another shape are left out.
        """
        query = (
            "SELECT inquiry FROM inquiries WHERE task = ? AND state = 'done' "
            "ORDER BY rowid DESC"
        )
        with self._database.reading() as c:
            rows = c.execute(query, (task,)).fetchall()
        found = (_readable(row["inquiry"]) for row in rows)
        return [i for i in found if i is not None and i.name == name]

    def state(self, key: str) -> InquiryState:
        """Return where an inquiry stands."""
        row = self._row(key)
        if row is None:
            return InquiryState()
        if row["state"] == "running" and not is_alive(self._owners, row["owner"]):
            return InquiryState("failed", "The program ended meanwhile. Ask again.")
        return InquiryState(
            row["state"], row["reason"], row["share"], row["doing"], row["seconds"]
        )

    def answer(self, key: str) -> Any:
        """Return what was answered, so far, as JSON types; None while nothing was."""
        row = self._row(key)
        return None if row is None or not row["answer"] else json.loads(row["answer"])

    def _row(self, key: str) -> Any:
        query = "SELECT * FROM inquiries WHERE key = ?"
        with self._database.reading() as c:
            return c.execute(query, (key,)).fetchone()
