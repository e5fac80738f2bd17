"""The registry of metrics, named as in fairlearn and scikit-learn.

To add one, write it in its kind's table below: the pages, the command line and the
tests of the registry pick it up.
"""

from collections.abc import Iterable

import numpy as np

from analysis.arrays import Floats
from analysis.calibration import calibration_errors
from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.intervals import wilson
from analysis.kinds import (
    ALL,
    EITHER,
    FN,
    FP,
    NEGATIVE,
    POSITIVE,
    REJECTED,
    RIGHT,
    SELECTED,
    TN,
    TP,
    WRONG,
    BinnedMetric,
    CountMetric,
    Limits,
    Metric,
    Rate,
    ScoreMetric,
    effective,
    within,
)
from analysis.score_metrics import (
    auroc,
    auroc_limits,
    brier_score,
    log_loss,
    mean_score,
)


def _balanced_accuracy(w: Floats) -> Floats:
    right = w[..., 1, 1] / within(w, POSITIVE) + w[..., 0, 0] / within(w, NEGATIVE)
    return right / 2


def _balanced_accuracy_limits(counts: Counts, z: float) -> Limits:
    """Combine the Wilson limits of the two rates, which rest on different rows.

    Zou & Donner (2008), Construction of confidence limits about effect measures,
    Statistics in Medicine 27 (MOVER).
    """
    value = _balanced_accuracy(counts.w)
    down, up = np.zeros_like(value), np.zeros_like(value)
    for right, side in ((TP, POSITIVE), (TN, NEGATIVE)):
        rate = within(counts.w, right) / within(counts.w, side)
        low, high = wilson(rate, effective(counts, side), z)
        down, up = np.hypot(down, rate - low), np.hypot(up, high - rate)
    return value - down / 2, value + up / 2


def _f1(w: Floats) -> Floats:
    return 2 * w[..., 1, 1] / (2 * w[..., 1, 1] + within(w, WRONG))


def _f1_limits(counts: Counts, z: float) -> Limits:
    """Carry over the Wilson limits of J = tp / (tp + fp + fn): F1 = 2 J / (1 + J)."""
    overlap = counts.w[..., 1, 1] / within(counts.w, EITHER)
    low, high = wilson(overlap, effective(counts, EITHER), z)
    return 2 * low / (1 + low), 2 * high / (1 + high)


_RATES = (
    Rate(
        "selection_rate",
        "Decided positive (selection rate)",
        "How many get the positive decision? Off when one group is passed over "
        "without its members being less deserving.",
        "none",
        SELECTED,
        ALL,
    ),
    Rate(
        "prevalence",
        "Positive label (prevalence)",
        "How many have the positive label? A fact about the data, not the model.",
        "none",
        POSITIVE,
        ALL,
    ),
    Rate(
        "true_positive_rate",
        "Found (true positive rate)",
        "Of those with the positive label, how many are found? The others are missed.",
        "high",
        TP,
        POSITIVE,
    ),
    Rate(
        "false_negative_rate",
        "Missed (false negative rate)",
        "Of those with the positive label, how many are missed? They lose what the "
        "decision gives.",
        "low",
        FN,
        POSITIVE,
    ),
    Rate(
        "false_positive_rate",
        "Wrongly flagged (false positive rate)",
        "Of those with the negative label, how many are flagged all the same? They "
        "bear what the decision costs.",
        "low",
        FP,
        NEGATIVE,
    ),
    Rate(
        "true_negative_rate",
        "Rightly left alone (true negative rate)",
        "Of those with the negative label, how many are left alone?",
        "high",
        TN,
        NEGATIVE,
    ),
    Rate(
        "precision",
        "Flags that are right (precision)",
        "Of those decided positive, how many are? Low for a group means its members "
        "are decided on thinner evidence.",
        "high",
        TP,
        SELECTED,
    ),
    Rate(
        "negative_predictive_value",
        "Rejections that are right (negative predictive value)",
        "Of those decided negative, how many are?",
        "high",
        TN,
        REJECTED,
    ),
    Rate(
        "false_discovery_rate",
        "Flags that are wrong (false discovery rate)",
        "Of those decided positive, how many are not?",
        "low",
        FP,
        SELECTED,
    ),
    Rate(
        "false_omission_rate",
        "Rejections that are wrong (false omission rate)",
        "Of those decided negative, how many had the positive label?",
        "low",
        FN,
        REJECTED,
    ),
    Rate(
        "accuracy",
        "Decided right (accuracy)",
        "How many decisions are right? Hides which kind of error a group bears.",
        "high",
        RIGHT,
        ALL,
    ),
    Rate(
        "error_rate",
        "Decided wrong (error rate)",
        "How many decisions are wrong? Hides which kind of error a group bears.",
        "low",
        WRONG,
        ALL,
    ),
)

_COUNT_METRICS = (
    CountMetric(
        "balanced_accuracy",
        "Balanced accuracy",
        "Mean of the shares found and rightly left alone; not moved by prevalence.",
        "high",
        _balanced_accuracy,
        _balanced_accuracy_limits,
    ),
    CountMetric(
        "f1",
        "F1 score",
        "Harmonic mean of precision and the share found; moves with prevalence, so "
        "groups with other base rates differ even under equal error rates.",
        "high",
        _f1,
        _f1_limits,
        denominator=EITHER,
    ),
)

_SCORE_METRICS = (
    ScoreMetric(
        "auroc",
        "Ranking (AUROC)",
        "How often does a positive score above a negative of the same group?",
        "high",
        auroc,
        needs_probability=False,
        limits=auroc_limits,
    ),
    ScoreMetric(
        "brier_score",
        "Squared error of the score (Brier)",
        "Mean squared distance between score and outcome.",
        "low",
        brier_score,
        needs_probability=True,
    ),
    ScoreMetric(
        "log_loss",
        "Surprise (log loss), nats",
        "Mean surprise at the outcome; grows without bound for sure and wrong scores.",
        "low",
        log_loss,
        needs_probability=True,
        bounds=(0.0, np.inf),
    ),
    ScoreMetric(
        "mean_score",
        "Mean score",
        "How high does the model score this group on average?",
        "none",
        mean_score,
        needs_probability=False,
        bounds=(-np.inf, np.inf),
    ),
)

_BINNED_METRICS = (
    BinnedMetric(
        "expected_calibration_error",
        "Scores off the mark (expected calibration error)",
        "How far do scores lie from what comes true, on average over ten bins? Noise "
        "alone makes it positive: compare it with the range of a calibrated model.",
        "low",
        calibration_errors,
    ),
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (*_RATES, *_COUNT_METRICS, *_SCORE_METRICS, *_BINNED_METRICS)
}

DECISION_METRICS = tuple(m.name for m in (*_RATES, *_COUNT_METRICS))

FAIRNESS_GAPS: dict[str, tuple[str, ...]] = {
    "demographic_parity_difference": ("selection_rate",),
    "equal_opportunity_difference": ("true_positive_rate",),
    "equalized_odds_difference": ("true_positive_rate", "false_positive_rate"),
}
"""fairlearn's named differences: the largest gap among these rates."""


def metric_named(name: str) -> Metric:
    """Return a metric of the registry.

    Raises
    ------
    SettingError
        There is no such metric.
    """
    if name not in METRICS:
        raise SettingError(
            f"'{name}' is not a metric here; choose from {', '.join(METRICS)}."
        )
    return METRICS[name]


def usable_metrics(names: Iterable[str], is_probability: bool) -> tuple[str, ...]:
    """Return the names that the scale of the scores can give, in order."""
    return tuple(
        n for n in names if is_probability or not metric_named(n).needs_probability
    )
