"""Windows of nearest rows along a number, with weights that fall off to their edge."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints

MAX_BINS = 400
"""Quantile bins that stand for the attribute's values; fewer where values repeat."""

MEAN_OF_KERNEL = 81 / 140
"""Mean of the tricube kernel over its window."""

HALVINGS = 28
"""Of the range of widths; a width is then known to one part in 100 million."""


@dataclass(frozen=True, eq=False)
class Axis:
    """The attribute in b bins: each row's bin, and each bin's place and weight."""

    codes: Ints
    place: Floats
    weight: Floats
    w2: Floats


def axis_of(values: Floats, weights: Floats) -> Axis:
    """Return values as at most `MAX_BINS` bins with equal numbers of rows.

    Parameters
    ----------
    values, weights : float[n]
        Finite, and above 0.
    """
    edges = np.unique(values)
    if len(edges) > MAX_BINS:
        inner = np.linspace(0, 1, MAX_BINS + 1)[1:-1]
        edges = np.unique(np.quantile(values, inner, method="nearest"))
    codes = np.searchsorted(edges, values, side="left")
    used = np.bincount(codes, minlength=len(edges) + 1) > 0
    codes = (np.cumsum(used) - 1)[codes]
    weight = np.bincount(codes, weights).astype(np.float64)
    place = np.bincount(codes, weights * values) / weight
    w2 = np.bincount(codes, weights**2).astype(np.float64)
    return Axis(codes, place, weight, w2)


@dataclass(frozen=True, eq=False)
class Windows:
    """The kernel of each window at each bin, float[p, b], and its mean place."""

    kernel: Floats
    x: Floats


def windows_over(axis: Axis, span: float, points: int) -> Windows:
    """Return windows of nearest rows about points at quantiles of an axis.

    Parameters
    ----------
    axis : Axis
    span : float
        Share of the weight that a window reaches over.
    points : int
        Windows asked for; those with the same mean place count once.
    """
    total = np.cumsum(axis.weight)
    share = (total - axis.weight / 2) / total[-1]
    at = np.unique(np.searchsorted(share, np.linspace(share[0], share[-1], points)))
    kernel = _kernels(axis, at, span)
    mass = kernel * axis.weight
    x = (mass @ axis.place) / mass.sum(axis=1)
    # a window that does not move on, as at an end or beside a heavy row, is left out
    x, first = np.unique(np.maximum.accumulate(x), return_index=True)
    return Windows(kernel[first], x)


def _kernels(axis: Axis, at: Ints, span: float) -> Floats:
    """Return the tricube kernel about some bins, float[p, b].

    Each is as wide as makes its weight what a window over `span` of the rows would
    have where they lie evenly; a bin that holds as much stands alone. A width that
    reaches to the last of that many rows, as usual, leaves windows between heavy ties
    nearly empty, as the ties at their edge get no weight.
    """
    distance = np.abs(axis.place - axis.place[at][:, None])
    needed = MEAN_OF_KERNEL * span * axis.weight.sum()

    def is_wide(width: Floats) -> Bools:
        held: Bools = _tricube(distance, width) @ axis.weight >= needed
        return held

    wide = np.full(len(at), 2 * np.ptp(axis.place) or 1.0)  # weighs enough anywhere
    narrow = np.zeros(len(at))
    for _ in range(HALVINGS):
        middle = (wide + narrow) / 2
        enough = is_wide(middle)
        wide, narrow = np.where(enough, middle, wide), np.where(enough, narrow, middle)
    return _tricube(distance, wide)


def _tricube(distance: Floats, width: Floats) -> Floats:
    reach = distance / width[:, None]
    left = np.maximum(1 - reach * reach * reach, 0)
    kernel: Floats = left * left * left  # products: powers are slower
    return kernel
