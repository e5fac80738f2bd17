"""A metric over a continuous attribute without cutting it: a smooth curve, a band."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, stats

from analysis.arrays import Bools, Floats, frozen
from analysis.counts import Counts, count
from analysis.errors import DataError, SettingError
from analysis.estimates import LEVEL, Estimate, Estimates, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import sidak
from analysis.metrics.bands import band, count_band
from analysis.metrics.kinds import CountMetric, Metric, Rate
from analysis.metrics.registry import metric_named
from analysis.subgroups.windows import Axis, Windows, axis_of, windows_over

SCORE_POINTS = 25
"""Most points of a curve for which every window's rows are gone through again."""


@dataclass(frozen=True, eq=False)
class SmoothCurve:
    """A metric along an attribute.

    Parameters
    ----------
    metric : str
    x : float[p]
        Mean value of the attribute in each window, weighted as the window weighs its
        rows; increasing.
    estimates : Estimates [p]
        The metric in each window with a band that holds for all points together; NaN
        where the metric is undefined. n counts the rows that it rests on.
    overall : Estimate
        The metric on all rows with a value of the attribute.
    span : float
        Share of the weight that a window reaches over.
    n, missing : int
        Rows behind the curve, and rows left out for having no value.
    quantile : float
        Normal quantile of the band.
    """

    metric: str
    x: Floats
    estimates: Estimates
    overall: Estimate
    span: float
    n: int
    missing: int
    quantile: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", frozen(self.x, np.float64))


def smooth_curve(
    evaluation: Evaluation,
    values: Floats,
    metric: str,
    *,
    span: float = 0.2,
    points: int = 60,
) -> SmoothCurve:
    """Return a metric over a continuous attribute, with a simultaneous 95 % band.

    At each point the nearest rows, about `span` of the weight, are weighed by a tricube
    kernel, and the metric with its own interval is taken of them. A point
    stands at its window's mean value, which takes away the bias of a one-sided window
    at the ends and of a straight slope anywhere; the curve therefore ends a little
    inside the data. Curvature remains: the curve cuts peaks and fills valleys narrower
    than a window, and the band covers the smoothed truth, not such a peak.

    Parameters
    ----------
    evaluation : Evaluation
    values : float[n]
        The attribute; rows where it is missing or infinite are left out.
    metric : str
        Name of a metric.
    span : float
        Share of the weight that a window reaches over, in (0, 1].
    points : int
        Points of the curve, at quantiles of the attribute; at most `SCORE_POINTS` for
        metrics of scores.

    Raises
    ------
    DataError
        No row has a value, or the values are of other rows.
    SettingError, NeedsProbabilitiesError
        The span or the metric cannot be used.

    References
    ----------
    Cleveland (1979), Robust Locally Weighted Regression, JASA 74 (nearest-neighbour
    tricube windows); Fan & Gijbels (1996), Local Polynomial Modelling
    (bias of local means); Sun & Loader (1994), Simultaneous Confidence Bands for
    Linear Regression and Smoothing, Annals of Statistics 22, for the quantile.
    """
    spec = metric_named(metric)
    known = _known(evaluation, values, span)
    shown = evaluation if known.all() else evaluation.take(np.flatnonzero(known))
    overall = band(spec, shown, ())(Z).finite().at(0)
    axis = axis_of(values[known], shown.weights)
    counted = isinstance(spec, Rate | CountMetric)
    windows = windows_over(axis, span, points if counted else min(points, SCORE_POINTS))
    z = _quantile(windows.kernel * np.sqrt(axis.w2))
    estimates = (
        _of_counts(shown, spec, axis, windows, z)
        if isinstance(spec, Rate | CountMetric)
        else _of_rows(shown, spec, axis, windows, z)
    )
    return SmoothCurve(
        metric=metric,
        x=windows.x,
        estimates=estimates.finite(),
        overall=overall,
        span=span,
        n=len(shown),
        missing=int((~np.isfinite(values)).sum()),
        quantile=z,
    )


def _known(evaluation: Evaluation, values: Floats, span: float) -> Bools:
    if not 0 < span <= 1:
        raise SettingError(
            f"The window's share is {span:g}; it must be above 0 and at most 1. Choose "
            "a value such as 0.2."
        )
    if len(values) != len(evaluation):
        raise DataError(
            f"The attribute has {len(values):,} values for {len(evaluation):,} rows; "
            "give one for every row."
        )
    known: Bools = np.isfinite(values) & (evaluation.weights > 0)
    if not known.any():
        raise DataError(
            "No row has a value of this attribute, so there is no curve. Choose "
            "another column."
        )
    return known


def _quantile(loads: Floats) -> float:
    """Return the normal quantile at which all points of the curve hold together.

    Windows side by side share rows, so the error along the curve is a smooth path: a
    unit vector that turns as the window moves. Its total turn k, in radians, measures
    how many comparisons the curve holds, and P(max |Z| > c) is at most about
    k / pi exp(-c^2 / 2) + 2 (1 - Phi(c)). Counting 1 / span windows that do not
    overlap would be too few: the maximum may fall between them. Never above what
    independent points would need.

    Parameters
    ----------
    loads : float[p, b]
        Standard deviation that each bin lends to each point, up to a factor.
    """
    unit = loads / np.linalg.norm(loads, axis=1, keepdims=True)
    cosine = np.clip((unit[1:] * unit[:-1]).sum(axis=1), -1, 1)
    turn = float(np.arccos(cosine).sum())

    def excess(c: float) -> float:
        tail = turn / np.pi * np.exp(-(c**2) / 2) + 2 * stats.norm.sf(c)
        return float(tail - (1 - LEVEL))

    tube = float(optimize.brentq(excess, 1.0, 20.0))
    return min(tube, sidak(len(loads)))


def _of_counts(
    evaluation: Evaluation,
    spec: Rate | CountMetric,
    axis: Axis,
    windows: Windows,
    z: float,
) -> Estimates:
    """Return the metric of each window's table of counts, one pass over the rows."""
    names = tuple(str(b) for b in range(len(axis.place)))
    bins = count(
        evaluation.is_positive,
        evaluation.decisions,
        Grouping(axis.codes, names),
        evaluation.weights,
    )
    kernel = windows.kernel
    tables = (
        np.tensordot(weight, table, 1)
        for weight, table in (
            ((kernel > 0).astype(np.float64), bins.n),
            (kernel, bins.w),
            (kernel**2, bins.w2),
        )
    )
    counts = Counts(tuple(str(p) for p in range(len(kernel))), *tables)
    return count_band(spec, counts)(z)


def _of_rows(
    evaluation: Evaluation, spec: Metric, axis: Axis, windows: Windows, z: float
) -> Estimates:
    """Return the metric of each window's rows, weighed by the kernel."""
    found = [
        band(spec, window, ())(z).at(0)
        for window in _reweighted(evaluation, axis, windows)
    ]
    fields = ("value", "low", "high", "n")
    return Estimates(*(np.array([getattr(e, f) for e in found]) for f in fields))


def _reweighted(
    evaluation: Evaluation, axis: Axis, windows: Windows
) -> Iterator[Evaluation]:
    order = np.argsort(axis.codes, kind="stable")  # a window's bins lie side by side
    ends = np.cumsum(np.bincount(axis.codes))
    for kernel in windows.kernel:
        inside = np.flatnonzero(kernel > 0)
        first, last = inside[0], inside[-1]
        start = ends[first - 1] if first else 0
        rows = order[start : ends[last]]
        part = evaluation.take(rows)
        yield replace(part, weights=part.weights * kernel[axis.codes[rows]])
