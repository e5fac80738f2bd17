"""Bins joined with their neighbours, so that none shows the outcome of few people."""

import numpy as np

from analysis.arrays import Floats
from analysis.metrics.bins import SUMS, Bins


def joined(binned: Bins, k: int) -> Bins:
    """Return bins joined with their neighbours until each filled one has k people.

    From the lowest score upwards; what is left over at the top joins the last full
    one. The joined people stand in the lowest of their bins, which is as wide as all
    of them, and the others are empty and without width, so that no bin shows the
    outcome of fewer people than may be shown.
    """
    b = binned.count.shape[1]
    place = np.array([_joined_bins(row, k) for row in binned.count])  # [g, b]
    cells = (place + b * np.arange(len(place))[:, None]).ravel()

    def total(table: Floats) -> Floats:
        sums = np.bincount(cells, table.ravel(), table.size).astype(np.float64)
        return sums.reshape(table.shape)

    edges = binned.edges.copy()
    for at in range(b - 1, 0, -1):  # an edge inside joined bins moves to their end
        is_inside = place[:, at] != at
        edges[is_inside, at] = edges[is_inside, at + 1]
    return Bins(edges, *(total(getattr(binned, name)) for name in SUMS))


def _joined_bins(count: Floats, k: int) -> list[int]:
    """Return the bin that each bin of one group is joined into."""
    into, start, people = [], 0, 0.0
    for at, n in enumerate(count):
        if people >= k:
            start, people = at, 0.0
        into.append(start)
        people += n
    if people < k and start:  # too few at the top: they join those before them
        before = into[start - 1]
        into = [before if place == start else place for place in into]
    return into
