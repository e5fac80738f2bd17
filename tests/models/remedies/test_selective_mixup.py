from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import DataError
from models.network_scorer import TorchScorer
from models.preprocess import fit_preprocessor
from models.recipe import BASE, Stage
from models.remedies.selective_mixup import SelectiveMixup
from models.selective_gains import GEOMETRIC, LEAST, OBJECTIVES
from models.train import logits_of
from models.training import train_now


def lopsided(dataset):
    """Return the people with few of the label 'yes', which a model then misses."""
    y = dataset.frame.y_true
    rows = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:120]]
    rows = np.random.default_rng(0).permutation(rows)
    return replace(dataset, frame=dataset.frame.take(rows))


def recalls(training):
    decided = logits_of(training.network, training.validation).argmax(1)
    y = training.validation.labels
    return [(decided[y == c] == c).double().mean().item() for c in (0, 1)]


def finished(training_for, recipe, dataset):
    """Return a plainly trained network with its preprocessing."""
    training = training_for(None, recipe, dataset, rows=350)
    training.run(lambda epoch: None, lambda: False)
    preprocessor = fit_preprocessor(dataset.frame.take(np.arange(350)).features)
    return TorchScorer(training.network, preprocessor, recipe), training


@pytest.mark.parametrize("goal", OBJECTIVES)
@pytest.mark.parametrize("attribute", ["", "group"])
def test_a_few_epochs_raise_the_worst_recall(
    training_for, recipe, dataset, goal, attribute
):
    few, asked = lopsided(dataset), replace(recipe, epochs=12, patience=12)
    base, before = finished(training_for, asked, few)
    remedy = SelectiveMixup(goal=goal, attribute=attribute)
    training = training_for(remedy, asked, few, rows=350, base=base)
    assert training.recipe.epochs == 4
    start = training.methods[0].best
    training.run(lambda epoch: None, lambda: False)
    assert min(recalls(training)) > min(recalls(before)) + 0.1
    assert training.methods[0].best > start


def test_blends_keep_the_larger_share_of_the_first_row(training_for, recipe, dataset):
    training = training_for(SelectiveMixup(), recipe, dataset)
    method = training.methods[0]
    rows = method.order(training, torch.arange(600))
    batch = training.train.take(rows[:200])
    # Partners have features 0 and first rows 1, so that what is seen is the share.
    training.network.trunk = lambda stem: stem
    training.network.stem = lambda positions, codes: torch.zeros(len(positions), 3)
    found = method.features(training, batch, torch.ones(200, 3))
    assert found.min() >= LEAST
    assert found.max() <= 1
    assert found[:, 0].mean().item() == pytest.approx((1 + LEAST) / 2, abs=0.03)
    assert torch.equal(found[:, 0], found[:, 2])


def test_partners_come_from_the_cells_that_were_chosen(training_for, recipe, dataset):
    training = training_for(SelectiveMixup(), recipe, dataset)
    method, labels = training.methods[0], training.train.labels
    method.shares = torch.tensor([[0.2, 0.3], [0.5, 0.0]]).double()
    training.network.trunk = lambda stem: stem
    seen = []
    training.network.stem = lambda positions, codes: seen.append(positions) or codes
    batch = training.train.take(torch.arange(600))
    training.train = replace(
        training.train, positions=labels.unsqueeze(1), codes=torch.zeros(600, 3)
    )
    method.features(training, batch, torch.ones(600, 3))
    partners = seen[0].flatten()
    assert (partners[labels == 1] == 0).all()
    share = partners[labels == 0].double().mean().item()
    assert share == pytest.approx(0.6, abs=0.08)


def test_rows_come_from_the_cells_that_gain(training_for, recipe, dataset):
    few = lopsided(dataset)
    base, _ = finished(training_for, recipe, few)
    training = training_for(
        SelectiveMixup(sharpness=20.0), recipe, few, rows=350, base=base
    )
    method = training.methods[0]
    rows = method.order(training, torch.arange(350))
    share = training.train.labels[rows].double().mean().item()
    assert share > 0.8  # of the class that is missed, under a quarter of all rows
    assert training.network.training
    even = training_for(SelectiveMixup(sharpness=0.0), recipe, few, rows=350, base=base)
    rows = even.methods[0].order(even, torch.arange(350))
    assert even.train.labels[rows].double().mean().item() == pytest.approx(
        0.5, abs=0.01
    )


def test_a_model_that_cannot_be_bettered_is_kept(training_for, recipe, dataset):
    base, _ = finished(training_for, recipe, dataset)
    training = training_for(SelectiveMixup(), recipe, dataset, rows=350, base=base)
    training.methods[0].best = 2.0
    before = {n: t.clone() for n, t in training.network.state_dict().items()}
    while not training.is_over():
        training.close_epoch(training.epoch(lambda: False))
    for name, tensor in training.best.items():
        assert torch.equal(tensor, before[name])


def test_cells_without_validation_rows_or_training_rows_are_left_out(
    training_for, recipe, dataset
):
    frame = dataset.frame
    lacks = (frame.groups["work"].codes == 0) & (frame.y_true == 1)
    kept = np.r_[np.flatnonzero(~lacks[:600]), 600 + np.flatnonzero(~lacks[600:])]
    planted = replace(dataset, frame=frame.take(kept))
    remedy = SelectiveMixup(attribute="work", goal=GEOMETRIC)
    training = training_for(remedy, recipe, planted, rows=500)
    training.run(lambda epoch: None, lambda: False)
    shares = training.methods[0].shares
    assert shares[1].sum() == shares[:, 1].sum() == 0
    assert np.isfinite(training.methods[0].best)


def test_it_starts_from_the_finished_run_slowly_and_briefly(store, recipe, dataset):
    changed = SelectiveMixup().change(recipe, dataset.frame)
    assert changed.warm_start == BASE
    assert changed.epochs == 3
    assert changed.learning_rate == pytest.approx(recipe.learning_rate / 10)
    base = train_now(store, recipe)
    run = train_now(store, replace(recipe, stages=(Stage("selective_mixup"),)))
    assert run.base == base.id
    said = [e.payload for e in store.events(run.id) if e.kind == "epoch"][-1]
    assert 0 < said["methods"]["Selection"]["worst recall"] <= 1


def test_too_many_cells_are_refused(recipe, dataset, monkeypatch):
    monkeypatch.setattr("models.remedies.selective_mixup.MAX_CELLS", 3)
    with pytest.raises(DataError, match="Choose a coarser attribute, or none"):
        SelectiveMixup(attribute="group").change(recipe, dataset.frame)
