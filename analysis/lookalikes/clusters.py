"""Clusters of rows that look alike, by k-means over coded columns."""

import warnings

import numpy as np
from scipy.cluster import vq

from analysis.arrays import Floats, Ints
from analysis.lookalikes.coded import Coded

FITTED_ROWS = 20_000
"""At most this many rows are drawn to find the clusters; all rows are then assigned."""

STARTS = 5
CHUNK = 50_000
MAX_CATEGORIES = 30
"""A feature's rarer categories lie together, away from these."""


def drawn_rows(n: int, seed: int) -> Ints:
    """Return the rows that clusters are found on: all, or `FITTED_ROWS` at random."""
    if n <= FITTED_ROWS:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(n, FITTED_ROWS, replace=False))


def clustered(
    columns: list[Coded], drawn: Ints, clusters: int, seed: int, *, n: int
) -> Ints:
    """Return each row's cluster, int[n]; all 0 where no column tells rows apart.

    Every column weighs alike: over the rows its coordinates have variance 1 in all.
    Row weights play no part.

    Parameters
    ----------
    columns : list of Coded
        Over n rows.
    drawn : int[m]
        Rows that the centres are found on.
    clusters, seed : int
        Clusters to look for, and the seed of their first centres.
    n : int

    References
    ----------
    Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA.
    """
    if not columns or not n:
        return np.zeros(n, np.int64)
    scales = [_scale(column) for column in columns]
    points = _placed(columns, scales, drawn)
    k = min(clusters, len(np.unique(points, axis=0)))
    centres = _centres(points, k, np.random.default_rng(seed))
    labels = np.empty(n, np.int64)
    for start in range(0, n, CHUNK):
        rows = np.arange(start, min(start + CHUNK, n))
        labels[rows] = vq.vq(_placed(columns, scales, rows), centres)[0]
    return labels


def _centres(points: Floats, k: int, rng: np.random.Generator) -> Floats:
    """Return the best of several starts' centres; one start often splits badly."""
    best, least = points[:k], np.inf
    with warnings.catch_warnings():
        # an empty cluster keeps its centre and describes nobody
        warnings.filterwarnings("ignore", message="One of the clusters is empty")
        for _ in range(STARTS):
            centres, _ = vq.kmeans2(points, k, minit="++", rng=rng)
            distance = float((vq.vq(points, centres)[1] ** 2).sum())
            if distance < least:
                best, least = centres, distance
    return best


def _scale(column: Coded) -> Floats:
    """Return where each bin lies, float[b, width]; rows have variance 1 in all.

    A number lies at its bin's position and, where missing, in the middle; categories
    lie on one axis each.
    """
    share = np.bincount(column.codes, minlength=len(column)) / len(column.codes)
    if not column.is_ordered:
        width = min(len(column), MAX_CATEGORIES)
        common = np.argsort(-share, kind="stable")[:width]
        axes = np.zeros((len(column), width))
        axes[common, np.arange(width)] = 1.0
        return axes / _spread(axes, share)
    places = np.arange(len(column), dtype=np.float64)
    if column.has_missing:
        known = 1 - share[-1]
        middle = (places[:-1] @ share[:-1]) / known if known > 0 else 0.0
        places[-1] = middle
    return places[:, None] / _spread(places[:, None], share)


def _spread(axes: Floats, share: Floats) -> float:
    variance = float((share @ axes**2 - (share @ axes) ** 2).sum())
    return variance**0.5 if variance > 0 else 1.0


def _placed(columns: list[Coded], scales: list[Floats], rows: Ints) -> Floats:
    parts = [
        scale[column.codes[rows]] for column, scale in zip(columns, scales, strict=True)
    ]
    return np.hstack(parts)
