"""The Brier score and its parts, and the log loss, by group."""

import numpy as np

from analysis.arrays import Floats
from analysis.calibration.binned import SQUARED, distance
from analysis.calibration.curve import ReliabilityCurve, curves_of
from analysis.calibration.graded import FIELDS, Graded, Measured, measured
from analysis.calibration.null import DRAWS, null_range, null_rates
from analysis.estimates import Z, bounded
from analysis.intervals import wilson
from analysis.metrics.score_metrics import (
    Influence,
    brier_score,
    log_loss,
    mean_limits,
    spread_of,
)


def brier(graded: Graded) -> Measured:
    """Return the mean squared distance of score and outcome of the class in view.

    References
    ----------
    Brier (1950), Monthly Weather Review 78.
    """
    rest = graded.against_rest
    return _mean(graded, brier_score(rest, graded.grouping), 1.0)


def negative_log_likelihood(graded: Graded) -> Measured:
    """Return the mean negative log probability of the class that came true, in nats.

    Over all classes, and kept one rounding unit away from log 0 as in scikit-learn.
    """
    return _mean(graded, log_loss(graded.evaluation, graded.grouping), np.inf)


def reliability_part(graded: Graded) -> Measured:
    """Return what wrong scores add to the Brier score, over bins as asked.

    The mean squared difference of mean score and rate; 0 is best.

    References
    ----------
    Murphy (1973), A New Vector Partition of the Probability Score, J. Applied
    Meteorology 12. Debiased as by Bröcker (2012), Climate Dynamics 39.
    """
    root = distance([graded.view], SQUARED)
    kept = {f: getattr(root, f) ** 2 for f in FIELDS if f not in ("n", "p_value")}
    return Measured(**kept, n=root.n, p_value=root.p_value)


def resolution_part(graded: Graded) -> Measured:
    """Return what telling people apart takes off the Brier score, over bins as asked.

    The variance of the bins' rates: high is good. The null range is that of scores
    that tell nobody apart, and the p-value is of that.

    References
    ----------
    Murphy (1973); debiased as by Ferro & Fricker (2012), Q. J. R. Meteorological
    Society 138.
    """
    parts = [_resolution(curve) for curve in curves_of(graded.view)]
    value, debiased, low, high, p_value = np.array(parts).reshape(-1, 5).T
    return measured(
        value,
        graded.n,
        debiased=debiased,
        null_low=low,
        null_high=high,
        p_value=p_value,
    )


def uncertainty_part(graded: Graded) -> Measured:
    """Return the Brier score of giving everyone the group's rate: rate (1 - rate)."""
    pooled = graded.view.pooled()
    rate, effective = _rate(pooled.label, pooled.weight, pooled.w2)
    ends = np.array(wilson(rate, effective))
    at_ends = ends * (1 - ends)
    # the largest value lies at one half, wherever the interval holds it
    holds_half = (ends[0] <= 0.5) & (ends[1] >= 0.5)
    high = np.where(holds_half, 0.25, at_ends.max(0))
    value = rate * (1 - rate)
    return measured(value, graded.n, low=at_ends.min(0), high=high)


def within_bins_part(graded: Graded) -> Measured:
    """Return what is left of the Brier score once the three parts are added up.

    Scores differ within a bin: their variance in it, less twice their covariance with
    the outcome. Reliability - resolution + uncertainty + this is the Brier score.

    References
    ----------
    Stephenson, Coelho & Jolliffe (2008), Two Extra Components in the Brier Score
    Decomposition, Weather and Forecasting 23.
    """
    y, s, w = graded.of_view
    bins, cells = graded.view, graded.cells
    with np.errstate(invalid="ignore", divide="ignore"):
        score, rate = (t / bins.weight for t in (bins.score, bins.label))
        off = s - score.ravel()[cells]
        # a bin of no weight has no rate; its rows count for nothing
        rows = np.where(w > 0, off**2 - 2 * off * (y - rate.ravel()[cells]), 0.0)
        value = graded.sums(w * rows) / graded.sums(w)
    influence = Influence(value, rows - value[graded.grouping.codes], graded.n)
    return _mean(graded, influence, 1.0, -1.0)


def _mean(
    graded: Graded, influence: Influence, highest: float, lowest: float = 0.0
) -> Measured:
    """Return a mean over rows with its interval."""
    spread = spread_of(influence, graded.evaluation, graded.grouping)
    with np.errstate(invalid="ignore"):
        limits = mean_limits(spread, Z)
        found = bounded(spread.value, limits, spread.n, (lowest, highest)).finite()
    return measured(found.value, graded.n, low=found.low, high=found.high)


def _rate(label: Floats, weight: Floats, w2: Floats) -> tuple[Floats, Floats]:
    """Return each group's rate and effective rows, float[g]."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, effective = label / weight, weight**2 / w2
    return np.clip(rate[:, 0], 0, 1), effective[:, 0]


def _resolution(curve: ReliabilityCurve) -> tuple[float, float, float, float, float]:
    """Return value, debiased, and the null range of one group."""
    filled = np.flatnonzero(curve.weight > 0)
    if not len(filled):
        return (np.nan,) * 5
    o, n = curve.observed_rate[filled], curve.effective_n[filled]
    share = curve.weight[filled] / curve.weight.sum()
    rate = float(o @ share)
    value = float((o - rate) ** 2 @ share)
    variance = np.where(n > 1, o * (1 - o) / np.maximum(n - 1, 1), 0.25)
    # each bin's noise counts in its own rate, and in the rate of all
    noise = float(variance @ (share * (1 - share)))
    same = np.full(len(o), rate)
    drawn = null_rates(same, same * (1 - same) / n, DRAWS, seed=0)
    centred = drawn - (drawn @ share)[:, None]
    null = null_range(centred**2 @ share, value)
    return value, max(value - noise, 0.0), null.low, null.high, null.p_value
