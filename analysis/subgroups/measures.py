"""The fairness measures of one view: gap, ratio, and the group furthest off."""

from dataclasses import dataclass

import numpy as np

from analysis.estimates import Estimate
from analysis.evaluation import Evaluation
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation, disaggregate
from analysis.subgroups.fairness import MEASURES, Measure
from analysis.subgroups.group_table import GroupTable
from analysis.subgroups.inequality import between_group_entropy, equity_scaled
from analysis.subgroups.listing import Listing
from analysis.subgroups.tabulate import OPTIONS, Options, group_table

SCALED = ("accuracy", "balanced_accuracy", "f1", "auroc")
"""Metrics that are shown scaled by equity."""


@dataclass(frozen=True)
class Furthest:
    """The group furthest from what groups are compared with, by one metric.

    Parameters
    ----------
    metric, group : str
    difference : Estimate
    q_value : float
        Over all groups and measures.
    """

    metric: str
    group: str
    difference: Estimate
    q_value: float


@dataclass(frozen=True)
class MeasureRow:
    """One fairness measure.

    Parameters
    ----------
    measure : Measure
    gap, ratio : Estimate
    worst : Estimate or None
        Value of the worst group; None where neither more nor less is better.
    furthest : Furthest or None
        None where no group can be compared.
    """

    measure: Measure
    gap: Estimate
    ratio: Estimate
    worst: Estimate | None
    furthest: Furthest | None


@dataclass(frozen=True)
class Fairness:
    """All fairness measures over the groups of some attributes.

    Parameters
    ----------
    attributes : tuple of str
    rows : tuple of MeasureRow
    scaled : tuple of (str, Estimate, Estimate)
        Metric, its value over everyone, and the same scaled by equity.
    between : Estimate
        Generalised entropy between the groups.
    """

    attributes: tuple[str, ...]
    rows: tuple[MeasureRow, ...]
    scaled: tuple[tuple[str, Estimate, Estimate], ...]
    between: Estimate


def fairness(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    options: Options = OPTIONS,
) -> Fairness:
    """Return every fairness measure that the scores can give.

    Raises
    ------
    SettingError, DataError
        An unknown attribute or reference.
    """
    measures = [m for m in MEASURES.values() if _is_usable(m, evaluation)]
    metrics = list(dict.fromkeys(name for m in measures for name in m.metrics))
    whole = disaggregate(evaluation, attributes, metrics, options.hidden)
    table = group_table(evaluation, Listing((attributes,)), metrics, options)
    everyone = disaggregate(evaluation, (), SCALED)
    return Fairness(
        attributes=attributes,
        rows=tuple(_row(measure, whole, table) for measure in measures),
        scaled=tuple(
            (name, everyone.overall[name], equity_scaled(evaluation, attributes, name))
            for name in SCALED
        ),
        between=between_group_entropy(evaluation, attributes),
    )


def _is_usable(measure: Measure, evaluation: Evaluation) -> bool:
    needs = any(metric_named(name).needs_probability for name in measure.metrics)
    return evaluation.is_probability or not needs


def _row(measure: Measure, whole: Disaggregation, table: GroupTable) -> MeasureRow:
    first = measure.metrics[0]
    return MeasureRow(
        measure=measure,
        gap=whole.gaps[measure.gap],
        ratio=whole.ratios[measure.ratio],
        worst=whole.worst.get(first) if len(measure.metrics) == 1 else None,
        furthest=_furthest(measure, table),
    )


def _furthest(measure: Measure, table: GroupTable) -> Furthest | None:
    found = None
    for metric in measure.metrics:
        column = table.columns[metric]
        apart = np.abs(column.difference.value)
        if np.isnan(apart).all():
            continue
        g = int(np.nanargmax(apart))
        if found is None or apart[g] > abs(found.difference.value):
            difference = column.difference.at(g)
            q = float(column.q_value[g])
            found = Furthest(metric, table.names[g], difference, q)
    return found
