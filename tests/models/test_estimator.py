"""The estimator where the reductions do not reach: weights, classes, stopping."""

from dataclasses import replace

import numpy as np
import pytest

from models.epoch import Cancelled
from models.estimator import TorchClassifier
from models.recipe import Stage


@pytest.fixture
def rows(dataset):
    frame = dataset.frame.take(np.arange(300))
    return frame.features, frame.y_true


@pytest.fixture
def quick(recipe):
    return replace(recipe, epochs=3, dropout=0.0)


def test_weights_count_by_their_ratios(rows, quick):
    features, y = rows
    weights = np.linspace(0.5, 2, len(y))
    one, two = (
        TorchClassifier(quick).fit(features, y, c * weights).predict_proba(features)
        for c in (1, 7)
    )
    np.testing.assert_allclose(one, two, atol=1e-4)


def test_labels_of_three_words_come_back_as_words(rows, quick, rng):
    features, y = rows
    words = np.array(["maybe", "no", "yes"])[y + (rng.random(len(y)) < 0.3)]
    made = TorchClassifier(quick).fit(features, words)
    assert list(made.classes_) == ["maybe", "no", "yes"]
    assert set(made.predict(features)) <= set(words)
    np.testing.assert_allclose(made.predict_proba(features).sum(axis=1), 1)


def test_one_class_alone_is_always_predicted(rows, quick):
    """As a reduction may ask for it in one of its rounds."""
    features, y = rows
    made = TorchClassifier(quick).fit(features, np.ones(len(y), int))
    assert (made.predict(features) == 1).all()
    assert (made.predict_proba(features) == 1).all()


def test_remedies_of_the_recipe_are_left_aside(rows, quick):
    features, y = rows
    mended = replace(
        quick,
        prune=0.5,
        stop_by="group",
        methods=(Stage("focal", {"gamma": 2.0}),),
        warm_start="beef",
        layers="last",
    )
    one, two = (
        TorchClassifier(r).fit(features, y).predict_proba(features)
        for r in (quick, mended)
    )
    np.testing.assert_array_equal(one, two)


def test_it_stops_when_it_is_told(rows, quick):
    with pytest.raises(Cancelled):
        TorchClassifier(quick, ask=lambda: True).fit(*rows)
