"""Any metric by group, with its interval, the largest gap and the smallest ratio."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.counts import Counts, counts_of
from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.estimates import LEVEL, Estimate, Estimates, Z, from_standard_error
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.intervals import (
    cell_bootstrap,
    largest_gap,
    percentile_interval,
    range_quantile,
    sidak,
    smallest_ratio,
    wilson,
)
from analysis.metrics import (
    ALL,
    FAIRNESS_GAPS,
    CountMetric,
    Mask,
    Metric,
    Rate,
    ScoreMetric,
    metric_named,
    within,
)
from analysis.score_metrics import standard_error

REPLICATES = 1000


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
"""A metric by group as a function of the critical value of its intervals."""


@dataclass(frozen=True, eq=False)
class _Parts:
    """What every metric of one evaluation by one grouping is computed from."""

    evaluation: Evaluation
    grouping: Grouping
    counts: Counts
    cells: Floats | None  # [r, g, 2, 2] bootstrap tables, only where a metric asks


def disaggregate(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    metrics: Sequence[str],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Disaggregation:
    """Compute metrics overall and for every intersection of the attributes.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Sensitive attributes, crossed in full, empty intersections included.
    metrics : sequence of str
        Names from `METRICS`.
    replicates, seed : int
        Of the cell bootstrap, used by metrics that are neither rates nor scores.

    Raises
    ------
    SettingError, DataError, NeedsProbabilitiesError
        An unknown metric or attribute, or a metric that the scores cannot give.
    """
    chosen = [metric_named(name) for name in metrics]
    _check_scale(evaluation, chosen)
    counts = counts_of(evaluation, attributes)
    r = replicates if any(isinstance(m, CountMetric) for m in chosen) else 0
    rng = np.random.default_rng(seed)
    groups = _parts(evaluation, evaluation.grouping(attributes), counts, r, rng)
    whole = _parts(evaluation, everyone(len(evaluation)), counts.total(), r, rng)
    bands = {m.name: _banded(m, groups) for m in chosen}
    return Disaggregation(
        attributes=attributes,
        names=counts.names,
        n=within(counts.n, ALL),
        effective_n=_effective(counts, ALL),
        overall={m.name: _banded(m, whole)(Z).at(0) for m in chosen},
        by_group={name: band(Z) for name, band in bands.items()},
        gaps=_gaps(bands),
        ratios={
            name: smallest_ratio(*_arrays(band(sidak(len(counts.names)))))
            for name, band in bands.items()
        },
    )


def _parts(
    evaluation: Evaluation,
    grouping: Grouping,
    counts: Counts,
    replicates: int,
    rng: np.random.Generator,
) -> _Parts:
    cells = cell_bootstrap(counts, replicates, rng) if replicates else None
    return _Parts(evaluation, grouping, counts, cells)


def _check_scale(evaluation: Evaluation, metrics: list[Metric]) -> None:
    for metric in metrics:
        if metric.needs_probability and not evaluation.is_probability:
            score = evaluation.scores.values
            low, high = float(score.min()), float(score.max())
            raise NeedsProbabilitiesError(metric.name, low, high)


def _banded(metric: Metric, parts: _Parts) -> Banded:
    if isinstance(metric, Rate):
        return _rate_band(metric, parts.counts)
    if isinstance(metric, CountMetric):
        return _count_band(metric, parts)
    if isinstance(metric, ScoreMetric):
        return _score_band(metric, parts)
    return lambda z: metric.function(parts.evaluation, parts.grouping, z)


def _rate_band(metric: Rate, counts: Counts) -> Banded:
    value = metric.value(counts.w)
    n = within(counts.n, metric.denominator)
    effective = _effective(counts, metric.denominator)

    def band(z: float) -> Estimates:
        low, high = wilson(value, effective, z)
        return Estimates(value, low, high, n)

    return band


def _count_band(metric: CountMetric, parts: _Parts) -> Banded:
    value = metric.value(parts.counts.w)
    n = within(parts.counts.n, metric.denominator)
    if parts.cells is None:
        raise SettingError(
            f"'{metric.name}' gets its interval from resampling; ask for at least 1 "
            "bootstrap replicate."
        )
    drawn = metric.value(parts.cells)  # [r, g]
    drawn = np.where(np.isnan(value), np.nan, drawn)
    spread = _spread(drawn)

    def band(z: float) -> Estimates:
        if z == Z:
            low, high = percentile_interval(drawn)
            return Estimates(value, low, high, n)
        # percentiles far out in the tail would need many more replicates
        return from_standard_error(value, spread, n, metric.bounds, z)

    return band


def _score_band(metric: ScoreMetric, parts: _Parts) -> Banded:
    influence = metric.function(parts.evaluation, parts.grouping)
    se = standard_error(influence.rows, parts.evaluation.weights, parts.grouping)
    return lambda z: from_standard_error(
        influence.value, se, influence.n, metric.bounds, z
    )


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
    return Estimate(
        widest.value,
        max(gap.low for gap in gaps),
        max(gap.high for gap in gaps),
        widest.n,
    )


def _arrays(estimates: Estimates) -> tuple[Floats, Floats, Floats, Floats]:
    return estimates.value, estimates.low, estimates.high, estimates.n


def _effective(counts: Counts, mask: Mask) -> Floats:
    """Return (sum w)^2 / sum w^2 over the cells of a mask, 0 for an empty one."""
    w, w2 = within(counts.w, mask), within(counts.w2, mask)
    return np.divide(w**2, w2, out=np.zeros_like(w), where=w2 > 0)


def _spread(drawn: Floats) -> Floats:
    """Return the standard deviation over defined replicates, float[g]."""
    defined = ~np.isnan(drawn)
    count = defined.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(defined, drawn, 0).sum(0) / count
        squares = np.where(defined, (drawn - mean) ** 2, 0).sum(0)
        return np.sqrt(squares / (count - 1))
