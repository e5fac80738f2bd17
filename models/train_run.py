"""Train one run: prepare its rows, go through the loop, score every row, store it."""

import torch

from analysis.datasets.load import Dataset
from analysis.errors import RunError
from models.artefacts import json_bytes
from models.boosting import Boosting
from models.checkpoint import read_checkpoint, write_checkpoint
from models.data import dataset_of
from models.devices import description, device_named
from models.epoch import Epoch
from models.evaluations import splits_of
from models.job import Job
from models.live import epoch_payload, network_payload
from models.network_scorer import TorchScorer
from models.prepare import Prepared, prepare, training_of, training_preprocessor
from models.rate_test import learning_rate
from models.recipe import BASE, BOOSTING, Recipe
from models.remedies.chain import is_posthoc
from models.rescore import finished, network_scorer, scored
from models.resumption import fits, state_of, take_up
from models.train import Training
from models.workshop import workshop_of


def train_run(job: Job, device: torch.device) -> None:
    """Train a run that its owner has begun, and store what came out."""
    dataset = dataset_of(job.run, job.store)
    workshop = workshop_of(job.store, job.run, device, job.should_stop)
    prepared = prepare(job.run.recipe, dataset, splits_of(job.run, dataset), workshop)
    if prepared.recipe.architecture == BOOSTING:
        _boost(job, prepared, dataset)
    else:
        train_network(job, prepared, device)


def train_network(job: Job, prepared: Prepared, device: torch.device) -> None:
    """Train a network from its start or its checkpoint, and store what came out."""
    recipe = prepared.recipe
    base = _warm_start(job, recipe)
    training = training_of(prepared, device, base)
    is_new = not _resumed(job, training)
    announce(job, prepared)
    if is_new and recipe.find_rate:
        found = learning_rate(training, job.should_stop)
        training.progress.rate = found.rate
        job.report("rate", found.to_json())
    training.run(lambda epoch: _after(epoch, job, training, prepared), job.should_stop)
    keep(job, prepared, training, base)


def keep(
    job: Job, prepared: Prepared, training: Training, base: TorchScorer | None = None
) -> None:
    """Score all rows with a trained network, store it, and mark its run as done."""
    recipe = prepared.recipe
    preprocessor = training_preprocessor(prepared, base)
    scorer = TorchScorer(training.network, preprocessor, recipe)
    frame = dataset_of(job.run, job.store).frame
    files = scorer.files() | {"scores": (scored(scorer, frame), "parquet")}
    progress = training.progress
    job.finish(files, progress.seconds, progress.best_epoch)


def announce(job: Job, prepared: Prepared, *, batched: bool = False) -> None:
    """Report that training begins, on what, and what the weights leave of the rows.

    Members of a batched sweep record that they are.
    """
    device = description(device_named(prepared.recipe.device))
    told = {"device": device, "rows": len(prepared.train), "batched": batched}
    job.report("start", told)
    job.report("prepared", prepared.said())


def _warm_start(job: Job, recipe: Recipe) -> TorchScorer | None:
    """Return the finished network that training starts from, if the recipe names one.

    Raises
    ------
    RunError
        It is not finished, was trained on other rows, or is not a network of this
        architecture.
    """
    if not recipe.warm_start:
        return None
    name = job.run.base if recipe.warm_start == BASE else recipe.warm_start
    run = finished(job.store, job.store.find(name).id)
    while is_posthoc(run.recipe):
        run = finished(job.store, run.base)
    if run.data_digest != job.run.data_digest:
        raise RunError(
            f"The run to start from ({run.title}, {run.id[:12]}) was trained on "
            "another table. Choose one of this table."
        )
    if _split_of(run.recipe) != _split_of(recipe):
        raise RunError(
            f"The run to start from ({run.title}, {run.id[:12]}) was trained on "
            "another split, and so on rows that are held out here. Choose one with the "
            "same split, seed and held-out domain."
        )
    scorer = network_scorer(job.store, run)
    same = run.recipe.architecture == recipe.architecture
    if not (same and isinstance(scorer, TorchScorer)):
        raise RunError(
            f"The run to start from ({run.title}, {run.id[:12]}) is of another "
            "architecture. Choose one with the same architecture and hidden layers."
        )
    return scorer


def _split_of(recipe: Recipe) -> tuple[str, int, str]:
    return recipe.split, recipe.seed, recipe.held_out


def _resumed(job: Job, training: Training) -> bool:
    """Take up an earlier attempt where its checkpoint was made, or begin anew."""
    found = read_checkpoint(job.store.checkpoint(job.run.id))
    if found is not None and fits(training, found[1]):
        take_up(training, *found)
        return True
    job.store.ledger.restart(job.run.id)
    return False


def report_epoch(
    epoch: Epoch, job: Job, training: Training, prepared: Prepared
) -> None:
    """Add an epoch's event."""
    payload = epoch_payload(epoch, prepared.recipe, prepared.validation)
    job.report("epoch", payload | network_payload(training, prepared))


def _after(epoch: Epoch, job: Job, training: Training, prepared: Prepared) -> None:
    """Report an epoch, then keep it.

    In this order an interruption between the two repeats one epoch, whose report is
    there already; the other order would lose it.
    """
    if epoch.progress.epoch > job.store.run(job.run.id).epochs:
        report_epoch(epoch, job, training, prepared)
    if not any(method.runs_alone() for method in training.methods):
        write_checkpoint(
            job.store.checkpoint(job.run.id), training.progress, state_of(training)
        )


def _boost(job: Job, prepared: Prepared, dataset: Dataset) -> None:
    """Grow trees; without pickle they cannot be kept, so scores and recipe are."""
    job.store.ledger.restart(job.run.id)
    announce(job, prepared)
    boosting = Boosting(prepared)
    boosting.run(
        lambda epoch: job.report(
            "epoch", epoch_payload(epoch, prepared.recipe, prepared.validation)
        ),
        job.should_stop,
    )
    files = {
        "preprocessing": (json_bytes(prepared.preprocessor.to_json()), "json"),
        "recipe": (json_bytes(prepared.recipe.to_json()), "json"),
        "scores": (scored(boosting, dataset.frame), "parquet"),
    }
    job.finish(files, boosting.progress.seconds, boosting.progress.best_epoch)
