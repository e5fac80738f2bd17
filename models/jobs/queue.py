"""JobQueue: the server's side of training. Imports no torch."""

import threading
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress

from analysis.datasets.load import Dataset, load
from analysis.errors import RunError, StoreError
from models.failures import (
    DISK_FULL,
    DiskFullError,
    reason_of,
    reason_of_exit,
)
from models.inquiry import Inquiry
from models.inquiry_rows import STOPPED
from models.jobs.attendance import Attendance
from models.jobs.endings import write_ending
from models.jobs.process import WorkerProcess
from models.jobs.protocol import Order
from models.ledger import INTERRUPTED
from models.owners import Owner
from models.recipe import Recipe
from models.remedies.chain import completed, runs_of
from models.store import Store
from models.suited import refuse_unsuited
from models.trial import Trial

CANCEL_SECONDS = 1.0
"""A worker that has not stopped this long after a cancel is killed."""

CLOSE_SECONDS = 2.0

NEVER_BEGAN = "Cancelled before it began."

TRAINS = ("train", "sweep")
"""Orders that train runs."""


class JobQueue:
    """First in, first out, one job at a time, in one warm worker process.

    A server makes one of these and closes it when it ends. What another server left
    unfinished when it died is marked as interrupted first.

    Parameters
    ----------
    store : Store

    Raises
    ------
    StoreError
        The store cannot be written; no thread and no process is left behind.
    """

    def __init__(self, store: Store) -> None:
        store.ledger.sweep()
        self._store = store
        self._owner = Owner(store.owners)
        self._waiting: deque[Order] = deque()
        self._current: Order | None = None
        self._killed: Order | None = None
        self._attendance = Attendance()
        self._is_closed = False
        self._worker: WorkerProcess | None = None
        # Guards the fields above; also says that one of them has changed.
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._dispatch, daemon=True)
        self._thread.start()

    def warm(self) -> None:
        """Start the worker now, so that the first job does not wait for torch."""
        with self._change:
            self._running_worker()

    def submit(self, recipe: Recipe, dataset: Dataset | None = None) -> str:
        """Queue a recipe and return its run's id at once.

        A finished run is found, not trained again; one that failed or was cancelled
        resumes from its checkpoint. Runs that a chain of remedies builds on go first.

        Parameters
        ----------
        recipe : Recipe
        dataset : Dataset or None
            The recipe's, if it is loaded already.

        Raises
        ------
        SettingError
            A remedy or a setting does not exist or is out of range.
        DataError
            The table is gone.
        StoreError
            The store cannot be written.
        """
        recipe = completed(recipe)
        task = self._store.task(recipe.task)
        dataset = load(task, self._store.tables) if dataset is None else dataset
        refuse_unsuited(recipe, dataset)
        run_id = ""
        for step in runs_of(recipe):
            run_id = self._store.submit(step, task, dataset.digest, self._owner.token)
            self._enqueue(Order("train", run_id))
        return run_id

    def submit_sweep(
        self, recipes: Sequence[Recipe], dataset: Dataset | None = None
    ) -> list[str]:
        """Queue several recipes of one table as one job; return their runs' ids.

        Where rows and shapes agree they are trained together, else one after another.
        Each is a run of its own: it is found if it is finished, it can be shown as
        soon as it is over, and it stays when the others are cancelled.

        Parameters
        ----------
        recipes : sequence of Recipe
        dataset : Dataset or None
            The recipes', if it is loaded already.

        Raises
        ------
        SettingError, DataError, StoreError
            As `submit` does.
        """
        recipes = [completed(recipe) for recipe in recipes]
        task = self._store.task(recipes[0].task)
        dataset = load(task, self._store.tables) if dataset is None else dataset
        for recipe in recipes:
            if len(runs_of(recipe)) > 1:  # what they build on, found or trained first
                self.submit(runs_of(recipe)[-2], dataset)
        token = self._owner.token
        ids = [self._store.submit(r, task, dataset.digest, token) for r in recipes]
        mine = [run for run in dict.fromkeys(ids) if self._is_mine(run)]
        if mine:
            self._enqueue(Order("sweep", mine[0], others=tuple(mine[1:])))
        return ids

    def resume(self, run_id: str) -> str:
        """Queue a failed or cancelled run again; it goes on after its last epoch."""
        run = self._store.run(run_id)
        for step in runs_of(run.recipe):
            step_id = self._store.submit(
                step, run.task, run.data_digest, self._owner.token
            )
            self._enqueue(Order("train", step_id))
        return run_id

    def score(self, run_id: str, dataset: Dataset) -> None:
        """Queue scoring another table with a finished run's weights.

        The result is `store.table_scores(run_id, dataset.digest)`; until then
        `store.scorings.state(run_id, dataset.digest)` says how far it is.

        Raises
        ------
        RunError
            The run is not finished.
        """
        run = self._store.run(run_id)
        if not run.is_finished:
            raise RunError(
                f"Run {run_id[:12]} is {run.state}; only a finished run can score "
                "another table. Wait for it or resume it on the Model page."
            )
        if self._store.scorings.submit(
            run_id, dataset.task, dataset.digest, self._owner.token
        ):
            self._enqueue(Order("score", run_id, dataset.digest))

    def try_out(self, trials: Sequence[Trial]) -> None:
        """Queue remedies of scores to be tried, in order; what is done is found.

        The result is `store.trial_scores(key)`; `store.trials.state(key)` says how far
        each is.
        """
        for trial in trials:
            if self._store.trials.submit(trial, self._owner.token):
                self._enqueue(Order("try", trial.key))

    def drop(self, keys: Collection[str]) -> None:
        """Take trials that have not begun out of the queue."""
        with self._change:
            dropped = [o for o in self._waiting if o.do == "try" and o.run in keys]
            for order in dropped:
                self._waiting.remove(order)
        for order in dropped:
            self._store.trials.cancel(order.run)

    def ask(self, inquiry: Inquiry) -> None:
        """Queue an inquiry; one that is done is found.

        The result is `store.inquiries.answer(key)`; `store.inquiries.state(key)` says
        how far it is. Whoever waits asks again and again: one that nobody has asked
        for lately does not hold up the others when its turn comes.
        """
        self.attend(inquiry.key)
        self._store.inquiries.submit(inquiry, self._owner.token)
        if self._store.inquiries.state(inquiry.key).state == "queued":
            self._enqueue(Order("ask", inquiry.key))

    def attend(self, key: str) -> None:
        """Say that somebody still waits for an inquiry."""
        self._attendance.note(key)

    def stop_asking(self, key: str) -> None:
        """Stop an inquiry of this queue, under way or waiting."""
        with self._change:
            self._waiting = deque(
                o for o in self._waiting if o.do != "ask" or o.run != key
            )
            current = self._current
            if current is not None and current.do == "ask" and current.run == key:
                self._stop_current(current)
        self._store.inquiries.fail(key, "cancelled", STOPPED)

    def cancel(self, run_id: str) -> None:
        """Cancel a run of this queue, and the run it waits for.

        A waiting run never starts. A running one stops at its next batch; if that
        takes longer than `CANCEL_SECONDS` its process is killed. With a member of a
        sweep go all the others that are not finished.
        """
        run = self._store.run(run_id)
        if run.base and run.state == "queued":
            with suppress(RunError):  # what it is based on was never trained
                base = self._store.run(run.base)
                if base.is_active:
                    self.cancel(base.id)
        with self._change:
            waiting = [o for o in self._waiting if _trains(o, run_id)]
            current = self._current
            for order in waiting:
                self._waiting.remove(order)
                for name in order.runs:
                    self._store.ledger.end(name, "cancelled", NEVER_BEGAN)
            if (
                not waiting
                and current is not None
                and _trains(current, run_id)
                and self._worker is not None
            ):
                self._stop_current(current)

    def _stop_current(self, order: Order) -> None:
        """Ask the worker to stop, and kill it if it does not; holds `_change`."""
        if self._worker is None:
            return
        self._worker.send(Order("cancel", order.run))
        timer = threading.Timer(CANCEL_SECONDS, self._kill, (order, self._worker))
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Stop; unfinished runs are marked as interrupted and can be resumed.

        Never raises: what a full disk keeps from being marked is marked at the next
        start.
        """
        with self._change:
            self._is_closed = True
            self._waiting.clear()
            self._change.notify_all()
            worker = self._worker
        if worker is not None:
            worker.close(CLOSE_SECONDS)
        self._thread.join(CLOSE_SECONDS)
        with suppress(StoreError):
            self._store.write_down(
                lambda: self._store.ledger.interrupt(self._owner.token)
            )
        self._owner.close()

    @property
    def worker_id(self) -> int | None:
        """Process id of the worker; None while there is none."""
        worker = self._worker
        return worker.id if worker is not None and worker.is_running else None

    def _enqueue(self, order: Order) -> None:
        """Add an order that is queued for this server and not waiting already."""
        with self._change:
            if self._is_closed:
                raise RunError("The program is closing. Start it again, then resume.")
            if order.do in TRAINS and not self._is_mine(order.run):
                return
            if order != self._current and order not in self._waiting:
                self._waiting.append(order)
                self._change.notify_all()
                self._stop_if_left()

    def _is_mine(self, run_id: str) -> bool:
        waiting = self._store.ledger.queued_by(self._owner.token)
        return run_id in waiting

    def _dispatch(self) -> None:
        while (order := self._next()) is not None:
            reason = self._carried_out(order)
            with self._change:
                self._current = None
                if reason:
                    self._bury(order, reason)

    def _carried_out(self, order: Order) -> str:
        """Have the worker carry out an order; return why it could not, or nothing."""
        try:
            with self._change:
                worker = self._running_worker()
        except (OSError, StoreError) as error:  # memory or disk is full
            return reason_of(error)
        worker.send(order)
        status = worker.wait()
        if status is None:
            return ""
        return INTERRUPTED if self._is_closed else reason_of_exit(status)

    def _next(self) -> Order | None:
        with self._change:
            self._drop_unattended()
            while not self._waiting and not self._is_closed:
                self._change.wait()
                self._drop_unattended()
            if self._is_closed:
                return None
            self._current = self._waiting.popleft()
            return self._current

    def _stop_if_left(self) -> None:
        """Stop an inquiry that nobody follows, for another; holds `_change`."""
        current = self._current
        is_asked = current is not None and current.do == "ask"
        if current is not None and is_asked and self._attendance.is_left(current.run):
            self._stop_current(current)

    def _drop_unattended(self) -> None:
        """Leave out inquiries that nobody waits for any more; holds `_change`."""
        is_awaited = self._attendance.is_awaited
        kept = [o for o in self._waiting if o.do != "ask" or is_awaited(o.run)]
        self._waiting = deque(kept)

    def _running_worker(self) -> WorkerProcess:
        if self._worker is not None and not self._worker.is_running:
            self._worker.close(CLOSE_SECONDS)
            self._worker = None
        if self._worker is None:
            self._worker = WorkerProcess(self._store, self._owner.token)
        return self._worker

    def _bury(self, order: Order, reason: str) -> None:
        """Write down that an order failed; the next one starts a new worker."""
        with suppress(StoreError):  # then the next start marks it as interrupted
            was_killed = order is self._killed
            try:
                write_ending(self._store, order, reason, was_killed=was_killed)
            except DiskFullError:
                self._store.release_reserve()
                write_ending(self._store, order, DISK_FULL, was_killed=was_killed)

    def _kill(self, order: Order, worker: WorkerProcess) -> None:
        """Kill a worker that is still at a cancelled order.

        Only then is the run marked: a worker that hangs may hold the store's lock.
        """
        with self._change:
            if self._current is order:
                self._killed = order
                worker.kill()


def _trains(order: Order, run_id: str) -> bool:
    return order.do in TRAINS and run_id in order.runs
