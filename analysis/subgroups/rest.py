"""What each group is compared with, in its place: everyone outside it, or one group."""

from dataclasses import replace

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.counts import Counts
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.metrics.bands import (
    Band,
    binned_band,
    bins,
    bounds_of,
    class_counts,
    count_band,
    spread,
    spread_band,
)
from analysis.metrics.kinds import BinnedMetric, ClassMetric, Metric, ScoreMetric
from analysis.metrics.score_metrics import (
    Influence,
    Spread,
    error_from,
    variance_of_all,
)

EXACT_WORK = 5_000_000
"""Groups times rows up to which the rest of each group is evaluated anew."""

SMALL_SHARE = 0.05
"""Above that work, the rest of groups with at most this share of every label's weight
is linearised."""


def rest_band(
    metric: Metric, evaluation: Evaluation, attributes: tuple[str, ...], counts: Counts
) -> Band:
    """Return a metric over the rows outside each group; `counts` are the groups'."""
    if isinstance(metric, ClassMetric):
        return count_band(metric, rest_counts(class_counts(evaluation, attributes)))
    if isinstance(metric, BinnedMetric):
        return binned_band(metric, bins(metric, evaluation, attributes).rest())
    if isinstance(metric, ScoreMetric):
        known = evaluation.remembered(
            ("rest", metric.name, attributes),
            lambda: _rest_of_all(metric, evaluation, attributes),
        )
        return spread_band(metric, known, bounds_of(metric, evaluation))
    return count_band(metric, rest_counts(counts))


def reference_band(
    metric: Metric,
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    counts: Counts,
    position: int,
) -> Band:
    """Return the metric of one group in every group's place.

    It is repeated before a quantile is known, so that where each group has a quantile
    of its own, the reference takes that of the group it is compared with.
    """
    at = np.full(len(counts.names), position)
    if isinstance(metric, ClassMetric):
        return count_band(metric, repeated(class_counts(evaluation, attributes), at))
    if isinstance(metric, BinnedMetric):  # has one quantile for all groups
        own = binned_band(metric, bins(metric, evaluation, attributes))
        return lambda z: own(z).taken(at)
    if isinstance(metric, ScoreMetric):
        known = spread(metric, evaluation, attributes)
        names = Spread.__dataclass_fields__
        taken = Spread(**{f: getattr(known, f)[at] for f in names})
        return spread_band(metric, taken, bounds_of(metric, evaluation))
    return count_band(metric, repeated(counts, at))


def repeated(counts: Counts, at: Ints) -> Counts:
    """Return the counts of some groups, given by position, in every group's place."""
    tables = (counts.n, counts.w, counts.w2)
    return Counts(counts.names, *(table[at] for table in tables))


def rest_counts(counts: Counts) -> Counts:
    """Return the counts of everyone outside each group."""
    # exact where nobody is left: a sum of one number and zeros is that number
    tables = (table.sum(0) - table for table in (counts.n, counts.w, counts.w2))
    return Counts(counts.names, *tables)


def _rest_of_all(
    metric: ScoreMetric, evaluation: Evaluation, attributes: tuple[str, ...]
) -> Spread:
    """Return the rest with everyone's prior, as a group has it."""
    found = rest_spread(metric, evaluation, evaluation.grouping(attributes))
    whole = spread(metric, evaluation, ())
    return replace(found, prior=np.full(len(found.value), whole.prior[0]))


def rest_spread(
    metric: ScoreMetric, evaluation: Evaluation, grouping: Grouping
) -> Spread:
    """Return a metric of the scores over the rows outside each group.

    Where groups times rows exceed `EXACT_WORK`, the rest of a group with at most
    `SMALL_SHARE` of each label is taken from everyone's value by the influences of the
    group's rows (the infinitesimal jackknife): exact for means, off by the order of
    the share's square for others.

    References
    ----------
    Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6.
    """
    bare = replace(evaluation, groups={})
    groups = len(grouping.names)
    is_small = _is_small(bare, grouping)
    if len(bare) * groups <= EXACT_WORK:
        is_small = np.zeros_like(is_small)
    columns = {name: np.empty(groups) for name in Spread.__dataclass_fields__}
    if is_small.any():
        columns = _linearised(metric, bare, grouping)
    for g in np.flatnonzero(~is_small):
        outside = bare.take(np.flatnonzero(grouping.codes != g))
        one = metric.spread(outside, everyone(len(outside)))
        for name, column in columns.items():
            column[g] = getattr(one, name)[0]
    return Spread(**columns)


def _is_small(evaluation: Evaluation, grouping: Grouping) -> Bools:
    """Return which groups hold little of the weight of every label, bool[g].

    A group of few rows can hold most of a rare label, and all that ranks it.
    """
    k = len(evaluation.classes)
    cells = grouping.codes * k + evaluation.y_true
    weight = np.bincount(cells, evaluation.weights, len(grouping.names) * k)
    weight = weight.reshape(-1, k)  # [g, k]
    small: Bools = (weight <= SMALL_SHARE * weight.sum(0)).all(1)
    return small


def _linearised(
    metric: ScoreMetric, evaluation: Evaluation, grouping: Grouping
) -> dict[str, Floats]:
    whole: Influence = metric.function(evaluation, everyone(len(evaluation)))
    w, positive = evaluation.weights, evaluation.is_positive
    groups = len(grouping.names)

    def outside(rows: Floats | None) -> Floats:
        inside = np.bincount(grouping.codes, rows, groups).astype(np.float64)
        return inside.sum() - inside

    def effective(weights: Floats) -> Floats:
        total, squares = outside(weights), outside(weights**2)
        m: Floats = np.divide(
            total**2, squares, out=np.zeros(groups), where=squares > 0
        )
        return m

    total, moved = outside(w), outside(w * whole.rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = moved / total
        squares = outside((w * whole.rows) ** 2) - 2 * shift * outside(
            w**2 * whole.rows
        )
        squares = np.maximum(squares + shift**2 * outside(w**2), 0)
    m = effective(w)
    return {
        "value": np.clip(whole.value[0] + shift, *metric.bounds),
        "n": outside(None),
        "error": error_from(squares, total, m),
        "effective": m,
        "positives": effective(w * positive),
        "negatives": effective(w * ~positive),
        "prior": np.full(groups, variance_of_all(whole, w, everyone(len(w)))),
    }
