"""Weighted shares and means by group, with intervals and the gap between groups."""

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.estimates import Estimate, Estimates, Z
from analysis.frame import Grouping
from analysis.intervals import largest_gap, range_quantile, share_interval, wilson
from analysis.metrics.score_metrics import (
    Influence,
    Spread,
    effective_rows,
    mean_limits,
    standard_error,
    variance_of_all,
)


def shares(
    hits: Bools, weights: Floats, grouping: Grouping, among: Bools | None = None
) -> tuple[Estimates, Floats]:
    """Return the share of hits by group with Wilson intervals, and its effective n.

    Parameters
    ----------
    hits : bool[n]
    weights : float[n]
    grouping : Grouping
    among : bool[n] or None
        Rows in the denominator; all by default.

    Returns
    -------
    (Estimates [g], float[g])
        NaN for a group without such rows.
    """
    g = len(grouping.names)
    w = weights if among is None else weights * among
    rows = np.bincount(grouping.codes, among, g).astype(np.float64)
    total = np.bincount(grouping.codes, w, g)
    hit = np.bincount(grouping.codes, w * hits, g)
    share = np.divide(hit, total, out=np.full(g, np.nan), where=total > 0)
    share = np.clip(share, 0, 1)
    effective = effective_rows(w, grouping)
    return Estimates(share, *wilson(share, effective), rows), effective


def means(
    values: Floats, weights: Floats, grouping: Grouping, bounds: tuple[float, float]
) -> Estimates:
    """Return the weighted mean by group with its moderated t interval.

    A group in which all are alike borrows the variance of everyone, so that no
    interval has zero width by luck; see `moderated_error`.
    """
    g = len(grouping.names)
    total = np.bincount(grouping.codes, weights, g)
    value = np.divide(
        np.bincount(grouping.codes, weights * values, g),
        total,
        out=np.full(g, np.nan),
        where=total > 0,
    )
    n = np.bincount(grouping.codes, minlength=g).astype(np.float64)
    influence = Influence(value, values - value[grouping.codes], n)
    effective = effective_rows(weights, grouping)
    prior = variance_of_all(influence, weights, grouping)
    spread = Spread(
        value=value,
        n=n,
        error=standard_error(influence.rows, weights, grouping),
        effective=effective,
        positives=effective,
        negatives=effective,
        prior=np.full(g, prior),
    )
    low, high = (np.clip(end, *bounds) for end in mean_limits(spread, Z))
    return Estimates(value, np.minimum(low, value), np.maximum(high, value), n)


def gap_of(shares: Estimates, effective: Floats, hidden: Bools) -> Estimate:
    """Return the largest gap of shares between groups that are shown.

    Its interval holds for all pairs of groups at once.
    """
    value = np.where(hidden, np.nan, shares.value)
    z = range_quantile(int((~np.isnan(value)).sum()))
    return largest_gap(value, *share_interval(value, effective, z), shares.n)
