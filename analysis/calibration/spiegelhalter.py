"""Spiegelhalter's test of whether every score is true, by group."""

import numpy as np
from scipy import special

from analysis.calibration.graded import Graded, Measured, measured
from analysis.estimates import Z


def spiegelhalter(graded: Graded) -> Measured:
    """Return the z of the Brier score against what true scores would give.

    Above 0 the scores are too sure of themselves, below 0 too cautious; within 1.96 of
    0 they are as chance would have them. NaN where all scores are 0, 0.5 or 1, which
    leave the test nothing to see.

    References
    ----------
    Spiegelhalter (1986), Probabilistic Prediction in Patient Management and Clinical
    Trials, Statistics in Medicine 5, section 4. Weighted rows: the weighted sum over
    the root of its variance, which the scale of the weights leaves as it is.
    """
    y, s, w = graded.of_view
    top = graded.sums(w * (y - s) * (1 - 2 * s))
    variance = graded.sums((w * (1 - 2 * s)) ** 2 * s * (1 - s))
    known = variance > 0
    z = np.full(len(top), np.nan)
    z[known] = top[known] / np.sqrt(variance[known])
    limit = np.where(known, Z, np.nan)
    return measured(
        z,
        graded.n,
        null_low=-limit,
        null_high=limit,
        p_value=2 * special.ndtr(-np.abs(z)),
    )
