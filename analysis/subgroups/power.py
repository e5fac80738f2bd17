"""What a group's rows could have shown, and how many would show a chosen gap."""

import numpy as np

from analysis.arrays import Floats
from analysis.estimates import Estimates, Z
from analysis.subgroups.contrasts import POWER_QUANTILE


def rows_needed(own: Estimates, other: Estimates, gap: float) -> Floats:
    """Return how many rows a group needs for a true gap to be seen with 80 % power.

    The reference keeps its rows; the group's standard error shrinks with the square
    root of its rows, weights as unequal as now.

    Parameters
    ----------
    own, other : Estimates [g]
        Each group and what it is compared with; n counts the rows the metric rests on.
    gap : float
        Difference of the metric, more than 0.

    Returns
    -------
    float[g]
        Rows of the group in the metric's denominator. NaN where nothing is known, or
        where the reference itself is too uncertain for any number of rows.

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, section
    4.2, without their continuity correction.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        allowed = (gap / (Z + POWER_QUANTILE)) ** 2 - _error(other) ** 2
        rows = np.ceil(_error(own) ** 2 * own.n / allowed)
    needed: Floats = np.where((allowed > 0) & np.isfinite(rows), rows, np.nan)
    return needed


def _error(estimates: Estimates) -> Floats:
    error: Floats = (estimates.high - estimates.low) / (2 * Z)
    return error
