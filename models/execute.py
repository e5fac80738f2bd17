"""Carry out one queued run: load, split, fit, train or fit post hoc, score, store."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from analysis.arrays import Floats, Ints
from analysis.datasets.load import load
from analysis.errors import DataError, RunError, StoreError
from analysis.frame import AuditFrame
from models.artefacts import json_bytes, scores_bytes
from models.checkpoint import read_checkpoint, write_checkpoint
from models.data import dataset_of
from models.devices import description, device_named
from models.evaluations import splits_of
from models.failures import reason_of
from models.ledger import CANCELLED
from models.live import epoch_payload
from models.network_scorer import TorchScorer, restored
from models.networks import network
from models.preprocess import Preprocessor, fit_preprocessor
from models.recipe import Recipe
from models.remedies.base import PosthocRemedy, RetrainingRemedy
from models.remedies.chain import is_posthoc, remedy_of, retraining
from models.rows import Rows, rows_on
from models.run import Run
from models.scorer import Scorer, stored_scorer
from models.store import Store
from models.train import Cancelled, Epoch, Training


class Lost(Exception):  # noqa: N818 (a fact, not an error)
    """The run was cancelled or taken over by another process."""


@dataclass(frozen=True)
class Job:
    """A queued run in the hands of its owner.

    Parameters
    ----------
    store : Store
    run : Run
    owner : str
        Token of the process that holds the run.
    should_stop : callable
        Asked before each batch.
    """

    store: Store
    run: Run
    owner: str
    should_stop: Callable[[], bool]

    def report(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Add an event.

        Raises
        ------
        Lost
            The run is no longer this owner's.
        """
        if not self.store.ledger.report(self.run.id, self.owner, kind, payload):
            raise Lost

    def finish(
        self,
        files: Mapping[str, tuple[bytes, str]],
        seconds: float,
        best_epoch: int = 0,
    ) -> None:
        """Store files by role and mark the run as done."""
        names = {
            role: self.store.files.put(content, suffix)
            for role, (content, suffix) in files.items()
        }
        self.store.ledger.finish(
            self.run.id, self.owner, names, seconds=seconds, best_epoch=best_epoch
        )
        with suppress(OSError):  # the run is done; a checkpoint too many harms nobody
            self.store.checkpoint(self.run.id).unlink(missing_ok=True)


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
    run = store.run(run_id)
    job = Job(store, run, owner, should_stop)
    try:
        device = device_named(run.recipe.device)
        if store.ledger.start(run_id, owner, description(device)):
            if is_posthoc(run.recipe):
                _fit_posthoc(job)
            else:
                _train(job, device)
    except Lost:
        return
    except Cancelled:
        store.ledger.end(run_id, "cancelled", CANCELLED)
    except Exception as error:
        _fail(store, run_id, error)
        raise


def _fail(store: Store, run_id: str, error: Exception) -> None:
    """Write down why, even on a full disk: the reserve makes room for one line."""
    with suppress(StoreError):  # what is raised then is the error itself
        store.write_down(lambda: store.ledger.end(run_id, "failed", reason_of(error)))


def _train(job: Job, device: torch.device) -> None:
    dataset = dataset_of(job.run, job.store)
    rows = splits_of(job.run, dataset).rows
    train, validation = (
        dataset.frame.take(rows[name]) for name in ("train", "validation")
    )
    recipe = _remedied(job.run.recipe, train)
    features = list(dataset.features_for(recipe.split))
    preprocessor = fit_preprocessor(train.features[features])
    # The process-wide generator starts the weights and draws the dropout.
    torch.manual_seed(recipe.seed)
    trained = network(preprocessor, len(train.classes), recipe).to(device)
    resident = [
        _resident(part, preprocessor, recipe, device) for part in (train, validation)
    ]
    training = Training(trained, recipe, *resident)
    _resume(job, training)
    job.report("start", {"device": description(device), "rows": len(train)})
    training.run(
        lambda epoch: _after(epoch, job, training, validation), job.should_stop
    )
    scorer = TorchScorer(trained, preprocessor)
    files = {
        "weights": (scorer.weights_bytes(), "safetensors"),
        "preprocessing": (json_bytes(preprocessor.to_json()), "json"),
        "recipe": (json_bytes(recipe.to_json()), "json"),
        "scores": (_scored(scorer, dataset.frame), "parquet"),
    }
    progress = training.progress
    job.finish(files, progress.seconds, progress.best_epoch)


