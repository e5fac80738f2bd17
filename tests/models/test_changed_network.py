from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import DataError
from models.changed_network import blended, network_of, refuse_other_shapes
from models.network_scorer import TorchScorer
from models.networks import network
from models.preprocess import fit_preprocessor


@pytest.fixture
def scorer_of(recipe, dataset):
    def build(architecture="mlp", seed=0, rows=1_200, **more):
        torch.manual_seed(seed)
        chosen = replace(recipe, architecture=architecture, **more)
        features = dataset.frame.features.iloc[:rows]
        preprocessor = fit_preprocessor(features)
        return TorchScorer(network(preprocessor, 2, chosen), preprocessor, chosen)

    return build


ARCHITECTURES = ["mlp", "logistic", "mlp_embeddings", "tabm", "ft_transformer"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_both_ends_are_the_runs_bit_for_bit(scorer_of, architecture):
    this, other = scorer_of(architecture), scorer_of(architecture, seed=1)
    with torch.no_grad():  # a negative zero that a product with 0 would lose
        next(iter(this.network.parameters())).view(-1)[0] = -0.0
    for shares, end in (((1.0, 0.0), this), ((0.0, 1.0), other)):
        between = blended((this.network, other.network), shares)
        found = TorchScorer(between, this.preprocessor, this.recipe)
        assert found.weights_bytes() == end.weights_bytes()


def test_in_between_every_weight_is_the_weighted_mean(scorer_of):
    this, other = scorer_of(), scorer_of(seed=1)
    between = blended((this.network, other.network), (0.25, 0.75))
    for a, b, mixed in zip(
        this.network.parameters(),
        other.network.parameters(),
        between.parameters(),
        strict=True,
    ):
        torch.testing.assert_close(mixed, 0.25 * a + 0.75 * b)


def test_equal_networks_stay_as_they_are_at_any_share(scorer_of):
    this = scorer_of("tabm")
    between = blended([this.network] * 3, [1 / 3] * 3)
    found = TorchScorer(between, this.preprocessor, this.recipe)
    assert found.weights_bytes() == this.weights_bytes()


def test_dropout_moves_no_weight_from_its_counterpart(scorer_of, dataset):
    """A layer of dropout shifts the names of those after it, not their order."""
    this, other = scorer_of(dropout=0.0), scorer_of(seed=1, dropout=0.4)
    refuse_other_shapes(this, other, "x")
    end = blended((this.network, other.network), (0.0, 1.0))
    found = TorchScorer(end, this.preprocessor, this.recipe).score(dataset.frame)
    np.testing.assert_array_equal(found.logits, other.score(dataset.frame).logits)


def test_networks_that_do_not_correspond_are_refused_with_advice(scorer_of):
    this = scorer_of()
    with pytest.raises(
        DataError, match=r"of the architecture 'logistic'.*Choose a run"
    ):
        refuse_other_shapes(this, scorer_of("logistic"), "x")
    with pytest.raises(DataError, match="layers of run 'x' have other sizes"):
        refuse_other_shapes(this, scorer_of(hidden=(9,)), "x")
    other = scorer_of()
    column = replace(other.preprocessor.numeric[0], median=1.0)
    other.preprocessor = replace(other.preprocessor, numeric=(column,))
    with pytest.raises(DataError, match="reads the table in another way"):
        refuse_other_shapes(this, other, "x")


def test_what_is_no_network_is_refused():
    with pytest.raises(DataError, match="Choose a trained network"):
        network_of(object(), "Mend")
