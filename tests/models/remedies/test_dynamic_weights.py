from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.frame import AuditFrame, Grouping
from models.recipe import Recipe
from models.remedies.dynamic_weights import SHAPES, DynamicWeights
from models.rows import Rows

LOSSES = torch.tensor([0.1, 0.5, 1.1, 1.6, 2.1])


def weigher(n=5, draws=False, **settings):
    codes = np.arange(n) % 2
    frame = AuditFrame(
        pd.DataFrame({"x": np.arange(n, dtype=float)}),
        np.zeros(n, int),
        ("no", "yes"),
        {"g": Grouping(codes, ("a", "b"))},
        np.ones(n),
    )
    training = SimpleNamespace(
        frames=SimpleNamespace(train=frame),
        recipe=Recipe("t", draws=draws),
        device=torch.device("cpu"),
        codes=lambda attribute: (torch.tensor(codes), ("a", "b")),
    )
    made = DynamicWeights(**settings).method()
    made.begin(training)
    return made


def batch_of(weights=None, n=5):
    empty, index = torch.zeros(n, 0), torch.arange(n)
    return Rows(empty, empty.long(), torch.zeros(n).long(), weights, index)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("strength", [0.5, 1.0, 4.0])
def test_weights_are_the_papers_softmax(shape, strength):
    """Scaled to [-1, 1], through f, softmax with temperature r; b of them average 1."""
    h = [2 * (x - 0.1) / 2.0 - 1 for x in LOSSES.tolist()]
    f = {
        SHAPES[0]: [min(x + 1, 1) for x in h],
        SHAPES[1]: [1 - x**2 for x in h],
        SHAPES[2]: [abs(x) for x in h],
    }[shape]
    raised = np.exp(np.array(f) * strength)
    found = weigher(shape=shape, strength=strength).weighed(batch_of(), LOSSES, None)
    np.testing.assert_allclose(found / LOSSES, 5 * raised / raised.sum(), rtol=1e-5)


def test_what_each_shape_turns_down():
    def factors(shape):
        return (
            weigher(shape=shape).weighed(batch_of(), LOSSES, None) / LOSSES
        ).tolist()

    not_easy, middle, extremes = (factors(shape) for shape in SHAPES)
    assert not_easy[0] == min(not_easy)
    assert not_easy[-1] == max(not_easy) == pytest.approx(not_easy[-2])
    assert max(middle) == middle[2]
    assert min(extremes) == extremes[2]


def test_strength_0_changes_nothing():
    found = weigher(strength=0.0).weighed(batch_of(), LOSSES, None)
    torch.testing.assert_close(found, LOSSES)


def test_a_row_of_weight_2_counts_as_two_rows():
    weights = torch.tensor([1.0, 2.0, 1.0, 1.0, 1.0])
    weighed = weigher().weighed(batch_of(weights), LOSSES * weights, None)
    twice = torch.cat([LOSSES, LOSSES[1:2]])
    repeated = weigher(6).weighed(batch_of(n=6), twice, None)
    assert weighed.sum() == pytest.approx(repeated.sum().item(), rel=1e-5)


def test_drawn_rows_are_not_weighed_twice():
    weights = torch.tensor([1.0, 2.0, 1.0, 1.0, 1.0])
    found = weigher(draws=True).weighed(batch_of(weights), LOSSES, None)
    torch.testing.assert_close(found, weigher().weighed(batch_of(), LOSSES, None))


def test_rows_out_of_reach_keep_their_loss():
    found = weigher(cohort="g = b").weighed(batch_of(), LOSSES, None)
    torch.testing.assert_close(found[::2], LOSSES[::2])
    factors = found[1::2] / LOSSES[1::2]
    assert factors.mean().item() == pytest.approx(1)
    assert factors[0] < 1 < factors[1]


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_equal_losses_and_single_rows_weigh_alike(value):
    losses = torch.full((5,), value)
    torch.testing.assert_close(weigher().weighed(batch_of(), losses, None), losses)
    one = weigher(1).weighed(batch_of(n=1), losses[:1], None)
    torch.testing.assert_close(one, losses[:1])


def test_the_weights_take_no_gradient():
    losses = LOSSES.clone().requires_grad_()
    weigher().weighed(batch_of(), losses, None).sum().backward()
    expected = weigher().weighed(batch_of(), LOSSES, None) / LOSSES
    torch.testing.assert_close(losses.grad, expected)


def test_the_mean_weight_of_each_group_is_told_anew_every_epoch():
    made = weigher(attribute="g")
    made.order(None, None)
    made.weighed(batch_of(), LOSSES.flip(0), None)
    made.order(None, None)
    factors = made.weighed(batch_of(), LOSSES, None) / LOSSES
    said = made.said()
    assert said["a"] == pytest.approx(factors[::2].mean().item(), rel=1e-5)
    assert said["b"] == pytest.approx(factors[1::2].mean().item(), rel=1e-5)
    assert weigher().said() == {}
