"""The Kolmogorov-Smirnov calibration error: no bins, only the order of the scores."""

from functools import lru_cache

import numpy as np
from scipy import optimize, special

from analysis.arrays import Floats
from analysis.calibration.graded import Graded, Measured, measured
from analysis.calibration.null import LIMITS

TERMS = 200
"""Terms of an alternating series; two suffice except near 0."""

STEPS = 0.5826
"""How far, in steps, the largest of a walk falls short of that of its limit: -zeta(1/2)
over the root of 2 pi (Siegmund 1985, Sequential Analysis, chapter 10)."""

SQUARE = 1.8319311883544381
"""Mean square of the furthest that Brownian motion gets: twice Catalan's number."""


def kolmogorov_smirnov(graded: Graded) -> Measured:
    """Return the largest gap between cumulated labels and cumulated scores.

    Going up the scores, it is the largest distance, as a share of everyone, between
    how many came true and how many were promised. Equal scores are passed together.

    Notes
    -----
    If every score is true the cumulated difference is a walk without drift, and its
    largest distance from 0 that of Brownian motion, whose distribution is known: the
    null range needs no draws. A correction for the finite number of steps makes it
    hold for groups of tens of people as well.

    References
    ----------
    Gupta et al. (2021), Calibration of Neural Networks using Splines, ICLR. The
    distribution: Arrieta-Ibarra et al. (2022), Metrics of Calibration for
    Probabilistic Predictions, JMLR 23. Weights and ties are ours.
    """
    y, s, w = graded.of_view
    codes, g = graded.grouping.codes, len(graded.grouping.names)
    order = np.lexsort((s, codes))
    sorted_codes, score = codes[order], s[order]
    start = np.searchsorted(sorted_codes, np.arange(g + 1))
    walk = np.concatenate([[0.0], np.cumsum((w * (y - s))[order])])  # [n + 1]
    since = walk[1:] - walk[start[sorted_codes]]
    is_last = np.ones(len(s), dtype=bool)
    is_last[:-1] = (score[1:] != score[:-1]) | (sorted_codes[1:] != sorted_codes[:-1])
    furthest, steps = np.zeros(g), np.zeros(g)
    np.maximum.at(furthest, sorted_codes[is_last], np.abs(since[is_last]))
    np.add.at(steps, sorted_codes[is_last], 1.0)
    total, variance = graded.sums(w), graded.sums(w**2 * s * (1 - s))
    with np.errstate(invalid="ignore", divide="ignore"):
        value, spread = furthest / total, np.sqrt(variance) / total
    return _beside_chance(graded, value, spread, np.maximum(steps, 1))


def _beside_chance(
    graded: Graded, value: Floats, spread: Floats, steps: Floats
) -> Measured:
    """Return values with the range of true scores; `spread` is that at the end."""
    short = STEPS / np.sqrt(steps)
    low, high = (np.maximum(_quantile(q) - short, 0) * spread for q in LIMITS)
    noise = (np.maximum(np.sqrt(SQUARE) - short, 0) * spread) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        p_value = _larger(value / spread + short)
    return measured(
        value,
        graded.n,
        debiased=np.sqrt(np.maximum(value**2 - noise, 0)),
        null_low=low,
        null_high=high,
        # scores of 0 and 1 alone leave nothing to chance: any distance refutes them
        p_value=np.where(spread > 0, p_value, np.where(value > 0, 0.0, 1.0))
        + 0 * value,
    )


def _larger(x: Floats) -> Floats:
    """Return the chance that Brownian motion up to time 1 leaves [-x, x]."""
    odd = np.arange(1, 2 * TERMS, 2)
    signs = np.where(np.arange(TERMS) % 2, -1.0, 1.0)
    terms = signs * special.ndtr(-odd * np.asarray(x)[..., None])
    return np.clip(4 * terms.sum(-1), 0, 1)


@lru_cache(maxsize=8)
def _quantile(share: float) -> float:
    def above(x: float) -> float:
        return float(_larger(np.array(x))) - (1 - share)

    return float(optimize.brentq(above, 0.3, 6))
