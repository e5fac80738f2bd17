"""The same split for every group of an attribute: who lost most through what."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from analysis.arrays import Floats
from analysis.attribution.asked import MIN_ROWS, check_players, checked
from analysis.attribution.attribution import SURE, Attribution, attributions
from analysis.attribution.mechanism_worlds import MechanismWorlds
from analysis.attribution.quantity import Quantity
from analysis.attribution.replicates import Effort
from analysis.attribution.valued import attributes_of
from analysis.attribution.worlds import CovariateWorlds, Worlds
from analysis.causes.graph import Graph
from analysis.errors import AuditError
from analysis.holm import holm
from analysis.progress import Tick, part_of, silent
from analysis.shifts.domain import Domain

OWN_FIT_ROWS = 300
"""Rows of either side from which a group gets density ratios of its own."""


@dataclass(frozen=True)
class GroupAttribution:
    """One group's split.

    Parameters
    ----------
    group : str
    n_source, n_target : int
    split : Attribution or None
        Its p-values are adjusted within the group only; see `ByGroup.p_values`.
    reason : str
        Why there is no split; empty where there is one.
    fitted_within : bool
        Whether the density ratios are the group's own. A smaller group takes those of
        everyone, which hold for it as far as it moved as everyone did.
    """

    group: str
    n_source: int
    n_target: int
    split: Attribution | None
    reason: str
    fitted_within: bool


@dataclass(frozen=True)
class ByGroup:
    """The splits of all groups of an attribute.

    Parameters
    ----------
    metric, attribute : str
    components : tuple of str
    groups : tuple of GroupAttribution
        In the order of the attribute's groups.
    sure : tuple of (str, str)
        Group and component of the parts that hold among all groups and components
        (Holm), the surest first.
    p_values : dict of str to dict of str to float
        Adjusted p-value by group and component.
    warnings : tuple of str
    """

    metric: str
    attribute: str
    components: tuple[str, ...]
    groups: tuple[GroupAttribution, ...]
    sure: tuple[tuple[str, str], ...] = ()
    p_values: dict[str, dict[str, float]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def attribute_by_group(  # noqa: PLR0913 - two tables, what, whom, how, and dials
    source: Domain,
    target: Domain,
    metric: str,
    attribute: str,
    graph: Graph | None = None,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    tick: Tick = silent,
) -> ByGroup:
    """Split the change of a metric within every group of an attribute.

    Parameters
    ----------
    source, target : Domain
    metric : str
    attribute : str
        Several joined by commas name their intersections.
    graph : Graph or None
        By default P(X) and P(Y|X). The attribute itself does not vary within a group,
        so its own mechanism then gets nothing.
    bootstrap, seed, tick
        As for `attribute_covariates`. A group of fewer than `MIN_ROWS` rows on either
        side, or in which the metric is undefined, gets a reason instead of a split.

    Raises
    ------
    DataError
        The attribute does not exist.
    """
    check_players(2 if graph is None else len(graph.nodes))
    asked = Quantity(metric, attribute)
    sizes = _sizes(source, asked), _sizes(target, asked)
    names = tuple(dict.fromkeys((*sizes[0], *sizes[1])))
    effort = Effort(bootstrap, seed, tick)
    by = _Groups(source, target, asked, graph, effort)
    n = {name: (sizes[0].get(name, 0), sizes[1].get(name, 0)) for name in names}
    small = [name for name in names if MIN_ROWS <= min(n[name]) < OWN_FIT_ROWS]
    work = {name: sum(n[name]) for name in names if min(n[name]) >= OWN_FIT_ROWS}
    shared = sum(map(len, (source, target))) if small else 0
    total, done = max(sum(work.values()) + shared, 1), 0
    found: dict[str, GroupAttribution] = {}
    for name in work:
        share = part_of(tick, done / total, (done + work[name]) / total)
        found[name] = by.alone(name, n[name], share)
        done += work[name]
    found |= by.from_everyone(small, n, part_of(tick, done / total, 1.0))
    groups = tuple(found.get(name) or _too_small(name, n[name]) for name in names)
    return _by_group(metric, attribute, groups)


@dataclass(frozen=True, eq=False)
class _Groups:
    source: Domain
    target: Domain
    asked: Quantity
    graph: Graph | None
    effort: Effort

    def alone(self, group: str, n: tuple[int, int], tick: Tick) -> GroupAttribution:
        """Return the split of a group from its own rows alone."""
        sides = (self.source, self.target)
        source, target = (_part(d, self.asked, group) for d in sides)
        try:
            quantity = checked(source, target, Quantity(self.asked.metric))
            worlds = _worlds(source, target, self.graph, self.effort.seed)
            effort = replace(self.effort, tick=tick)
            split = attributions(source, target, worlds, (quantity,), effort)[0]
        except AuditError as error:
            return GroupAttribution(group, *n, None, str(error), True)
        return GroupAttribution(group, *n, split, "", True)

    def from_everyone(
        self, groups: list[str], n: Mapping[str, tuple[int, int]], tick: Tick
    ) -> dict[str, GroupAttribution]:
        """Return the splits of small groups by the density ratios of everyone."""
        found, quantities = {}, {}
        for group in groups:
            try:
                each = Quantity(self.asked.metric, self.asked.attribute, group)
                quantities[group] = checked(self.source, self.target, each)
            except AuditError as error:
                found[group] = GroupAttribution(
                    group, *n[group], None, str(error), False
                )
        if quantities:
            worlds = _worlds(self.source, self.target, self.graph, self.effort.seed)
            asked, effort = tuple(quantities.values()), replace(self.effort, tick=tick)
            splits = attributions(self.source, self.target, worlds, asked, effort)
            for group, split in zip(quantities, splits, strict=True):
                found[group] = GroupAttribution(group, *n[group], split, "", False)
        return found


def _worlds(source: Domain, target: Domain, graph: Graph | None, seed: int) -> Worlds:
    if graph is None:
        return CovariateWorlds(source, target, seed)
    return MechanismWorlds(source, target, graph, seed)


def _part(domain: Domain, asked: Quantity, group: str) -> Domain:
    grouping = domain.evaluation.grouping(attributes_of(asked))
    return domain.take(np.flatnonzero(grouping.codes == grouping.names.index(group)))


def _sizes(domain: Domain, asked: Quantity) -> dict[str, int]:
    grouping = domain.evaluation.grouping(attributes_of(asked))
    n = np.bincount(grouping.codes, minlength=len(grouping.names))
    return dict(zip(grouping.names, map(int, n), strict=True))


def _too_small(group: str, n: tuple[int, int]) -> GroupAttribution:
    reason = (
        f"{n[0]:,} rows at the source and {n[1]:,} at the target; {MIN_ROWS} are "
        "needed on either side. Choose a coarser attribute."
    )
    return GroupAttribution(group, *n, None, reason, False)


def _by_group(
    metric: str, attribute: str, groups: tuple[GroupAttribution, ...]
) -> ByGroup:
    splits = {g.group: g.split for g in groups if g.split is not None}
    components = next(
        (tuple(p.component for p in s.parts) for s in splits.values()), ()
    )
    p = np.array([[q.raw_p_value for q in s.parts] for s in splits.values()])
    p = holm(p.reshape(len(splits), len(components)))
    shared = [g.group for g in groups if g.split is not None and not g.fitted_within]
    said = (
        f"{', '.join(shared)}: fewer than {OWN_FIT_ROWS} rows on a side, so the "
        "density ratios of everyone serve; a shift of their own is not seen.",
    )
    return ByGroup(
        metric,
        attribute,
        components,
        groups,
        _sure(p, tuple(splits), components),
        {
            group: dict(zip(components, map(float, row), strict=True))
            for group, row in zip(splits, p, strict=True)
        },
        said if shared else (),
    )


def _sure(
    p: Floats, groups: tuple[str, ...], components: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    order = np.argsort(p, axis=None, kind="stable")
    at = [np.unravel_index(i, p.shape) for i in order]
    return tuple((groups[g], components[c]) for g, c in at if p[g, c] <= SURE)
