import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from models.remedies.sharpness_aware import SharpnessAware
from models.train import logits_of


def test_the_gradient_is_that_of_the_worst_point_nearby_on_a_quadratic():
    """L(w) = w'Aw / 2: the gradient is A (w + rho Aw / ||Aw||)."""
    a = torch.diag(torch.tensor([1.0, 10.0]))
    network = torch.nn.Linear(2, 1, bias=False)
    w = network.weight.detach().clone()[0]
    training = SimpleNamespace(
        network=network, generator=torch.Generator(), device=torch.device("cpu")
    )

    def gradient():
        network.zero_grad()
        loss = (network.weight @ a @ network.weight.T).sum() / 2
        loss.backward()
        return loss.detach()

    method = SharpnessAware(rho=0.3).method()
    loss = method.around(training, None, gradient)
    slope = a @ w
    by_hand = a @ (w + 0.3 * slope / slope.norm())
    torch.testing.assert_close(network.weight.grad[0], by_hand)
    assert torch.equal(network.weight.detach()[0], w)
    assert loss.item() == pytest.approx((w @ a @ w / 2).item())


@pytest.mark.parametrize("layers", ["all", "last"])
def test_parameters_are_back_to_the_bit_before_the_step(
    training_for, recipe, dataset, layers
):
    training = training_for(
        SharpnessAware(rho=0.7), replace(recipe, layers=layers), dataset
    )
    batch = training.train.take(torch.arange(64))
    before = copy.deepcopy(training.network.state_dict())
    points = []

    def gradient():
        points.append(copy.deepcopy(training.network.state_dict()))
        return training.gradient(batch)

    training.methods[0].around(training, batch, gradient)
    moved = [
        np.linalg.norm(points[1][name] - before[name])
        for name in dict(training.network.named_parameters())
    ]
    assert np.linalg.norm(moved) == pytest.approx(0.7, rel=1e-3)
    for name, tensor in training.network.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_both_gradients_have_the_same_dropout(training_for, recipe, dataset):
    """With a tiny rho the second loss is the first; another dropout would show."""
    training = training_for(
        SharpnessAware(rho=1e-6), replace(recipe, dropout=0.5), dataset
    )
    training.network.train()
    batch, losses = training.train.take(torch.arange(64)), []

    def gradient():
        losses.append(training.gradient(batch).item())
        return torch.tensor(losses[-1])

    training.methods[0].around(training, batch, gradient)
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    training.methods[0].around(training, batch, gradient)
    assert losses[2] != pytest.approx(losses[0], rel=1e-4)


def test_at_zero_it_is_plain_training(training_for, recipe, dataset):
    found = []
    for remedy in (None, SharpnessAware(rho=0.0), SharpnessAware(rho=0.5)):
        training = training_for(remedy, recipe, dataset)
        training.run(lambda epoch: None, lambda: False)
        found.append(logits_of(training.network, training.validation))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-5)
    assert (found[2] - found[0]).abs().max() > 0.01


def test_no_gradient_at_all_moves_nothing(training_for, recipe, dataset):
    training = training_for(SharpnessAware(rho=0.5), recipe, dataset)
    training.objective = lambda given, part: sum(
        (0 * p).sum() for p in training.network.parameters()
    )
    before = copy.deepcopy(training.network.state_dict())
    batch = training.train.take(torch.arange(8))
    training.methods[0].around(training, batch, lambda: training.gradient(batch))
    for name, tensor in training.network.state_dict().items():
        assert torch.equal(tensor, before[name])
