from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from analysis.datasets.load import load
from analysis.errors import DataError, SettingError
from models.boosting import ROUNDS, Boosting
from models.execute import execute
from models.owners import Owner
from models.recipe import Stage
from models.rescore import network_scorer
from models.training import train_now


@pytest.fixture
def trees(recipe):
    return replace(recipe, architecture="boosting", epochs=3, patience=3)


def grown(prepared):
    made = Boosting(prepared)
    made.run(lambda epoch: None, lambda: False)
    return made


def scores_of(prepared, frame):
    return grown(prepared).score(frame).values  # noqa: PD011 (not pandas)


def weighed(prepared, weights):
    return replace(prepared, weights=weights)


def test_a_weight_of_two_is_the_row_twice(trees, prepared_for, rng):
    """In cells of so many rows that the least size of a leaf, in rows, cuts none."""
    prepared = prepared_for(replace(trees, masked=("age",), epochs=1))
    large = prepared.train.features["work"].isin(["office", "farm"])
    frame = prepared.train.take(np.flatnonzero(large))
    prepared = replace(prepared, train=frame, weights=np.ones(len(frame)))
    times = rng.integers(1, 4, len(frame))
    rows = np.repeat(np.arange(len(frame)), times)
    twice = replace(prepared, train=frame.take(rows), weights=np.ones(len(rows)))
    one = scores_of(weighed(prepared, times.astype(float)), prepared.validation)
    two = scores_of(twice, prepared.validation)
    np.testing.assert_allclose(one, two, atol=1e-6)
    plain = scores_of(prepared, prepared.validation)
    assert np.abs(one - plain).max() > 0.005


def test_a_row_without_weight_is_as_if_it_were_not_there(trees, prepared_for):
    prepared = prepared_for(replace(trees, epochs=1))
    kept = np.arange(0, len(prepared.train), 2)
    weights = np.zeros(len(prepared.train))
    weights[kept] = 3.0
    fewer = replace(
        prepared, train=prepared.train.take(kept), weights=np.ones(len(kept))
    )
    np.testing.assert_allclose(
        scores_of(weighed(prepared, weights), prepared.validation),
        scores_of(fewer, prepared.validation),
    )


def test_drawn_rows_follow_the_seed_and_the_restart(trees, prepared_for):
    draws = replace(trees, draws=True, epochs=1)
    seen = prepared_for(draws).validation
    one, again, other = (
        scores_of(prepared_for(replace(draws, restart=r)), seen) for r in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_a_remedy_by_weights_reaches_the_trees(store, trees):
    plain = train_now(store, trees)
    stages = (Stage("reweighing", {"attribute": "group"}),)
    mended = train_now(store, replace(trees, stages=stages))
    one, two = (store.scores(r.id).scores.logits for r in (plain, mended))
    assert np.abs(one - two).max() > 0.01


def test_epochs_add_trees_and_the_best_number_is_kept(store, trees, dataset):
    heard = []
    run = train_now(store, replace(trees, epochs=12, patience=4), heard.append)
    epochs = [e.payload for e in heard if e.kind == "epoch"]
    losses = [e["stopping_loss"] for e in epochs]
    assert run.best_epoch == 1 + int(np.argmin(losses))
    train = [e["train_loss"] for e in epochs]
    assert all(np.diff(train) < 0)
    scorer = network_scorer(store, run)
    assert scorer._trees.n_iter_ == run.best_epoch * ROUNDS
    rows = scorer.prepared.validation
    found = log_loss(rows.y_true, scorer.score(rows).values)
    assert found == pytest.approx(min(losses), rel=1e-5)


def test_a_refit_gives_the_stored_scores_and_a_second_table_can_be_scored(
    store, trees, dataset
):
    run = train_now(store, trees)
    scorer = network_scorer(store, run)
    np.testing.assert_array_equal(
        scorer.score(dataset.frame).logits, store.scores(run.id).scores.logits
    )
    part = dataset.frame.take(np.arange(7))
    np.testing.assert_array_equal(
        scorer.score(part).logits, scorer.score(dataset.frame).logits[:7]
    )


def test_a_cancelled_run_begins_again_and_ends_the_same(store, trees, dataset):
    owner = Owner(store.owners)
    name = store.submit(trees, dataset.task, dataset.digest, owner.token)
    execute(store, name, owner.token, lambda: store.run(name).epochs >= 1)
    owner.close()
    assert store.run(name).state == "cancelled"
    run = train_now(store, trees)
    epochs = [e.payload["epoch"] for e in store.events(name) if e.kind == "epoch"]
    assert epochs == [1, 2, 3]
    assert run.is_finished


@pytest.mark.parametrize("name", ["group_dro", "sharpness_aware", "last_layer"])
def test_a_remedy_in_the_loop_is_refused_in_words(store, trees, name):
    stages = (Stage(name, {"attribute": "group"} if "sharp" not in name else {}),)
    with pytest.raises(SettingError, match="boosted trees are not one"):
        train_now(store, replace(trees, stages=stages))


def without_class(prepared, gone):
    rows = np.flatnonzero(prepared.train.y_true != gone)
    return replace(
        prepared, train=prepared.train.take(rows), weights=np.ones(len(rows))
    )


def test_a_class_that_training_rows_lack_is_scored_almost_nothing(
    store, dataset, trees, prepared_for
):
    prepared = prepared_for(trees)
    labels = np.where(prepared.train.y_true == 1, 2, 0)
    classes = ("no", "maybe", "yes")
    train = replace(prepared.train, y_true=labels, classes=classes)
    seen = prepared.validation
    validation = replace(seen, y_true=np.where(seen.y_true == 1, 2, 0), classes=classes)
    losses = []
    made = Boosting(replace(prepared, train=train, validation=validation))
    made.run(lambda epoch: losses.append(epoch.train_loss), lambda: False)
    scores = made.score(validation).values  # noqa: PD011 (not pandas)
    assert scores.shape == (len(validation), 3)
    assert (scores[:, 1] < 1e-6).all()
    assert losses[-1] < 0.69


def test_one_class_alone_is_refused_in_words(trees, prepared_for):
    with pytest.raises(DataError, match="boosted trees need two"):
        grown(without_class(prepared_for(trees), 0))


def test_more_categories_than_trees_can_tell_are_taken_in_order(store, trees, dataset):
    rng = np.random.default_rng(0)
    words = pd.Categorical([f"w{i}" for i in rng.integers(0, 400, 6000)])
    age = rng.normal(size=6000)
    label = np.where(age + rng.normal(size=6000) > 0, "yes", "no")
    frame = pd.DataFrame({"words": words, "age": age, "label": pd.Categorical(label)})
    frame["group"] = pd.Categorical(rng.choice(["a", "b"], 6000))
    frame.to_parquet(store.tables / f"{'e' * 32}.parquet")
    task = replace(
        dataset.task,
        name="many words",
        table="e" * 32,
        features=("words", "age"),
        sensitive=("group",),
        weight=None,
    )
    store.notes.save_task(task)
    run = train_now(store, replace(trees, task="many words", epochs=1))
    right = store.scores(run.id).scores.logits.argmax(axis=1)
    assert (right == load(task, store.tables).frame.y_true).mean() > 0.65
