"""A quantity of one scored table with its interval."""

from dataclasses import replace

import numpy as np

from analysis.attribution.quantity import Quantity
from analysis.attribution.valued import attributes_of
from analysis.errors import DataError, OverlapError
from analysis.estimates import UNDEFINED, Estimate
from analysis.evaluation import Evaluation
from analysis.shifts.domain import Domain
from analysis.subgroups.disaggregate import disaggregate


def quantity_estimate(evaluation: Evaluation, quantity: Quantity) -> Estimate:
    """Return a metric of everyone or of a group, a difference, or the largest gap.

    A difference of two groups takes its interval from both groups' limits (MOVER).

    References
    ----------
    Zou & Donner (2008), Construction of confidence limits about effect measures,
    Statistics in Medicine 27.
    """
    attributes, metric = attributes_of(quantity), quantity.metric
    if not attributes:
        return disaggregate(evaluation, (), (metric,)).overall[metric]
    names = evaluation.grouping(attributes).names
    hidden = np.array([bool(quantity.among) and n not in quantity.among for n in names])
    table = disaggregate(evaluation, attributes, (metric,), hidden)
    if quantity.is_gap:
        return table.gaps[metric]
    if quantity.group not in names:
        return UNDEFINED
    first = table.by_group[metric].at(names.index(quantity.group))
    if not quantity.against:
        return first
    if quantity.against not in names:
        return UNDEFINED
    return _difference(first, table.by_group[metric].at(names.index(quantity.against)))


def comparable(
    source: Domain, target: Domain, quantity: Quantity, min_rows: int
) -> Quantity:
    """Return the quantity with the groups that a gap can look at on both sides.

    Raises
    ------
    DataError, OverlapError
        A group is on one side only or too small, or fewer than two groups are left.
    """
    attributes = attributes_of(quantity)
    if not attributes:
        return quantity
    sizes = [_sizes(d.evaluation, attributes) for d in (source, target)]
    for group in filter(None, (quantity.group, quantity.against)):
        n = [s.get(group, 0) for s in sizes]
        if min(n) < min_rows:
            raise DataError(
                f"The group '{group}' has {n[0]:,} rows at the source and {n[1]:,} at "
                f"the target; {min_rows} are needed on either side. Choose a larger "
                "group or a coarser attribute."
            )
    if not quantity.is_gap:
        return quantity
    asked = quantity.among or tuple(sizes[0])
    among = tuple(g for g in asked if min(s.get(g, 0) for s in sizes) >= min_rows)
    among = tuple(g for g in among if _is_defined_on_both(source, target, quantity, g))
    if len(among) < 2:
        raise OverlapError(
            f"Fewer than two groups of {quantity.attribute} have {min_rows} rows and a "
            f"defined '{quantity.metric}' on either side, so there is no gap to split. "
            "Choose a coarser attribute."
        )
    return replace(quantity, among=among)


def _is_defined_on_both(
    source: Domain, target: Domain, quantity: Quantity, group: str
) -> bool:
    of_group = Quantity(quantity.metric, quantity.attribute, group)
    sides = (d.evaluation for d in (source, target))
    return not any(quantity_estimate(e, of_group).is_undefined for e in sides)


def _sizes(evaluation: Evaluation, attributes: tuple[str, ...]) -> dict[str, int]:
    grouping = evaluation.grouping(attributes)
    n = np.bincount(grouping.codes, minlength=len(grouping.names))
    return dict(zip(grouping.names, map(int, n), strict=True))


def _difference(first: Estimate, second: Estimate) -> Estimate:
    low = np.hypot(first.value - first.low, second.high - second.value)
    high = np.hypot(first.high - first.value, second.value - second.low)
    value = first.value - second.value
    n = first.n + second.n
    return Estimate(value, float(value - low), float(value + high), n)
