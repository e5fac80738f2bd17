"""Any metric as a function of how many positives each cell of the target holds."""

from collections.abc import Callable

import numpy as np

from analysis.arrays import Floats
from analysis.evaluation import Evaluation
from analysis.label_free.cells import Sums
from analysis.metrics.kinds import CountMetric, Metric, Rate

KNOWN = ("mean_score", "selection_rate")
"""Metrics that no label is needed for."""


def why_not(metric: Metric, target: Evaluation) -> str:
    """Say why a metric cannot be estimated here; empty where it can."""
    if metric.needs_probability and not target.is_probability:
        return "needs probabilities, and the score is raw"
    if isinstance(metric, Rate | CountMetric):
        return ""
    if metric.name not in SCORED:
        return "is a mean over classes; only the class in view is estimated"
    if metric.name in WHOLE and len(target.classes) > 2:
        return "sums over all classes; only the class in view is estimated"
    return ""


def values(metric: Metric, sums: Sums, positives: Floats) -> Floats:
    """Return a metric for each draw of the positives.

    Parameters
    ----------
    metric : Metric
    sums : Sums
        Of the target, [c].
    positives : float[r, c]
        Weight of the positive rows of each cell.

    Returns
    -------
    float[r]
        NaN where undefined.
    """
    if isinstance(metric, Rate | CountMetric):
        return np.asarray(metric.value(_tables(sums, positives)), dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return SCORED[metric.name](sums, positives)


def _tables(sums: Sums, positives: Floats) -> Floats:
    """Return tables of label and decision, float[r, 2, 2]."""
    b = positives.shape[1] // 2
    negatives = sums.weight - positives
    sides = slice(0, b), slice(b, None)
    cells = [part[:, side].sum(1) for part in (negatives, positives) for side in sides]
    return np.stack(cells, -1).reshape(-1, 2, 2)


def _ranked(sums: Sums, positives: Floats) -> tuple[Floats, Floats]:
    """Return positives and negatives by bin of the score, float[r, b] each."""
    b = positives.shape[1] // 2
    negatives = sums.weight - positives
    hits, rest = (part[:, :b] + part[:, b:] for part in (positives, negatives))
    return hits, rest


def _auroc(sums: Sums, positives: Floats) -> Floats:
    """Return the area under the ROC curve; within a bin, ranking counts one half."""
    hits, rest = _ranked(sums, positives)
    below = np.cumsum(rest, 1) - rest / 2
    area: Floats = (hits * below).sum(1) / hits.sum(1) / rest.sum(1)
    return area


def _average_precision(sums: Sums, positives: Floats) -> Floats:
    """Return the mean precision at the positives, each bin between its two ends."""
    hits, rest = (part[:, ::-1] for part in _ranked(sums, positives))
    flags = np.cumsum(hits + rest, 1)
    after = np.cumsum(hits, 1) / np.where(flags > 0, flags, 1)
    own = hits / np.where(hits + rest > 0, hits + rest, 1)
    before = np.concatenate([own[:, :1], after[:, :-1]], 1)
    area: Floats = (hits * (before + after) / 2).sum(1) / hits.sum(1)
    return area


def _brier_score(sums: Sums, positives: Floats) -> Floats:
    mean = _mean_of(sums, sums.score)
    total = sums.score2.sum() + (positives * (1 - 2 * mean)).sum(1)
    return np.asarray(total / sums.weight.sum(), dtype=np.float64)


def _log_loss(sums: Sums, positives: Floats) -> Floats:
    of_hit, of_rest = _mean_of(sums, sums.surprise), _mean_of(sums, sums.relief)
    total = (positives * of_hit + (sums.weight - positives) * of_rest).sum(1)
    return np.asarray(total / sums.weight.sum(), dtype=np.float64)


def _calibration_error(sums: Sums, positives: Floats) -> Floats:
    """Return the gap of score and rate in ten bins, weighted by their rows."""
    shares = sums.tenths / np.where(sums.weight > 0, sums.weight, 1)[:, None]
    gaps = np.abs(positives @ shares - sums.tenth_scores)
    return np.asarray(gaps.sum(1) / sums.weight.sum(), dtype=np.float64)


def _mean_score(sums: Sums, positives: Floats) -> Floats:
    return np.full(len(positives), sums.score.sum() / sums.weight.sum())


def _mean_of(sums: Sums, values: Floats) -> Floats:
    return values / np.where(sums.weight > 0, sums.weight, 1)


SCORED: dict[str, Callable[[Sums, Floats], Floats]] = {
    "auroc": _auroc,
    "average_precision": _average_precision,
    "brier_score": _brier_score,
    "log_loss": _log_loss,
    "mean_score": _mean_score,
    "expected_calibration_error": _calibration_error,
}

WHOLE = ("brier_score", "log_loss")
"""Metrics that sum over all classes where there are more than two."""
