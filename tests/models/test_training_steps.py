"""What one step, one epoch and one fault of the training loop do."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import RunError
from models import train
from models.checkpoint import read_checkpoint
from models.recipe import Stage
from models.train import copies, logits_of
from models.training import train_now


def parameters(network):
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


def gradient(training):
    return torch.cat([p.grad.flatten() for p in training.network.parameters()])


# The moving average of weights


def test_the_average_follows_its_recursion(recipe, training_on):
    """After the first step it is the weights; then a <- d a + (1 - d) w."""
    training = training_on(replace(recipe, ema=0.8, dropout=0.0))
    training.network.train()
    expected = None
    for batch in training.train.split(60)[:6]:
        training.step(batch)
        now = parameters(training.network)
        expected = now if expected is None else 0.8 * expected + 0.2 * now
        torch.testing.assert_close(parameters(training.judged), expected)
    assert not torch.allclose(expected, now, atol=1e-4)


def test_the_average_is_what_is_judged_and_kept(recipe, training_on):
    training, seen = training_on(replace(recipe, ema=0.9)), []

    def look(epoch):
        own = logits_of(training.judged, training.validation)
        np.testing.assert_array_equal(epoch.logits, own.double().numpy())
        seen.append(copies(training.judged))

    training.run(look, lambda: False)
    best = seen[training.progress.best_epoch - 1]
    kept = training.network.state_dict()
    assert all(torch.equal(kept[name], best[name]) for name in kept)


# Clipping


def test_clipping_bounds_the_norm_and_keeps_the_direction(recipe, training_on):
    free, bound = (training_on(replace(recipe, clip=c, dropout=0.0)) for c in (0, 0.01))
    for training in (free, bound):
        training.step(training.train.split(64)[0])
    before, after = gradient(free), gradient(bound)
    assert before.norm() > 0.02
    assert after.norm().item() == pytest.approx(0.01, rel=1e-3)
    torch.testing.assert_close(after / after.norm(), before / before.norm())


def test_a_small_gradient_is_not_clipped(recipe, training_on):
    free, bound = (training_on(replace(recipe, clip=c, dropout=0.0)) for c in (0, 1e5))
    for training in (free, bound):
        training.step(training.train.split(64)[0])
    assert torch.equal(gradient(free), gradient(bound))


# The learning rate


def test_the_rate_follows_its_schedule_from_step_to_step(recipe, training_on):
    training = training_on(replace(recipe, schedule="cosine", epochs=2, patience=2))
    rates, real = [], training.optimiser.step

    def noted(*arguments):
        rates.append(training.optimiser.param_groups[0]["lr"])
        return real(*arguments)

    training.optimiser.step = noted
    training.run(lambda epoch: None, lambda: False)
    done = np.arange(len(rates)) / len(rates)
    expected = recipe.learning_rate * 0.5 * (1 + np.cos(np.pi * done))
    np.testing.assert_allclose(rates, expected)


# Rows drawn by weight


def draws_of(training, weights):
    training.train = replace(training.train, weights=torch.tensor(weights))
    drawn = torch.cat([training.shuffled() for _ in range(30)])
    return np.bincount(drawn.numpy(), minlength=len(training.train)) / len(drawn)


def test_rows_are_drawn_in_proportion_to_their_weights(recipe, training_on):
    training = training_on(replace(recipe, draws=True))
    n = len(training.train)
    weights = np.resize([0.0, 1.0, 2.0, 5.0], n).astype(np.float32)
    weights[-1] = 0.0
    shares, expected = draws_of(training, weights), weights / weights.sum()
    assert (shares[weights == 0] == 0).all()
    for weight in (1.0, 2.0, 5.0):
        chosen = weights == weight
        p = expected[chosen].sum()
        spread = np.sqrt(p * (1 - p) / (30 * n))
        assert abs(shares[chosen].sum() - p) < 4 * spread


def test_drawn_rows_are_not_weighed_again(recipe, training_on):
    stages = (Stage("reweighing", {"attribute": "group", "by": "draws"}),)
    training = training_on(replace(recipe, stages=stages))
    assert training.recipe.draws
    assert training.train.weights is not None
    assert training.chosen(training.shuffled()).weights is None


def test_the_same_seed_draws_the_same_rows_and_another_restart_others(
    recipe, training_on
):
    drawing = replace(recipe, draws=True)
    first, again, other = (
        training_on(replace(drawing, restart=r)).shuffled() for r in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_restart_starts_elsewhere_on_the_same_rows(recipe, training_on, prepared_for):
    one, two = (training_on(replace(recipe, restart=r)) for r in (0, 1))
    assert torch.equal(one.train.positions, two.train.positions)
    assert torch.equal(one.validation.labels, two.validation.labels)
    assert not torch.equal(parameters(one.network), parameters(two.network))
    parts = [prepared_for(replace(recipe, restart=r)) for r in (0, 1)]
    assert (parts[0].train.row_ids == parts[1].train.row_ids).all()


# A loss that is no number


@pytest.fixture
def spoilt_epoch(monkeypatch):
    """Make the loss of a training no number from some epoch on."""

    def spoil(epoch):
        real = train.Objective.__call__

        def objective(self, training, batch):
            value = real(self, training, batch)
            return value * float("nan") if training.progress.epoch >= epoch else value

        monkeypatch.setattr(train.Objective, "__call__", objective)

    return spoil


def test_a_loss_that_is_no_number_stops_the_run_with_its_reason(
    store, recipe, spoilt_epoch
):
    spoilt_epoch(2)
    for _ in range(2):  # the second time it is resumed, and ends the same way
        with pytest.raises(RunError, match="diverged in epoch 3"):
            train_now(store, recipe)
        (run,) = store.runs()
        assert run.state == "failed"
        assert run.epochs == 2
        assert "Epoch 2 was the last good one" in run.reason
        assert "a learning rate that is too high" in run.reason
        progress, tensors = read_checkpoint(store.checkpoint(run.id))
        assert progress.epoch == 2
        assert all(
            torch.isfinite(t).all() for t in tensors.values() if t.is_floating_point()
        )


def test_the_last_good_epoch_need_not_be_the_best(recipe, training_on):
    training = training_on(replace(recipe, learning_rate=1e-8, ema=0.0))
    judged = iter([0.5, 0.6, float("nan")])
    training.stopping.loss = lambda logits: next(judged)
    with pytest.raises(RunError, match="Epoch 2 was the last good one"):
        training.run(lambda epoch: None, lambda: False)


def test_weights_that_explode_are_said_and_can_be_capped(recipe, prepared_for):
    def said(cap):
        settings = {"attribute": "group,work", "cap": cap}
        stages = (Stage("inverse_frequency", settings),)
        return prepared_for(replace(recipe, stages=stages)).said()

    free, bound = said(0.0), said(1.3)
    assert free["is_weighed"]
    assert free["largest_weight"] > 1.5
    assert bound["largest_weight"] <= 1.3 * 1.05
    assert free["effective_rows"] < bound["effective_rows"] < bound["rows"]


# Part of the network


def test_training_the_last_layer_leaves_every_other_tensor_bitwise(recipe, training_on):
    for architecture in ("mlp", "mlp_embeddings", "tabm"):
        training = training_on(
            replace(
                recipe,
                architecture=architecture,
                layers="last",
                warm_start="base",
                ema=0.5,
            )
        )
        before = copy.deepcopy(training.network.state_dict())
        last = {id(p) for p in training.network.last_layer().parameters()}
        names = {n for n, p in training.network.named_parameters() if id(p) in last}
        training.run(lambda epoch: None, lambda: False)
        after = training.network.state_dict()
        assert names
        for name, tensor in after.items():
            assert torch.equal(tensor, before[name]) == (name not in names), name
