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
        Point value and ends of the 95 % interval; NaN where undefined or unknown.
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

    def finite(self) -> "Estimates":
        """Return the estimates with an unknown end as NaN rather than infinite."""
        low, high = (np.where(np.isinf(e), np.nan, e) for e in (self.low, self.high))
        return Estimates(self.value, low, high, self.n)

    def at(self, group: int) -> Estimate:
        """Return one group's estimate."""
        arrays = (self.value, self.low, self.high, self.n)
        return Estimate(*(float(a[group]) for a in arrays))


UNDEFINED = Estimate(np.nan, np.nan, np.nan, 0)


def bounded(
    value: Floats,
    limits: tuple[Floats, Floats],
    n: Floats,
    bounds: tuple[float, float],
) -> Estimates:
    """Return intervals cut at the metric's range; each holds its value.

    Parameters
    ----------
    value, n : float[g]
    limits : (float[g], float[g])
        May be infinite where nothing is known.
    bounds : (float, float)
        Smallest and largest possible value.
    """
    low = np.minimum(np.clip(limits[0], *bounds), value)
    high = np.maximum(np.clip(limits[1], *bounds), value)
    return Estimates(value, low, high, n)


def _or_none(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
