"""The area under the risk-coverage curve: one number for an order of doubt."""

import math

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.estimates import UNDEFINED, Estimate, Z


def area_under_risk(doubt: Floats, wrong: Bools, weights: Floats) -> Estimate:
    """Return the mean error rate of the accepted over all shares accepted.

    Ties are accepted together. The interval is the influence function's: the area is
    T = sum over levels t of m_t E_t / G_t, with m_t the share of people at a level,
    G_t of those up to it, and E_t of those up to it who are decided wrong. One row and
    no wrong decisions have no interval.

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
    if effective <= 1 or not wrong.any():
        return Estimate(area, np.nan, np.nan, n)
    squares = float(((w * influence) ** 2).sum())
    half = Z * math.sqrt(squares * effective / (effective - 1))
    return Estimate(area, max(area - half, 0.0), min(area + half, 1.0), n)


def _from_here(values: Floats) -> Floats:
    sums: Floats = np.cumsum(values[::-1], dtype=np.float64)[::-1]
    return sums
