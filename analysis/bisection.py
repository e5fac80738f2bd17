"""The edge between where something holds and where it does not, for many at once."""

from collections.abc import Callable

import numpy as np

from analysis.arrays import Bools, Floats

BISECTIONS = 40
"""Halvings unless asked otherwise: twelve digits of the first distance."""


def bisected(
    is_outside: Callable[[Floats], Bools],
    outside: Floats,
    inside: Floats,
    steps: int = BISECTIONS,
) -> Floats:
    """Return the edge between a point outside and one inside; NaN stays NaN."""
    for _ in range(steps):
        middle = (outside + inside) / 2
        out = is_outside(middle)
        outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
    return np.where(np.isnan(inside), np.nan, (outside + inside) / 2)
