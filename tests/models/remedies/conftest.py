"""A training with one remedy in its loop, on the planted people."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from analysis.frame import AuditFrame, Grouping
from models.prepare import Prepared, training_of
from models.preprocess import fit_preprocessor
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.weighing import weights_in_force


@pytest.fixture
def training_for():
    """Build a training whose method, if it has one, has begun."""

    def build(remedy, recipe, dataset, rows=600, base=None):
        frame = dataset.frame
        train, validation = (
            frame.take(np.arange(start, min(start + rows, len(frame))))
            for start in (0, rows)
        )
        changed = recipe if remedy is None else remedy.change(recipe, train)
        weights = weights_in_force(changed, train)
        preprocessor = fit_preprocessor(train.features)
        prepared = Prepared(changed, train, validation, weights, preprocessor)
        training = training_of(prepared, torch.device("cpu"), base)
        for method in training.methods:
            method.begin(training)
        return training

    return build


class Fixed:
    """A scorer that knows the logits of every row by its id."""

    def __init__(self, logits):
        self.logits = np.asarray(logits, dtype=float)

    def score(self, frame):
        return scores_of_logits(self.logits[frame.row_ids])


@pytest.fixture
def labelled():
    """Build a scorer and a frame from logits, labels, and codes of one attribute."""

    def build(logits, labels, codes=None, weights=None, **features):
        n, k = np.shape(logits)
        codes = np.zeros(n, np.int64) if codes is None else codes
        frame = AuditFrame(
            features=pd.DataFrame({"age": np.arange(n, dtype=float), **features}),
            y_true=np.asarray(labels),
            classes=tuple("abcdefgh"[:k]),
            groups={"group": Grouping(codes, tuple("uvwxyz"[: max(codes) + 1]))},
            weights=np.ones(n) if weights is None else np.asarray(weights, float),
        )
        return Fixed(logits), frame

    return build


@pytest.fixture
def drawn(rng):
    """Draw logits and labels of which the logits are `factor` times too far apart."""

    def draw(n, k=2, factor=2.0, shift=0.0):
        honest = rng.normal(size=(n, k)) * 1.5
        chances = np.exp(log_softmax(honest)).cumsum(axis=1)
        labels = (rng.random((n, 1)) > chances).sum(axis=1).clip(max=k - 1)
        logits = honest * factor
        logits[:, -1] += shift
        return logits, labels

    return draw


@pytest.fixture
def unequal(rng, labelled):
    """Draw three groups of which one is scored too low, and one ranked badly."""

    def draw(n=3_000, **more):
        codes = rng.integers(0, 3, n)
        honest = rng.normal(size=n) * 1.5
        labels = (rng.random(n) < 1 / (1 + np.exp(-honest))).astype(int)
        margin = honest - 0.8 * (codes == 1) + rng.normal(size=n) * (codes == 2)
        return labelled(np.column_stack([-margin, margin]) / 2, labels, codes, **more)

    return draw


class _Passing(ClassifierMixin, BaseEstimator):
    """A classifier whose decision function is its one feature."""

    def fit(self, x, y):
        self.classes_, self.n_features_in_ = np.unique(y), 1
        return self

    def decision_function(self, x):
        return x[:, 0]

    def predict(self, x):
        return self.classes_[(x[:, 0] > 0).astype(int)]


@pytest.fixture
def scikit_learns():
    """Fit scikit-learn's calibrator of a method to log odds, and return it."""

    def fitted(method, x, labels, weights=None):
        given = FrozenEstimator(_Passing().fit(x[:, None], labels))
        around = CalibratedClassifierCV(given, method=method, ensemble=False)
        with warnings.catch_warnings():
            # It says that weights reach the calibration only, which is what is meant.
            warnings.filterwarnings("ignore", "Since FrozenEstimator", UserWarning)
            around.fit(x[:, None], labels, sample_weight=weights)
        return around.calibrated_classifiers_[0].calibrators[0]

    return fitted
