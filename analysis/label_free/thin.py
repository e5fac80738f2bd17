"""Metrics that too few reference rows stand behind, and why each is refused.

A metric leans on the rows of one decision where no more than their rates could move it
by more than half of its interval's width, and on the rows of one label where it is
undefined without them. What it leans on must count as `LEAST` reference rows once
weighted: noise of fewer rows is neither normal nor known.
"""

from dataclasses import dataclass

import numpy as np

from analysis.estimates import Estimate
from analysis.evaluation import Evaluation
from analysis.label_free.cells import effective
from analysis.label_free.expected import KNOWN, values
from analysis.label_free.part import MOVED_BY_NOISE, Calibrated
from analysis.label_free.weighing import Weighing
from analysis.metrics.kinds import Metric

LEAST = 50.0
"""Effective reference rows of a decision or label, for a metric that leans on them."""

LEAST_OF_DISTANCE = 1_000.0
"""Effective reference rows of a distance: with fewer, their noise is as large as it."""

DECIDED = ("not flagged", "flagged")
LABELLED = ("negative", "positive")


@dataclass(frozen=True)
class Support:
    """Effective reference rows: all, by decision and by label, the positive last."""

    rows: float
    decided: tuple[float, float]
    labelled: tuple[float, float]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is too few, in sentences; empty where nothing is."""
        named = zip((*self.decided, *self.labelled), DECIDED + LABELLED, strict=True)
        return tuple(_few(rows, name) for rows, name in named if rows < LEAST)

    def at_most(self, other: "Support") -> "Support":
        """Return the fewer of two, kind by kind."""
        return Support(
            min(self.rows, other.rows),
            _fewer(self.decided, other.decided),
            _fewer(self.labelled, other.labelled),
        )


def support(reference: Evaluation, weighing: Weighing) -> Support:
    """Count what weights leave of the reference rows of either decision and label."""
    w, flagged, hit = weighing.weights, reference.decisions, reference.is_positive
    return Support(
        effective(w),
        (effective(w[~flagged]), effective(w[flagged])),
        (effective(w[~hit]), effective(w[hit])),
    )


def why_thin(metric: Metric, fit: Calibrated, held: Support, found: Estimate) -> str:
    """Say why a metric is refused; empty where enough rows stand behind it.

    Parameters
    ----------
    metric : Metric
    fit : Calibrated
    held : Support
    found : Estimate
        The metric, if it were not refused.
    """
    if metric.name in KNOWN:
        return ""
    if metric.name == MOVED_BY_NOISE and held.rows < LEAST_OF_DISTANCE:
        return (
            f"The reference counts as {held.rows:,.0f} rows once weighted, whose noise "
            f"alone makes a distance; {LEAST_OF_DISTANCE:,.0f} are needed."
        )
    width = found.high - found.low  # NaN where no interval is asked for
    for side, rows in enumerate(held.decided):
        if rows < LEAST and not _reach(metric, fit, side) <= width / 2:
            return _few(rows, DECIDED[side])
    for label, rows in enumerate(held.labelled):
        if rows < LEAST and _is_undefined_without(metric, fit, label):
            return _few(rows, LABELLED[label])
    return ""


def _reach(metric: Metric, fit: Calibrated, side: int) -> float:
    """Return how far the rates of one decision alone could move a metric."""
    weight, b = fit.sums.weight, len(fit.sums.weight) // 2
    part = slice(side * b, (side + 1) * b)
    if not weight[part].sum() > 0:
        return 0.0
    tried = np.tile(fit.rates.rising, (3, 1))
    tried[:, part] = np.array([[0.0], [0.5], [1.0]])
    return float(np.ptp(values(metric, fit.sums, weight * tried)))


def _is_undefined_without(metric: Metric, fit: Calibrated, label: int) -> bool:
    weight = fit.sums.weight
    other = weight * (1 - label)
    return bool(np.isnan(values(metric, fit.sums, other[None])[0]))


def _few(rows: float, name: str) -> str:
    return (
        f"Only {rows:,.0f} reference rows, as they count once weighted, are {name}; "
        f"{LEAST:.0f} are needed."
    )


def _fewer(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), min(one[1], other[1])
