"""Any metric by group, with its interval, the largest gap and the smallest ratio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.counts import counts_of
from analysis.estimates import Estimate, Estimates, Z, blanked
from analysis.evaluation import Evaluation
from analysis.intervals import (
    GAP_LEVEL,
    largest_gap,
    range_quantile,
    sidak,
    smallest_ratio,
    worst_value,
)
from analysis.metrics.bands import Band, band
from analysis.metrics.kinds import ALL, effective, within
from analysis.metrics.registry import metric_named
from analysis.subgroups.fairness import GAP_MEMBERS, RATIO_MEMBERS


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
        the metric is defined; the named differences and ratios of `MEASURES` stand
        among them where their metrics do.
    worst : mapping of str to Estimate
        The worst group's value, for metrics of which more is good or bad.
    hidden : bool[g]
        Groups withheld for privacy; all their numbers are NaN.
    """

    attributes: tuple[str, ...]
    names: tuple[str, ...]
    n: Floats
    effective_n: Floats
    overall: Mapping[str, Estimate]
    by_group: Mapping[str, Estimates]
    gaps: Mapping[str, Estimate]
    ratios: Mapping[str, Estimate]
    worst: Mapping[str, Estimate]
    hidden: Bools

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))
        for name in ("n", "effective_n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("overall", "by_group", "gaps", "ratios", "worst"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def disaggregate(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    metrics: Sequence[str],
    hidden: Bools | None = None,
) -> Disaggregation:
    """Compute metrics overall and for every intersection of the attributes.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Sensitive attributes, crossed in full, empty intersections included.
    metrics : sequence of str
        Names as `metric_named` reads them.
    hidden : bool[g] or None
        Groups to withhold for privacy: all their numbers are NaN, and gaps, ratios and
        worst groups are those of the others.

    Raises
    ------
    SettingError, DataError, NeedsProbabilitiesError
        An unknown metric or attribute, or a metric that the scores cannot give.
    """
    chosen = [metric_named(name) for name in metrics]
    counts = counts_of(evaluation, attributes)
    total = counts.total()
    withheld = np.zeros(len(counts.names), dtype=bool) if hidden is None else hidden
    bands = {
        m.name: _shown(band(m, evaluation, attributes, counts), withheld)
        for m in chosen
    }
    whole = {m.name: band(m, evaluation, (), total) for m in chosen}
    return Disaggregation(
        attributes=attributes,
        names=counts.names,
        n=np.where(withheld, np.nan, within(counts.n, ALL)),
        effective_n=np.where(withheld, np.nan, effective(counts, ALL)),
        hidden=withheld,
        overall={name: at(Z).finite().at(0) for name, at in whole.items()},
        by_group={name: at(Z).finite() for name, at in bands.items()},
        gaps=_gaps(bands),
        ratios=_ratios(bands),
        worst=_worst(bands),
    )


def _shown(at: Band, hidden: Bools) -> Band:
    if not hidden.any():
        return at
    return lambda z: blanked(at(z), hidden, n=True)


def _gaps(bands: Mapping[str, Band]) -> dict[str, Estimate]:
    gaps = {name: _gap([at], GAP_LEVEL) for name, at in bands.items()}
    for name, members in GAP_MEMBERS.items():
        if all(member in bands for member in members):
            # Bonferroni over the member rates, so that their largest gap is covered
            level = 1 - (1 - GAP_LEVEL) / len(members)
            gaps[name] = _gap([bands[m] for m in members], level)
    return gaps


def _gap(bands: list[Band], level: float) -> Estimate:
    """Return the largest of the bands' gaps; its ends are the largest ends."""
    gaps = []
    for at in bands:
        defined = int((~np.isnan(at(Z).value)).sum())
        gaps.append(largest_gap(*_arrays(at(range_quantile(defined, level)))))
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


def _ratios(bands: Mapping[str, Band]) -> dict[str, Estimate]:
    ratios = {name: _ratio([at]) for name, at in bands.items()}
    for name, members in RATIO_MEMBERS.items():
        if all(member in bands for member in members):
            ratios[name] = _ratio([bands[m] for m in members])
    return ratios


def _ratio(bands: list[Band]) -> Estimate:
    """Return the smallest of the bands' ratios; its ends are the smallest ends."""
    groups = sum(int((~np.isnan(at(Z).value)).sum()) for at in bands)
    ratios = [smallest_ratio(*_arrays(at(sidak(groups)))) for at in bands]
    if any(ratio.is_undefined for ratio in ratios):
        return Estimate(np.nan, np.nan, np.nan, ratios[0].n)
    least = min(ratios, key=lambda ratio: ratio.value)
    low, high = min(r.low for r in ratios), min(r.high for r in ratios)
    return Estimate(least.value, low, high, least.n)


def _worst(bands: Mapping[str, Band]) -> dict[str, Estimate]:
    worst = {}
    for name, at in bands.items():
        better = metric_named(name).better
        if better != "none":
            defined = int((~np.isnan(at(Z).value)).sum())
            worst[name] = worst_value(*_arrays(at(sidak(defined))), better)
    return worst


def _arrays(estimates: Estimates) -> tuple[Floats, Floats, Floats, Floats]:
    return estimates.value, estimates.low, estimates.high, estimates.n
