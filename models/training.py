"""Train in this process, for the command line and for building shipped runs."""

import time
from collections.abc import Callable
from contextlib import suppress

from analysis.datasets.load import Dataset, load
from analysis.errors import AuditError, RunError, StoreError
from models.failures import is_disk_full, reason_of
from models.owners import Owner
from models.recipe import Recipe
from models.remedies.chain import completed, runs_of
from models.run import Event, Run
from models.store import Store
from models.suited import refuse_unsuited

POLL_SECONDS = 0.2


def train_now(
    store: Store,
    recipe: Recipe,
    on_event: Callable[[Event], None] | None = None,
    dataset: Dataset | None = None,
) -> Run:
    """Carry out a recipe in this process and return the finished run.

    A finished run is found, not trained again; one that another process is training
    is waited for.

    Parameters
    ----------
    store : Store
    recipe : Recipe
    on_event : callable or None
        Called with each event of the last run of the recipe's chain.
    dataset : Dataset or None
        The recipe's, if it is loaded already.

    Raises
    ------
    RunError
        The run failed or was cancelled; the message says why.
    SettingError
        A setting of the recipe does not exist or is out of range, or a change of
        scores does not serve this table.
    StoreError
        The store cannot be written.
    """
    recipe = completed(recipe)
    task = store.task(recipe.task)
    dataset = load(task, store.tables) if dataset is None else dataset
    refuse_unsuited(recipe, dataset)
    owner = Owner(store.owners)
    try:
        for step in runs_of(recipe):
            run = store.run(store.submit(step, task, dataset.digest, owner.token))
            listener = on_event if step == recipe else None
            if run.is_active:
                _carry_out(store, run.id, owner.token, listener)
            run = store.run(run.id)
            if not run.is_finished:
                raise RunError(f"{run.title}: {run.reason}")
    finally:
        with suppress(StoreError):  # the next sweep marks them
            store.write_down(lambda: store.ledger.interrupt(owner.token))
        owner.close()
    return run


def _carry_out(
    store: Store, run_id: str, owner: str, on_event: Callable[[Event], None] | None
) -> None:
    # Late: everything above this line is quick to import.
    from models.devices import use_threads
    from models.execute import execute

    use_threads()
    ear = _Ear(store, run_id, on_event)
    try:
        execute(store, run_id, owner, ear.listen)
    except Exception as error:
        if isinstance(error, AuditError) and not is_disk_full(error):
            raise
        raise RunError(reason_of(error)) from error
    while store.run(run_id).is_active:  # in the hands of another process
        time.sleep(POLL_SECONDS)
        store.ledger.sweep()
        ear.listen()
    ear.listen(is_last=True)


class _Ear:
    """Passes a run's events on, asking the store now and then."""

    def __init__(
        self, store: Store, run_id: str, on_event: Callable[[Event], None] | None
    ) -> None:
        self._store, self._run_id, self._on_event = store, run_id, on_event
        self._heard, self._next = 0, 0.0

    def listen(self, *, is_last: bool = False) -> bool:
        """Pass on what is new; never ask to stop."""
        if self._on_event and (is_last or time.monotonic() >= self._next):
            for event in self._store.events(self._run_id, self._heard):
                self._heard = event.number
                self._on_event(event)
            self._next = time.monotonic() + POLL_SECONDS
        return False
