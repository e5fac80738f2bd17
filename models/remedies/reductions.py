"""What the two reductions share: a constraint, an oracle, and a report of each fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.errors import DataError
from models.groupings import grouping_named

if TYPE_CHECKING:  # the server reads remedies and never imports torch
    from models.estimator import TorchClassifier
    from models.train import Training

CONSTRAINTS = {
    "selection rate": "DemographicParity",
    "both error rates": "EqualizedOdds",
    "false negative rate": "TruePositiveRateParity",
    "false positive rate": "FalsePositiveRateParity",
    "error rate": "ErrorRateParity",
}
"""What is made equal, in our words, to fairlearn's moment."""


def constraint_named(name: str, bound: float) -> Any:
    """Return fairlearn's moment with the allowed difference to everyone's rate."""
    from fairlearn import reductions

    return getattr(reductions, CONSTRAINTS[name])(difference_bound=bound)


@contextmanager
def pandas_warnings_aside() -> Iterator[None]:
    """Leave out what fairlearn 0.15 makes pandas warn of: it concerns pandas 4."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
        yield


class Problem:
    """The training rows as a reduction takes them.

    Reductions take no weights of their own: where rows weigh differently they are
    drawn in proportion, once.

    Parameters
    ----------
    training : Training
    attribute : str
    epochs : int
        Of each fit.

    Raises
    ------
    DataError
        A group has rows of one class only, so that no rate of it can be moved.
    """

    def __init__(self, training: Training, attribute: str, epochs: int) -> None:
        frame = training.tables().train
        rows = self._rows(training)
        grouping = grouping_named(frame, attribute)
        self.training, self.epochs = training, epochs
        self.features = frame.features.iloc[rows].reset_index(drop=True)
        self.labels: Ints = training.train.labels.cpu().numpy()[rows]
        self.groups = np.array(grouping.names)[grouping.codes[rows]]
        self._check()

    @staticmethod
    def _rows(training: Training) -> Ints:
        weights = training.train.weights
        n = len(training.train)
        if weights is None:
            return np.arange(n)
        shares = weights.double().cpu().numpy()
        rng = np.random.default_rng(training.recipe.start_seed)
        drawn: Ints = np.sort(rng.choice(n, n, p=shares / shares.sum()))
        return drawn

    def _check(self) -> None:
        for name in np.unique(self.groups):
            found = np.unique(self.labels[self.groups == name])
            if len(found) < 2:
                raise DataError(
                    f"All training rows of group '{name}' have the same label; this "
                    "remedy needs both labels in every group. Choose a coarser "
                    "attribute or leave small groups out."
                )

    def fit(self, reduction: Any) -> None:
        """Let one of fairlearn's reductions fit itself on these rows."""
        with pandas_warnings_aside():
            reduction.fit(self.features, self.labels, sensitive_features=self.groups)

    def _show(self, model: TorchClassifier) -> None:
        """Show a fitted model where an epoch would be shown; the last is the result."""
        training = self.training
        if training.progress.epoch < training.recipe.epochs - 1:
            training.network = model.network_
            training.close_epoch(float(model.loss_))

    def oracle(self) -> TorchClassifier:
        """Return the estimator that is fitted again and again, each fit shown."""
        from models.estimator import TorchClassifier

        show = self._show

        class Oracle(TorchClassifier):
            def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Oracle:
                super().fit(X, y, sample_weight)
                show(self)
                return self

        training = self.training
        return Oracle(
            recipe=replace(training.recipe, epochs=self.epochs),
            preprocessor=training.tables().preprocessor,
            device=str(training.device),
            ask=training.should_stop,
        )
