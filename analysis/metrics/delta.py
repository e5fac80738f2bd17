"""Intervals for any smooth function of a table of counts, by the delta method."""

from collections.abc import Callable

import numpy as np

from analysis.arrays import Floats
from analysis.counts import Counts
from analysis.intervals import student

PSEUDO_ROWS = 2.0
"""Rows spread over the cells beforehand, so that an empty cell proves nothing."""

STEP = 1e-4


def delta_limits(
    function: Callable[[Floats], Floats], counts: Counts, z: float
) -> tuple[Floats, Floats]:
    """Return the interval of a function of each group's table, never of zero width.

    Cells are scaled to the effective number of rows and get `PSEUDO_ROWS` between
    them, as Agresti and Coull do for one share; around the function of these cells
    stands the multinomial standard error.

    Parameters
    ----------
    function : callable
        Maps tables float[..., k, l] to float[...]; free of the tables' scale.
    counts : Counts
    z : float
        Normal quantile.

    References
    ----------
    Agresti & Coull (1998), Approximate is Better than "Exact", American Statistician
    52; Agresti (2013), Categorical Data Analysis, section 16.1 (delta method).
    """
    cells = smoothed(counts)
    centre, error = value_and_error(function, cells)
    rows = cells.sum((1, 2)) - PSEUDO_ROWS
    half = student(z, rows - 1) * error
    return centre - half, centre + half


def smoothed(counts: Counts) -> Floats:
    """Return tables of the effective number of rows and `PSEUDO_ROWS` more."""
    w = counts.w.sum((1, 2), keepdims=True)
    w2 = counts.w2.sum((1, 2), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        cells: Floats = counts.w * w / w2 + PSEUDO_ROWS / counts.n[0].size
    return cells


def value_and_error(
    function: Callable[[Floats], Floats], cells: Floats
) -> tuple[Floats, Floats]:
    """Return a function of multinomial tables float[g, k, l], and its standard error.

    The slope by each cell is taken by central steps.
    """
    g, size = len(cells), cells[0].size
    steps = STEP * np.eye(size).reshape(size, *cells.shape[1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        ahead = function(cells[:, None] + steps)  # [g, k * l]
        slope = (ahead - function(cells[:, None] - steps)) / (2 * STEP)
        flat = cells.reshape(g, size)
        mean = (slope * flat).sum(1) / flat.sum(1)
        variance = ((slope - mean[:, None]) ** 2 * flat).sum(1)
        return function(cells), np.sqrt(variance)