def _remedied(recipe: Recipe, train: AuditFrame) -> Recipe:
    """Let each retraining remedy change the recipe, from training rows alone."""
    for stage in retraining(recipe):
        remedy = remedy_of(stage)
        if isinstance(remedy, RetrainingRemedy):
            recipe = remedy.change(recipe, train)
    return recipe


def _resident(
    part: AuditFrame, preprocessor: Preprocessor, recipe: Recipe, device: torch.device
) -> Rows:
    encoded = preprocessor.transform(part.features)
    return rows_on(device, encoded, _labels(part), _training_weights(part, recipe))


def _resume(job: Job, training: Training) -> None:
    """Take up an earlier attempt where its checkpoint was made, or begin anew."""
    found = read_checkpoint(job.store.checkpoint(job.run.id))
    if found is not None and training.accepts(found[1]):
        training.resume(*found)
    else:
        job.store.ledger.restart(job.run.id)


def _after(epoch: Epoch, job: Job, training: Training, validation: AuditFrame) -> None:
    """Report an epoch, then keep it.

    In this order an interruption between the two repeats one epoch, whose report is
    there already; the other order would lose it.
    """
    if epoch.progress.epoch > job.store.run(job.run.id).epochs:
        job.report("epoch", epoch_payload(epoch, job.run.recipe, validation))
    write_checkpoint(
        job.store.checkpoint(job.run.id), training.progress, training.state()
    )


def _training_weights(part: AuditFrame, recipe: Recipe) -> Floats:
    weights = part.weights if recipe.survey_weights else np.ones(len(part))
    if recipe.cell_weights is not None:
        weights = weights * recipe.cell_weights.factors(part)
    return weights


def _fit_posthoc(job: Job) -> None:
    began = time.perf_counter()
    store, run = job.store, job.run
    base = _finished(store, run.base)
    dataset = dataset_of(run, store)
    rows = splits_of(run, dataset).rows["calibration"]
    calibration = dataset.frame.take(rows)
    if not run.recipe.survey_weights:
        calibration = replace(calibration, weights=np.ones(len(calibration)))
    store.ledger.restart(run.id)
    job.report("start", {"rows": len(calibration)})
    fitted = _posthoc(run).fit(stored_scorer(store, base), calibration)
    seconds = time.perf_counter() - began
    job.report("fitted", {"parameters": fitted.parameters(), "seconds": seconds})
    files = {
        "parameters": (json_bytes(fitted.parameters()), "json"),
        "scores": (_scored(fitted, dataset.frame), "parquet"),
    }
    job.finish(files, seconds)


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
        content = _scored(scorer, dataset.frame)
        name = store.files.put(content, "parquet")
        store.scorings.end(run_id, data_digest, scores=name)
    except Exception as error:
        said = {"reason": reason_of(error)}
        with suppress(StoreError):
            store.write_down(lambda: store.scorings.end(run_id, data_digest, **said))
        raise


def network_scorer(store: Store, run: Run) -> Scorer:
    """Return a finished run's scorer for any frame, its post-hoc remedies included.

    Raises
    ------
    RunError
        The run, or one it is based on, is not finished.
    """
    if is_posthoc(run.recipe):
        base = network_scorer(store, _finished(store, run.base))
        return _posthoc(run).restored(
            base, json.loads(store.artefact(run, "parameters"))
        )
    return restored(
        store.artefact(run, "weights"),
        store.artefact(run, "preprocessing"),
        len(run.task.classes),
        run.recipe,
        device_named("auto"),
    )


def _posthoc(run: Run) -> PosthocRemedy:
    remedy = remedy_of(run.recipe.stages[-1])
    if not isinstance(remedy, PosthocRemedy):
        raise RunError(f"'{remedy.title}' trains anew; it is not fitted to a model.")
    return remedy


def _finished(store: Store, run_id: str) -> Run:
    run = store.run(run_id)
    if not run.is_finished:
        raise RunError(
            f"The run it builds on ({run.title}, {run.id[:12]}) is {run.state}. "
            "Resume that one on the Model page first."
        )
    return run


def _scored(scorer: Scorer, frame: AuditFrame) -> bytes:
    logits = scorer.score(frame).logits
    if logits is None:
        raise RunError("This remedy gives no logits, so its scores cannot be stored.")
    return scores_bytes(frame.row_ids, logits)


def _labels(part: AuditFrame) -> Ints:
    if part.y_true is None:
        raise DataError(
            "This table has no labels to learn from. Choose a label on the Data page."
        )
    return part.y_true
