"""How much P(Y|X) would have to drift before an estimate says something else.

Nothing in rows without labels can show it, so the question is turned round.
"""

import numpy as np
from scipy import special

from analysis.arrays import Floats
from analysis.label_free.expected import values
from analysis.label_free.part import Calibrated
from analysis.label_free.records import Drift
from analysis.metrics.kinds import Metric

LONGEST = 2.0
"""Largest shift of the log odds tried: odds 7.4 times as high, or as low."""

STEPS = 201
DRAWN = 41
"""Points of the curve that are kept."""

POINTS = 0.02
"""Change of a share that changes the verdict: 2 points."""

SHARE = 0.1
"""Change of a metric that is no share, as a part of its value."""

LEAST_RATE = 1e-4
"""A rate below this drifts as if it were this: labels never seen may yet come."""


def drift(fit: Calibrated, metric: Metric) -> Drift:
    """Return what a metric would be if the positive label were commoner or rarer.

    Every target row's log odds of the label are moved by the same number, which
    leaves scores and decisions as they are.

    Parameters
    ----------
    fit : Calibrated
    metric : Metric
    """
    shifts = np.linspace(-LONGEST, LONGEST, STEPS)
    rates = np.clip(fit.rates.rising, LEAST_RATE, 1 - LEAST_RATE)
    moved = special.expit(special.logit(rates) + shifts[:, None])  # [r, c]
    value = values(metric, fit.sums, fit.sums.weight * moved)
    weight = fit.sums.weight / fit.sums.weight.sum()
    flipped = np.abs(moved - rates) @ weight
    start = float(value[STEPS // 2])
    limit = _limit(metric, start)
    enough = _enough(shifts, np.abs(value - start), limit)
    kept = np.linspace(0, STEPS - 1, DRAWN).astype(int)
    changed = float(np.interp(enough, shifts, flipped)) if enough == enough else np.nan
    return Drift(
        metric.name,
        tuple(shifts[kept].tolist()),
        tuple(value[kept].tolist()),
        tuple(flipped[kept].tolist()),
        limit,
        enough,
        changed,
    )


def _limit(metric: Metric, value: float) -> float:
    """Return the change that matters: two points, or a tenth of what is no share."""
    return POINTS if metric.bounds[1] <= 1 else SHARE * abs(value)


def _enough(shifts: Floats, change: Floats, limit: float) -> float:
    """Return the smallest shift whose change reaches a limit; NaN where none does."""
    reached = np.flatnonzero(change >= limit)
    if not len(reached) or not limit > 0:
        return float("nan")
    best = reached[np.argmin(np.abs(shifts[reached]))]
    inner = best - int(np.sign(shifts[best]))
    share = (limit - change[inner]) / (change[best] - change[inner])
    return float(shifts[inner] + share * (shifts[best] - shifts[inner]))
