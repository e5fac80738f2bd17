"""Carry out one queued run, or one scoring; whatever happens, say how it ended."""

from collections.abc import Callable
from contextlib import suppress

from analysis.datasets.load import load
from analysis.errors import RunError, StoreError
from models.devices import device_named
from models.epoch import Cancelled
from models.failures import reason_of
from models.fit_posthoc import fit_posthoc
from models.job import Job, Lost
from models.ledger import CANCELLED
from models.remedies.chain import is_posthoc
from models.rescore import network_scorer, scored
from models.store import Store
from models.train_run import train_run


def execute(
    store: Store, run_id: str, owner: str, should_stop: Callable[[], bool]
) -> None:
    """Carry out a queued run; whatever happens, its state says how it ended.

    Parameters
    ----------
    store : Store
    run_id : str
    owner : str
        Token of the process that queued it.
    should_stop : callable
        Asked before each batch; True cancels.
    """
    job = Job(store, store.run(run_id), owner, should_stop)
    carry_out(job, lambda: _start(job))


def _start(job: Job) -> None:
    device = device_named(job.run.recipe.device)
    if not job.start(device):
        return
    if is_posthoc(job.run.recipe):
        fit_posthoc(job)
    else:
        train_run(job, device)


def carry_out(job: Job, work: Callable[[], None]) -> None:
    """Do a run's work; whatever happens, its state says how it ended."""
    try:
        work()
    except Lost:
        return
    except Cancelled:
        job.store.ledger.end(job.run.id, "cancelled", CANCELLED)
    except Exception as error:
        _fail(job.store, job.run.id, error)
        raise


def _fail(store: Store, run_id: str, error: Exception) -> None:
    """Write down why, even on a full disk: the reserve makes room for one line."""
    with suppress(StoreError):  # what is raised then is the error itself
        store.write_down(lambda: store.ledger.end(run_id, "failed", reason_of(error)))


def execute_scoring(store: Store, run_id: str, data_digest: str) -> None:
    """Score a second table with a finished run and store the result.

    Whatever happens, the scoring's state says how it ended.
    """
    try:
        dataset = load(store.scorings.task(run_id, data_digest), store.tables)
        if dataset.digest != data_digest:
            raise RunError(
                f"The table of '{dataset.task.title}' has changed since it was to be "
                "scored. Score it again."
            )
        scorer = network_scorer(store, store.run(run_id))
        content = scored(scorer, dataset.frame)
        name = store.files.put(content, "parquet")
        store.scorings.end(run_id, data_digest, scores=name)
    except Exception as error:
        said = {"reason": reason_of(error)}
        with suppress(StoreError):
            store.write_down(lambda: store.scorings.end(run_id, data_digest, **said))
        raise
