"""Holm's method: p-values of a family in which no claim at all may be false."""

import numpy as np

from analysis.arrays import Floats


def holm(p_values: Floats) -> Floats:
    """Return p-values adjusted for their family, float[...]; any dependence will do.

    Claiming what is at most a level then makes one false claim or more with at most
    that probability.

    Parameters
    ----------
    p_values : float[...]
        NaN where there is nothing to test; it stays so and does not count.

    References
    ----------
    Holm (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian
    Journal of Statistics 6.
    """
    flat = np.ravel(p_values)
    made = np.flatnonzero(~np.isnan(flat))
    order = made[np.argsort(flat[made], kind="stable")]
    steps = flat[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(len(flat), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.reshape(np.shape(p_values))
