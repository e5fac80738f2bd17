"""Means over classes of one-against-rest metrics: macro, micro and weighted."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal, get_args

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.metrics.delta import delta_limits
from analysis.metrics.kinds import (
    ClassMetric,
    CountMetric,
    Metric,
    Rate,
    ScoreMetric,
)
from analysis.metrics.score_metrics import (
    Influence,
    Spread,
    effective_rows,
    share_limits,
    spread_of,
)

Average = Literal["macro", "micro", "weighted"]
AVERAGES: tuple[Average, ...] = get_args(Average)

_WORDS: dict[Average, str] = {
    "macro": "mean over classes",
    "micro": "classes pooled",
    "weighted": "mean over classes by their size",
}
_DECIDED = "Of three or more classes, the one with the highest score is decided."
_HIDES = "A mean can hide the class that is served worst."


def averaged(base: Metric, average: Average) -> Metric:
    """Return the mean of a metric over all classes, each against the rest.

    'macro' lets every class count alike, 'weighted' by its share of labels; a class
    for which the metric is undefined in a group is left out, as scikit-learn does
    with `zero_division=np.nan`. 'micro' pools the tables of all classes.

    Raises
    ------
    SettingError
        There is no such mean of this metric.
    """
    if isinstance(base, Rate | CountMetric):
        function = partial(_over_classes, base.value, average)
        return ClassMetric(
            name=f"{base.name}_{average}",
            title=f"{base.title}, {_WORDS[average]}",
            question=_question(base, average),
            harmed=base.harmed,
            avoid=f"{base.avoid} {_HIDES}",
            better=base.better,
            function=function,
            limits=partial(_limits_over_classes, base.value, average),
            bounds=base.bounds,
        )
    if isinstance(base, ScoreMetric) and base.fits_one_class and average != "micro":
        return replace(
            base,
            name=f"{base.name}_{average}",
            title=f"{base.title}, {_WORDS[average]}",
            question=_question(base, average),
            avoid=f"{base.avoid} {_HIDES}",
            function=partial(_influence_over_classes, base, average),
            needs_probability=True,
            limits=share_limits,
            fast=partial(_spread_over_classes, base, average),
            fits_one_class=False,
        )
    raise SettingError(
        f"There is no {average} mean of '{base.name}' over classes; choose a rate of "
        "decisions, or the macro or weighted mean of auroc or average_precision."
    )


def _question(base: Metric, average: Average) -> str:
    decided = "" if isinstance(base, ScoreMetric) else f" {_DECIDED}"
    return f"{base.question} Every class against the rest, {_WORDS[average]}.{decided}"


def _over_classes(
    value: Callable[[Floats], Floats],
    average: Average,
    w: Floats,
    known: Bools | None = None,
) -> Floats:
    tables = _versus_rest(w)  # [..., k, 2, 2]
    if average == "micro":
        return value(tables.sum(-3))
    by_class = value(tables)  # [..., k]
    if known is not None:  # [g, k]
        between = range(1, by_class.ndim - 1)
        by_class = np.where(np.expand_dims(known, tuple(between)), by_class, np.nan)
    size = tables[..., 1, :].sum(-1) if average == "weighted" else np.ones(1)
    weight = np.where(np.isnan(by_class), 0.0, size)
    return (np.nan_to_num(by_class) * weight).sum(-1) / weight.sum(-1)


def _limits_over_classes(
    value: Callable[[Floats], Floats], average: Average, counts: Counts, z: float
) -> tuple[Floats, Floats]:
    """Return delta limits in which pseudo-rows bring no absent class to life."""
    known = ~np.isnan(value(_versus_rest(counts.w)))  # [g, k]
    return delta_limits(partial(_over_classes, value, average, known=known), counts, z)


def _versus_rest(w: Floats) -> Floats:
    """Return the 2 x 2 tables of every class against the rest, [..., k, 2, 2]."""
    hit = np.diagonal(w, axis1=-2, axis2=-1)  # [..., k]
    missed, flagged = w.sum(-1) - hit, w.sum(-2) - hit
    rest = w.sum((-2, -1))[..., None] - hit - missed - flagged
    return np.stack([np.stack([rest, flagged], -1), np.stack([missed, hit], -1)], -2)


def _influence_over_classes(
    base: ScoreMetric, average: Average, evaluation: Evaluation, grouping: Grouping
) -> Influence:
    """Average the influences; the shares of classes are taken as known."""
    parts = _by_class(base, evaluation, grouping)
    return _mean_of(parts, _shares(parts, average, evaluation, grouping), grouping)


def _spread_over_classes(
    base: ScoreMetric, average: Average, evaluation: Evaluation, grouping: Grouping
) -> Spread:
    """Return the spread of a mean over classes.

    In place of positives stands what a mean of shares of each class's rows with these
    weights would count for, so that no class is singled out.
    """
    parts = _by_class(base, evaluation, grouping)
    shares = _shares(parts, average, evaluation, grouping)  # [k, g]
    spread = spread_of(_mean_of(parts, shares, grouping), evaluation, grouping)
    rows = np.array(
        [
            effective_rows(evaluation.weights * (evaluation.y_true == c), grouping)
            for c in range(len(parts))
        ]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        together = 1 / np.where(shares > 0, shares**2 / rows, 0).sum(0)
    return replace(spread, positives=together)


def _by_class(
    base: ScoreMetric, evaluation: Evaluation, grouping: Grouping
) -> list[Influence]:
    classes = range(len(evaluation.classes))
    return [base.function(replace(evaluation, view=c), grouping) for c in classes]


def _shares(
    parts: list[Influence],
    average: Average,
    evaluation: Evaluation,
    grouping: Grouping,
) -> Floats:
    """Return each class's share in the mean, [k, g]; NaN where none is defined."""
    by_class = np.array([p.value for p in parts])  # [k, g]
    size = np.ones_like(by_class)
    if average == "weighted":
        cells = grouping.codes * len(parts) + evaluation.y_true
        size = np.bincount(cells, evaluation.weights, size.size)
        size = size.reshape(-1, len(parts)).T
    weight = np.where(np.isnan(by_class), 0.0, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = weight / weight.sum(0)
    return shares


def _mean_of(parts: list[Influence], shares: Floats, grouping: Grouping) -> Influence:
    rows = np.zeros(len(grouping.codes))
    for part, share in zip(parts, shares, strict=True):
        rows += np.nan_to_num(part.rows) * np.nan_to_num(share)[grouping.codes]
    value = sum(np.nan_to_num(p.value) * s for p, s in zip(parts, shares, strict=True))
    return Influence(np.asarray(value), rows, parts[0].n)
