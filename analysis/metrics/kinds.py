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
from analysis.estimates import Estimates, Quantile
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import share_interval
from analysis.metrics.bins import Bins
from analysis.metrics.score_metrics import Influence, Spread, mean_limits, spread_of

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
class Words:
    """What every metric says of itself.

    Parameters
    ----------
    name : str
        As in fairlearn and scikit-learn.
    title : str
        Plain words first, the term in brackets.
    question : str
        What it asks.
    harmed : str
        Who is harmed when it is off.
    avoid : str
        When not to use it.
    better : Better
    """

    name: str
    title: str
    question: str
    harmed: str
    avoid: str
    better: Better


@dataclass(frozen=True)
class Rate(Words):
    """A share: the weight in the numerator's cells over that in the denominator's."""

    kind: ClassVar[str] = "rate"
    needs_probability: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    numerator: Mask
    denominator: Mask

    def value(self, w: Floats) -> Floats:
        """Return the rate of tables float[..., 2, 2]; NaN without a denominator."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return within(w, self.numerator) / within(w, self.denominator)

    def limits(self, counts: Counts, z: Quantile) -> Limits:
        """Return the Wilson interval by group at a normal quantile."""
        return share_interval(
            self.value(counts.w), effective(counts, self.denominator), z
        )


@dataclass(frozen=True)
class CountMetric(Words):
    """Any other function of the table of counts, with its interval."""

    kind: ClassVar[str] = "counts"
    needs_probability: ClassVar[bool] = False

    function: Callable[[Floats], Floats]
    limits: Callable[[Counts, Quantile], Limits]
    denominator: Mask = ALL
    bounds: tuple[float, float] = (0.0, 1.0)

    def value(self, w: Floats) -> Floats:
        """Return the metric of tables float[..., 2, 2]; NaN where undefined."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.function(w)


@dataclass(frozen=True)
class ScoreMetric(Words):
    """A metric of the scores, with the influence of each row on its group's value.

    Parameters
    ----------
    function : callable
        Influence of every row.
    needs_probability : bool
    bounds : (float, float)
    limits : callable
        Interval at a normal quantile.
    fast : callable or None
        The spread by group without a value for every row, where there is a faster way.
    fits_one_class : bool
        Whether it is of one class against the rest, so that it has a mean over classes.
    """

    kind: ClassVar[str] = "score"

    function: Callable[[Evaluation, Grouping], Influence]
    needs_probability: bool
    bounds: tuple[float, float] = (0.0, 1.0)
    limits: Callable[[Spread, Quantile], Limits] = mean_limits
    fast: Callable[[Evaluation, Grouping], Spread] | None = None
    fits_one_class: bool = False

    def spread(self, evaluation: Evaluation, grouping: Grouping) -> Spread:
        """Return value and standard error by group."""
        if self.fast is not None:
            return self.fast(evaluation, grouping)
        return spread_of(self.function(evaluation, grouping), evaluation, grouping)


@dataclass(frozen=True)
class BinnedMetric(Words):
    """A metric of binned scores, never negative, whose interval may reach 0."""

    kind: ClassVar[str] = "binned"
    needs_probability: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    bins: Callable[[Evaluation, Grouping], Bins]
    function: Callable[[Bins, float], Estimates]


@dataclass(frozen=True)
class ClassMetric(Words):
    """A mean over classes of a metric of the table of labels and decisions.

    Parameters
    ----------
    function : callable
        Value of tables float[..., k, k].
    limits : callable
        Interval of `Counts` with k labels and k decisions, at a normal quantile.
    """

    kind: ClassVar[str] = "classes"
    needs_probability: ClassVar[bool] = False

    function: Callable[[Floats], Floats]
    limits: Callable[[Counts, Quantile], Limits]
    bounds: tuple[float, float] = (0.0, 1.0)

    def value(self, w: Floats) -> Floats:
        """Return the metric of tables float[..., k, k]; NaN where undefined."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.function(w)


Metric = Rate | CountMetric | ScoreMetric | BinnedMetric | ClassMetric


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
