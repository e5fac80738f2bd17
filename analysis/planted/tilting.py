"""Weights and labels that move one mechanism of a table by a stated distance."""

import numpy as np
from scipy import optimize

from analysis.arrays import Bools, Floats, Ints

STEEPEST = 60.0
"""Largest tilt tried, per standard deviation: beyond it one value has all weight."""

TAILS = (0.01, 0.99)
"""Quantiles beyond which numbers are pulled in, so that no extreme value leads."""


def tilted(weights: Floats, z: Floats, distance: float, cells: Ints) -> Floats | None:
    """Return weights tilted by exp(a z) whose total variation from the old is given.

    Of an indicator the share then moves by the distance.

    Parameters
    ----------
    weights : float[n]
    z : float[n]
        What becomes commoner: larger values do.
    distance : float
        Total variation, in [0, 1).
    cells : int[n]
        Each keeps its total weight, so that what the cells tell apart does not move.

    Returns
    -------
    float[n] or None
        None where no tilt goes as far.

    References
    ----------
    Siegmund (1976), Importance Sampling in the Monte Carlo Study of Sequential Tests,
    Annals of Statistics 4: exponential tilting, the nearest distribution in relative
    entropy with a given mean of z.
    """
    own = weights / weights.sum()
    totals = np.bincount(cells, own)

    def at(a: float) -> Floats:
        raw = own * np.exp(a * (z - z.max()))
        sums = np.bincount(cells, raw, len(totals))
        factor = np.divide(totals, sums, out=np.zeros_like(sums), where=sums > 0)
        # a cell whose rows all lie far below the highest keeps its weights as they are
        return np.where(sums[cells] > 0, raw * factor[cells], own)

    def off(a: float) -> float:
        return float(np.abs(at(a) - own).sum()) / 2 - distance

    if distance == 0:
        return weights
    if off(STEEPEST) < 0:
        return None
    a = optimize.brentq(off, 0.0, STEEPEST, xtol=1e-4)
    tilt: Floats = at(float(a)) * weights.sum()
    return tilt


def standardised(values: Floats, weights: Floats) -> Floats:
    """Return a number with mean 0 and spread 1, extremes pulled in, missing as 0."""
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values))
    low = np.quantile(values[known], TAILS[0], method="higher")
    high = np.quantile(values[known], TAILS[1], method="lower")
    inside = np.clip(values, low, high)
    mean = np.average(inside[known], weights=weights[known])
    centred = np.where(known, inside - mean, 0.0)
    spread = float(np.sqrt(np.average(centred**2, weights=weights)))
    return centred / spread if spread > 0 else np.zeros(len(values))


def flipped(
    can_change: Bools, weights: Floats, share: float, rng: np.random.Generator
) -> Bools | None:
    """Return which rows change, so that they hold a share of the weight, bool[n].

    With the same generator the rows of a smaller share are among those of a larger.

    Parameters
    ----------
    can_change : bool[n]
    weights : float[n]
    share : float
        Of everyone's weight.
    rng : Generator

    Returns
    -------
    bool[n] or None
        None where fewer can change.
    """
    order = rng.permutation(len(weights))
    order = order[can_change[order]]
    held = np.cumsum(weights[order]) / weights.sum()
    if not len(held) or held[-1] < share:
        return None if share > 0 else np.zeros(len(weights), dtype=bool)
    chosen = np.zeros(len(weights), dtype=bool)
    chosen[order[: int(np.searchsorted(held, share, side="right"))]] = True
    return chosen
