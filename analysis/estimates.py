"""Estimates: a value with its 95 % interval and the rows it rests on."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrays import Floats, frozen

LEVEL = 0.95
Z = 1.959963984540054
"""Two-sided 95 % normal quantile."""


@dataclass(frozen=True)
class Estimate:
    """One number.

    Parameters
    ----------
    value, low, high : float
        Point value and ends of the 95 % interval; NaN where undefined.
    n : float
        Rows in the denominator (unweighted).
    """

    value: float
    low: float
    high: float
    n: float

    def to_json(self) -> dict[str, Any]:
        """Return JSON types, with None for undefined."""
        ends = {k: _or_none(getattr(self, k)) for k in ("value", "low", "high")}
        return {**ends, "n": int(self.n)}

    @property
    def is_undefined(self) -> bool:
        """Whether there is no value."""
        return bool(np.isnan(self.value))


@dataclass(frozen=True, eq=False)
class Estimates:
    """One number per group, each array float[g]; see `Estimate`."""

    value: Floats
    low: Floats
    high: Floats
    n: Floats

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __len__(self) -> int:
        return len(self.value)

    def at(self, group: int) -> Estimate:
        """Return one group's estimate."""
        arrays = (self.value, self.low, self.high, self.n)
        return Estimate(*(float(a[group]) for a in arrays))


UNDEFINED = Estimate(np.nan, np.nan, np.nan, 0)


def from_standard_error(
    value: Floats, se: Floats, n: Floats, bounds: tuple[float, float], z: float = Z
) -> Estimates:
    """Return normal intervals, cut at the metric's range.

    Parameters
    ----------
    value, se, n : float[g]
        One row gives no standard error: the interval is then the whole range.
    bounds : (float, float)
        Smallest and largest possible value.
    z : float
        Critical value.
    """
    half = np.where(np.isnan(se) & ~np.isnan(value), np.inf, z * se)
    low, high = np.clip([value - half, value + half], *bounds)
    return Estimates(value, low, high, n)


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
