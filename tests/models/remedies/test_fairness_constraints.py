"""Constraints on gaps: adversaries, ROAD, penalties and reductions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import minimize
from sklearn.base import clone

from analysis.errors import DataError, RunError, SettingError
from analysis.subgroups.disaggregate import disaggregate
from models.adversary import Adversary
from models.estimator import TorchClassifier
from models.evaluations import evaluation
from models.networks import Mixture
from models.recipe import Recipe, Stage
from models.remedies.adversarial import AdversarialDebiasing, _Duel
from models.remedies.gap_penalty import GapPenalty, _Charge
from models.remedies.road import boltzmann, per_group
from models.rescore import network_scorer
from models.rows import Rows
from models.training import train_now

CPU = torch.device("cpu")


def gap(store, run, dataset, metric):
    values = disaggregate(evaluation(store, run, dataset), ("group",), (metric,))
    return float(np.ptp(values.by_group[metric].value))


def mended(recipe, name, **settings):
    stage = Stage(name, {"attribute": "group", **settings})
    return replace(recipe, stages=(stage,))


# --- ROAD ---


def test_boltzmann_weights_solve_the_inner_problem(rng):
    """They maximise -mean(r L) - tau mean(r log r) with mean 1 in every group."""
    losses, groups, tau = rng.uniform(0, 2, 7), np.array([0, 0, 0, 1, 1, 1, 1]), 0.4
    ours = boltzmann(torch.tensor(losses), torch.tensor(groups), 2, tau).numpy()

    def cost(r):
        return np.mean(r * losses + tau * r * np.log(r))

    means = [
        {"type": "eq", "fun": lambda r, g=g: r[groups == g].mean() - 1} for g in (0, 1)
    ]
    found = minimize(
        cost, np.ones(7), bounds=[(1e-6, None)] * 7, constraints=means, tol=1e-12
    )
    np.testing.assert_allclose(ours, found.x, atol=1e-3)
    assert cost(ours) <= found.fun + 1e-9


def test_weights_have_mean_one_in_each_group_and_look_at_easy_guesses():
    losses = torch.tensor([0.1, 0.9, 0.5, 0.2, 3.0])
    groups = torch.tensor([0, 0, 1, 1, 1])
    r = boltzmann(losses, groups, 3, 0.3)
    assert r[:2].mean().item() == pytest.approx(1)
    assert r[2:].mean().item() == pytest.approx(1, rel=1e-5)
    assert r[0] > r[1]
    assert r[3] > r[2] > r[4]
    assert torch.allclose(boltzmann(losses, groups, 3, 1e6), torch.ones(5))


def test_extreme_logs_stay_finite():
    r = per_group(torch.tensor([-800.0, 800.0, 0.0]), torch.tensor([0, 0, 1]), 2)
    assert torch.isfinite(r).all()


@pytest.mark.parametrize("weights", ["learnt", "Boltzmann"])
def test_road_narrows_the_gap_of_a_planted_group(store, recipe, dataset, weights):
    recipe = replace(recipe, epochs=20, patience=20)
    plain = train_now(store, recipe)
    run = train_now(store, mended(recipe, "road", strength=4.0, weights=weights))
    before, after = (gap(store, r, dataset, "mean_score") for r in (plain, run))
    assert after < before


@pytest.mark.parametrize(
    ("name", "neutral"),
    [("road", {"strength": 0.0}), ("adversarial", {"alpha": 0.0})],
)
def test_without_an_adversary_it_is_plain_training(store, recipe, name, neutral):
    plain = train_now(store, recipe)
    run = train_now(store, mended(recipe, name, **neutral))
    np.testing.assert_array_equal(
        store.scores(run.id).scores.logits, store.scores(plain.id).scores.logits
    )


# --- adversary ---


def test_the_step_is_that_of_the_paper(rng):
    """g_P - proj_{g_A} g_P - alpha g_A, over all weights together."""
    p = [torch.zeros(3, requires_grad=True), torch.zeros(2, 2, requires_grad=True)]
    own = [torch.tensor(rng.normal(size=t.shape)) for t in p]
    pull = [torch.tensor(rng.normal(size=t.shape)) for t in p]
    for parameter, gradient in zip(p, own, strict=True):
        parameter.grad = gradient.float()
    _Duel(AdversarialDebiasing(attribute="g", alpha=0.7))._turn(
        p, tuple(g.float() for g in pull)
    )
    g = np.concatenate([t.numpy().ravel() for t in own])
    a = np.concatenate([t.numpy().ravel() for t in pull])
    by_hand = g - (g @ a) / (a @ a) * a - 0.7 * a
    ours = np.concatenate([t.grad.numpy().ravel() for t in p])
    np.testing.assert_allclose(ours, by_hand, rtol=1e-5)


def test_an_adversary_learns_what_scores_tell_of_the_group(rng):
    groups = torch.tensor(rng.integers(0, 2, 500))
    chance = torch.where(groups == 1, 0.8, 0.2)
    chances = torch.stack([1 - chance, chance], dim=1)
    labels = torch.zeros(500, dtype=torch.int64)
    one = Adversary(2, 2, sees_labels=False, seed=0, device=CPU)
    first = one.losses(chances, labels, groups).mean().item()
    for _ in range(300):
        one.learn(one.losses(chances, labels, groups).mean())
    assert one.losses(chances, labels, groups).mean().item() < first / 2
    other = Adversary(2, 2, sees_labels=False, seed=5, device=CPU)
    other.load(one.state())
    for adversary in (one, other):
        adversary.learn(adversary.losses(chances, labels, groups).mean())
    assert torch.equal(one.weight, other.weight)


def test_with_labels_it_sees_differences_at_the_same_label_only(rng):
    """Scores that follow the label alone tell nothing, though base rates differ."""
    groups = torch.tensor(rng.integers(0, 2, 4000))
    labels = (torch.tensor(rng.random(4000)) < 0.2 + 0.6 * groups).long()
    chances = torch.nn.functional.one_hot(labels, 2) * 0.8 + 0.1
    losses = {}
    for sees in (False, True):
        one = Adversary(2, 2, sees_labels=sees, seed=0, device=CPU)
        for _ in range(400):
            one.learn(one.losses(chances, labels, groups).mean())
        losses[sees] = one.losses(chances, labels, groups).mean().item()
    # What the label itself tells of the group is known to both.
    assert losses[True] == pytest.approx(losses[False], abs=0.01)


# --- penalty ---


def charge(rate="selection rate", bound=0.0):
    made = _Charge(GapPenalty(attribute="g", rate=rate, bound=bound))
    made.groups = torch.tensor([0, 0, 1, 1])
    made.positive = 1
    made.prices = torch.zeros(3)
    made.rates = torch.full((4,), torch.nan)
    return made


def batch(labels, weights=None):
    n = len(labels)
    return Rows(
        torch.zeros(n, 0),
        torch.zeros(n, 0, dtype=torch.int64),
        torch.tensor(labels),
        weights,
        torch.arange(n),
    )


@pytest.mark.parametrize(
    ("rate", "by_group"),
    [
        ("selection rate", [0.5, 0.3]),
        ("true positive rate", [0.9, 0.2]),
        ("false positive rate", [0.1, 0.4]),
        ("error rate", [0.1, 0.6]),
    ],
)
def test_soft_rates_by_hand(rate, by_group):
    chance = torch.tensor([0.9, 0.1, 0.2, 0.4])
    logits = torch.stack([torch.zeros(4), torch.logit(chance)], dim=1)
    rates = charge(rate)._rates(batch([1, 0, 1, 0]), logits)
    assert rates[:2].tolist() == pytest.approx(by_group)
    assert torch.isnan(rates[2])
    assert rates[3].item() == pytest.approx(np.mean(by_group))


def test_a_price_rises_with_the_excess_and_falls_without():
    logits = torch.tensor([[0.0, 2.0]] * 2 + [[2.0, 0.0]] * 2)
    made = charge(bound=0.1)
    made.penalty(batch([1, 0, 1, 0]), logits)
    excess = abs(torch.tensor(2.0).sigmoid().item() - 0.5) - 0.1
    assert made.prices[:2].tolist() == pytest.approx([0.5 * excess] * 2)
    assert made.prices[2] == 0
    for _ in range(60):
        made.penalty(batch([1, 0, 1, 0]), torch.zeros(4, 2))
    assert made.prices[:2].tolist() == [0, 0]


def test_the_charge_pulls_rates_together():
    logits = torch.tensor([[0.0, 2.0]] * 2 + [[2.0, 0.0]] * 2, requires_grad=True)
    made = charge()
    made.prices = torch.ones(3)
    made.penalty(batch([1, 0, 1, 0]), logits).backward()
    assert (logits.grad[:2, 1] > 0).all()
    assert (logits.grad[2:, 1] < 0).all()


def test_the_penalty_narrows_the_gap_it_is_about(store, recipe, dataset):
    recipe = replace(recipe, epochs=20, patience=20)
    plain = train_now(store, recipe)
    run = train_now(store, mended(recipe, "gap_penalty", bound=0.0, price_step=3.0))
    before, after = (gap(store, r, dataset, "mean_score") for r in (plain, run))
    assert after < before / 2
    epochs = [e.payload for e in store.events(run.id) if e.kind == "epoch"]
    assert max(epochs[-1]["methods"]["_Charge"]["prices"]) > 0


def test_a_class_that_does_not_exist_is_named(store, recipe):
    with pytest.raises(SettingError, match="it has no, yes"):
        train_now(store, mended(recipe, "gap_penalty", positive="maybe"))


# --- reductions ---


def test_a_mixture_averages_probabilities():
    class _Fixed(torch.nn.Module):
        def __init__(self, chance):
            super().__init__()
            self.logits = torch.tensor([[1 - chance, chance]]).log()

        def forward(self, positions, codes):
            return self.logits

    mixture = Mixture([_Fixed(0.2), _Fixed(0.9)], torch.tensor([0.25, 0.75]))
    chance = mixture(None, None).softmax(1)[0, 1].item()
    assert chance == pytest.approx(0.25 * 0.2 + 0.75 * 0.9)


def test_exponentiated_gradient_narrows_the_gap_and_is_stored_whole(
    store, recipe, dataset
):
    recipe = replace(recipe, epochs=20, patience=20, learning_rate=0.02)
    plain = train_now(store, recipe)
    more = {"bound": 0.01, "rounds": 8, "member_epochs": 10}
    run = train_now(store, mended(recipe, "exponentiated_gradient", **more))
    before, after = (gap(store, r, dataset, "mean_score") for r in (plain, run))
    assert after < before
    scorer = network_scorer(store, run)
    assert isinstance(scorer.network, Mixture)
    assert scorer.network.shares.sum().item() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(
        scorer.score(dataset.frame).logits, store.scores(run.id).scores.logits
    )


def test_grid_search_keeps_one_network(store, recipe, dataset):
    run = train_now(store, mended(recipe, "grid_search", prices=3, member_epochs=2))
    assert not isinstance(network_scorer(store, run).network, Mixture)
    assert run.epochs == run.best_epoch == 4


def test_a_group_of_one_label_is_refused(store, recipe, dataset, monkeypatch):
    from models.remedies import reductions

    monkeypatch.setattr(
        reductions, "grouping_named", lambda frame, _: labels_as_groups(frame)
    )
    with pytest.raises((DataError, RunError), match="needs both labels in every group"):
        train_now(store, mended(recipe, "grid_search"))


def labels_as_groups(frame):
    from analysis.frame import Grouping

    return Grouping(frame.y_true, ("no", "yes"))


# --- the estimator ---


def table(rng, n=400):
    x = rng.normal(size=n)
    y = np.where(x + 0.3 * rng.normal(size=n) > 0, "high", "low")
    return pd.DataFrame({"x": x, "z": rng.normal(size=n)}), y


def test_the_estimator_keeps_to_the_rules_of_scikit_learn(rng):
    features, y = table(rng)
    recipe = Recipe(task="t", hidden=(8,), epochs=15, batch_size=64, dropout=0.0)
    one = TorchClassifier(recipe)
    assert clone(one).get_params() == one.get_params()
    one.fit(features, y)
    assert one.classes_.tolist() == ["high", "low"]
    assert one.score(features, y) > 0.85
    chances = one.predict_proba(features)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    again = clone(one).fit(features, y)
    np.testing.assert_array_equal(chances, again.predict_proba(features))


def test_sample_weights_count(rng):
    features, y = table(rng)
    recipe = Recipe(task="t", hidden=(8,), epochs=15, batch_size=64, dropout=0.0)
    heavy = np.where(y == "high", 50.0, 1.0)
    plain, tilted = (
        TorchClassifier(recipe).fit(features, y, w).predict_proba(features)[:, 0].mean()
        for w in (None, heavy)
    )
    assert tilted > plain + 0.05
