"""The Kolmogorov-Smirnov calibration error: no bins, only the order of the scores."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import optimize, special

from analysis.arrays import Floats, Ints
from analysis.calibration.graded import Graded, Measured, measured
from analysis.calibration.null import LIMITS, NullRange, less_noise
from analysis.calibration.walks import Walk

TERMS = 200
"""Terms of an alternating series; two suffice except near 0."""

SQUARE = 1.8319311883544381
"""Mean square of the furthest that Brownian motion gets: twice Catalan's number."""


def kolmogorov_smirnov(graded: Graded) -> Measured:
    """Return the largest gap between cumulated labels and cumulated scores.

    Going up the scores, it is the largest distance, as a share of everyone, between
    how many came true and how many were promised. Equal scores are passed together.

    Notes
    -----
    If every score is true the cumulated difference is a walk without drift. Of many
    steps, none of which is large, its largest distance from 0 is that of Brownian
    motion, whose distribution is known, less a correction for the finite number of
    steps. Where few scores or few people make most of the walk it is drawn.

    References
    ----------
    Gupta et al. (2021), Calibration of Neural Networks using Splines, ICLR. The
    distribution: Arrieta-Ibarra et al. (2022), Metrics of Calibration for
    Probabilistic Predictions, JMLR 23. Weights, ties and the draws are ours.
    """
    walks = _walks(graded)
    parts = [_by_chance(walk, furthest) for walk, furthest in walks]
    value, debiased, low, high, p_value = np.array(parts).reshape(-1, 5).T
    return measured(
        value,
        graded.n,
        debiased=debiased,
        null_low=low,
        null_high=high,
        p_value=p_value,
    )


def _walks(graded: Graded) -> list[tuple[Walk, float]]:
    """Return each group's walk and how far it gets from 0, in weight."""
    y, s, w = graded.of_view
    codes, g = graded.grouping.codes, len(graded.grouping.names)
    order = np.lexsort((s, codes))
    group, score, weight = codes[order], s[order], w[order]
    starts = np.ones(len(s), dtype=bool)  # of a step
    starts[1:] = (score[1:] != score[:-1]) | (group[1:] != group[:-1])
    first = np.flatnonzero(starts)
    rise = (weight * (y[order] - score), weight, weight**2)
    moved, mass, squares = (_added(r, first) for r in rise)
    largest = np.zeros(g)
    np.maximum.at(largest, codes, w)
    bounds = np.searchsorted(group[first], np.arange(g + 1))
    found = []
    for c, (a, b) in enumerate(pairwise(bounds)):
        walk = Walk(score[first[a:b]], mass[a:b], squares[a:b], largest[c])
        found.append((walk, float(np.abs(np.cumsum(moved[a:b])).max(initial=0.0))))
    return found


def _added(rows: Floats, first: Ints) -> Floats:
    """Return the sums of rows from each first one on to the next."""
    return np.add.reduceat(rows, first) if len(first) else np.zeros(0)


def _by_chance(walk: Walk, furthest: float) -> tuple[float, ...]:
    """Return value, debiased, null low, null high and p-value of one group."""
    total, end = float(walk.weight.sum()), float(np.sqrt(walk.variance.sum()))
    if not total > 0:
        return (np.nan,) * 5
    if end == 0:
        # scores of 0 and 1 alone leave nothing to chance: any distance refutes them
        value = furthest / total
        return value, value, 0.0, 0.0, 0.0 if value > 0 else 1.0
    null = _brownian(walk, furthest, end) if walk.is_smooth() else walk.null(furthest)
    debiased = less_noise(furthest, null) / total
    return furthest / total, debiased, null.low / total, null.high / total, null.p_value


def _brownian(walk: Walk, furthest: float, end: float) -> NullRange:
    """Return the range of a walk of many small steps; `end` is its last spread."""
    short = walk.shortfall()
    low, high, middle = (
        max(x - short, 0.0) * end
        for x in (*(_quantile(q) for q in LIMITS), np.sqrt(SQUARE))
    )
    p_value = float(_larger(np.array(furthest / end + short)))
    return NullRange(low, high, p_value, middle**2)


def _larger(x: Floats) -> Floats:
    """Return the chance that Brownian motion up to time 1 leaves [-x, x]."""
    odd = np.arange(1, 2 * TERMS, 2)
    signs = np.where(np.arange(TERMS) % 2, -1.0, 1.0)
    terms = signs * special.ndtr(-odd * np.asarray(x)[..., None])
    return np.clip(4 * terms.sum(-1), 0, 1)


@lru_cache(maxsize=8)
def _quantile(share: float) -> float:
    def above(x: float) -> float:
        return float(_larger(np.array(x))) - (1 - share)

    return float(optimize.brentq(above, 0.3, 6))
