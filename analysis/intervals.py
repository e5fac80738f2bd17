"""Intervals for rates, and for the largest gap and smallest ratio among groups."""

import math
from functools import lru_cache

import numpy as np
from scipy import integrate, optimize, special

from analysis.arrays import Floats
from analysis.estimates import LEVEL, Estimate, Quantile, Z


def wilson(rate: Floats, n: Floats, z: Quantile = Z) -> tuple[Floats, Floats]:
    """Return the Wilson score interval of a rate.

    Parameters
    ----------
    rate : float[...]
        Observed share; NaN where n is 0.
    n : float[...]
        Rows in the denominator, or the effective number when rows are weighted.
    z : float
        Normal quantile.

    Returns
    -------
    (float[...], float[...])
        Ends in [0, 1], never of zero width; NaN where undefined.

    References
    ----------
    Wilson (1927), Probable Inference, JASA 22.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        shrink = 1 + z**2 / n
        centre = (rate + z**2 / (2 * n)) / shrink
        half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)) / shrink
    # min and max keep an end that equals the rate from crossing it by a rounding error
    low = np.minimum(np.clip(centre - half, 0, 1), rate)
    high = np.maximum(np.clip(centre + half, 0, 1), rate)
    return low, high


def clopper_pearson(rate: Floats, n: Floats, z: Quantile = Z) -> tuple[Floats, Floats]:
    """Return the exact binomial interval of a rate, which never covers too seldom.

    Wilson is right on average over rates; where many intervals must hold together in
    their far tails, each must cover on its own.

    Parameters
    ----------
    rate, n : float[...]
        As for `wilson`; n need not be whole.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26.
    """
    tail, hits = special.ndtr(-np.asarray(z, dtype=np.float64)), rate * n
    low = np.where(hits > 0, special.betaincinv(hits, n - hits + 1, tail), 0.0)
    high = np.where(hits < n, special.betainccinv(hits + 1, n - hits, tail), 1.0)
    unknown = ~(n > 0)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def share_interval(rate: Floats, n: Floats, z: Quantile = Z) -> tuple[Floats, Floats]:
    """Return the interval of a share: Wilson's up to 95 %, the exact one beyond.

    Wilson's holds 95 % on average over rates, which is right for reading one number.
    Where many must hold together, or a level is sought at which a difference still
    shows, each interval lies far in its tails, and there Wilson's is far too short for
    small groups: of 4 people with one hit it would exclude a rate of 1 % at odds of a
    million to one, when chance does that 4 times in 100.

    Parameters
    ----------
    rate, n, z
        As for `wilson`.
    """
    low, high = wilson(rate, n, z)
    z = np.broadcast_to(z, np.shape(rate))
    far = np.nonzero(z > Z + 1e-9)  # exact limits take long, so only where needed
    if len(far[0]):
        exact = clopper_pearson(rate[far], n[far], z[far])
        low[far] = np.minimum(exact[0], low[far])
        high[far] = np.maximum(exact[1], high[far])
    return low, high


def student(z: Quantile, freedom: Floats) -> Floats:
    """Return Student's quantile at the level of a normal one, float[...].

    Parameters
    ----------
    z : float or float[...]
    freedom : float[...]
        Degrees of freedom; less than one counts as next to none.
    """
    tail = special.ndtr(-np.asarray(z, dtype=np.float64))
    # SciPy gives an endless quantile of a tail near the smallest float either sign
    quantile: Floats = np.abs(special.stdtrit(np.maximum(freedom, 1e-3), tail))
    return quantile


GAP_LEVEL = 0.96
"""Level asked of all pairs together: joined limits of mid-sized shares hold a hair less
often than their level says, and a largest gap is to be held 95 % of the time at least;
for two groups it also lies beyond Z, where limits are the exact ones."""


@lru_cache(maxsize=256)
def range_quantile(groups: int, level: float = GAP_LEVEL) -> float:
    """Return the critical value for all pairwise differences of g groups.

    It is the quantile of max |Z_i - Z_j| / sqrt(2) over g independent normals, the
    max-T distribution of pairwise differences. With unequal standard errors it is
    conservative (Hayter 1984), so that no resampling is needed.

    References
    ----------
    Tukey (1953); Kramer (1956), Biometrics 12; Hayter (1984), Annals of Statistics 12.
    """
    if groups < 2:
        return float(special.ndtri((1 + level) / 2))

    def coverage(q: float) -> float:
        def density(z: float) -> float:
            between = special.ndtr(z) - special.ndtr(z - q)
            normal = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
            return float(groups * normal * between ** (groups - 1))

        return integrate.quad(density, -8, 8 + q, limit=200)[0] - level

    return float(optimize.brentq(coverage, 0.1, 12)) / math.sqrt(2)


def largest_gap(value: Floats, low: Floats, high: Floats, n: Floats) -> Estimate:
    """Return max minus min over groups, with a simultaneous interval.

    A percentile bootstrap of a maximum never contains 0; here every pairwise
    difference gets an interval, all of them hold together at the level of `low` and
    `high`, and the largest gap lies between the largest lower and upper ends.

    Parameters
    ----------
    value : float[g]
        The metric by group; NaN where undefined, and then left out.
    low, high : float[g]
        Interval of each group at the critical value `range_quantile(g)`.
    n : float[g]
        Rows behind each value.

    Returns
    -------
    Estimate
        n is that of the two groups that make the gap. NaN with fewer than two groups.

    References
    ----------
    Newcombe (1998), Interval Estimation for the Difference Between Independent
    Proportions, Statistics in Medicine 17, method 10, for each pair.
    """
    defined = np.flatnonzero(~np.isnan(value))
    if len(defined) < 2:
        return Estimate(np.nan, np.nan, np.nan, float(n.sum()))
    value, low, high, n = (a[defined] for a in (value, low, high, n))
    difference = value[:, None] - value[None, :]  # [g, g]
    down = np.hypot((value - low)[:, None], (high - value)[None, :])
    up = np.hypot((high - value)[:, None], (value - low)[None, :])
    bottom, top = _lowest(value, n), _lowest(-value, n)
    return Estimate(
        value=float(value[top] - value[bottom]),
        low=max(0.0, float((difference - down).max())),
        high=float((difference + up).max()),
        n=float(n[top] + n[bottom]) if top != bottom else float(n.sum()),
    )


def surest_pair(value: Floats, low: Floats, high: Floats) -> tuple[int, int, float]:
    """Return the pair of groups whose difference is surely largest.

    The extreme values often belong to the smallest groups; this pair has the highest
    lower end of its difference instead.

    Parameters
    ----------
    value, low, high : float[g]
        As for `largest_gap`.

    Returns
    -------
    (int, int, float)
        The higher group, the lower group and the lower end of their difference, which
        is negative when no difference is sure; (0, 0, NaN) with no two defined groups.
    """
    down = np.hypot((value - low)[:, None], (high - value)[None, :])
    lower_end = value[:, None] - value[None, :] - down  # [g, g]
    np.fill_diagonal(lower_end, np.nan)
    if np.isnan(lower_end).all():
        return 0, 0, np.nan
    upper, lower = np.unravel_index(int(np.nanargmax(lower_end)), lower_end.shape)
    return int(upper), int(lower), float(lower_end[upper, lower])


def smallest_ratio(value: Floats, low: Floats, high: Floats, n: Floats) -> Estimate:
    """Return min over max of the groups' values, with a conservative interval.

    When all groups' intervals hold together, the smallest value lies between the
    smallest ends and the largest value between the largest ends.

    Parameters
    ----------
    value, low, high, n : float[g]
        As for `largest_gap`, with intervals at the critical value of `sidak`.

    Returns
    -------
    Estimate
        In [0, 1] for non-negative metrics; NaN when the largest value is 0.
    """
    defined = ~np.isnan(value)
    if defined.sum() < 2 or value[defined].max() <= 0 or value[defined].min() < 0:
        return Estimate(np.nan, np.nan, np.nan, float(n.sum()))
    value, low, high, n = (a[defined] for a in (value, low, high, n))
    most = float(low.max())
    return Estimate(
        value=float(value.min() / value.max()),
        low=float(max(0.0, low.min()) / high.max()),
        high=min(1.0, float(high.min() / most)) if most > 0 else 1.0,
        n=float(n[_lowest(value, n)] + n[_lowest(-value, n)]),
    )


def worst_value(
    value: Floats, low: Floats, high: Floats, n: Floats, better: str
) -> Estimate:
    """Return the worst group's value, with an interval that covers the true worst one.

    When all groups' intervals hold together, the smallest true value lies between the
    smallest ends, and the largest between the largest ends.

    Parameters
    ----------
    value, low, high, n : float[g]
        As for `largest_gap`, with intervals at the critical value of `sidak`.
    better : 'low' or 'high'

    Returns
    -------
    Estimate
        n is that of the worst group; NaN when no group has a value.
    """
    defined = ~np.isnan(value)
    if not defined.any():
        return Estimate(np.nan, np.nan, np.nan, float(n.sum()))
    value, low, high, n = (a[defined] for a in (value, low, high, n))
    if better == "high":
        ends = float(low.min()), float(high.min())
        worst = _lowest(value, n)
    else:
        ends = float(low.max()), float(high.max())
        worst = _lowest(-value, n)
    return Estimate(float(value[worst]), *_known(ends), n=float(n[worst]))


def _lowest(value: Floats, n: Floats) -> int:
    """Return the group of the lowest value; of several, the one with most rows."""
    return int(np.lexsort((-n, value))[0])


def _known(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = (end if np.isfinite(end) else np.nan for end in ends)
    return low, high


@lru_cache(maxsize=4096)
def sidak(groups: int, level: float = LEVEL) -> float:
    """Return the normal quantile at which g independent intervals hold together."""
    return float(special.ndtri((1 + level ** (1 / max(groups, 1))) / 2))


def q_values(p_values: Floats) -> Floats:
    """Return Benjamini-Hochberg q-values of a family of comparisons.

    Parameters
    ----------
    p_values : float[m]
        NaN for a comparison that could not be made; it does not count in the family.

    References
    ----------
    Benjamini & Hochberg (1995), JRSS B 57.
    """
    q = np.full(len(p_values), np.nan)
    made = np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made])]
    scaled = p_values[order] * len(made) / np.arange(1, len(made) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return q
