"""Heads: taken out, fitted anew, put back; every other tensor stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import DataError
from models.heads import (
    Head,
    fitted_head,
    head_of,
    last_inputs,
    refuse_absent_classes,
    with_head,
)
from models.network_scorer import TorchScorer
from models.networks import Mixture, network
from models.preprocess import fit_preprocessor
from models.probabilities import log_softmax

ARCHITECTURES = ["mlp", "logistic", "mlp_embeddings", "tabm", "ft_transformer"]


@pytest.fixture
def scorer_of(recipe, dataset):
    """Build an untrained scorer of an architecture on the planted people."""

    def build(architecture, seed=0, **more):
        torch.manual_seed(seed)
        chosen = replace(recipe, architecture=architecture, **more)
        preprocessor = fit_preprocessor(dataset.frame.features)
        return TorchScorer(network(preprocessor, 2, chosen), preprocessor, chosen)

    return build


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_head_on_its_inputs_gives_the_networks_scores(
    scorer_of, dataset, architecture
):
    scorer = scorer_of(architecture)
    frame = dataset.frame.take(np.arange(100))
    head, inputs = head_of(scorer), last_inputs(scorer, frame)
    logits = inputs @ head.weights.transpose(0, 2, 1) + head.biases[:, None]
    members = np.exp([log_softmax(z) for z in logits])  # [M, n, k]
    np.testing.assert_allclose(
        members.mean(axis=0), scorer.score(frame).values, atol=1e-5
    )
    assert len(head.weights) == (16 if architecture == "tabm" else 1)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_new_head_answers_and_all_other_tensors_stay_bit_for_bit(
    scorer_of, dataset, rng, architecture
):
    scorer = scorer_of(architecture)
    frame = dataset.frame.take(np.arange(50))
    before = {n: t.clone() for n, t in scorer.network.state_dict().items()}
    old = head_of(scorer)
    head = Head(rng.normal(size=old.weights.shape), rng.normal(size=old.biases.shape))
    changed = with_head(scorer, head, {"method": "test"})
    inputs = last_inputs(scorer, frame)
    logits = inputs @ head.weights.transpose(0, 2, 1) + head.biases[:, None]
    expected = np.exp([log_softmax(z) for z in logits]).mean(axis=0)
    np.testing.assert_allclose(changed.score(frame).values, expected, atol=1e-5)
    last = {id(p) for p in changed.network.last_layer().parameters()}
    moved = {n for n, p in changed.network.named_parameters() if id(p) in last}
    assert len(moved) == 2
    for name, tensor in changed.network.state_dict().items():
        assert torch.equal(tensor, before[name]) == (name not in moved), name
    for name, tensor in scorer.network.state_dict().items():
        assert torch.equal(tensor, before[name])  # the given network is not touched
    assert changed.parameters() == {"method": "test"}


@pytest.mark.parametrize("k", [2, 3])
def test_at_a_fit_the_penalised_loss_has_no_slope(rng, k):
    """By hand: the objective on standardised inputs, its gradient at what is found."""
    x = rng.normal(size=(400, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 0, -2, 1]
    labels = (x[:, 0] + rng.normal(size=400) > 0).astype(int)
    labels += (k == 3) * (x[:, 3] > 0)
    weights = rng.uniform(0.5, 2, 400)
    mass = weights / weights.mean()
    centre = np.average(x, axis=0, weights=mass)
    spread = np.sqrt(np.average((x - centre) ** 2, axis=0, weights=mass))
    w, b = fitted_head(x, labels, weights, k, 2.0)
    assert w.shape == (k, 5)
    standard, own = (x - centre) / spread, w * spread
    off = mass[:, None] * (np.exp(log_softmax(x @ w.T + b)) - np.eye(k)[labels])
    np.testing.assert_allclose(off.T @ standard + 2.0 * own, 0, atol=1e-4)
    np.testing.assert_allclose(off.sum(axis=0), 0, atol=1e-4)
    assert np.abs(own).max() > 0.1


def test_an_input_that_does_not_vary_gets_no_weight(rng):
    x = np.column_stack([rng.normal(size=100), np.full(100, 7.0), np.zeros(100)])
    labels = (x[:, 0] > 0).astype(int)
    w, b = fitted_head(x, labels, np.ones(100), 2, 1.0)
    np.testing.assert_array_equal(w[:, 1:], 0)
    assert np.isfinite(b).all()
    assert w[1, 0] > 0 > w[0, 0]


def test_separable_labels_end_at_a_finite_head():
    x = np.repeat([[0.0], [1.0]], 20, axis=0)
    w, b = fitted_head(x, np.repeat([0, 1], 20), np.ones(40), 2, 0.0001)
    assert np.isfinite(w).all()
    assert (x @ w.T + b).argmax(axis=1).tolist() == [0] * 20 + [1] * 20


def test_the_scale_of_weights_has_no_say(rng):
    x, labels = rng.normal(size=(80, 2)), np.arange(80) % 2
    one, many = (fitted_head(x, labels, np.full(80, s), 2, 1.0) for s in (1.0, 500.0))
    np.testing.assert_allclose(one[0], many[0])


def test_a_mixture_has_no_one_last_layer(scorer_of, dataset):
    scorer = scorer_of("mlp")
    mixed = Mixture([scorer.network], torch.ones(1))
    several = TorchScorer(mixed, scorer.preprocessor, scorer.recipe)
    with pytest.raises(DataError, match="Choose a run that is a single network"):
        head_of(several)
    with pytest.raises(DataError, match="single network"):
        last_inputs(several, dataset.frame)


def test_a_class_without_rows_is_refused():
    with pytest.raises(DataError, match="'c'; 'Mend' needs rows of every class"):
        refuse_absent_classes(np.array([0, 1, 0]), ("a", "b", "c"), "Mend")
