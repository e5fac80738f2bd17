"""The change of one metric between two scorers on the same rows, by group."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from analysis.arrays import Floats
from analysis.counts import Counts, count
from analysis.estimates import Estimates, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.metrics.delta import smoothed, value_and_error
from analysis.metrics.kinds import (
    BinnedMetric,
    ClassMetric,
    CountMetric,
    Mask,
    Metric,
    Rate,
    ScoreMetric,
    within,
)
from analysis.metrics.score_metrics import (
    Influence,
    mean_limits,
    moderated_error,
    spread_of,
)

SMOOTHING = 0.5
"""Rows added to each joint cell: that nothing flipped proves nothing for certain."""

Tested = tuple[Estimates, Floats]
"""A change by group, and the two-sided p-value of each, float[g]."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two evaluations of the same rows, and the groups to tell apart."""

    before: Evaluation
    after: Evaluation
    grouping: Grouping

    @cached_property
    def joint(self) -> Counts:
        """Rows by group, label and both decisions, [g, 2, 4]."""
        return joint_counts(self.before, self.after, self.grouping)

    def change(self, metric: Metric) -> Tested:
        """Return the change in a metric by group."""
        if isinstance(metric, Rate) and not _depends_on_decision(metric.denominator):
            return _rate_change(metric, self.joint)
        if isinstance(metric, Rate | CountMetric):
            return _table_change(metric, self.joint)
        if isinstance(metric, ClassMetric):
            return self._class_change(metric)
        if isinstance(metric, BinnedMetric):
            return self._unpaired_change(metric)
        return self._score_change(metric)

    def _class_change(self, metric: ClassMetric) -> Tested:
        """Delta method on the joint table of label and both decided classes."""
        k = len(self.before.classes)
        both = k * self.before.decided_classes + self.after.decided_classes
        weights, shape = self.before.weights, (k, k * k)
        joint = count(self.before.y_true, both, self.grouping, weights, shape)

        def difference(w: Floats) -> Floats:
            tables = w.reshape(*w.shape[:-1], k, k)
            return metric.value(tables.sum(-2)) - metric.value(tables.sum(-1))

        centre, se = value_and_error(difference, smoothed(joint))
        return _around(difference(joint.w), centre, se, joint.n.sum((1, 2)))

    def _score_change(self, metric: ScoreMetric) -> Tested:
        first = metric.function(self.before, self.grouping)
        second = metric.function(self.after, self.grouping)
        change = Influence(
            second.value - first.value, second.rows - first.rows, first.n
        )
        spread = spread_of(change, self.before, self.grouping)
        low, high = mean_limits(spread, Z)
        with np.errstate(invalid="ignore", divide="ignore"):
            error = moderated_error(spread)
            t = np.where(change.value == 0, 0.0, np.abs(change.value) / error)
            p = 2 * stats.t.sf(t, np.maximum(spread.effective - 1, 1e-3))
        return Estimates(change.value, low, high, change.n), p

    def _unpaired_change(self, metric: BinnedMetric) -> Tested:
        # binned errors have no influence function: their bands are set against each
        # other, which is wider than a paired interval would be
        first = metric.function(metric.bins(self.before, self.grouping), Z)
        second = metric.function(metric.bins(self.after, self.grouping), Z)
        value = second.value - first.value
        low, high = second.low - first.high, second.high - first.low
        p = 2 * stats.norm.sf(np.abs(value) / np.maximum((high - low) / (2 * Z), 1e-12))
        return Estimates(value, low, high, first.n), p


def _rate_change(metric: Rate, joint: Counts) -> Tested:
    """Bonett & Price (2012), on shares of weight and the effective number of rows."""
    n, w, w2 = (t.reshape(-1, 2, 2, 2) for t in (joint.n, joint.w, joint.w2))
    mask = np.array(metric.numerator)  # [label, decision]
    into = (1 - mask)[:, :, None] * mask[:, None, :]
    out = mask[:, :, None] * (1 - mask)[:, None, :]
    base = np.array(metric.denominator)[:, :1, None]

    def total(table: Floats, cells: np.ndarray) -> Floats:
        return (table * cells * base).sum((1, 2, 3))

    everything = np.ones((2, 2, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = total(w, everything) ** 2 / total(w2, everything)
        gained = total(w, into) / total(w, everything)
        lost = total(w, out) / total(w, everything)
    up = (gained * effective + 1) / (effective + 2)
    down = (lost * effective + 1) / (effective + 2)
    se = np.sqrt((up + down - (up - down) ** 2) / (effective + 2))
    return _around(gained - lost, up - down, se, total(n, everything))


def _table_change(metric: Rate | CountMetric, joint: Counts) -> Tested:
    """Delta method on the joint table, each cell half a row fuller than it is."""
    w = joint.w.reshape(len(joint.names), 8)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = w.sum(1) ** 2 / joint.w2.sum((1, 2))
        cells = w / w.sum(1, keepdims=True) * effective[:, None] + SMOOTHING  # [g, 8]
    slope = _slope(metric, cells)  # [g, 8]
    mean = (slope * cells).sum(1) / cells.sum(1)
    # multinomial variance of a smooth function of the cells
    variance = ((slope - mean[:, None]) ** 2 * cells).sum(1)
    value = _difference(metric, w)
    n = within(joint.n.reshape(-1, 2, 2, 2).sum(-1), metric.denominator)
    return _around(value, _difference(metric, cells), np.sqrt(variance), n)


def _slope(metric: Rate | CountMetric, cells: Floats) -> Floats:
    """Return the change's derivative by each cell, float[g, 8], by central steps."""
    steps = 1e-4 * np.eye(8)
    ahead = _difference(metric, cells[:, None, :] + steps)  # [g, 8]
    return (ahead - _difference(metric, cells[:, None, :] - steps)) / 2e-4


def _around(value: Floats, centre: Floats, se: Floats, n: Floats) -> Tested:
    """Return normal intervals around a smoothed centre that hold the plain value."""
    low = np.minimum(np.maximum(centre - Z * se, -1), value)
    high = np.maximum(np.minimum(centre + Z * se, 1), value)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(np.isnan(value), np.nan, 2 * stats.norm.sf(np.abs(centre) / se))
    return Estimates(value, low, high, n), p


def _difference(metric: Rate | CountMetric, joint: Floats) -> Floats:
    """Return after minus before from joint cells float[..., label, before, after]."""
    tables = joint.reshape(*joint.shape[:-1], 2, 2, 2)
    return metric.value(tables.sum(-2)) - metric.value(tables.sum(-1))


def joint_counts(before: Evaluation, after: Evaluation, grouping: Grouping) -> Counts:
    """Count rows by label and by both decisions, as a table [g, 2, 4]."""
    both = 2 * before.decisions.astype(np.int64) + after.decisions
    return count(before.is_positive, both, grouping, before.weights, shape=(2, 4))


def _depends_on_decision(denominator: Mask) -> bool:
    return any(row[0] != row[1] for row in denominator)
