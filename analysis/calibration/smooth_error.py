"""The smooth calibration error: distances smoothed over as much as they are large."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from analysis.arrays import Floats
from analysis.calibration.graded import Graded, Measured, measured
from analysis.calibration.null import null_range, null_rates

FINE = 2_048
"""Cells of the grid that scores are counted in, a power of 2."""

DRAWS = 300
"""Draws of the null range; each is smoothed anew, so there are fewer than elsewhere."""

HALVINGS = 14
"""Halvings of [0, 1] in search of a bandwidth: to a sixteen-thousandth."""

LEAST = 0.001
"""Narrowest bandwidth; below it the grid would show."""

PER_WIDTH = 4.0
"""Cells in the bandwidth that noise alone asks for, in the null range's own grid."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Differences of label and score on a grid, as waves: smoothing fades short ones.

    Parameters
    ----------
    heights : float[..., m]
        Cosine transform (type II) of the density of differences in m cells of [0, 1].
    """

    heights: Floats

    def smoothed(self, bandwidth: Floats) -> Floats:
        """Return the density of differences smoothed, in each cell, float[..., m].

        Parameters
        ----------
        bandwidth : float[...]
            Of a Gaussian kernel that is reflected at 0 and 1.
        """
        waves = np.arange(self.heights.shape[-1])
        width = np.asarray(bandwidth)[..., None]
        fading = np.exp(-((width * np.pi * waves) ** 2) / 2)
        back: Floats = fft.idct(self.heights * fading, axis=-1)
        return back

    def error(self, bandwidth: Floats) -> Floats:
        """Return the mean absolute smoothed difference, float[...]."""
        mean: Floats = np.abs(self.smoothed(bandwidth)).mean(-1)
        return mean

    def fixed_point(self) -> Floats:
        """Return the bandwidth that the error at it equals, float[...]."""
        shape = self.heights.shape[:-1]
        low, high = np.zeros(shape), np.ones(shape)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            is_wide = self.error(middle) <= middle
            low, high = np.where(is_wide, low, middle), np.where(is_wide, middle, high)
        return np.maximum(high, LEAST)


@dataclass(frozen=True, eq=False)
class Grid:
    """Sums in fine cells of the score by group, float[g, m] each.

    Parameters
    ----------
    weight, score : float[g, m]
    noise : float[g, m]
        Sum of w^2 s (1 - s).
    difference : float[g, m]
        Sum of w (y - s).
    w2 : float[g, m]
    """

    weight: Floats
    score: Floats
    noise: Floats
    difference: Floats
    w2: Floats

    def waves(self) -> Waves:
        """Return every group's differences as shares of its weight."""
        total = self.weight.sum(1, keepdims=True)
        shares = np.divide(
            self.difference, total, out=np.zeros_like(self.difference), where=total > 0
        )
        return waves(shares)


def waves(shares: Floats) -> Waves:
    """Return the waves of differences in cells, which are shares of all weight."""
    return Waves(fft.dct(shares * shares.shape[-1], axis=-1))


def grid_of(graded: Graded) -> Grid:
    """Count the class in view in fine cells, by group."""
    y, s, w = graded.of_view
    cells = graded.grouping.codes * FINE + np.minimum((s * FINE).astype(int), FINE - 1)
    shape = (len(graded.grouping.names), FINE)
    rows = (w, w * s, w**2 * s * (1 - s), w * (y - s), w**2)
    sums = [np.bincount(cells, r, FINE * shape[0]).reshape(shape) for r in rows]
    return Grid(*(table.astype(np.float64) for table in sums))


def smooth_error(graded: Graded) -> Measured:
    """Return the smooth calibration error (smECE) by group.

    Differences of label and score are smoothed over the score by a Gaussian kernel;
    the mean absolute smoothed difference falls as the kernel widens, and where it
    equals the kernel's width it is the error. No bins are chosen, and a small change
    of the scores changes it little.

    References
    ----------
    Błasiok & Nakkiran (2023), Smooth ECE: Principled Reliability Diagrams via Kernel
    Smoothing, definition 4 and section 4, with the reflected Gaussian kernel. Weights,
    the grid of 2,048 cells and the null range are ours.
    """
    grid, n = grid_of(graded), graded.n
    found = grid.waves()
    held = grid.weight.sum(1) > 0
    value = np.where(held, found.error(found.fixed_point()), np.nan)
    null = np.array([_null(grid, g, float(v)) for g, v in enumerate(value)])
    low, high, p_value, squared = null.reshape(-1, 4).T
    return measured(
        value,
        n,
        debiased=np.sqrt(np.maximum(value**2 - squared, 0)),
        null_low=low,
        null_high=high,
        p_value=p_value,
    )


def _null(grid: Grid, g: int, value: float) -> tuple[float, float, float, float]:
    """Return the null range of a group: low, high, p-value and mean square."""
    if np.isnan(value):
        return (np.nan,) * 4
    rows = (table[g] for table in (grid.weight, grid.score, grid.noise))
    cells = _cells_needed(grid, g)
    weight, score, noise = (row.reshape(cells, -1).sum(1) for row in rows)
    filled = np.flatnonzero(weight > 0)
    p = score[filled] / weight[filled]
    rates = null_rates(p, noise[filled] / weight[filled] ** 2, DRAWS, seed=0)
    shares = np.zeros((DRAWS, cells))
    shares[:, filled] = (rates - p) * (weight[filled] / weight.sum())
    drawn = waves(shares)
    found = null_range(drawn.error(drawn.fixed_point()), value)
    return found.low, found.high, found.p_value, found.squared


def _cells_needed(grid: Grid, g: int) -> int:
    """Return how many cells serve the bandwidths that noise alone asks for.

    Smoothed noise of variance v has a mean size near (v / (2 root pi width))^(1/2),
    which equals the width where the width is the cube root of v / (2 root pi).
    """
    variance = grid.noise[g].sum() / grid.weight[g].sum() ** 2
    width = max((variance / (2 * np.sqrt(np.pi))) ** (1 / 3), LEAST)
    return int(np.clip(2 ** np.ceil(np.log2(PER_WIDTH / width)), 32, FINE))
