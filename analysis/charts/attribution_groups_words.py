"""The split of a change by group in words and as a table."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.attribution.by_group import ByGroup, GroupAttribution
from analysis.charts import components, numbers
from analysis.charts.changes import change_unit
from analysis.charts.groups import short_title
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named

MOST_GROUPS = 12
"""Groups drawn, the largest; all stand in the table."""


def only(record: ByGroup, names: Collection[str]) -> ByGroup:
    """Return a split without the groups that must not be shown."""
    return replace(
        record,
        groups=tuple(g for g in record.groups if g.group in names),
        sure=tuple(pair for pair in record.sure if pair[0] in names),
        p_values={g: p for g, p in record.p_values.items() if g in names},
        warnings=(),  # they name groups; `borrowed` says them anew
    )


def alt(record: ByGroup) -> str:
    """Say the change of each group drawn, and its parts."""
    said = [
        f"{g.group}: {_full(g.split.change, record)}"
        if g.split is not None
        else f"{g.group}: not split"
        for g in rows_of(record)
    ]
    title = metric_named(record.metric).title
    return f"{title}, change by group of {record.attribute}. {'; '.join(said)}."


def finding(record: ByGroup) -> str:
    """Name the groups and mechanisms that are sure, the largest first."""
    title = short_title(record.metric)
    by_name = {g.group: g for g in record.groups}
    split = [g for g in record.groups if g.split is not None]
    if not split:
        return f"No group of {record.attribute} has enough people on both sides."
    sure = sorted(record.sure, key=lambda pair: -abs(_value(by_name[pair[0]], pair[1])))
    if not sure:
        return (
            f"{title}: in no group of {record.attribute} did a part of the change "
            f"come out larger than chance, over {len(split)} groups."
        )
    named = [_sure_words(by_name[g], component, record) for g, component in sure[:3]]
    more = f" So are {len(sure) - 3} more, see the table." if len(sure) > 3 else ""
    return f"{title}, sure over all groups and parts: {'; '.join(named)}.{more}"


def table(record: ByGroup) -> pd.DataFrame:
    """Return the numbers of every group: one row per group and part."""
    rows = [row for g in record.groups for row in _table_rows(g, record)]
    head = ["group", "people at source", "people at target", "component"]
    head += ["value", "low", "high", "adjusted p", "note"]
    return pd.DataFrame(rows, columns=head)


def _table_rows(g: GroupAttribution, record: ByGroup) -> list[tuple[object, ...]]:
    who = (g.group, g.n_source, g.n_target)
    if g.split is None:
        return [(*who, "change", np.nan, np.nan, np.nan, np.nan, g.reason)]
    change = g.split.change
    whose = "" if g.fitted_within else "weights fitted on everyone"
    rows: list[tuple[object, ...]] = [
        (*who, "change", change.value, change.low, change.high, np.nan, whose)
    ]
    for part in g.split.parts:
        p = record.p_values.get(g.group, {}).get(part.component, np.nan)
        ends = (part.value, part.low, part.high)
        rows.append((*who, part.component, *ends, p, part.reason))
    return rows


def reasons(record: ByGroup) -> tuple[str, ...]:
    """Return why groups or parts are not known, each reason once with its groups."""
    groups: dict[str, list[str]] = {}
    for g in record.groups:
        parts = () if g.split is None else g.split.parts
        for reason in dict.fromkeys([g.reason, *(p.reason for p in parts)]):
            if reason:
                groups.setdefault(reason, []).append(g.group)
    return tuple(f"{', '.join(names)}: {why}" for why, names in groups.items())


def borrowed(record: ByGroup) -> str:
    """Say which groups are too small for weights of their own; empty for none."""
    small = [
        g.group for g in record.groups if g.split is not None and not g.fitted_within
    ]
    if not small:
        return ""
    return (
        f"{', '.join(small)}: too few people on a side for weights of their own, so "
        "those of everyone serve; a shift of their own is not seen."
    )


def rows_of(record: ByGroup) -> list[GroupAttribution]:
    """Return the groups drawn: the largest, in their own order."""
    sizes = sorted(record.groups, key=lambda g: -(g.n_source + g.n_target))
    kept = {g.group for g in sizes[:MOST_GROUPS]}
    return [g for g in record.groups if g.group in kept]


def estimate_of(g: GroupAttribution, component: str) -> Estimate:
    """Return a group's part, or its whole change for no component; NaN if unknown."""
    if g.split is None:
        return Estimate(np.nan, np.nan, np.nan, 0)
    if not component:
        return g.split.change
    part = next((p for p in g.split.parts if p.component == component), None)
    if part is None:
        return Estimate(np.nan, np.nan, np.nan, 0)
    return Estimate(part.value, part.low, part.high, 0)


def _value(g: GroupAttribution, component: str) -> float:
    return estimate_of(g, component).value


def _is_points(record: ByGroup) -> bool:
    return change_unit(record.metric) == "points"


def decimals_of(record: ByGroup) -> int:
    """Return the decimals of every number of a chart."""
    changes = [g.split.change for g in record.groups if g.split is not None]
    return max(1, numbers.shared_decimals(changes, change_unit(record.metric)))


def _full(found: Estimate, record: ByGroup) -> str:
    return numbers.full(found, change_unit(record.metric), decimals_of(record))


def _sure_words(g: GroupAttribution, component: str, record: ByGroup) -> str:
    found = estimate_of(g, component)
    n = f"{numbers.count(g.n_source)} and {numbers.count(g.n_target)}"
    name = components.in_sentence(component)
    return f"{g.group} through {name}, {_full(found, record)} (n = {n})"
