"""One number for how evenly a model serves its groups."""

import numpy as np

from analysis.arrays import Floats
from analysis.counts import counts_of
from analysis.errors import SettingError
from analysis.estimates import UNDEFINED, Estimate, Z
from analysis.evaluation import Evaluation
from analysis.intervals import sidak
from analysis.metrics.bands import band
from analysis.metrics.delta import delta_limits
from analysis.metrics.kinds import ALL, within
from analysis.metrics.registry import metric_named


def equity_scaled(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    metric: str,
    alpha: float = 1.0,
) -> Estimate:
    """Return a metric over everyone, scaled down by how far its groups lie from it.

    M / (1 + alpha sum_g |M_g - M|), over the groups where the metric is defined. It
    equals M when all groups do, and never exceeds it.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
    metric : str
        One of which more is good, from 0 to 1.
    alpha : float
        Weight of the distances, 0 or more.

    Returns
    -------
    Estimate
        Its interval is that of all values which groups and everyone can have within
        their joint intervals, so that it covers at least 95 %.

    Raises
    ------
    SettingError
        Less of the metric is better, or it is not bounded by 0 and 1.

    References
    ----------
    Tian et al. (2024), FairSeg, ICLR (equity-scaled segmentation performance).
    """
    chosen = metric_named(metric)
    if chosen.better != "high" or chosen.bounds[1] != 1 or alpha < 0:
        raise SettingError(
            f"'{metric}' with alpha {alpha:g} cannot be scaled by equity: it needs a "
            "metric of which more is better, such as accuracy or auroc, and an alpha "
            "of 0 or more."
        )
    own = band(chosen, evaluation, attributes)
    defined = ~np.isnan(own(Z).value)
    if not defined.any():
        return UNDEFINED
    z = sidak(int(defined.sum()) + 1)
    groups = own(z).taken(np.flatnonzero(defined))
    whole = band(chosen, evaluation, ())(z).at(0)
    outside = np.maximum(groups.low - whole.high, whole.low - groups.high)
    furthest = np.maximum(groups.high - whole.low, whole.high - groups.low)
    apart = np.abs(groups.value - whole.value).sum()
    return Estimate(
        value=_scaled(whole.value, alpha * float(apart)),
        low=_scaled(whole.low, alpha * float(furthest.sum())),
        high=_scaled(whole.high, alpha * float(np.maximum(outside, 0).sum())),
        n=whole.n,
    )


def between_group_entropy(
    evaluation: Evaluation, attributes: tuple[str, ...]
) -> Estimate:
    """Return the part of the generalised entropy that lies between groups.

    Everyone is given the mean benefit of their group (a miss 0, a right decision 1, a
    wrong flag 2); what inequality is left is between groups. Never negative: noise
    alone makes it positive, so its interval may reach 0.

    References
    ----------
    Speicher et al. (2018), A Unified Approach to Quantifying Algorithmic Unfairness,
    KDD, section 2.3, at alpha = 2.
    """
    counts = counts_of(evaluation, attributes)
    filled = np.flatnonzero(within(counts.w, ALL) > 0)
    if not len(filled):
        return UNDEFINED
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = mean_benefit(counts.w)[filled]
        ends = delta_limits(mean_benefit, counts, sidak(len(filled)))
    low, high = (np.clip(end[filled], 0, 2) for end in ends)
    share = within(counts.w, ALL)[filled]
    share = share / share.sum()
    return Estimate(
        value=_entropy(mean, share),
        low=_entropy(_closest(low, high, share), share),
        high=_entropy(_furthest(low, high, mean, share), share),
        n=float(within(counts.n, ALL).sum()),
    )


def mean_benefit(w: Floats) -> Floats:
    """Return the mean of decision - label + 1 of tables float[..., 2, 2]."""
    mean: Floats = 1 + (w[..., 0, 1] - w[..., 1, 0]) / w.sum((-2, -1))
    return mean


def _scaled(value: float, penalty: float) -> float:
    return value / (1 + penalty)


def _entropy(mean: Floats, share: Floats) -> float:
    centre = float((share * mean).sum())
    if centre <= 0:
        return np.nan
    return float((share * (mean / centre) ** 2).sum() - 1) / 2


def _closest(low: Floats, high: Floats, share: Floats) -> Floats:
    """Return means within their intervals that lie as close together as they can."""
    centre = float((share * (low + high) / 2).sum())
    for _ in range(50):
        means = np.clip(centre, low, high)
        centre = float((share * means).sum())
    return means


def _furthest(low: Floats, high: Floats, mean: Floats, share: Floats) -> Floats:
    """Return means at the ends of their intervals that lie away from the centre."""
    centre = float((share * mean).sum())
    return np.where(mean >= centre, high, low)
