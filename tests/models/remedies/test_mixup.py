from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from models.losses import row_losses
from models.remedies.mixup import Mixup, partners
from models.remedies.sharpness_aware import SharpnessAware
from models.train import logits_of


def test_blending_the_first_layer_is_blending_the_inputs(training_for, recipe, dataset):
    """Section 2's formulas, on the one-hot rows of a perceptron."""
    training = training_for(Mixup(a=1.0), replace(recipe, dropout=0.0), dataset)
    network, method = training.network, training.methods[0]
    batch = training.train.take(torch.arange(32))
    value = training.objective(training, batch)
    share, partner = method.share, method.partners
    assert 0 < share < 1
    rows = network.spread(batch.positions, batch.codes)
    logits = network.body(share * rows + (1 - share) * rows[partner])
    both = [
        cross_entropy(logits, labels)
        for labels in (batch.labels, batch.labels[partner])
    ]
    torch.testing.assert_close(value, share * both[0] + (1 - share) * both[1])


def test_shares_are_beta_distributed(training_for, recipe, dataset):
    training = training_for(Mixup(a=0.4), recipe, dataset)
    method, batch = training.methods[0], training.train.take(torch.arange(4))
    stem = torch.zeros(4, 1)
    found = []
    for _ in range(2000):
        method.mixed(training, batch, stem)
        found.append(method.share)
    assert np.mean(found) == pytest.approx(0.5, abs=0.03)
    assert np.var(found) == pytest.approx(1 / (4 * (2 * 0.4 + 1)), rel=0.08)


def test_at_zero_nobody_is_blended_to_the_bit(training_for, recipe, dataset):
    found = []
    for remedy in (None, Mixup(a=0.0)):
        training = training_for(remedy, recipe, dataset)
        training.run(lambda epoch: None, lambda: False)
        found.append(logits_of(training.network, training.validation))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-5)
    batch, logits = training.train.take(torch.arange(8)), torch.randn(8, 2)
    losses = training.methods[0].losses(batch, logits, row_losses)
    assert torch.equal(losses, row_losses(logits, batch.labels))


def test_partners_come_by_weight():
    generator = torch.Generator().manual_seed(0)
    even = partners(50, None, generator)
    assert sorted(even.tolist()) == list(range(50))
    weights = torch.tensor([0.0, 1, 3])
    drawn = torch.cat([partners(3, weights, generator) for _ in range(3000)])
    shares = torch.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(shares, [0, 0.25, 0.75], atol=0.02)
    assert sorted(partners(3, torch.zeros(3), generator).tolist()) == [0, 1, 2]


def test_members_of_one_network_are_blended_alike(training_for, recipe, dataset):
    tabm = replace(recipe, architecture="tabm", hidden=(8,))
    training = training_for(Mixup(a=1.0), tabm, dataset)
    assert torch.isfinite(training.step(training.train.take(torch.arange(16))))


def test_people_are_scored_unblended(training_for, recipe, dataset):
    training = training_for(Mixup(a=4.0), recipe, dataset)
    training.run(lambda epoch: None, lambda: False)
    once = logits_of(training.network, training.validation)
    torch.testing.assert_close(once, logits_of(training.network, training.validation))


def test_both_steps_of_sharpness_aware_training_blend_alike(
    training_for, recipe, dataset
):
    both = SharpnessAware(rho=0.1).change(recipe, dataset.frame)
    training = training_for(Mixup(a=1.0), both, dataset)
    blend, seen = training.methods[1], []
    mixed = blend.mixed

    def noted(*given):
        out = mixed(*given)
        seen.append((blend.share, blend.partners.tolist()))
        return out

    blend.mixed = noted
    training.network.train()
    training.step(training.train.take(torch.arange(16)))
    training.step(training.train.take(torch.arange(16)))
    assert len(seen) == 4
    assert seen[0] == seen[1] != seen[2] == seen[3]
