"""Where the dots of a strip stand: axis, sizes, and lanes so that few overlap."""

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.subgroups.group_table import Column

LANES = 7
"""Dots that would overlap stand in this many lanes above and below the middle."""

SMALLEST, LARGEST = 7.0, 24.0
"""Diameters of dots, in pixels."""

WIDTH = 1_000
"""Width of a strip for which dots are kept apart, in pixels."""


def sizes(n: Floats, groups: Ints) -> Floats:
    """Return the diameters of some groups' dots, their areas as the people in them."""
    most = float(np.nanmax(n, initial=1.0))
    share = np.sqrt(n[groups] / most)
    diameters: Floats = SMALLEST + (LARGEST - SMALLEST) * share
    return diameters


def limits_of(
    column: Column, shown: Ints, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> list[float]:
    """Return both ends of a strip's axis, so that every dot has room.

    Ends stay within what the metric can be, as far as it has bounds; a dot at a bound
    is drawn in full all the same.
    """
    known = np.append(column.own.value[shown], column.overall.value)
    known = known[~np.isnan(known)]
    if not len(known):
        return [0.0, 1.0]
    low, high = float(known.min()), float(known.max())
    pad = max(0.06 * (high - low), 0.01)
    return [max(low - pad, bounds[0]), min(high + pad, bounds[1])]


def lanes_of(value: Floats, diameters: Floats, limits: list[float]) -> Floats:
    """Return a lane for each dot, 0 in the middle: a small deterministic swarm."""
    lanes = np.zeros(len(value))
    at = (value - limits[0]) / (limits[1] - limits[0]) * WIDTH
    ends = np.full(2 * LANES + 1, -np.inf)  # right end of the last dot of each lane
    outwards = sorted(range(2 * LANES + 1), key=lambda lane: abs(lane - LANES))
    for i in np.argsort(value, kind="stable"):
        left, right = at[i] - diameters[i] / 2, at[i] + diameters[i] / 2
        free = [lane for lane in outwards if ends[lane] <= left]
        lane = free[0] if free else int(ends.argmin())
        ends[lane] = right
        lanes[i] = lane - LANES
    return lanes
