"""Means of the scores by group, and what is common to all metrics of scores.

The influence of a row says how much the group's value moves per unit of the row's
share of weight; intervals, and paired intervals of two models, follow from it.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.errors import NeedsProbabilitiesError
from analysis.estimates import Quantile
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import share_interval, student

ENOUGH_SEEN = 5.0
"""Rows out of place at which the variance read off the rows counts one half."""

PRIOR_ROWS = 50.0
"""Rows that the variance of everyone counts for beside a group's own."""

ROUNDED = 1e-10
"""Share of a mean that may be rounding, as of a million rows summed."""

LEAST_ROWS = 1e-6
"""Rows that a share of one row's error counts for: next to nothing is known."""


@dataclass(frozen=True, eq=False)
class Influence:
    """A metric by group and each row's influence on it.

    Parameters
    ----------
    value : float[g]
        NaN where undefined.
    rows : float[n]
        Influence of each row on its own group's value, weighted mean 0 in each group.
    n : float[g]
        Rows of each group.
    """

    value: Floats
    rows: Floats
    n: Floats

    def __post_init__(self) -> None:
        for name in ("value", "rows", "n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, eq=False)
class Spread:
    """A metric by group with all that its interval needs, each array float[g].

    Parameters
    ----------
    value, n : float[g]
        As in `Influence`.
    error : float[g]
        Standard error of the value; NaN for a single row.
    effective : float[g]
        (sum w)^2 / sum w^2 over the group's rows.
    positives, negatives : float[g]
        The same over its rows of either label.
    prior : float[g]
        Variance of single rows over everyone; 0 where none is used.
    """

    value: Floats
    n: Floats
    error: Floats
    effective: Floats
    positives: Floats
    negatives: Floats
    prior: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


def spread_of(
    influence: Influence, evaluation: Evaluation, grouping: Grouping
) -> Spread:
    """Return the spread that the influences of single rows give."""
    w, positive = evaluation.weights, evaluation.is_positive
    return Spread(
        value=influence.value,
        n=influence.n,
        error=standard_error(influence.rows, w, grouping),
        effective=effective_rows(w, grouping),
        positives=effective_rows(w * positive, grouping),
        negatives=effective_rows(w * ~positive, grouping),
        prior=np.full(len(influence.value), variance_of_all(influence, w, grouping)),
    )


def variance_of_all(influence: Influence, weights: Floats, grouping: Grouping) -> float:
    """Return the weighted variance of single rows about everyone's mean.

    It is that of value and influence together, so that it does not tell how the rows
    are dealt among groups, some of which may be withheld. 0 where nobody has a value.
    """
    rows = influence.value[grouping.codes] + influence.rows
    known = np.isfinite(rows) & (weights > 0)
    if not known.any():
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.average(rows[known], weights=weights[known])
        return float(np.average((rows[known] - mean) ** 2, weights=weights[known]))


def standard_error(rows: Floats, weights: Floats, grouping: Grouping) -> Floats:
    """Return the standard error of each group's value, float[g], from influences.

    Free of the scale of the weights. The factor m / (m - 1), with m the effective
    number of rows, keeps small groups honest; one row alone gives NaN.
    """
    g = len(grouping.names)
    total: Floats = np.bincount(grouping.codes, weights, g).astype(np.float64)
    with np.errstate(over="ignore"):  # raw scores near the largest float: unknown
        squares: Floats = np.bincount(grouping.codes, (weights * rows) ** 2, g).astype(
            np.float64
        )
    return error_from(squares, total, effective_rows(weights, grouping))


def error_from(squares: Floats, total: Floats, effective: Floats) -> Floats:
    """Return the standard error from sums of (w influence)^2 and of w, float[g]."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.sqrt(squares * effective / (effective - 1)) / total
    error: Floats = np.where(effective > 1, scaled, np.nan)
    return error


def effective_rows(weights: Floats, grouping: Grouping) -> Floats:
    """Return (sum w)^2 / sum w^2 by group, float[g]; 0 for an empty one."""
    g = len(grouping.names)
    total = np.bincount(grouping.codes, weights, g)
    squares = np.bincount(grouping.codes, weights**2, g)
    m: Floats = np.divide(total**2, squares, out=np.zeros(g), where=squares > 0)
    return m


def moderated_error(spread: Spread) -> Floats:
    """Return the standard error of each group's mean, float[g], never 0 by luck.

    A few rows often agree, most of all where scores take few values, and then show no
    spread. Their variance is averaged with a prior one of `PRIOR_ROWS` rows: that of
    everyone, where it is larger than the group's own. NaN for a single row.

    References
    ----------
    Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3 (the
    moderated t statistic); that the prior only ever adds is ours.
    """
    m = spread.effective
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        own = spread.error**2 * m
        prior = np.maximum(own, spread.prior)
        mixed = ((m - 1) * own + PRIOR_ROWS * prior) / (m - 1 + PRIOR_ROWS)
        # where all losses are alike, what their sums round off to is no difference
        error: Floats = np.maximum(np.sqrt(mixed / m), ROUNDED * np.abs(spread.value))
    return error


def mean_limits(spread: Spread, z: Quantile) -> tuple[Floats, Floats]:
    """Return the moderated t interval of a mean by group.

    Parameters
    ----------
    spread : Spread
    z : float or float[g]
        Normal quantile of the level; each group uses Student's t at that level with
        its effective rows less one. A single row gives an infinite interval.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        half = student(z, spread.effective - 1) * moderated_error(spread)
    half = np.where(np.isnan(half), np.inf, half)
    return spread.value - half, spread.value + half


def share_limits(spread: Spread, z: Quantile) -> tuple[Floats, Floats]:
    """Return a Wilson interval for a value in [0, 1] that is no plain share.

    The rows that it counts for are value (1 - value) / error^2, as for a share with
    that standard error, as far as enough is out of place to estimate the error from;
    a value of 0 or 1 shows none, and counts for the positives.
    """
    value = spread.value
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = value * (1 - value) / spread.error**2 / spread.positives
        seen = 4 * spread.positives * value * (1 - value)
        trust = seen / (seen + ENOUGH_SEEN)
        usable = np.isfinite(rows) & (rows > 0)
        factor = np.where(usable, rows, 1.0) ** trust
        # the standard error is estimated from the positives, so Student's t serves it
        wider = student(z, spread.positives - 1) / z
        n = np.maximum(spread.positives * factor / wider**2, LEAST_ROWS)
        return share_interval(value, n, z)


def mean_score(evaluation: Evaluation, grouping: Grouping) -> Influence:
    """Return the mean score of the class in view by group."""
    return _mean(evaluation.score, evaluation.weights, grouping)


def brier_score(evaluation: Evaluation, grouping: Grouping) -> Influence:
    """Return the mean squared distance of probability and outcome by group.

    For two classes that of the class in view; for more, summed over the classes.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    _require_probabilities(evaluation, "brier_score")
    p = evaluation.scores.values
    if p.shape[1] == 2:
        loss = (evaluation.score - evaluation.is_positive) ** 2
    else:
        outcome = np.eye(p.shape[1])[evaluation.y_true]
        loss = ((p - outcome) ** 2).sum(axis=1)
    return _mean(loss, evaluation.weights, grouping)


def log_loss(evaluation: Evaluation, grouping: Grouping) -> Influence:
    """Return the mean negative log probability of the true class, in nats.

    Probabilities are kept one rounding unit away from 0, as in scikit-learn.
    """
    _require_probabilities(evaluation, "log_loss")
    p = evaluation.scores.values
    unit = np.finfo(np.float64).eps
    true = np.clip(p[np.arange(len(p)), evaluation.y_true], unit, 1 - unit)
    return _mean(-np.log(true), evaluation.weights, grouping)


def rows_by_group(grouping: Grouping) -> Floats:
    """Return the number of rows of each group, float[g]."""
    n = np.bincount(grouping.codes, minlength=len(grouping.names))
    return n.astype(np.float64)


def _mean(values: Floats, weights: Floats, grouping: Grouping) -> Influence:
    g, codes = len(grouping.names), grouping.codes
    total = np.bincount(codes, weights, g)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.bincount(codes, weights * values, g) / total
    return Influence(value, values - value[codes], rows_by_group(grouping))


def _require_probabilities(evaluation: Evaluation, metric: str) -> None:
    if not evaluation.is_probability:
        score = evaluation.scores.values
        raise NeedsProbabilitiesError(metric, float(score.min()), float(score.max()))
