"""Shares on two sides and their difference, with intervals and q-values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.arrays import Bools, Floats
from analysis.estimates import Estimate
from analysis.intervals import q_values, wilson


@dataclass(frozen=True)
class Shares:
    """The share of rows that something holds for, at source and target.

    Parameters
    ----------
    name : str
    source, target : Estimate
        Wilson intervals; n counts the rows it holds for.
    change : Estimate
        Target minus source.
    p_value, q_value : float
        Of no change; q within the family that it stands in. NaN where undefined.
    """

    name: str
    source: Estimate
    target: Estimate
    change: Estimate
    p_value: float
    q_value: float = float("nan")

    @property
    def is_sure(self) -> bool:
        """Whether it changed beyond chance, the whole family considered."""
        return self.q_value <= 0.05


def shares(
    name: str, holds: tuple[Bools, Bools], weights: tuple[Floats, Floats]
) -> Shares:
    """Compare a share between two independent tables.

    Parameters
    ----------
    name : str
    holds : (bool[n_s], bool[n_t])
    weights : (float[n_s], float[n_t])

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, method 10, for the difference.
    """
    source, target = (_share(h, w) for h, w in zip(holds, weights, strict=True))
    rows = effective_rows(weights[0]), effective_rows(weights[1])
    return compared(name, (source, target), rows)


def compared(
    name: str, both: tuple[Estimate, Estimate], rows: tuple[float, float]
) -> Shares:
    """Compare two shares that are known already, of some effective rows each."""
    source, target = both
    value = target.value - source.value
    down = np.hypot(target.value - target.low, source.high - source.value)
    up = np.hypot(target.high - target.value, source.value - source.low)
    change = Estimate(
        value, float(value - down), float(value + up), source.n + target.n
    )
    return Shares(name, source, target, change, _p_value(both, rows))


def in_family(found: Sequence[Shares]) -> tuple[Shares, ...]:
    """Return comparisons with their q-values among each other."""
    q = q_values(np.array([s.p_value for s in found], dtype=np.float64))
    return tuple(
        replace(s, q_value=float(each)) for s, each in zip(found, q, strict=True)
    )


def effective_rows(weights: Floats) -> float:
    """Return (sum w)^2 / sum w^2; 0 without weight."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def _share(holds: Bools, weights: Floats) -> Estimate:
    rows = effective_rows(weights)
    if rows == 0:
        return Estimate(np.nan, np.nan, np.nan, 0.0)
    value = float(weights[holds].sum() / weights.sum())
    low, high = wilson(np.array(value), np.array(rows))
    return Estimate(value, float(low), float(high), float(holds.sum()))


def _p_value(both: tuple[Estimate, Estimate], rows: tuple[float, float]) -> float:
    """Return the p-value of equal shares, from the score test of two proportions."""
    total = sum(rows)
    if min(rows) <= 0:
        return float("nan")
    pooled = sum(e.value * n for e, n in zip(both, rows, strict=True)) / total
    spread = pooled * (1 - pooled) * sum(1 / n for n in rows)
    if spread <= 0:
        return 1.0
    z = abs(both[1].value - both[0].value) / np.sqrt(spread)
    return float(2 * special.ndtr(-z))
