"""Metrics of the table of counts that are no plain share of it."""

from functools import partial

import numpy as np

from analysis.arrays import Floats
from analysis.costs import Costs
from analysis.counts import Counts
from analysis.estimates import Quantile
from analysis.intervals import share_interval
from analysis.metrics.delta import delta_limits
from analysis.metrics.kinds import (
    EITHER,
    NEGATIVE,
    POSITIVE,
    REJECTED,
    SELECTED,
    TN,
    TP,
    WRONG,
    CountMetric,
    Limits,
    effective,
    within,
)

WORST_INEQUALITY = np.inf
"""Entropy indices have no upper end of their own."""


def balanced_accuracy(w: Floats) -> Floats:
    """Return the mean of the true positive and the true negative rate."""
    right = w[..., 1, 1] / within(w, POSITIVE) + w[..., 0, 0] / within(w, NEGATIVE)
    return right / 2


def _balanced_accuracy_limits(counts: Counts, z: Quantile) -> Limits:
    """Combine the Wilson limits of the two rates, which rest on different rows.

    Zou & Donner (2008), Construction of confidence limits about effect measures,
    Statistics in Medicine 27 (MOVER).
    """
    value = balanced_accuracy(counts.w)
    down, up = np.zeros_like(value), np.zeros_like(value)
    for right, side in ((TP, POSITIVE), (TN, NEGATIVE)):
        rate = within(counts.w, right) / within(counts.w, side)
        low, high = share_interval(rate, effective(counts, side), z)
        down, up = np.hypot(down, rate - low), np.hypot(up, high - rate)
    return value - down / 2, value + up / 2


def f1(w: Floats) -> Floats:
    """Return the harmonic mean of precision and true positive rate."""
    return 2 * w[..., 1, 1] / (2 * w[..., 1, 1] + within(w, WRONG))


def _f1_limits(counts: Counts, z: Quantile) -> Limits:
    """Carry over the Wilson limits of J = tp / (tp + fp + fn): F1 = 2 J / (1 + J)."""
    overlap = counts.w[..., 1, 1] / within(counts.w, EITHER)
    low, high = share_interval(overlap, effective(counts, EITHER), z)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def matthews_correlation(w: Floats) -> Floats:
    """Return the correlation of label and decision; NaN where either is constant.

    References
    ----------
    Matthews (1975), Biochimica et Biophysica Acta 405.
    """
    tn, fp, fn, tp = (w[..., k, d] for k in (0, 1) for d in (0, 1))
    # square roots first: a product of four large sums could overflow
    spread = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
    return (tp * tn - fp * fn) / np.where(spread > 0, spread, np.nan)


def cohens_kappa(w: Floats) -> Floats:
    """Return the agreement of label and decision beyond chance.

    NaN where both are constant and equal, as chance then agrees always.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20.
    """
    total = w.sum((-2, -1))
    agreed = (w[..., 0, 0] + w[..., 1, 1]) / total
    chance = (
        within(w, POSITIVE) * within(w, SELECTED)
        + within(w, NEGATIVE) * within(w, REJECTED)
    ) / total**2
    return (agreed - chance) / np.where(chance < 1, 1 - chance, np.nan)


def generalized_entropy(w: Floats) -> Floats:
    """Return the inequality of benefits b = decision - label + 1, at alpha = 2.

    It is half the squared coefficient of variation: a missed person has 0, a rightly
    decided one 1, a wrongly flagged one 2.

    References
    ----------
    Speicher et al. (2018), A Unified Approach to Quantifying Algorithmic Unfairness,
    KDD, equation 2.
    """
    total = w.sum((-2, -1))
    mean = (total + w[..., 0, 1] - w[..., 1, 0]) / total
    square = (total + 3 * w[..., 0, 1] - w[..., 1, 0]) / total
    return (square / np.where(mean > 0, mean, np.nan) ** 2 - 1) / 2


