"""Gradient-boosted trees from scikit-learn: the reference that networks are held to."""

import time
from collections.abc import Callable

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from analysis.arrays import Floats, Ints
from analysis.errors import DataError, SettingError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.epoch import Cancelled, Epoch
from models.features import features_for
from models.prepare import Prepared
from models.probabilities import scores_of_logits
from models.progress import Progress
from models.remedies.weighing import labels_of
from models.rows import rows_on
from models.stopping import Stopping

ROUNDS = 8
"""Trees per class that one epoch adds, so that the default 30 epochs are 240 trees."""

MAX_CATEGORIES = 255
"""A column with more is taken as a number; its codes are in order of frequency."""


class Boosting:
    """Trees on the way, scored by the validation log loss like a network.

    Row weights reach them as sample weights, or as the odds of being drawn; rows
    without weight are left out. Settings of networks do not reach them.

    Parameters
    ----------
    prepared : Prepared

    Raises
    ------
    SettingError
        A remedy would have to take part in a network's training loop.
    DataError
        The validation rows have no labels, or not the groups that decide when to stop.
    """

    def __init__(self, prepared: Prepared) -> None:
        if prepared.recipe.methods or prepared.recipe.warm_start:
            raise SettingError(
                "This remedy changes how a network learns, and boosted trees are not "
                "one. Choose a remedy by weights or by data, or train a network on "
                "the Model page."
            )
        self.prepared = prepared
        self.progress = Progress()
        self.stopping = _stopping(prepared)
        self._trees: HistGradientBoostingClassifier | None = None

    def run(
        self, report: Callable[[Epoch], None], should_stop: Callable[[], bool]
    ) -> None:
        """Grow trees until epochs or patience are spent, then keep the best number.

        Raises
        ------
        Cancelled
            `should_stop` said so.
        DataError
            All rows with weight have the same label.
        """
        began = time.perf_counter()
        inputs, labels, weights = self._training_rows()
        check = self._inputs(self.prepared.validation)
        trees = self._untrained()
        while not self._is_over():
            if should_stop():
                raise Cancelled
            trees.max_iter = (self.progress.epoch + 1) * ROUNDS
            trees.fit(inputs, labels, sample_weight=weights)
            logits = self._logits(trees, check)
            stopping_loss = self.stopping.loss(torch.tensor(logits).float())
            self._judge(stopping_loss)
            self.progress.seconds = time.perf_counter() - began
            seen = self._logits(trees, inputs)[np.arange(len(labels)), labels]
            loss = float(-np.average(seen, weights=weights))
            progress = Progress(**vars(self.progress))
            report(Epoch(progress, loss, stopping_loss, logits, {}))
        best = self._untrained()
        best.max_iter = max(1, self.progress.best_epoch) * ROUNDS
        self._trees = best.fit(inputs, labels, sample_weight=weights)

    def score(self, frame: AuditFrame) -> Scores:
        """Return probabilities and their logarithms as logits."""
        if self._trees is None:
            raise SettingError("These trees have not been grown.")
        return scores_of_logits(self._logits(self._trees, self._inputs(frame)))

    def _untrained(self) -> HistGradientBoostingClassifier:
        columns = self.prepared.preprocessor
        numeric = len(columns.numeric)
        categorical = [
            numeric + i
            for i, count in enumerate(columns.code_counts)
            if count < MAX_CATEGORIES
        ]
        return HistGradientBoostingClassifier(
            categorical_features=categorical,
            early_stopping=False,
            warm_start=True,
            random_state=self.prepared.recipe.start_seed % 2**32,
        )

    def _training_rows(self) -> tuple[Floats, Ints, Floats]:
        labels, weights = self.prepared.labels(), self.prepared.weights
        rows = np.flatnonzero(weights > 0)
        weights = weights / weights[rows].mean()
        if self.prepared.recipe.draws:
            rng = np.random.default_rng(self.prepared.recipe.start_seed)
            rows = rng.choice(len(labels), len(labels), p=weights / weights.sum())
            weights = np.ones(len(labels))
        if len(np.unique(labels[rows])) < 2:
            raise DataError(
                "All training rows have the same label, and boosted trees need two. "
                "Choose another split, a milder remedy, or a network."
            )
        return self._inputs(self.prepared.train)[rows], labels[rows], weights[rows]

    def _inputs(self, frame: AuditFrame) -> Floats:
        """Return positions and codes side by side, float[n, p + c]."""
        features = features_for(self.prepared.recipe, frame)
        encoded = self.prepared.preprocessor.transform(features)
        return np.column_stack([encoded.positions, encoded.codes]).astype(np.float64)

    def _logits(self, trees: HistGradientBoostingClassifier, inputs: Floats) -> Floats:
        """Return log probabilities, [n, k]; of a class never seen almost none."""
        k = len(self.prepared.train.classes)
        chances = np.full((len(inputs), k), 1e-9)
        chances[:, trees.classes_.astype(int)] = trees.predict_proba(inputs)
        logits: Floats = np.log(np.maximum(chances, 1e-9))
        return logits

    def _judge(self, loss: float) -> None:
        self.progress.epoch += 1
        if loss < self.progress.best_loss:
            self.progress.best_loss, self.progress.best_epoch = (
                loss,
                self.progress.epoch,
            )

    def _is_over(self) -> bool:
        recipe, progress = self.prepared.recipe, self.progress
        stale = progress.epoch - progress.best_epoch
        return progress.epoch >= recipe.epochs or (
            progress.best_epoch > 0 and stale >= recipe.patience
        )


def _stopping(prepared: Prepared) -> Stopping:
    """Return what decides when to stop: the same as for a network."""
    recipe, rows = prepared.recipe, prepared.validation
    weights = rows.weights if recipe.survey_weights else np.ones(len(rows))
    encoded = prepared.preprocessor.transform(features_for(recipe, rows))
    on_cpu = rows_on(torch.device("cpu"), encoded, labels_of(rows), weights)
    return Stopping(recipe, on_cpu, rows)
