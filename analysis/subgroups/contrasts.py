"""Each group against the rest or a reference group: difference, ratio, how sure."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.arrays import Bools, Floats, frozen
from analysis.bisection import bisected
from analysis.estimates import Estimates, Z
from analysis.metrics.bands import Band

LARGEST_Z = 9.0
"""A normal deviate this far out has odds of less than one in 10^18."""

STEPS = 26
"""Halvings that find a quantile to seven digits."""

Ends = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class Contrast:
    """Groups against what each is compared with; a group with itself is NaN.

    Parameters
    ----------
    difference : Estimates [g]
        Group minus reference.
    ratio : Estimates [g]
        Group over reference; NaN for negative values and where the reference is 0. An
        upper end is NaN where the reference may be 0.
    p_value : float[g]
        Two-sided: the level at which the difference's interval just reaches 0. Up to
        5 % it is that of the interval shown; beyond, limits are exact in their tails.
    """

    difference: Estimates
    ratio: Estimates
    p_value: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "p_value", frozen(self.p_value, np.float64))


def contrast(own: Band, other: Band, *, is_quick: bool = True) -> Contrast:
    """Compare every group with what stands in its place in `other`.

    Parameters
    ----------
    own, other : Band
        Over disjoint rows, so that the two sides are independent.
    is_quick : bool
        Whether the bands answer in no time, so that the p-value can be found by trying
        levels; else it is read off the 95 % interval as if it were normal.

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27 (differences); Donner & Zou (2012),
    Closed-form confidence intervals for functions of the normal mean and standard
    deviation, Statistical Methods in Medical Research 21, section 3 (ratios): both
    recover variance from the two sides' own limits (MOVER).
    """
    a, b = own(Z), other(Z)
    difference = a.value - b.value
    ends = difference_limits(a, b)
    n = a.n + b.n
    p = _tried_p(own, other) if is_quick else _normal_p(difference, ends)
    return Contrast(
        difference=Estimates(difference, *ends, n).finite(),
        ratio=_ratio(a, b, n),
        p_value=np.where(np.isnan(difference), np.nan, p),
    )


def difference_limits(a: Estimates, b: Estimates) -> Ends:
    """Return the ends of a - b for independent estimates, float[g] each."""
    difference = a.value - b.value
    down = np.hypot(a.value - a.low, b.high - b.value)
    up = np.hypot(a.high - a.value, b.value - b.low)
    return difference - down, difference + up


def ratio_limits(a: Estimates, b: Estimates) -> Ends:
    """Return the ends of a / b for independent, non-negative estimates, float[g] each.

    They are the ratios t at which a - t b, by its own limits, just reaches 0. The upper
    end is infinite where b may be 0.
    """
    product = a.value * b.value
    with np.errstate(invalid="ignore", divide="ignore"):
        low_part = a.low * (2 * a.value - a.low)
        high_part = a.high * (2 * a.value - a.high)
        under = _root(product**2 - low_part * b.high * (2 * b.value - b.high))
        over = _root(product**2 - high_part * b.low * (2 * b.value - b.low))
        low = np.where(low_part > 0, low_part / (product + under), 0.0)
        high = (product + over) / (b.low * (2 * b.value - b.low))
    high = np.where(b.low > 0, high, np.inf)
    unknown = np.isnan(a.value) | np.isnan(b.value)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _root(square: Floats) -> Floats:
    """Return the square root of what only rounding can take below 0."""
    root: Floats = np.sqrt(np.maximum(square, 0))
    return root


def _ratio(a: Estimates, b: Estimates, n: Floats) -> Estimates:
    low, high = ratio_limits(a, b)
    usable = (a.low >= 0) & (b.low >= 0) & (b.value > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(usable, a.value / b.value, np.nan)
    low, high = (np.where(usable, end, np.nan) for end in (low, high))
    return Estimates(value, low, high, n).finite()


def _tried_p(own: Band, other: Band) -> Floats:
    """Return the level at which the interval of the difference just reaches 0."""

    def is_unsure(z: Floats) -> Bools:
        low, high = _ends_at(own, other, z)
        return ~((low > 0) | (high < 0))

    at_95 = np.full(len(own(Z)), Z)
    unsure = is_unsure(at_95)
    # the far tails, where limits are exact and slow, are searched only where needed
    outside = np.where(unsure, at_95, LARGEST_Z)
    inside = np.where(unsure, 0.0, at_95)
    edge = bisected(is_unsure, outside, inside, STEPS)
    p: Floats = 2 * special.ndtr(-edge)
    return p


def _ends_at(own: Band, other: Band, z: Floats) -> Ends:
    return difference_limits(own(z), other(z))


def _normal_p(difference: Floats, ends: Ends) -> Floats:
    towards_0 = np.where(difference > 0, difference - ends[0], ends[1] - difference)
    with np.errstate(invalid="ignore", divide="ignore"):
        p: Floats = 2 * special.ndtr(-Z * np.abs(difference) / towards_0)
    return p
