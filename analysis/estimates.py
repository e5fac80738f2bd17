"""Estimates: a value with its 95 % interval and the rows it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen

LEVEL = 0.95

Quantile = float | Floats
"""A normal quantile for all groups, or one for each, float[g]."""

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
        Rows in the denominator (unweighted); NaN where withheld for privacy.
    """

    value: float
    low: float
    high: float
    n: float

    def to_json(self) -> dict[str, Any]:
        """Return JSON types, with None for undefined."""
        ends = {k: _or_none(getattr(self, k)) for k in ("value", "low", "high")}
        return {**ends, "n": None if np.isnan(self.n) else int(self.n)}

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

    def taken(self, at: Ints) -> "Estimates":
        """Return the estimates of some groups, given by position."""
        arrays = (self.value, self.low, self.high, self.n)
        return Estimates(*(a[at] for a in arrays))

    def at(self, group: int) -> Estimate:
        """Return one group's estimate."""
        arrays = (self.value, self.low, self.high, self.n)
        return Estimate(*(float(a[group]) for a in arrays))


def joined(parts: Sequence[Estimates]) -> Estimates:
    """Return the estimates of several sets of groups, one set after another."""
    fields = ("value", "low", "high", "n")
    return Estimates(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))


def blanked(estimates: Estimates, where: Bools, *, n: bool = False) -> Estimates:
    """Return estimates with some groups' values as NaN, and their n if asked."""
    arrays = (estimates.value, estimates.low, estimates.high)
    value, low, high = (np.where(where, np.nan, a) for a in arrays)
    return Estimates(
        value, low, high, np.where(where, np.nan, estimates.n) if n else estimates.n
    )


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
