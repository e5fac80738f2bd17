from dataclasses import replace

import numpy as np
import pytest
import torch

from models.remedies.train_twice import TrainTwice
from models.train import logits_of


def test_mistakes_of_a_short_training_weigh_more(training_for, recipe, dataset):
    """Algorithm 1: the rows that T plain epochs get wrong weigh lambda, others 1."""
    weighed = replace(recipe, survey_weights=True)
    training = training_for(TrainTwice(lambda_up=7.0, first_epochs=2), weighed, dataset)
    plain = training_for(None, replace(weighed, epochs=2, patience=2), dataset)
    plain.run(lambda epoch: None, lambda: False)
    wrong = logits_of(plain.network, plain.train).argmax(1) != plain.train.labels
    method = training.methods[0]
    # The rehearsal's dropout goes on from where the network's start left off.
    assert (method.is_wrong.bool() == wrong).double().mean() > 0.95
    factors = method.factors.double()
    ratio = factors[method.is_wrong == 1][0] / factors[method.is_wrong == 0][0]
    assert ratio.item() == pytest.approx(7)
    w = dataset.frame.weights[:600]
    assert np.average(factors, weights=w) == pytest.approx(1, rel=1e-5)


def test_one_as_the_factor_is_plain_training(training_for, recipe, dataset):
    training = training_for(TrainTwice(lambda_up=1.0), recipe, dataset)
    np.testing.assert_array_equal(training.methods[0].factors, np.ones(600))


def test_it_leaves_the_network_where_it_started(training_for, recipe, dataset):
    training = training_for(TrainTwice(), recipe, dataset)
    for name, tensor in training.network.state_dict().items():
        assert torch.equal(tensor, training.start[name])


def test_mistakes_survive_an_interruption(training_for, recipe, dataset):
    first = training_for(TrainTwice(), recipe, dataset).methods[0]
    other = training_for(None, recipe, dataset)
    method = TrainTwice().method()
    method.load(other, first.state())
    assert torch.equal(method.factors, first.factors)
    assert method.said() == first.said()
