from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import RunError
from analysis.evaluation import Scores
from models.network_scorer import TorchScorer
from models.prepare import training_of
from models.recipe import Stage
from models.rescore import network_scorer
from models.train import logits_of
from models.training import train_now

CPU = torch.device("cpu")

LEAST = 1e-8
"""The lowest learning rate of a recipe: a step that moves nothing that is seen."""


@pytest.fixture
def first(store, recipe):
    return train_now(store, recipe)


@pytest.mark.parametrize("architecture", ["mlp", "logistic", "tabm", "ft_transformer"])
def test_training_starts_exactly_from_the_other_runs_function(
    store, recipe, dataset, prepared_for, architecture
):
    recipe = replace(recipe, architecture=architecture, epochs=2)
    run = train_now(store, recipe)
    base = network_scorer(store, run)
    other = replace(recipe, warm_start=run.id, restart=3, dropout=0.4)
    prepared = prepared_for(other)
    training = training_of(prepared, CPU, base)
    found = logits_of(training.network, training.validation).double().numpy()
    kept: Scores = base.score(prepared.validation)
    np.testing.assert_array_equal(found, kept.logits)


def test_a_tiny_step_from_a_finished_run_gives_its_scores(store, recipe, first):
    short = replace(recipe, epochs=1, learning_rate=LEAST, weight_decay=0.0)
    run = train_now(store, replace(short, warm_start=first.id[:10], dropout=0.0))
    assert run.id != first.id
    np.testing.assert_allclose(
        store.scores(run.id).scores.logits,
        store.scores(first.id).scores.logits,
        atol=1e-4,
    )


def test_a_post_hoc_run_lends_the_network_below_it(store, recipe, first):
    mended = train_now(store, replace(recipe, stages=(Stage("temperature"),)))
    short = replace(recipe, epochs=1, learning_rate=LEAST, weight_decay=0.0)
    run = train_now(store, replace(short, warm_start=mended.id, dropout=0.0))
    np.testing.assert_allclose(
        store.scores(run.id).scores.logits,
        store.scores(first.id).scores.logits,
        atol=1e-4,
    )


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"architecture": "logistic"}, "is of another architecture"),
        ({"architecture": "tabm"}, "is of another architecture"),
        ({"hidden": (9,)}, "has other layers than this one is to have"),
        ({"hidden": (8, 8)}, "has other layers than this one is to have"),
        ({"seed": 1}, "trained on another split, and so on rows that are held out"),
        (
            {"stages": (Stage("masked_feature", {"feature": "age"}),)},
            "learnt from 'age', which is masked here",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(store, recipe, first, change, advice):
    with pytest.raises(RunError, match=advice):
        train_now(store, replace(recipe, warm_start=first.id, **change))
    newest = max(store.runs(), key=lambda run: run.created)
    assert newest.state == "failed"
    assert "fault of the program" not in newest.reason


def test_boosted_trees_start_from_nothing(store, recipe, first):
    with pytest.raises(Exception, match="boosted trees are not one"):
        train_now(store, replace(recipe, architecture="boosting", warm_start=first.id))


def test_a_mixture_is_no_start_for_one_network(store, recipe):
    settings = {"attribute": "group", "rounds": 2, "member_epochs": 1}
    mixed = Stage("exponentiated_gradient", settings)
    first = train_now(store, replace(recipe, stages=(mixed,)))
    assert "shares" in network_scorer(store, first).network.state_dict()
    with pytest.raises(RunError, match="trained as one network"):
        train_now(store, replace(recipe, warm_start=first.id))


def test_another_table_and_an_unfinished_run_are_refused(
    store, recipe, dataset, first, tmp_path
):
    other = replace(dataset.task, name="others", features=("age", "group"))
    store.notes.save_task(other)
    with pytest.raises(RunError, match="was trained on another table"):
        train_now(store, replace(recipe, task="others", warm_start=first.id))
    waiting = store.ledger.submit(
        replace(recipe, seed=5), dataset.task, dataset.digest, "nobody"
    )
    store.ledger.end(waiting, "cancelled", "for the test")
    with pytest.raises(RunError, match="Resume that one on the Model page first"):
        train_now(store, replace(recipe, seed=5, warm_start=waiting, clip=1.0))


def test_a_run_that_does_not_exist_is_refused(store, recipe):
    with pytest.raises(RunError, match="No run starts with 'beef'"):
        train_now(store, replace(recipe, warm_start="beef"))
    with pytest.raises(RunError, match="No run"):
        train_now(store, replace(recipe, warm_start="base"))


def test_the_last_layer_alone_learns_on_a_finished_run(store, recipe, first):
    again = replace(recipe, warm_start=first.id, layers="last", restart=1)
    run = train_now(store, again)
    before, after = (
        network_scorer(store, r).network.state_dict() for r in (first, run)
    )
    moved = {name for name in after if not torch.equal(before[name], after[name])}
    assert moved == {name for name in after if name.startswith("body.3.")}
    assert isinstance(network_scorer(store, run), TorchScorer)
