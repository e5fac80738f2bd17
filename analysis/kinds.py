"""The kinds of metrics: what each is a function of, and how its interval is made.

Each brings its interval as a function of a normal quantile, so that intervals can
also be made to hold for many groups at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from analysis.arrays import Floats
from analysis.counts import Counts
from analysis.estimates import Estimates
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import wilson
from analysis.score_metrics import Influence, mean_limits

Better = Literal["low", "high", "none"]
"""Which way a metric is better; 'none' where more is neither good nor bad."""

Limits = tuple[Floats, Floats]
"""Lower and upper ends by group, float[g] each."""

Mask = tuple[tuple[int, int], tuple[int, int]]
"""Which cells count, as ((tn, fp), (fn, tp))."""

ALL: Mask = ((1, 1), (1, 1))
NEGATIVE: Mask = ((1, 1), (0, 0))
POSITIVE: Mask = ((0, 0), (1, 1))
REJECTED: Mask = ((1, 0), (1, 0))
SELECTED: Mask = ((0, 1), (0, 1))
TN: Mask = ((1, 0), (0, 0))
FP: Mask = ((0, 1), (0, 0))
FN: Mask = ((0, 0), (1, 0))
TP: Mask = ((0, 0), (0, 1))
RIGHT: Mask = ((1, 0), (0, 1))
WRONG: Mask = ((0, 1), (1, 0))
EITHER: Mask = ((0, 1), (1, 1))


@dataclass(frozen=True)
class Rate:
    """A share: the weight in the numerator's cells over that in the denominator's."""

    kind: ClassVar[str] = "rate"
    needs_probability: ClassVar[bool] = False

    name: str
    title: str
    question: str
    better: Better
    numerator: Mask
    denominator: Mask

    def value(self, w: Floats) -> Floats:
        """Return the rate of tables float[..., 2, 2]; NaN without a denominator."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return within(w, self.numerator) / within(w, self.denominator)

    def limits(self, counts: Counts, z: float) -> Limits:
        """Return the Wilson interval by group at a normal quantile."""
        return wilson(self.value(counts.w), effective(counts, self.denominator), z)


@dataclass(frozen=True)
class CountMetric:
    """Any other function of the table of counts, with its interval."""

    kind: ClassVar[str] = "counts"
    needs_probability: ClassVar[bool] = False

    name: str
    title: str
    question: str
    better: Better
    function: Callable[[Floats], Floats]
    limits: Callable[[Counts, float], Limits]
    denominator: Mask = ALL

    def value(self, w: Floats) -> Floats:
        """Return the metric of tables float[..., 2, 2]; NaN where undefined."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.function(w)


@dataclass(frozen=True)
class ScoreMetric:
    """A metric of the scores, with the influence of each row on its group's value."""

    kind: ClassVar[str] = "score"

    name: str
    title: str
    question: str
    better: Better
    function: Callable[[Evaluation, Grouping], Influence]
    needs_probability: bool
    bounds: tuple[float, float] = (0.0, 1.0)
    limits: Callable[[Influence, Evaluation, Grouping, float], Limits] = mean_limits


@dataclass(frozen=True)
class BinnedMetric:
    """A metric of binned scores, never negative, whose interval may reach 0."""

    kind: ClassVar[str] = "binned"
    needs_probability: ClassVar[bool] = True

    name: str
    title: str
    question: str
    better: Better
    function: Callable[[Evaluation, Grouping, float], Estimates]


Metric = Rate | CountMetric | ScoreMetric | BinnedMetric


def within(w: Floats, mask: Mask) -> Floats:
    """Sum the cells of a mask over tables float[..., 2, 2]."""
    total: Floats = np.zeros(w.shape[:-2])
    for label in (0, 1):
        for decision in (0, 1):
            if mask[label][decision]:
                total = total + w[..., label, decision]
    return total


def effective(counts: Counts, mask: Mask) -> Floats:
    """Return (sum w)^2 / sum w^2 over the cells of a mask, 0 for an empty one."""
    w, w2 = within(counts.w, mask), within(counts.w2, mask)
    return np.divide(w**2, w2, out=np.zeros_like(w), where=w2 > 0)
