"""The order of doubt in which people are handed over."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.conformal.scores import require_probabilities
from analysis.errors import SettingError
from analysis.evaluation import Argmax, Evaluation, GroupThresholds

DECIMALS = 12
"""Doubts that differ by rounding only are tied."""


@dataclass(frozen=True)
class Doubt:
    """One way to put people in order of doubt.

    Parameters
    ----------
    title, words : str
        A short name and one sentence for readers.
    source : str
    function : callable
        From the evaluation and the rows to fit on to float[n]; higher is more doubt.
    """

    title: str
    words: str
    source: str
    function: Callable[[Evaluation, Evaluation], Floats]


def by_confidence(evaluation: Evaluation, fit: Evaluation) -> Floats:
    """Return the doubt of a decision by its own probabilities, float[n]; no fit.

    Of more than two classes one minus the highest probability. Of two, minus the
    distance of the score from the threshold that decided: where that is 0.5, the same
    order. At another threshold t a score of 0.5 is no toss-up; with the costs that
    make t the right place to decide, |score - t| is what the decision saves.
    """
    require_probabilities(evaluation, "deferral")
    if len(evaluation.classes) > 2:
        return 1 - evaluation.scores.values.max(axis=1)
    doubt: Floats = -np.abs(evaluation.score - _threshold_of_rows(evaluation))
    return doubt


def by_distance(evaluation: Evaluation, fit: Evaluation) -> Floats:
    """Return the distance to the centroid of the class decided for, float[n].

    A centroid is the mean probability vector of the rows of `fit` that were rightly
    decided for the class. Infinite for a class without one: nothing like it was right.
    """
    require_probabilities(evaluation, "deferral")
    centroids = _centroids(fit)  # [k, k]
    away = evaluation.scores.values - centroids[evaluation.decided_classes]
    distance: Floats = np.sqrt((away**2).sum(axis=1))
    return np.where(np.isnan(distance), np.inf, distance)


DOUBTS: dict[str, Doubt] = {
    "confidence": Doubt(
        "Confidence",
        "the surest decisions are accepted first: those with the highest probability, "
        "or with two classes furthest from the threshold",
        "Chow (1970), IEEE Transactions on Information Theory 16",
        by_confidence,
    ),
    "distance": Doubt(
        "Distance to the centroid",
        "decisions are accepted first whose probabilities are nearest to the mean of "
        "right decisions for the same class; very sure ones can be far from it too",
        "When to Accept Automated Predictions and When to Defer to Human Judgment?",
        by_distance,
    ),
}


def doubt_named(doubt: str, fit: Evaluation | None) -> Doubt:
    """Return an order of doubt that the rows at hand can give.

    Raises
    ------
    SettingError
        There is none of this name, or it needs rows to fit on and has none.
    """
    if doubt not in DOUBTS:
        raise SettingError(
            f"'{doubt}' is no order of doubt; choose one of {', '.join(DOUBTS)}."
        )
    if doubt == "distance" and fit is None:
        raise SettingError(
            "Centroids are fitted on other rows than those reported; give rows to fit "
            "on, or choose 'confidence'."
        )
    return DOUBTS[doubt]


def doubts(evaluation: Evaluation, doubt: str, fit: Evaluation | None) -> Floats:
    """Return each row's doubt, float[n]; see `doubt_named` for what is raised."""
    spec = doubt_named(doubt, fit)
    values = spec.function(evaluation, evaluation if fit is None else fit)
    rounded: Floats = np.round(values, DECIMALS)
    return rounded


def suggested_cut(doubt: str, fit: Evaluation) -> float:
    """Return the smallest doubt among wrong decisions on the rows fitted on.

    NaN where none is wrong. The paper suggests to defer everyone as far off.
    """
    wrong = fit.decided_classes != fit.y_true
    if not wrong.any():
        return np.nan
    return float(doubts(fit, doubt, fit)[wrong].min())


def _threshold_of_rows(evaluation: Evaluation) -> Floats | float:
    rule = evaluation.rule
    if isinstance(rule, Argmax):
        return 0.5
    if isinstance(rule, GroupThresholds):
        by_group = np.asarray(rule.values, dtype=np.float64)
        return by_group[evaluation.groups[rule.attribute].codes]
    return rule.value


def _centroids(fit: Evaluation) -> Floats:
    """Return the mean probabilities of right decisions by class, float[k, k]."""
    k = len(fit.classes)
    right = fit.decided_classes == fit.y_true
    codes, w = fit.y_true[right], fit.weights[right]
    values = fit.scores.values[right]
    total = np.bincount(codes, w, k)
    sums = [np.bincount(codes, w * values[:, j], k) for j in range(k)]
    with np.errstate(invalid="ignore", divide="ignore"):  # no right one: 0 / 0 = NaN
        centroids: Floats = np.column_stack(sums) / total[:, None]
    return centroids
