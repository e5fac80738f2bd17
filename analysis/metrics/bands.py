"""A metric by group as a function of the level of its intervals."""

from collections.abc import Callable

import numpy as np

from analysis.arrays import Floats
from analysis.counts import Counts, count, counts_of
from analysis.errors import NeedsProbabilitiesError
from analysis.estimates import Estimates, Quantile, bounded
from analysis.evaluation import Evaluation
from analysis.metrics.bins import Bins
from analysis.metrics.kinds import (
    ALL,
    BinnedMetric,
    ClassMetric,
    CountMetric,
    Metric,
    Rate,
    ScoreMetric,
    effective,
    within,
)
from analysis.metrics.score_metrics import Spread

Band = Callable[[Quantile], Estimates]
"""A metric by group, given the normal quantile of its intervals."""


def band(
    metric: Metric,
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    counts: Counts | None = None,
) -> Band:
    """Return a metric over the intersections of some attributes.

    Parameters
    ----------
    metric : Metric
    evaluation : Evaluation
    attributes : tuple of str
        Empty for everyone.
    counts : Counts or None
        Of these groups, where they are known already.

    Raises
    ------
    NeedsProbabilitiesError
        The metric needs probabilities and the score is raw.
    """
    if metric.needs_probability and not evaluation.is_probability:
        score = evaluation.scores.values
        low, high = float(score.min()), float(score.max())
        raise NeedsProbabilitiesError(metric.name, low, high)
    if isinstance(metric, ClassMetric):
        return count_band(metric, class_counts(evaluation, attributes))
    if isinstance(metric, BinnedMetric):
        return binned_band(metric, bins(metric, evaluation, attributes))
    if isinstance(metric, ScoreMetric):
        known_spread = spread(metric, evaluation, attributes)
        return spread_band(metric, known_spread, bounds_of(metric, evaluation))
    known = counts_of(evaluation, attributes) if counts is None else counts
    return count_band(metric, known)


def effective_behind(
    metric: Metric, evaluation: Evaluation, attributes: tuple[str, ...], counts: Counts
) -> Floats:
    """Return the effective rows that each group's value rests on, float[g]."""
    if isinstance(metric, ScoreMetric):
        return spread(metric, evaluation, attributes).effective
    if isinstance(metric, Rate | CountMetric):
        return effective(counts, metric.denominator)
    return effective(counts, ALL)


def count_band(metric: Rate | CountMetric | ClassMetric, counts: Counts) -> Band:
    """Return a metric of the table of counts; a mean over classes needs all classes."""
    value = metric.value(counts.w)
    if isinstance(metric, ClassMetric):
        n = counts.n.sum((1, 2))
    else:
        n = within(counts.n, metric.denominator)

    def at(z: Quantile) -> Estimates:
        with np.errstate(invalid="ignore", divide="ignore"):
            return bounded(value, metric.limits(counts, z), n, metric.bounds)

    return at


def spread_band(
    metric: ScoreMetric, known: Spread, bounds: tuple[float, float]
) -> Band:
    """Return a metric of the scores within its range."""
    return lambda z: bounded(known.value, metric.limits(known, z), known.n, bounds)


def bounds_of(metric: ScoreMetric, evaluation: Evaluation) -> tuple[float, float]:
    """Return the range of a metric; a mean of probabilities is one itself."""
    is_open = metric.bounds == (-np.inf, np.inf)
    return (0.0, 1.0) if is_open and evaluation.is_probability else metric.bounds


def spread(
    metric: ScoreMetric, evaluation: Evaluation, attributes: tuple[str, ...]
) -> Spread:
    """Return value and standard error by group; no threshold changes them."""
    return evaluation.remembered(
        ("spread", metric.name, attributes),
        lambda: metric.spread(evaluation, evaluation.grouping(attributes)),
    )


def class_counts(evaluation: Evaluation, attributes: tuple[str, ...]) -> Counts:
    """Count rows by group, label and class decided for, [g, k, k]."""
    k = len(evaluation.classes)
    return count(
        evaluation.y_true,
        evaluation.decided_classes,
        evaluation.grouping(attributes),
        evaluation.weights,
        (k, k),
    )


def bins(
    metric: BinnedMetric, evaluation: Evaluation, attributes: tuple[str, ...]
) -> Bins:
    """Return the counts of scores in bins by group; no threshold changes them."""
    return evaluation.remembered(
        ("bins", metric.name, attributes),
        lambda: metric.bins(evaluation, evaluation.grouping(attributes)),
    )


def binned_band(metric: BinnedMetric, known: Bins) -> Band:
    """Return a metric of binned scores; its quantile is one for all groups."""
    return lambda z: metric.function(known, float(np.max(z)))
