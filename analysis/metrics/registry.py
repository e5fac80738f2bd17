"""The registry of metrics, named as in fairlearn and scikit-learn.

To add one, write it in its kind's table (`rates`, `count_metrics`, or below): the
pages, the command line and the tests of the registry pick it up.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from analysis.calibration.reliability import calibration_errors
from analysis.costs import costs_from_text
from analysis.errors import SettingError
from analysis.metrics.average_precision import average_precision
from analysis.metrics.averages import AVERAGES, averaged
from analysis.metrics.bins import bins_of
from analysis.metrics.count_metrics import COUNT_METRICS, expected_cost
from analysis.metrics.kinds import BinnedMetric, Metric, ScoreMetric
from analysis.metrics.rates import RATES
from analysis.metrics.roc import auroc, auroc_limits, auroc_spread
from analysis.metrics.score_metrics import (
    brier_score,
    log_loss,
    mean_score,
    share_limits,
)

_SCORE_METRICS = (
    ScoreMetric(
        name="auroc",
        title="Ranking (AUROC)",
        question="How often does a positive score above a negative of the same group?",
        harmed="The group whose members the model cannot tell apart.",
        avoid="When one threshold serves all groups: ranking within groups can be "
        "equal while errors differ.",
        better="high",
        function=auroc,
        needs_probability=False,
        limits=auroc_limits,
        fast=auroc_spread,
        fits_one_class=True,
    ),
    ScoreMetric(
        name="average_precision",
        title="Precision over the ranking (average precision)",
        question="Going down the group's scores, how pure are the flags on average?",
        harmed="The group whose flags are wrong even at high scores.",
        avoid="To compare groups of different prevalence: its floor is the "
        "prevalence itself.",
        better="high",
        function=average_precision,
        needs_probability=False,
        limits=share_limits,
        fits_one_class=True,
    ),
    ScoreMetric(
        name="brier_score",
        title="Squared error of the score (Brier)",
        question="How far do scores lie from outcomes, squared and averaged?",
        harmed="The group about which the model is least informed.",
        avoid="To compare groups of different prevalence: a rate near one half is "
        "harder to predict.",
        better="low",
        function=brier_score,
        needs_probability=True,
    ),
    ScoreMetric(
        name="log_loss",
        title="Surprise (log loss), nats",
        question="How surprised is the model by what happens? Grows without bound for "
        "sure and wrong scores.",
        harmed="The group about which the model is sure and wrong.",
        avoid="When a few extreme scores should not decide the mean.",
        better="low",
        function=log_loss,
        needs_probability=True,
        bounds=(0.0, np.inf),
    ),
    ScoreMetric(
        name="mean_score",
        title="Mean score",
        question="How high does the model score this group on average?",
        harmed="Nobody by itself; beside the prevalence it shows a group whose risk "
        "is over- or underrated.",
        avoid="As a measure of errors: it does not look at labels.",
        better="none",
        function=mean_score,
        needs_probability=False,
        bounds=(-np.inf, np.inf),
    ),
)

_BINNED_METRICS = (
    BinnedMetric(
        name="expected_calibration_error",
        title="Scores off the mark (expected calibration error)",
        question="How far do scores lie from what comes true, on average over ten "
        "bins?",
        harmed="The group whose scores promise what does not happen.",
        avoid="For small groups, without the range of a calibrated model beside it: "
        "noise alone makes it positive.",
        better="low",
        bins=bins_of,
        function=calibration_errors,
    ),
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (*RATES, *COUNT_METRICS, *_SCORE_METRICS, *_BINNED_METRICS)
}

DECISION_METRICS = tuple(m.name for m in (*RATES, *COUNT_METRICS))

CLASS_MEANS = (
    *(f"{m}_{a}" for m in ("precision", "true_positive_rate", "f1") for a in AVERAGES),
    *(f"{m}_{a}" for m in ("auroc", "average_precision") for a in AVERAGES[::2]),
)
"""Means over classes that are offered where there are more than two."""


@lru_cache(maxsize=256)
def metric_named(name: str) -> Metric:
    """Return a metric of the registry, or one made from it.

    `expected_cost:0/1/5/0` is the expected cost under that cost matrix (right
    rejection, wrong flag, miss, right flag); `f1_macro`, `precision_micro` and
    `auroc_weighted` are means over classes.

    Raises
    ------
    SettingError
        There is no such metric.
    """
    if name in METRICS:
        return METRICS[name]
    base, _, costs = name.partition(":")
    if base == "expected_cost" and costs:
        return expected_cost(costs_from_text(costs), name)
    base, _, average = name.rpartition("_")
    for known in AVERAGES:
        if average == known and base in METRICS:
            return averaged(METRICS[base], known)
    raise SettingError(
        f"'{name}' is not a metric here; choose from {', '.join(METRICS)}, or a mean "
        f"over classes such as f1_{AVERAGES[0]}."
    )


def usable_metrics(names: Iterable[str], is_probability: bool) -> tuple[str, ...]:
    """Return the names that the scale of the scores can give, in order."""
    return tuple(
        n for n in names if is_probability or not metric_named(n).needs_probability
    )
