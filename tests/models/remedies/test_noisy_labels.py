from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from models.losses import row_losses
from models.remedies.noisy_labels import NoisyLabels
from models.train import logits_of


def test_the_loss_blends_the_label_with_the_models_decision(
    training_for, recipe, dataset
):
    """Equation 7: (1 - w) l(y) + w l(z), z the class with the highest score."""
    training = training_for(NoisyLabels(strength=0.5), recipe, dataset)
    method = training.methods[0]
    method.doubt = torch.linspace(0, 1, 600)
    rows = torch.tensor([599, 300, 0, 7])
    batch = training.train.take(rows)
    torch.manual_seed(0)
    logits = torch.randn(4, 2) * 2
    w = 0.5 * method.doubt[rows]
    by_hand = (1 - w) * cross_entropy(logits, batch.labels, reduction="none")
    by_hand += w * cross_entropy(logits, logits.argmax(1), reduction="none")
    found = method.losses(batch, logits, row_losses)
    torch.testing.assert_close(found, by_hand)


def test_the_first_epochs_believe_every_label(training_for, recipe, dataset):
    training = training_for(NoisyLabels(warm_up=3), recipe, dataset)
    method, doubts = training.methods[0], []
    training.run(lambda epoch: doubts.append(method.doubt.sum().item()), lambda: False)
    assert doubts[:2] == [0, 0]
    # One kind of row alone shows no second hump, so doubt may stay at nothing.
    assert len(doubts) == recipe.epochs


def test_flipped_labels_are_doubted_and_learnt_less(training_for, recipe, dataset):
    """Planted: the label follows age but for 20 % of rows, which are flipped."""
    rng = np.random.default_rng(0)
    frame = dataset.frame
    age = frame.features["age"].fillna(20).to_numpy()
    clean = (age > 50).astype(np.int64)
    flipped = rng.random(len(frame)) < 0.2
    y = np.where(flipped, 1 - clean, clean)
    planted = replace(dataset, frame=replace(frame, y_true=y))
    asked = replace(recipe, epochs=12, patience=12)
    scores = []

    def note(epoch):
        p = logits_of(training.network, training.validation).softmax(1)
        last[0] = p[torch.arange(600), torch.tensor(clean[600:])].mean().item()

    for strength in (0.0, 1.0):
        training = training_for(NoisyLabels(strength=strength), asked, planted)
        last = [0.0]
        training.run(note, lambda: False)
        scores += last
    doubt = training.methods[0].doubt.numpy()
    assert doubt[flipped[:600]].mean() > 0.7
    assert doubt[~flipped[:600]].mean() < 0.1
    # The plain model hedges: it has learnt that one label in five is wrong.
    assert scores[1] > scores[0] + 0.05
    assert training.methods[0].said()["doubted"] == pytest.approx(0.2, abs=0.07)


def test_members_of_one_network_share_a_decision(training_for, recipe, dataset):
    training = training_for(
        NoisyLabels(), replace(recipe, architecture="tabm"), dataset
    )
    training.methods[0].doubt += 0.5
    assert torch.isfinite(training.step(training.train.take(torch.arange(16))))


def test_doubt_survives_an_interruption(training_for, recipe, dataset):
    training = training_for(NoisyLabels(), recipe, dataset)
    training.methods[0].doubt += 0.25
    other = NoisyLabels().method()
    other.load(training, training.methods[0].state())
    assert torch.equal(other.doubt, training.methods[0].doubt)
