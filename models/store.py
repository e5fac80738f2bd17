"""The run store: runs, their events and their files, in a folder; and shipped runs."""

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from analysis.arrays import Ints
from analysis.datasets.task import Task
from analysis.errors import RunError
from analysis.evaluation import Scores
from models.artefacts import Artefacts, read_scores, write_atomically
from models.database import Database
from models.ledger import Ledger
from models.notes import Notes
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.run import Event, Run, run_id
from models.scorings import Scorings

PROJECT = Path(__file__).resolve().parent.parent

SHIPPED = PROJECT / "assets" / "runs"

RESERVE_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class StoredScores:
    """Scores over all rows of a data set.

    Parameters
    ----------
    row_ids : int[n]
        Positions in the task's full table.
    scores : Scores
        Probabilities with their float64 logits.
    """

    row_ids: Ints
    scores: Scores


def open_store(home: Path | str | None = None) -> "Store":
    """Open the user's store beside the runs shipped with the product.

    Parameters
    ----------
    home : Path or None
        Folder of the user's runs and uploaded tables; else `FAULTLINE_HOME`, else
        `.faultline` in the project folder.

    Raises
    ------
    StoreError
        The folder cannot be made or written.
    """
    chosen = home or os.environ.get("FAULTLINE_HOME") or PROJECT / ".faultline"
    return Store(Path(chosen).expanduser().absolute(), SHIPPED)


class Store:
    """A folder of runs, and optionally a second, read-only one.

    Any number of threads and processes may use one store. Pages read through this
    class; jobs write through `ledger`, `scorings` and `files`.

    Parameters
    ----------
    home : Path
        Made when missing.
    shipped : Path or None
        Never written; a folder that does not exist holds no runs.
    """

    def __init__(self, home: Path, shipped: Path | None = None) -> None:
        self.home, self.shipped = home, shipped
        self._reserve = home / "reserve"
        self.tables = home / "tables"
        self.owners = home / "owners"
        self.files = Artefacts(home / "artefacts")
        database = Database(home / "store.db")
        self.ledger = Ledger(database, self.owners)
        self.scorings = Scorings(database, self.owners)
        self.notes = Notes(database)
        self.keep_reserve()
        self._ledgers = [self.ledger]  # a shipped run comes before one's own
        if shipped is not None and (shipped / "store.db").exists():
            read_only = Database(shipped / "store.db", is_read_only=True)
            self._ledgers.insert(0, Ledger(read_only, self.owners))

    def runs(self, task: str | None = None) -> list[Run]:
        """Return the runs of a task, or all; newest first, shipped ones included."""
        where, arguments = (
            ("", ()) if task is None else ("WHERE task_name = ?", (task,))
        )
        found: dict[str, Run] = {}
        for ledger in self._ledgers:
            found = {run.id: run for run in ledger.select(where, arguments)} | found
        return sorted(found.values(), key=lambda r: (r.created, r.id), reverse=True)

    def run(self, run_id: str) -> Run:
        """Return the run with this full id.

        Raises
        ------
        RunError
            There is none.
        """
        for ledger in self._ledgers:
            found = ledger.select("WHERE id = ?", (run_id,))
            if found:
                return found[0]
        raise _unknown(run_id)

    def find(self, prefix: str) -> Run:
        """Return the one run whose id starts with `prefix`.

        Raises
        ------
        RunError
            None does, or several do.
        """
        is_prefix = re.fullmatch(r"[0-9a-f]{1,32}", prefix) is not None
        found = [run for run in self.runs() if is_prefix and run.id.startswith(prefix)]
        if not found:
            raise _unknown(prefix)
        if len(found) > 1:
            ids = ", ".join(run.id[:12] for run in found[:5])
            raise RunError(
                f"'{prefix}' is the start of {len(found)} runs ({ids}). Give more of "
                "the id."
            )
        return found[0]

    def submit(self, recipe: Recipe, task: Task, data_digest: str, owner: str) -> str:
        """Queue a run for an owner and return its id.

        A run that is finished, here or among the shipped ones, or under way with a
        living owner stays as it is; one that failed or was cancelled is queued again.
        """
        name = run_id(recipe, data_digest)
        is_done = ("WHERE id = ? AND state = 'done'", (name,))
        if not any(ledger.select(*is_done) for ledger in self._ledgers):
            self.ledger.submit(recipe, task, data_digest, owner)
        return name

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        """Return what a run reported, in order, after the event of a number."""
        for ledger in self._ledgers:
            found = ledger.events(run_id, after)
            if found:
                return found
        return []

    def scores(self, run_id: str) -> StoredScores:
        """Return a finished run's scores over all rows of its data set.

        Raises
        ------
        RunError
            The run is unknown or not finished.
        StoreError
            The file of scores is gone or damaged.
        """
        return _stored_scores(self.artefact(self.run(run_id), "scores"))

    def table_scores(self, run_id: str, data_digest: str) -> StoredScores | None:
        """Return a run's scores of another table; None while there are none.

        `JobQueue.score` makes them; `scorings.state` says how far it is.
        """
        name = self.scorings.scores(run_id, data_digest)
        return _stored_scores(self.files.get(name)) if name else None

    def artefact(self, run: Run, role: str) -> bytes:
        """Read one of a finished run's files.

        Raises
        ------
        RunError
            The run has no such file, or not yet.
        StoreError
            The file is gone or damaged.
        """
        if role not in run.artefacts:
            raise RunError(
                f"Run {run.id[:12]} is {run.state} and has no {role}. Wait for it to "
                "finish, or resume it on the Model page."
            )
        files = self.files
        if run.is_shipped and self.shipped is not None:
            files = Artefacts(self.shipped / "artefacts")
        return files.get(run.artefacts[role])

    def checkpoint(self, run_id: str) -> Path:
        """Return where an unfinished run keeps its last epoch."""
        return self.home / "checkpoints" / f"{run_id}.safetensors"

    def task(self, name: str) -> Task:
        """Return an uploaded or an embedded task by name.

        Raises
        ------
        AuditError
            There is no such task.
        """
        # Late: the declared tasks are not needed to list runs.
        from analysis.datasets.tasks import task_named

        uploaded = {task.name: task for task in self.notes.tasks()}
        return uploaded[name] if name in uploaded else task_named(name)

    def forget(self, task: str) -> None:
        """Drop an uploaded task with its cohorts, looks, runs and their files.

        The table itself goes with `upload.forget_table`.
        """
        dropped = self.ledger.forget(task)
        self.notes.forget(task)
        kept = {name for run in self.runs() for name in run.artefacts.values()}
        for run in dropped:
            self.checkpoint(run.id).unlink(missing_ok=True)
            for name in set(run.artefacts.values()) - kept:
                self.files.path(name).unlink(missing_ok=True)

    def keep_reserve(self) -> None:
        """Hold some disk space, so that a full disk can still be written down."""
        if not self._reserve.exists():
            with contextlib.suppress(OSError):  # the disk is full already
                write_atomically(self._reserve, os.urandom(RESERVE_BYTES))

    def release_reserve(self) -> None:
        """Give the held space back."""
        self._reserve.unlink(missing_ok=True)


def _stored_scores(content: bytes) -> StoredScores:
    row_ids, logits = read_scores(content)
    return StoredScores(row_ids, scores_of_logits(logits))


def _unknown(prefix: str) -> RunError:
    return RunError(
        f"No run starts with '{prefix}'. The Model page and `python cli.py train` show "
        "the ids of runs."
    )
