"""The reliability curve without bins: rates smoothed over the score, with a band."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from analysis.arrays import Floats, frozen
from analysis.calibration.graded import Graded
from analysis.calibration.smooth_error import FINE, Grid, Waves, grid_of
from analysis.evaluation import Evaluation
from analysis.intervals import wilson

POINTS = 48
"""Points of the curve, about."""

ENOUGH = 10.0
"""Effective people that must stand within the kernel's reach of a point."""

NARROWEST = 0.02
"""Narrowest bandwidth drawn: a narrower one follows noise between few points."""


@dataclass(frozen=True, eq=False)
class SmoothReliability:
    """Smoothed reliability of one group at m scores.

    Parameters
    ----------
    name : str
    bandwidth : float
        Of the Gaussian kernel; NaN without people.
    score : float[m]
    rate : float[m]
        NaN where fewer than `ENOUGH` effective people stand near.
    low, high : float[m]
        95 % band, pointwise: of what the kernel sees, each point by itself.
    effective_n : float[m]
        People that each point rests on.
    """

    name: str
    bandwidth: float
    score: Floats
    rate: Floats
    low: Floats
    high: Floats
    effective_n: Floats

    def __post_init__(self) -> None:
        for name in ("score", "rate", "low", "high", "effective_n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


def smooth_reliability(
    evaluation: Evaluation, attributes: tuple[str, ...]
) -> tuple[SmoothReliability, ...]:
    """Return the smoothed reliability of every group for the class in view.

    The differences of label and score are averaged by a Gaussian kernel, reflected at
    0 and 1, and added to the score: true scores lie on the diagonal whatever the
    bandwidth, which is that of the smooth calibration error. The band is Wilson's, on
    the effective people within the kernel's reach; it says how noisy the smoothed
    rate is, and nothing of features narrower than the kernel.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Crossed in full; none for everyone.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.

    References
    ----------
    Błasiok & Nakkiran (2023), Smooth ECE, section 4 for the bandwidth. They draw a
    bootstrap band; that no bandwidth below 0.02 is drawn is ours.
    """
    graded = Graded(evaluation, evaluation.grouping(attributes))
    grid = grid_of(graded)
    width = np.maximum(grid.waves().fixed_point(), NARROWEST)  # [g]
    curves = _smoothed(grid, width)
    return tuple(
        SmoothReliability(name, float(width[g]) if n else np.nan, *curves[g])
        for g, (name, n) in enumerate(zip(graded.grouping.names, graded.n, strict=True))
    )


def _smoothed(grid: Grid, width: Floats) -> list[tuple[Floats, ...]]:
    """Return score, rate, ends of the band and effective people of each group."""
    at = np.arange(FINE // POINTS // 2, FINE, FINE // POINTS)  # [m]
    score = (at + 0.5) / FINE
    mass, off = (
        _averaged(sums, width)[:, at] for sums in (grid.weight, grid.difference)
    )
    squares = _squared_kernel(grid, width)[:, at]
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.clip(score + off / mass, 0, 1)
        effective = mass**2 / squares
        # far from everybody a few tails look alike, and would count as many people
        near = mass * 2 * np.sqrt(np.pi) * width[:, None] / _usual_weight(grid)
    rate = np.where(np.minimum(effective, near) >= ENOUGH, rate, np.nan)
    low, high = wilson(rate, effective)
    return [(score, rate[g], low[g], high[g], effective[g]) for g in range(len(width))]


def _usual_weight(grid: Grid) -> Floats:
    """Return the weight of one effective person in each group, float[g, 1]."""
    weight, w2 = (t.sum(1, keepdims=True) for t in (grid.weight, grid.w2))
    return np.divide(w2, weight, out=np.ones_like(w2), where=weight > 0)


def _squared_kernel(grid: Grid, width: Floats) -> Floats:
    """Return the sum of w^2 K^2 over rows at each cell, float[g, cells].

    A Gaussian squared is one of a narrower width, times its height at 0; near an end
    the kernel and its reflection also meet each other, which leaves a product of
    where the row stands and where the curve is.
    """
    height = 1 / (2 * np.pi * width**2)[:, None]
    apart = _averaged(grid.w2, width / np.sqrt(2)) * height * np.sqrt(np.pi)
    apart *= width[:, None]
    score = (np.arange(FINE) + 0.5) / FINE
    for to_end in (score, 1 - score):
        near = np.exp(-((to_end / width[:, None]) ** 2))  # [g, cells]
        apart += 2 * height * near * (grid.w2 * near).sum(1, keepdims=True)
    return apart


def _averaged(sums: Floats, width: Floats) -> Floats:
    """Return sums in cells as a density smoothed by each group's kernel, [g, cells]."""
    smoothed: Floats = Waves(fft.dct(sums * FINE, axis=-1)).smoothed(width)
    # waves leave rounding errors of either sign where there is nobody
    return np.where(np.abs(smoothed) > 1e-9 * np.abs(sums).max(initial=1), smoothed, 0)
