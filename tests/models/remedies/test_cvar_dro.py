from dataclasses import replace

import numpy as np
import pytest
import torch

from models.remedies.cvar_dro import CVaRDRO, WorstShare, parts_of_worst


def test_the_value_is_rockafellar_and_uryasevs(rng):
    """The minimum over t of t + mean (l - t)+ / alpha, searched over t."""
    losses, weights = rng.gamma(1, size=60), rng.uniform(0.1, 3, 60)
    for alpha in (0.1, 0.5, 0.93):
        parts = parts_of_worst(
            torch.tensor(losses * weights), torch.tensor(weights), alpha
        )
        ours = float((parts.numpy() * losses * weights).sum() / alpha / weights.sum())
        values = [
            t + np.average(np.maximum(losses - t, 0), weights=weights) / alpha
            for t in losses
        ]
        assert ours == pytest.approx(min(values))


def test_worst_rows_count_until_their_share_is_full():
    parts = parts_of_worst(torch.tensor([1.0, 4, 2, 3]), None, 0.375)
    np.testing.assert_array_equal(parts, [0, 1, 0, 0.5])


def test_rows_without_weight_have_no_part():
    weights = torch.tensor([0.0, 1, 1])
    parts = parts_of_worst(torch.tensor([0.0, 5, 1]), weights, 0.5)
    np.testing.assert_array_equal(parts, [0, 1, 0])
    nothing = parts_of_worst(torch.zeros(2), torch.zeros(2), 0.5)
    assert torch.isfinite(nothing).all()


def test_the_whole_share_is_plain_training_to_the_bit(training_for, recipe, dataset):
    weighed = replace(recipe, survey_weights=True)
    training = training_for(CVaRDRO(alpha=1.0), weighed, dataset)
    losses = torch.rand(30)
    batch = training.train.take(torch.arange(30))
    assert training.methods[0].weighed(batch, losses, None) is losses


def test_rows_that_are_drawn_by_weight_are_not_weighed_again(
    training_for, recipe, dataset
):
    drawn = replace(recipe, survey_weights=True, draws=True)
    training = training_for(CVaRDRO(alpha=0.5), drawn, dataset)
    losses = torch.arange(4.0)
    found = training.methods[0].weighed(
        training.train.take(torch.arange(4)), losses, None
    )
    np.testing.assert_array_equal(found, [0, 0, 4, 6])


def test_the_best_epoch_is_the_one_with_the_smallest_tail():
    losses = torch.tensor([4.0, 1.0, 3.0, 2.0])
    method = WorstShare(0.5)
    assert method.risk(losses, None).item() == pytest.approx(3.5)
    weights = torch.tensor([1.0, 1.0, 0.0, 2.0])
    by_hand = (4.0 + 2.0 * 1.0) / 2  # half of the weight of 4 is 2
    assert method.risk(losses, weights).item() == pytest.approx(by_hand)
    assert WorstShare(1.0).risk(losses, None).item() == pytest.approx(2.5)
