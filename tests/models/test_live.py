import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from analysis.counts import Counts
from models import live
from models.epoch import Epoch
from models.live import epoch_payload, network_payload
from models.progress import Progress
from models.recipe import ARCHITECTURE_TITLES, Stage
from models.training import train_now


@pytest.fixture
def validation(prepared_for, recipe):
    return prepared_for(recipe).validation


def epoch_of(logits, **progress):
    told = {"epoch": 2, "best_epoch": 1, "seconds": 3.0, **progress}
    return Epoch(Progress(**told), 0.4, 0.6, logits, {})


def test_an_epochs_numbers_by_hand(recipe, validation, rng):
    n, y, w = len(validation), validation.y_true, validation.weights
    logits = np.log(rng.dirichlet((1, 1), n))
    told = epoch_payload(epoch_of(logits), recipe, validation)
    log_loss = np.average(-logits[np.arange(n), y], weights=w)
    assert told["validation_loss"] == pytest.approx(log_loss)
    assert told["validation_auroc"] == pytest.approx(
        roc_auc_score(y, logits[:, 1], sample_weight=w)
    )
    assert (told["train_loss"], told["stopping_loss"]) == (0.4, 0.6)
    assert (told["epoch"], told["epochs"], told["best_epoch"]) == (2, 6, 1)
    assert told["seconds_left"] == pytest.approx(1.5 * 4)
    counts = Counts.from_json(told["counts"]["group"])
    decisions = logits.argmax(axis=1)
    for g, name in enumerate(counts.names):
        inside = validation.groups["group"].codes == g
        assert name == validation.groups["group"].names[g]
        for label in (0, 1):
            for decision in (0, 1):
                cell = inside & (y == label) & (decisions == decision)
                assert counts.n[g, label, decision] == cell.sum()


def test_no_auroc_where_a_class_is_missing(recipe, validation):
    alone = replace(validation, y_true=np.zeros(len(validation), int))
    told = epoch_payload(epoch_of(np.zeros((len(alone), 2))), recipe, alone)
    assert told["validation_auroc"] is None
    assert json.dumps(told, allow_nan=False)


def test_an_attribute_of_too_many_groups_has_no_curves(recipe, validation, monkeypatch):
    monkeypatch.setattr(live, "MAX_LIVE_GROUPS", 2)
    told = epoch_payload(epoch_of(np.zeros((len(validation), 2))), recipe, validation)
    assert set(told["counts"]) == {"group"}


def test_groups_without_rows_are_null_and_nothing_is_pruned_unasked(
    recipe, training_on, prepared_for
):
    training, prepared = training_on(recipe), prepared_for(recipe)
    work = prepared.validation.groups["work"]
    rows = np.flatnonzero(work.codes != 0)
    few = replace(prepared, validation=prepared.validation.take(rows))
    training.validation = training.validation.take(
        training.train.labels.new_tensor(rows)
    )
    told = network_payload(training, few)
    norms = dict(zip(*told["gradients"]["work"].values(), strict=True))
    assert norms[work.names[0]] is None
    assert all(norms[name] > 0 for name in work.names[1:])
    assert "pruned" not in told
    assert (told["rate"], told["parts"]) == (recipe.learning_rate, 1)


@pytest.mark.parametrize("architecture", ARCHITECTURE_TITLES)
def test_every_architecture_streams_what_the_curves_need(store, recipe, architecture):
    stages = (Stage("reweighing", {"attribute": "group"}),)
    recipe = replace(recipe, architecture=architecture, epochs=2, stages=stages)
    heard = []
    train_now(store, recipe, heard.append)
    start, prepared, *epochs = (e for e in heard if e.kind != "end")
    assert (start.kind, prepared.kind) == ("start", "prepared")
    assert start.payload["batched"] is False
    assert prepared.payload["effective_rows"] < prepared.payload["rows"]
    assert [e.kind for e in epochs] == ["epoch", "epoch"]
    for epoch in epochs:
        assert json.dumps(epoch.payload, allow_nan=False)
        assert set(epoch.payload["counts"]) == {"group", "work"}
    if architecture != "boosting":
        norms = epochs[0].payload["gradients"]["group"]["norm"]
        assert all(norm > 0 for norm in norms)
