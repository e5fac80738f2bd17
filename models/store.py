"""The run store: runs, their events and their files, in a folder; and shipped runs."""

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analysis.arrays import Bools, Ints
from analysis.datasets.task import Task
from analysis.errors import RunError, StoreError
from analysis.evaluation import Scores
from models.artefacts import Artefacts, read_scores, write_atomically
from models.database import Database
from models.failures import DiskFullError, store_errors
from models.inquiry_rows import Inquiries
from models.ledger import Ledger
from models.notes import Notes
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.run import Event, Run, run_id
from models.scorings import Scorings
from models.trials import Trials

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
    marks : mapping of str to bool[n]
        What a remedy marks of rows, such as those for whom a draw decides.
    """

    row_ids: Ints
    scores: Scores
    marks: Mapping[str, Bools] = field(default_factory=dict)


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
    class; jobs write through `ledger`, `scorings`, `trials`, `inquiries` and `files`.

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
        self.trials = Trials(database, self.owners)
        self.inquiries = Inquiries(database, self.owners)
        self.notes = Notes(database)
        self.keep_reserve()
        self._ledgers = [self.ledger]  # one's own come before shipped runs
        if shipped is not None and (shipped / "store.db").exists():
            read_only = Database(shipped / "store.db", is_read_only=True)
            self._ledgers.append(Ledger(read_only, self.owners))

    def runs(self, task: str | None = None) -> list[Run]:
        """Return the runs of a task, or all; newest first, shipped ones included."""
        where, arguments = (
            ("", ()) if task is None else ("WHERE task_name = ?", (task,))
        )
        found = self._select(where, arguments)
        return sorted(found, key=lambda r: (r.created, r.id), reverse=True)

    def _select(self, where: str, arguments: tuple[str, ...]) -> list[Run]:
        found: dict[str, Run] = {}
        for ledger in self._ledgers:
            for run in ledger.select(where, arguments):
                found[run.id] = self._better(found.get(run.id), run)
        return list(found.values())

    def _better(self, own: Run | None, shipped: Run) -> Run:
        """Choose the shipped run unless one's own of the same id replaces it."""
        if own is None:
            return shipped
        replaces = own.is_active or own.is_finished or not self._is_whole(shipped)
        return own if replaces else shipped

    def run(self, run_id: str) -> Run:
        """Return the run with this full id.

        Raises
        ------
        RunError
            There is none, or it cannot be read.
        """
        found = self._select("WHERE id = ?", (run_id,))
        if not found:
            raise self._unknown(run_id)
        return found[0]

    def find(self, prefix: str) -> Run:
        """Return the one run whose id starts with `prefix`.

        Raises
        ------
        RunError
            None that can be read does, or several do.
        """
        is_prefix = re.fullmatch(r"[0-9a-f]{1,32}", prefix) is not None
        found = [run for run in self.runs() if is_prefix and run.id.startswith(prefix)]
        if not found:
            raise self._unknown(prefix if is_prefix else "", prefix)
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
        living owner stays as it is; one that failed or was cancelled is queued again,
        and so is a finished one whose files are gone or damaged.
        """
        name = run_id(recipe, data_digest)
        for ledger in self._ledgers:
            for run in ledger.select("WHERE id = ? AND state = 'done'", (name,)):
                if self._is_whole(run):
                    return name
                if not run.is_shipped:
                    ledger.spoil(name)
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

        `JobQueue.score` makes them; `scorings.state` says how far it is. Scores whose
        file is gone or damaged are forgotten, so that they can be made anew.
        """
        name = self.scorings.scores(run_id, data_digest)
        if not name:
            return None
        try:
            return _stored_scores(self.files.get(name))
        except StoreError:
            self.scorings.forget(run_id, data_digest)
            return None

    def trial_scores(self, key: str) -> StoredScores | None:
        """Return the scores of a trial; None while there are none, or no more."""
        name = self.trials.state(key).scores
        if not name:
            return None
        try:
            return _stored_scores(self.files.get(name))
        except StoreError:
            self.trials.forget(key)
            return None

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
        return self._files_of(run).get(run.artefacts[role])

    def _files_of(self, run: Run) -> Artefacts:
        if run.is_shipped and self.shipped is not None:
            return Artefacts(self.shipped / "artefacts")
        return self.files

    def _is_whole(self, run: Run) -> bool:
        """Whether a finished run's files are there, undamaged; reads them all."""
        files = self._files_of(run)
        return "scores" in run.artefacts and all(
            files.is_whole(name) for name in run.artefacts.values()
        )

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
        self.inquiries.forget_task(task)
        kept = {name for run in self.runs() for name in run.artefacts.values()}
        tried = set(self.trials.forget_task(task)) - kept
        with store_errors(self.home):
            for name in tried:
                self.files.path(name).unlink(missing_ok=True)
            for run in dropped:
                self.checkpoint(run.id).unlink(missing_ok=True)
                for name in set(run.artefacts.values()) - kept:
                    self.files.path(name).unlink(missing_ok=True)

    def keep_reserve(self) -> None:
        """Hold some disk space, so that a full disk can still be written down."""
        if not self._reserve.exists():
            with contextlib.suppress(StoreError):  # the disk is full already
                write_atomically(self._reserve, os.urandom(RESERVE_BYTES))

    def release_reserve(self) -> None:
        """Give the held space back."""
        with contextlib.suppress(OSError):
            self._reserve.unlink(missing_ok=True)

    def write_down(self, write: Callable[[], object]) -> None:
        """Carry out one small write; on a full disk the reserve makes room for it."""
        try:
            write()
        except DiskFullError:
            self.release_reserve()
            write()

    def _unknown(self, run_id: str, asked: str = "") -> RunError:
        if run_id and any(ledger.knows(run_id) for ledger in self._ledgers):
            return RunError(
                f"The entry of run '{run_id[:12]}' cannot be read: another version "
                "wrote it, or it was damaged. Train it again with the same settings, "
                "on the Model page or by `python cli.py train`."
            )
        return RunError(
            f"No run starts with '{asked or run_id}'. The Model page and "
            "`python cli.py train` show the ids of runs."
        )


def _stored_scores(content: bytes) -> StoredScores:
    row_ids, logits, marks = read_scores(content)
    return StoredScores(row_ids, scores_of_logits(logits), marks)
