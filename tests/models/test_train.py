import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.counts import Counts
from analysis.errors import RunError, SettingError
from models import objective
from models.checkpoint import read_checkpoint
from models.evaluations import evaluation, splits_of
from models.execute import execute
from models.owners import Owner
from models.rescore import network_scorer
from models.store import Store
from models.training import train_now


def begin(store, recipe, dataset, stop_after):
    """Train until some epochs are done, then cancel; return the run's id."""
    owner = Owner(store.owners)
    name = store.ledger.submit(recipe, dataset.task, dataset.digest, owner.token)
    execute(store, name, owner.token, lambda: store.run(name).epochs >= stop_after)
    owner.close()
    return name


def beside(store, tmp_path):
    """Return a second store with the same table and no runs."""
    other = Store(tmp_path / "second")
    other.tables = store.tables
    other.notes.save_task(store.notes.tasks()[0])
    return other


def test_same_recipe_same_bits(store, recipe, tmp_path):
    first = train_now(store, recipe)
    second = train_now(beside(store, tmp_path), recipe)
    assert second.artefacts == first.artefacts
    other = train_now(store, replace(recipe, seed=1))
    assert other.artefacts["weights"] != first.artefacts["weights"]


@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_resumed_run_ends_as_an_uninterrupted_one(
    store, recipe, dataset, tmp_path, stop_after
):
    recipe = replace(recipe, dropout=0.2)
    name = begin(store, recipe, dataset, stop_after)
    assert store.run(name).state == "cancelled"
    assert "Resume continues" in store.run(name).reason
    progress, _ = read_checkpoint(store.checkpoint(name))
    assert progress.epoch == stop_after
    resumed = train_now(store, recipe)
    assert not store.checkpoint(name).exists()

    whole = beside(store, tmp_path)
    uninterrupted = train_now(whole, recipe)
    assert resumed.artefacts == uninterrupted.artefacts
    assert _losses(store, resumed) == _losses(whole, uninterrupted)


def _losses(store, run):
    payloads = [e.payload for e in store.events(run.id) if e.kind == "epoch"]
    return [(p["epoch"], p["train_loss"], p["validation_loss"]) for p in payloads]


def test_a_broken_checkpoint_means_a_new_start(store, recipe, dataset):
    name = begin(store, recipe, dataset, 2)
    store.checkpoint(name).write_bytes(b"not safetensors")
    run = train_now(store, recipe)
    assert [n for n, *_ in _losses(store, run)] == list(range(1, 7))


def test_events_hold_counts_by_group_that_add_up(store, recipe, dataset):
    heard = []
    run = train_now(store, recipe, heard.append)
    assert heard == store.events(run.id)
    epochs = [e.payload for e in heard if e.kind == "epoch"]
    n = len(splits_of(run, dataset).rows["validation"])
    assert [p["epoch"] for p in epochs] == list(range(1, 7))
    assert epochs[-1]["seconds_left"] == 0
    assert 0.5 < epochs[-1]["validation_auroc"] < 1
    counts = Counts.from_json(epochs[-1]["counts"]["group"])
    assert counts.names == ("a", "b")
    assert counts.n.sum() == n


def test_early_stopping_keeps_the_best_epoch(store, recipe, dataset):
    eager = replace(recipe, epochs=40, patience=3, learning_rate=0.1)
    run = train_now(store, eager)
    losses = [loss for *_, loss in _losses(store, run)]
    assert run.epochs == run.best_epoch + 3 < 40
    assert run.best_epoch == 1 + int(np.argmin(losses))
    scored = evaluation(store, run, dataset, "validation").scores.values
    y = evaluation(store, run, dataset, "validation").y_true
    kept = (
        -np.log(scored[np.arange(len(y)), y])
        @ dataset.frame.weights[splits_of(run, dataset).rows["validation"]]
    )
    weights = dataset.frame.weights[splits_of(run, dataset).rows["validation"]]
    assert kept / weights.sum() == pytest.approx(min(losses), rel=1e-6)


def test_survey_weights_train_only_when_asked(store, recipe):
    plain = train_now(store, recipe)
    weighted = train_now(store, replace(recipe, survey_weights=True))
    assert plain.artefacts["weights"] != weighted.artefacts["weights"]


def test_the_stored_network_gives_the_stored_scores(store, recipe, dataset):
    run = train_now(store, recipe)
    scores = network_scorer(store, run).score(dataset.frame)
    np.testing.assert_array_equal(scores.logits, store.scores(run.id).scores.logits)


def test_a_run_is_not_evaluated_on_other_data(store, recipe, dataset):
    run = train_now(store, recipe)
    with pytest.raises(RunError, match="Train it again on this one"):
        evaluation(store, replace(run, data_digest="0" * 32), dataset)
    assert math.isclose(evaluation(store, run, dataset).scores.values.sum(), 240)


def test_a_diverging_training_says_so(store, recipe, monkeypatch):
    real = objective.cross_entropy
    monkeypatch.setattr(objective, "cross_entropy", lambda *a: real(*a) * math.nan)
    with pytest.raises(RunError, match="Choose a lower learning rate"):
        train_now(store, recipe)
    assert "diverged in epoch 1" in store.runs()[0].reason
    assert "No epoch was good" in store.runs()[0].reason


def test_cuda_without_a_device_says_what_to_choose(store, recipe, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SettingError, match="Choose the device 'auto' or 'cpu'"):
        train_now(store, replace(recipe, device="cuda"))
    assert store.runs()[0].state == "failed"


def test_logistic_regression_trains(store, recipe, dataset):
    run = train_now(store, replace(recipe, architecture="logistic", epochs=20))
    seen = evaluation(store, run, dataset)
    assert (seen.decisions == seen.is_positive).mean() > 0.6
