"""Trees that tell the rows of two tables apart, asked about rows they have not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats, Ints
from analysis.evaluation import Evaluation, Scores
from analysis.frame import Grouping
from analysis.metrics.roc import auroc
from analysis.metrics.score_metrics import standard_error
from analysis.progress import Tick

FOLDS = 3
TREES = 60
LEAVES = 15
LEAST_LEAF = 100
"""A leaf holds at least this part of the rows: what hides in fewer is mostly noise."""

Models = tuple[Any, ...]
"""One classifier of scikit-learn per fold, fitted without its rows."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows with the side they are from, and what trees that had not seen them say."""

    table: Floats
    is_target: Bools
    weights: Floats
    fold: Ints
    scores: Floats

    def areas(self, rows: Ints, scores: Floats) -> tuple[Floats, Floats, Floats]:
        """Return each fold's AUROC, its standard error and each row's influence."""
        e = Evaluation(
            "side",
            self.is_target[rows].astype(np.int64),
            Scores(scores[:, None], "raw"),
            ("source", "target"),
            {},
            self.weights[rows],
            rows,
        )
        folds = Grouping(self.fold[rows], tuple(map(str, range(FOLDS))))
        found = auroc(e, folds)
        return found.value, standard_error(found.rows, e.weights, folds), found.rows


def fitted(
    parts: Sequence[pd.DataFrame],
    weights: Sequence[Floats],
    rng: np.random.Generator,
    seed: int,
    tick: Tick,
) -> tuple[Asked, Models]:
    """Fit trees without each fold, and let them score it.

    Parameters
    ----------
    parts : (DataFrame, DataFrame)
        Source and target rows, the same columns.
    weights : (float[n_s], float[n_t])
    rng : Generator
        Of the folds.
    seed : int
        Of the trees.
    tick : Tick
    """
    # Late: scikit-learn takes a second to import, and only this needs it.
    from sklearn.ensemble import HistGradientBoostingClassifier

    table, is_target = _codes(*parts), np.repeat([False, True], [len(p) for p in parts])
    balanced = np.concatenate([w / w.mean() for w in weights])
    fold = np.concatenate([rng.permutation(np.arange(len(p)) % FOLDS) for p in parts])
    scores, models = np.zeros(len(fold)), []
    even = _even(balanced, is_target)
    for k in range(FOLDS):
        tick(0.6 * k / FOLDS, "learning to tell the sides apart")
        model = HistGradientBoostingClassifier(
            max_iter=TREES,
            max_leaf_nodes=LEAVES,
            min_samples_leaf=max(20, len(table) // LEAST_LEAF),
            random_state=seed,
        )
        fit, ask = fold != k, fold == k
        model.fit(table[fit], is_target[fit], sample_weight=even[fit])
        scores[ask] = model.decision_function(table[ask])
        models.append(model)
    return Asked(table, is_target, balanced, fold, scores), tuple(models)


def _even(weights: Floats, is_target: Bools) -> Floats:
    """Scale weights so that both sides have the same sum, mean 1."""
    share = is_target.mean()
    return weights * np.where(is_target, 0.5 / share, 0.5 / (1 - share))


def _codes(source: pd.DataFrame, target: pd.DataFrame) -> Floats:
    """Return numbers as they are and categories as codes, float[n_s + n_t, d]."""
    found = []
    for name in source.columns:
        both = (source[name], target[name])
        if all(_is_number(column) for column in both):
            found.append(
                np.concatenate([c.to_numpy(np.float64, na_value=np.nan) for c in both])
            )
            continue
        words = pd.concat([c.astype(object) for c in both], ignore_index=True)
        codes, _ = pd.factorize(words.map(str).where(words.notna()), sort=True)
        found.append(np.where(codes < 0, np.nan, codes))
    return np.column_stack(found)


def _is_number(column: pd.Series) -> bool:
    is_bool = pd.api.types.is_bool_dtype(column)
    return bool(pd.api.types.is_numeric_dtype(column) and not is_bool)
