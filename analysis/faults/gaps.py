"""Gaps between groups in what is decided: one fault per attribute and measure."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.estimates import LEVEL, Estimate, Estimates, Z
from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault, Kind
from analysis.intervals import range_quantile, surest_pair
from analysis.metrics.bands import band
from analysis.metrics.registry import metric_named
from analysis.privacy.withheld import Published, published
from analysis.subgroups.finding import percent

SEARCHED: dict[str, tuple[Kind, str]] = {
    "false_negative_rate": ("missed", "are missed"),
    "false_positive_rate": ("wrongly_flagged", "are wrongly flagged"),
    "selection_rate": ("selected", "are decided positive"),
    "error_rate": ("decided_wrong", "are decided wrong"),
}
"""Measures searched for gaps, with the kind of fault and what happens to people."""

SMALLEST = 0.02
"""Gaps that are surely smaller than two points are not worth a fix."""


@dataclass(frozen=True, eq=False)
class _Gap:
    metric: str
    attribute: str
    names: tuple[str, ...]
    worst: int
    best: int
    lower_end: float
    shown: Estimates


def gaps(evaluation: Evaluation, k: int = 0) -> tuple[Fault, ...]:
    """Return the largest sure gap of each attribute in each measure, largest first.

    All pairs of groups, attributes and measures are one family: pairs by the
    studentised range, the rest by Bonferroni.

    Parameters
    ----------
    evaluation : Evaluation
    k : int
        Groups of fewer people are neither compared nor named.
    """
    family = max(len(evaluation.groups) * len(SEARCHED), 1)
    shown = shown_groups(evaluation, k)
    found = [
        gap
        for attribute in evaluation.groups
        for metric in SEARCHED
        if (gap := _gap(evaluation, metric, attribute, family, shown)) is not None
    ]
    faults = [_fault(gap) for gap in found]
    return tuple(sorted(faults, key=lambda f: -f.size))


def shown_groups(evaluation: Evaluation, k: int) -> Published:
    """Return which groups of single attributes may be shown beside each other."""
    return published(evaluation, tuple((name,) for name in evaluation.groups), k)


def _gap(
    evaluation: Evaluation, metric: str, attribute: str, family: int, shown: Published
) -> _Gap | None:
    at = band(metric_named(metric), evaluation, (attribute,))
    hidden = shown.of((attribute,))
    value = np.where(hidden, np.nan, at(Z).value)
    defined = int((~np.isnan(value)).sum())
    if defined < 2:
        return None
    wide = at(range_quantile(defined, 1 - (1 - LEVEL) / family))
    low, high = _known(wide.low, value), _known(wide.high, value)
    worst, best, lower_end = surest_pair(value, low, high)
    largest = float(value[worst] - value[best])
    if not lower_end > 0 or largest < SMALLEST:
        return None
    names = evaluation.groups[attribute].names
    return _Gap(metric, attribute, names, worst, best, lower_end, at(Z).finite())


def _known(ends: Floats, value: Floats) -> Floats:
    return np.where(np.isnan(value), np.nan, ends)


def _fault(gap: _Gap) -> Fault:
    kind, happens = SEARCHED[gap.metric]
    worst, best = gap.shown.at(gap.worst), gap.shown.at(gap.best)
    digits = max(_digits(worst), _digits(best))
    sentence = (
        f"{gap.names[gap.worst]} {happens} more often than {gap.names[gap.best]}: "
        f"{percent(worst, digits)} against {percent(best, digits)} "
        f"(n = {worst.n:,.0f} and {best.n:,.0f})."
    )
    group = gap.names[gap.worst]
    return Fault(kind, gap.attribute, group, sentence, gap.lower_end, is_sure=True)


def _digits(estimate: Estimate) -> int:
    return 1 if estimate.high - estimate.low < 0.02 else 0
