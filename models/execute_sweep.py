"""Carry out several queued runs as one job: together where they fit, else in turn."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

import torch

from analysis.errors import AuditError, RunError
from models.checkpoint import write_checkpoint
from models.data import dataset_of
from models.devices import device_named
from models.epoch import Cancelled, Epoch
from models.evaluations import splits_of
from models.execute import carry_out, execute
from models.failures import reason_of
from models.job import Job, Lost
from models.ledger import CANCELLED
from models.memory import is_out_of_memory
from models.prepare import Prepared, methods_of, prepare, training_of
from models.recipe import BOOSTING
from models.remedies.chain import is_posthoc
from models.resumption import state_of
from models.run import State
from models.store import Store
from models.sweep import Sweep, fit_together
from models.train import Training
from models.train_run import announce, keep, report_epoch, train_network
from models.workshop import workshop_of

TOGETHER_ON = ("cuda",)
"""Devices on which members are computed as one. One core computes eight members as one
no faster than one after another (`benchmarks.sweep`), and shows none before all are
done; a GPU has room for many."""

MAX_TOGETHER = 64
"""Members of one pass; more are taken in several."""

CHECKPOINT_SECONDS = 5.0
"""Between two checkpoints of a member: many members would wait for the disk."""

log = logging.getLogger("sweep")


def execute_sweep(
    store: Store, run_ids: Sequence[str], owner: str, should_stop: Callable[[], bool]
) -> None:
    """Carry out queued runs; whatever happens, each one's state says how it ended.

    Parameters
    ----------
    store : Store
    run_ids : sequence of str
        Of one table.
    owner : str
        Token of the process that queued them.
    should_stop : callable
        Asked before each batch; True cancels all that are not finished.
    """
    jobs = [Job(store, store.run(name), owner, should_stop) for name in run_ids]
    # What was begun before goes on from its own checkpoint, in a pass of its own.
    fresh = [job for job in jobs if not store.checkpoint(job.run.id).exists()]
    tries = list[Callable[[], None]]()
    if prepared := _fit_as_one(fresh):
        device = _device(fresh)
        for start in range(0, len(fresh), MAX_TOGETHER):
            part = slice(start, start + MAX_TOGETHER)
            tries.append(partial(_together, fresh[part], prepared[part], device))
    tries += [partial(_alone, job) for job in jobs]
    _one_after_the_other(tries)


def _fit_as_one(jobs: list[Job]) -> list[Prepared] | None:
    """Prepare members that are to be computed as one; None where they cannot be."""
    try:
        if not jobs or _device(jobs).type not in TOGETHER_ON:
            return None
        prepared = _prepared(jobs)
    except Exception:
        log.exception("the members are tried one by one")
        return None
    return prepared if prepared is not None and _fit(prepared) else None


def _prepared(jobs: list[Job]) -> list[Prepared] | None:
    """Prepare every member; None where one is not trained, or cannot be.

    Then each is tried by itself, and says what is wrong with it.
    """
    if len(jobs) < 2 or any(
        is_posthoc(j.run.recipe) or j.run.recipe.architecture == BOOSTING for j in jobs
    ):
        return None
    dataset = dataset_of(jobs[0].run, jobs[0].store)
    found = []
    for job in jobs:
        splits = splits_of(job.run, dataset)
        workshop = workshop_of(job.store, job.run, _device(jobs), job.should_stop)
        try:
            found.append(prepare(job.run.recipe, dataset, splits, workshop))
        except (AuditError, Cancelled):
            return None
    return found


def _fit(prepared: list[Prepared]) -> bool:
    methods = [m for p in prepared for m in methods_of(p.recipe)]
    return fit_together(prepared, methods)


def _device(jobs: list[Job]) -> torch.device:
    return device_named(jobs[0].run.recipe.device)


def _one_after_the_other(tries: Sequence[Callable[[], None]]) -> None:
    """Make every try; a fault of the program is raised when all have been made."""
    faults = list[Exception]()
    for attempt in tries:
        try:
            attempt()
        except AuditError:  # the run's state says why; the next one may do
            continue
        except Exception as error:
            log.exception("a part of a sweep")
            faults.append(error)
    if faults:
        raise faults[0]


def _alone(job: Job) -> None:
    """Carry out a run by itself, unless a pass has brought it to its end."""
    if not job.store.run(job.run.id).is_active:
        return
    if job.should_stop():
        job.store.ledger.end(job.run.id, "cancelled", CANCELLED)
        return
    execute(job.store, job.run.id, job.owner, job.should_stop)


def _together(jobs: list[Job], prepared: list[Prepared], device: torch.device) -> None:
    """Train members as one; what does not fit the memory together goes one by one."""
    note = f"in one pass with {len(jobs) - 1} others"
    pairs = zip(jobs, prepared, strict=True)
    started = [(j, p) for j, p in pairs if j.start(device, note)]
    try:
        _pass(started, device)
        return
    except (Cancelled, Lost):
        _end_all(started, "cancelled", CANCELLED)
        return
    except Exception as error:
        if not (isinstance(error, RuntimeError) and is_out_of_memory(error)):
            _end_all(started, "failed", reason_of(error))
            raise
    # Only here has the pass let go of what it held.
    left = [(j, p) for j, p in started if j.store.run(j.run.id).is_active]
    _one_after_the_other(
        [partial(carry_out, j, partial(train_network, j, p, device)) for j, p in left]
    )


def _pass(started: list[tuple[Job, Prepared]], device: torch.device) -> None:
    """Train members in one pass; those that cannot begin leave the others to it."""
    able, members = list[tuple[Job, Prepared]](), list[Training]()
    for job, part in started:
        job.store.ledger.restart(job.run.id)
        try:
            members.append(training_of(part, device))
            able.append((job, part))
        except AuditError as error:
            job.store.ledger.end(job.run.id, "failed", str(error))
    if not able:
        return
    for job, part in able:
        announce(job, part, batched=len(able) > 1)
    Sweep(members).run(
        [_report(*pair, m) for pair, m in zip(able, members, strict=True)],
        lambda k, error: _end(*able[k], members[k], error),
        able[0][0].should_stop,
    )


def _report(
    job: Job, prepared: Prepared, training: Training
) -> Callable[[Epoch], None]:
    """Return what reports a member's epochs and keeps a checkpoint now and then."""
    kept = time.monotonic()

    def report(epoch: Epoch) -> None:
        nonlocal kept
        report_epoch(epoch, job, training, prepared)
        if time.monotonic() - kept >= CHECKPOINT_SECONDS:
            path = job.store.checkpoint(job.run.id)
            write_checkpoint(path, training.progress, state_of(training))
            kept = time.monotonic()

    return report


def _end(
    job: Job, prepared: Prepared, training: Training, error: RunError | None
) -> None:
    if error is not None:
        job.store.ledger.end(job.run.id, "failed", str(error))
        return
    try:
        keep(job, prepared, training)
    except Lost:
        return


def _end_all(started: list[tuple[Job, Prepared]], state: State, reason: str) -> None:
    """End the members that are not over; the ledger leaves finished ones alone."""
    for job, _ in started:
        job.store.ledger.end(job.run.id, state, reason)
