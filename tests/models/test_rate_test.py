import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import rate_test
from models.epoch import Cancelled
from models.prepare import training_of
from models.rate_test import HIGHEST, LOWEST, MARGIN, STEPS, learning_rate
from models.recipe import Stage
from models.train import copies
from models.training import train_now


def never():
    return False


def test_rates_rise_and_the_choice_lies_below_the_lowest_loss(recipe, training_on):
    found = learning_rate(training_on(recipe), never)
    rates, losses = np.array(found.rates), np.array(found.losses)
    assert len(rates) == len(losses) <= STEPS
    assert rates[0] == pytest.approx(LOWEST)
    assert rates[-1] <= HIGHEST * (1 + 1e-12)
    assert (np.diff(rates) > 0).all()
    assert found.rate == pytest.approx(rates[losses.argmin()] / MARGIN)
    assert losses.min() < losses[0]


def test_nothing_of_the_training_moves(recipe, training_on):
    training = training_on(replace(recipe, dropout=0.3, prune=0.5, ema=0.9))
    before = copies(training.network)
    chance, order = torch.get_rng_state(), training.order.get_state()
    learning_rate(training, never)
    after = training.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(torch.get_rng_state(), chance)
    assert torch.equal(training.order.get_state(), order)
    assert not training.optimiser.state
    assert training.progress.epoch == 0


@pytest.mark.parametrize(
    "change",
    [
        {"prune": 0.5},
        {"ema": 0.9, "clip": 1.0, "stop_by": "group"},
        {"draws": True},
        {"layers": "last", "warm_start": "base"},
        {"architecture": "tabm"},
        {"architecture": "logistic"},
    ],
)
def test_it_goes_with_every_other_setting(recipe, training_on, change):
    found = learning_rate(training_on(replace(recipe, **change)), never)
    assert LOWEST / MARGIN <= found.rate <= HIGHEST / MARGIN


def test_it_stops_when_it_is_told(recipe, training_on):
    with pytest.raises(Cancelled):
        learning_rate(training_on(recipe), lambda: True)


def test_it_ends_where_the_loss_blows_up(recipe, training_on, monkeypatch):
    monkeypatch.setattr(rate_test, "HIGHEST", 1e4)
    found = learning_rate(training_on(replace(recipe, hidden=(16, 16))), never)
    assert len(found.rates) < STEPS
    assert found.rate < 1


def test_losses_that_are_no_numbers_are_told_as_none(recipe, training_on, monkeypatch):
    monkeypatch.setattr(
        "models.train.Training.step", lambda self, batch: torch.tensor(math.nan)
    )
    found = learning_rate(training_on(recipe), never)
    assert json.dumps(found.to_json(), allow_nan=False)
    assert found.to_json()["losses"] == [None]
    assert found.rate == pytest.approx(LOWEST / MARGIN)


def test_a_run_trains_with_the_rate_that_was_found(store, recipe):
    stages = (Stage("group_dro", {"attribute": "group"}),)
    recipe = replace(recipe, find_rate=True, prune=0.3, epochs=4, stages=stages)
    heard = []
    train_now(store, recipe, heard.append)
    (told,) = [e.payload for e in heard if e.kind == "rate"]
    rates = {e.payload["rate"] for e in heard if e.kind == "epoch"}
    assert rates == {told["rate"]}
    assert told["rate"] != recipe.learning_rate


@pytest.mark.parametrize("rows", [60, 400])
def test_on_a_small_table_the_choice_is_about_as_good_as_the_best_of_a_grid(
    recipe, prepared_for, rows
):
    """Few rows are passed often during the test; the choice must not run away."""
    prepared = prepared_for(replace(recipe, epochs=10, patience=10, hidden=(16,)))
    train = prepared.train.take(np.arange(rows))
    small = replace(prepared, train=train, weights=np.ones(rows))

    def loss(rate):
        training = training_of(small, torch.device("cpu"))
        training.progress.rate = rate
        training.run(lambda epoch: None, never)
        return training.progress.best_loss

    found = learning_rate(training_of(small, torch.device("cpu")), never)
    assert loss(found.rate) < min(map(loss, (5e-4, 2e-3, 8e-3, 3e-2))) + 0.03
