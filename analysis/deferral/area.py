"""The area under the risk-coverage curve: one number for an order of doubt."""

import math

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.estimates import UNDEFINED, Estimate, Z
from analysis.metrics.score_metrics import Spread, share_limits


def area_under_risk(doubt: Floats, wrong: Bools, weights: Floats) -> Estimate:
    """Return the mean error rate of the accepted over all shares accepted.

    Ties are accepted together. The standard error is the influence function's: the
    area is T = sum over levels t of m_t E_t / G_t, with m_t the share of people at a
    level, G_t of those up to it, and E_t of those up to it who are decided wrong. The
    interval is that of a share with this error, see `share_limits`; in simulations of
    20 to 1,000 rows, weighted or not, it held in 92 to 97 %. One row and no wrong
    decisions have no interval.

    Parameters
    ----------
    doubt : float[n]
    wrong : bool[n]
    weights : float[n]

    References
    ----------
    Geifman, Uziel & El-Yaniv (2019), Bias-Reduced Uncertainty Estimation for Deep
    Neural Classifiers, ICLR (AURC); the interval is ours.
    """
    total = float(weights.sum())
    if not total > 0:
        return UNDEFINED
    n, w = len(doubt), weights / total
    _, level = np.unique(doubt, return_inverse=True)
    at_level: Floats = np.bincount(level, w).astype(np.float64)  # m
    reached = np.cumsum(at_level)  # G
    errors = np.cumsum(np.bincount(level, w * wrong))  # E
    known = reached > 0
    inverse = np.divide(1.0, reached, out=np.zeros_like(reached), where=known)
    rate = errors * inverse
    area = float(at_level @ rate)
    after_error = _from_here(at_level * inverse)
    after_share = _from_here(at_level * rate * inverse)
    influence = rate[level] + wrong * after_error[level] - after_share[level] - area
    effective = 1 / float((w**2).sum())
    if effective <= 1 or not errors[-1] > 0:
        return Estimate(area, np.nan, np.nan, n)
    squares = float(((w * influence) ** 2).sum())
    error = math.sqrt(squares * effective / (effective - 1))
    limits = share_limits(_spread(area, n, error, effective), Z)
    low, high = (float(end[0]) for end in limits)
    return Estimate(area, min(low, area), max(high, area), n)


def _spread(area: float, n: int, error: float, effective: float) -> Spread:
    """Return the area as a share among all rows, with its standard error."""
    value, rows, of_all = (np.array([x]) for x in (area, n, effective))
    return Spread(
        value=value,
        n=rows,
        error=np.array([error]),
        effective=of_all,
        positives=of_all,  # whom the share is of
        negatives=np.zeros(1),
        prior=np.zeros(1),
    )


def _from_here(values: Floats) -> Floats:
    sums: Floats = np.cumsum(values[::-1], dtype=np.float64)[::-1]
    return sums