def theil_index(w: Floats) -> Floats:
    """Return the inequality of the same benefits at alpha = 1: mean of b/m ln(b/m).

    References
    ----------
    Theil (1967), Economics and Information Theory; Speicher et al. (2018), KDD.
    """
    total = w.sum((-2, -1))
    ones = (total - w[..., 0, 1] - w[..., 1, 0]) / total
    twos = w[..., 0, 1] / total
    mean = ones + 2 * twos
    mean = np.where(mean > 0, mean, np.nan)
    # the mean of b ln b is 2 ln 2 times the share of twos, as ln 1 = 0 and 0 ln 0 = 0
    return np.maximum(2 * np.log(2) * twos / mean - np.log(mean), 0)


def expected_cost(costs: Costs, name: str = "expected_cost") -> CountMetric:
    """Return the metric of the mean cost of a decision under a cost matrix."""
    matrix = costs.matrix
    low, high = float(matrix.min()), float(matrix.max())

    def function(w: Floats) -> Floats:
        return (w * matrix).sum((-2, -1)) / w.sum((-2, -1))

    return CountMetric(
        name=name,
        title="Cost of a decision (expected cost)",
        question="What does a decision cost on average, when a right rejection costs "
        f"{costs.true_negative:g}, a wrong flag {costs.false_positive:g}, a miss "
        f"{costs.false_negative:g} and a right flag {costs.true_positive:g}?",
        harmed="Whoever bears the costs; the matrix says whose costs count.",
        avoid="When the costs of those decided about and of those who decide differ "
        "and only one side's stand in the matrix.",
        better="low",
        function=function,
        limits=partial(delta_limits, function),
        bounds=(low, high),
    )


COUNT_METRICS = (
    CountMetric(
        name="balanced_accuracy",
        title="Balanced accuracy",
        question="How many are decided right when both labels count alike? Not moved "
        "by prevalence.",
        harmed="The group whose rarer label is decided wrong more often.",
        avoid="When the two kinds of error do not weigh alike.",
        better="high",
        function=balanced_accuracy,
        limits=_balanced_accuracy_limits,
    ),
    CountMetric(
        name="f1",
        title="F1 score",
        question="How well are positives found and flags right, in one number (their "
        "harmonic mean)?",
        harmed="The group whose positives are missed or whose flags are wrong.",
        avoid="To compare groups of different prevalence: it differs even under equal "
        "error rates. It ignores right rejections.",
        better="high",
        function=f1,
        limits=_f1_limits,
        denominator=EITHER,
    ),
    CountMetric(
        name="matthews_correlation",
        title="Agreement (Matthews correlation, −1 to 1)",
        question="How closely do decisions follow labels, all four outcomes counted?",
        harmed="The group whose decisions hardly follow its members' labels.",
        avoid="When one kind of error is worse than the other; it moves with "
        "prevalence.",
        better="high",
        function=matthews_correlation,
        limits=partial(delta_limits, matthews_correlation),
        bounds=(-1.0, 1.0),
    ),
    CountMetric(
        name="cohens_kappa",
        title="Agreement beyond chance (Cohen's kappa)",
        question="How much more often are decisions right than by chance with the same "
        "shares?",
        harmed="The group whose decisions are hardly better than drawing lots.",
        avoid="To compare groups of very different prevalence: chance differs.",
        better="high",
        function=cohens_kappa,
        limits=partial(delta_limits, cohens_kappa),
        bounds=(-1.0, 1.0),
    ),
    expected_cost(Costs()),
    CountMetric(
        name="generalized_entropy",
        title="Unequal benefit (generalised entropy, alpha = 2)",
        question="How unequally are decisions dealt among people, when a miss counts "
        "0, a right decision 1 and a wrong flag 2?",
        harmed="People who are missed while others get more than their label says.",
        avoid="When a wrong flag is no benefit: it is counted as one.",
        better="low",
        function=generalized_entropy,
        limits=partial(delta_limits, generalized_entropy),
        bounds=(0.0, WORST_INEQUALITY),
    ),
    CountMetric(
        name="theil_index",
        title="Unequal benefit (Theil index)",
        question="The same with more weight on those who get least.",
        harmed="People who are missed while others get more than their label says.",
        avoid="When a wrong flag is no benefit: it is counted as one.",
        better="low",
        function=theil_index,
        limits=partial(delta_limits, theil_index),
        bounds=(0.0, WORST_INEQUALITY),
    ),
)
