"""A scikit-learn estimator over the training loop, for libraries that fit often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from analysis.arrays import Floats, Ints
from models.networks import network
from models.prepare import plain
from models.preprocess import Preprocessor, fit_preprocessor
from models.recipe import Recipe
from models.rows import rows_on
from models.train import Training, logits_of


class TorchClassifier(ClassifierMixin, BaseEstimator):
    """A recipe's network as an estimator: labels of any kind, weights per row.

    It trains for all epochs of the recipe and keeps the one with the lowest loss on
    the rows it was given, as it sees no others.

    Parameters
    ----------
    recipe : Recipe
        Its remedies are left aside.
    preprocessor : Preprocessor or None
        Fitted already, so that many fits share it; None fits one each time.
    device : str
    ask : callable or None
        Asked before each batch whether to stop.
    """

    def __init__(
        self,
        recipe: Recipe,
        preprocessor: Preprocessor | None = None,
        device: str = "cpu",
        ask: Callable[[], bool] | None = None,
    ) -> None:
        self.recipe = recipe
        self.preprocessor = preprocessor
        self.device = device
        self.ask = ask

    def fit(
        self, X: pd.DataFrame, y: Ints, sample_weight: Floats | None = None
    ) -> Self:
        """Train anew; the same rows, labels and weights give the same network.

        Parameters
        ----------
        X : DataFrame [n, d]
        y : array[n]
        sample_weight : float[n] or None

        Raises
        ------
        Cancelled
            `ask` said to stop.
        RunError
            The loss is no longer finite.
        """
        recipe = replace(plain(self.recipe), patience=self.recipe.epochs, stop_by="")
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        self.preprocessor_ = self.preprocessor or fit_preprocessor(X)
        weights = np.ones(len(X)) if sample_weight is None else sample_weight
        weights = np.asarray(weights, dtype=np.float64)
        if weights.sum() <= 0:
            weights = np.ones(len(X))
        rows = rows_on(
            torch.device(self.device),
            self.preprocessor_.transform(X),
            labels.astype(np.int64),
            weights,
        )
        torch.manual_seed(recipe.start_seed)
        made = network(self.preprocessor_, len(self.classes_), recipe)
        training = Training(made.to(rows.labels.device), recipe, rows, rows)
        training.run(lambda epoch: None, self.ask or (lambda: False))
        self.network_ = training.network
        self.loss_ = training.progress.best_loss
        return self

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probability of each of `classes_`, float[n, k]."""
        check_is_fitted(self, "network_")
        rows = rows_on(
            torch.device(self.device),
            self.preprocessor_.transform(X),
            np.zeros(len(X), np.int64),
            np.ones(len(X)),
        )
        chances: Floats = (
            logits_of(self.network_, rows).double().softmax(1).cpu().numpy()
        )
        return chances

    def predict(self, X: pd.DataFrame) -> Ints:
        """Return the most probable class of each row."""
        found: Ints = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return found
