from dataclasses import replace

import pytest
import torch
from torch import nn

from models.losses import row_losses
from models.method import Method
from models.objective import Objective
from models.recipe import Recipe
from models.rows import Rows


@pytest.fixture
def batch():
    labels = torch.tensor([0, 1, 1, 0])
    weights = torch.tensor([0.5, 2.0, 1.0, 0.25])
    return Rows(torch.zeros(4, 0), torch.zeros(4, 0).long(), labels, weights)


@pytest.fixture
def logits(rng):
    return torch.tensor(rng.normal(size=(4, 2)), dtype=torch.float32)


def objective(*methods):
    return Objective(nn.Identity(), Recipe("t"), methods)


def test_without_methods_it_is_the_weighted_mean_log_loss(batch, logits):
    """Weights average 1 over all rows, so a batch is divided by its rows."""
    chances = logits.softmax(1)[torch.arange(4), batch.labels]
    expected = (-chances.log() * batch.weights).sum() / 4
    torch.testing.assert_close(objective().value(batch, logits), expected)
    torch.testing.assert_close(objective(Method()).value(batch, logits), expected)


def test_members_of_one_network_are_each_judged_and_averaged(batch, logits):
    members = torch.stack([logits, -logits, 2 * logits], dim=1)
    each = [objective().value(batch, members[:, m]) for m in range(3)]
    torch.testing.assert_close(
        objective().value(batch, members), torch.stack(each).mean()
    )


class Doubling(Method):
    def weighed(self, batch, losses, logits):
        return 2 * losses

    def penalty(self, batch, logits):
        return 10.0


class Squares(Method):
    def loss(self):
        return lambda logits, labels: row_losses(logits, labels) ** 2


class Flipped(Method):
    def losses(self, batch, logits, loss):
        return loss(logits, 1 - batch.labels)


def test_methods_have_their_say_in_their_order(batch, logits):
    losses = row_losses(logits, batch.labels)
    expected = 2 * (losses**2 * batch.weights).mean() + 10
    found = objective(Squares(), Doubling()).value(batch, logits)
    torch.testing.assert_close(found, expected)


def test_labels_that_a_method_corrects_reach_the_loss_of_another(batch, logits):
    flipped = replace(batch, labels=1 - batch.labels)
    torch.testing.assert_close(
        objective(Flipped(), Squares()).value(batch, logits),
        objective(Squares()).value(flipped, logits),
    )
    torch.testing.assert_close(
        objective(Flipped(), Flipped()).value(batch, logits),
        objective().value(batch, logits),
    )


class Noting(Method):
    def __init__(self):
        self.shapes = {}

    def mixed(self, training, batch, stem):
        self.shapes["stem"] = tuple(stem.shape)
        return stem

    def features(self, training, batch, features):
        self.shapes["features"] = tuple(features.shape)
        return torch.zeros_like(features)


def test_hooks_see_the_first_layer_and_what_the_last_one_works_on(recipe, training_on):
    training = training_on(replace(recipe, hidden=(8, 4), dropout=0.0))
    method = Noting()
    training.objective.methods = [method]
    batch = training.train.split(10)[0]
    value = training.objective(training, batch)
    assert method.shapes == {"stem": (10, 8), "features": (10, 4)}
    constant = training.network.last_layer().bias.expand(10, 2)
    expected = row_losses(constant, batch.labels).mean()
    torch.testing.assert_close(value, expected)
