"""Any metric by group, with its interval, the largest gap and the smallest ratio."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.counts import Counts, counts_of
from analysis.errors import NeedsProbabilitiesError
from analysis.estimates import LEVEL, Estimate, Estimates, Z, bounded
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.intervals import largest_gap, range_quantile, sidak, smallest_ratio
from analysis.kinds import (
    ALL,
    BinnedMetric,
    Metric,
    ScoreMetric,
    effective,
    within,
)
from analysis.metrics import FAIRNESS_GAPS, metric_named


@dataclass(frozen=True, eq=False)
class Disaggregation:
    """Metrics by group.

    Parameters
    ----------
    attributes : tuple of str
        The attributes crossed; empty for everyone.
    names : tuple of str, length g
    n, effective_n : float[g]
        Rows, and (sum of weights)^2 / (sum of squared weights).
    overall : mapping of str to Estimate
    by_group : mapping of str to Estimates [g]
        An undefined value is NaN with its n; no group is dropped.
    gaps, ratios : mapping of str to Estimate
        Largest minus smallest value, and smallest over largest, over the groups where
        the metric is defined; fairlearn's named differences stand among the gaps.
    """

    attributes: tuple[str, ...]
    names: tuple[str, ...]
    n: Floats
    effective_n: Floats
    overall: Mapping[str, Estimate]
    by_group: Mapping[str, Estimates]
    gaps: Mapping[str, Estimate]
    ratios: Mapping[str, Estimate]

    def __post_init__(self) -> None:
        for name in ("n", "effective_n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("overall", "by_group", "gaps", "ratios"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


Banded = Callable[[float], Estimates]
"""A metric by group as a function of the normal quantile of its intervals."""


def disaggregate(
    evaluation: Evaluation, attributes: tuple[str, ...], metrics: Sequence[str]
) -> Disaggregation:
    """Compute metrics overall and for every intersection of the attributes.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Sensitive attributes, crossed in full, empty intersections included.
    metrics : sequence of str
        Names from `METRICS`.

    Raises
    ------
    SettingError, DataError, NeedsProbabilitiesError
        An unknown metric or attribute, or a metric that the scores cannot give.
    """
    chosen = [metric_named(name) for name in metrics]
    _check_scale(evaluation, chosen)
    counts, grouping = (
        counts_of(evaluation, attributes),
        evaluation.grouping(attributes),
    )
    total, everybody = counts.total(), everyone(len(evaluation))
    bands = {m.name: _banded(m, evaluation, grouping, counts) for m in chosen}
    whole = {m.name: _banded(m, evaluation, everybody, total) for m in chosen}
    all_at_once = sidak(len(counts.names))
    return Disaggregation(
        attributes=attributes,
        names=counts.names,
        n=within(counts.n, ALL),
        effective_n=effective(counts, ALL),
        overall={name: band(Z).finite().at(0) for name, band in whole.items()},
        by_group={name: band(Z).finite() for name, band in bands.items()},
        gaps=_gaps(bands),
        ratios={
            name: smallest_ratio(*_arrays(band(all_at_once)))
            for name, band in bands.items()
        },
    )


def _check_scale(evaluation: Evaluation, metrics: list[Metric]) -> None:
    for metric in metrics:
        if metric.needs_probability and not evaluation.is_probability:
            score = evaluation.scores.values
            low, high = float(score.min()), float(score.max())
            raise NeedsProbabilitiesError(metric.name, low, high)


def _banded(
    metric: Metric, evaluation: Evaluation, grouping: Grouping, counts: Counts
) -> Banded:
    if isinstance(metric, BinnedMetric):
        return lambda z: metric.function(evaluation, grouping, z)
    if isinstance(metric, ScoreMetric):
        return _score_band(metric, evaluation, grouping)
    value, n = metric.value(counts.w), within(counts.n, metric.denominator)

    def band(z: float) -> Estimates:
        with np.errstate(invalid="ignore", divide="ignore"):
            return bounded(value, metric.limits(counts, z), n, (0.0, 1.0))

    return band


def _score_band(
    metric: ScoreMetric, evaluation: Evaluation, grouping: Grouping
) -> Banded:
    influence = metric.function(evaluation, grouping)

    def band(z: float) -> Estimates:
        limits = metric.limits(influence, evaluation, grouping, z)
        return bounded(influence.value, limits, influence.n, metric.bounds)

    return band


def _gaps(bands: Mapping[str, Banded]) -> dict[str, Estimate]:
    gaps = {name: _gap([band], LEVEL) for name, band in bands.items()}
    for name, members in FAIRNESS_GAPS.items():
        if all(member in bands for member in members):
            # Bonferroni over the member rates, so that their largest gap is covered
            level = 1 - (1 - LEVEL) / len(members)
            gaps[name] = _gap([bands[m] for m in members], level)
    return gaps


def _gap(bands: list[Banded], level: float) -> Estimate:
    """Return the largest of the bands' gaps; its ends are the largest ends."""
    gaps = []
    for band in bands:
        defined = int((~np.isnan(band(Z).value)).sum())
        gaps.append(largest_gap(*_arrays(band(range_quantile(defined, level)))))
    if any(gap.is_undefined for gap in gaps):
        return Estimate(np.nan, np.nan, np.nan, gaps[0].n)
    widest = max(gaps, key=lambda gap: gap.value)
    high = max(gap.high for gap in gaps)
    return Estimate(
        widest.value,
        max(gap.low for gap in gaps),
        high if np.isfinite(high) else np.nan,
        widest.n,
    )


def _arrays(estimates: Estimates) -> tuple[Floats, Floats, Floats, Floats]:
    return estimates.value, estimates.low, estimates.high, estimates.n
