"""All thresholds at once: counts and metrics by group as functions of the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from analysis.arrays import Floats, Ints, frozen
from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.estimates import Z
from analysis.evaluation import Evaluation
from analysis.metrics.bands import count_band
from analysis.metrics.kinds import CountMetric, Rate
from analysis.metrics.registry import DECISION_METRICS, metric_named
from analysis.metrics.sorted_scores import sorted_scores

FIRST_GRID = 101


@dataclass(frozen=True, eq=False)
class MetricCurve:
    """One metric by group over the threshold.

    Parameters
    ----------
    metric : str
    names : tuple of str, length g
    thresholds : float[t]
    value, low, high, n : float[g, t]
        As in `Estimates`: NaN where undefined, with the rows of the denominator.
    """

    metric: str
    names: tuple[str, ...]
    thresholds: Floats
    value: Floats
    low: Floats
    high: Floats
    n: Floats

    def __post_init__(self) -> None:
        for name in ("thresholds", "value", "low", "high", "n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, eq=False)
class ThresholdCurves:
    """What is decided at every threshold, by group; free of the decision rule.

    Rows stand in 2 g segments, one per group and label, by rising score. In a segment
    a search gives the rows at or above a threshold, and running sums their weight.

    Parameters
    ----------
    names : tuple of str, length g
    scores : float[n]
        Rising within each segment.
    starts : int[2 g + 1]
        First row of each segment (label 0 before label 1 of each group), and n.
    w, w2 : float[n + 2 g] or None
        Weight and squared weight from a row to the top of its segment, with a 0 after
        each segment; None when every row weighs 1.
    """

    names: tuple[str, ...]
    scores: Floats
    starts: Ints
    w: Floats | None
    w2: Floats | None

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Thresholds at which everybody and nobody is decided positive.

        They lie a hundredth of the scores' range outside it; 0 and 1 without rows.
        """
        if not len(self):
            return 0.0, 1.0
        low, high = float(self.scores.min()), float(self.scores.max())
        apart = high / 100 - low / 100  # the difference itself may overflow
        apart = apart if apart > 0 else max(abs(high), 1.0) / 100
        return low - apart, max(high + apart, float(np.nextafter(high, np.inf)))

    def counts_at(self, thresholds: Floats | Sequence[float] | float) -> Counts:
        """Count rows by group, label and decision at one threshold per group.

        Parameters
        ----------
        thresholds : float[g] or float
            A row is decided positive when its score is at least its group's threshold.

        Returns
        -------
        Counts
            Tables [g, 2, 2], those of `counts_of` under the same rule; weights agree
            to rounding.
        """
        at = np.broadcast_to(np.asarray(thresholds, np.float64), (len(self.names),))
        n, w, w2 = self.tables_at(at[:, None])
        return Counts(self.names, n[:, 0], w[:, 0], w2[:, 0])

    def tables_at(self, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Return rows, weight and squared weight at thresholds float[g, t].

        Returns
        -------
        (float[g, t, 2, 2], float[g, t, 2, 2], float[g, t, 2, 2])
        """
        g, t = at.shape
        first = np.empty((g, t, 2), np.int64)  # first selected row of each segment
        for segment in range(2 * g):
            group, label = divmod(segment, 2)
            rows = self.scores[slice(*self.starts[segment : segment + 2])]
            first[group, :, label] = np.searchsorted(rows, at[group])
        sizes = np.diff(self.starts).reshape(g, 1, 2)
        n = _rest_and_selected((sizes - first).astype(np.float64), sizes)
        if self.w is None or self.w2 is None:
            return n, n, n
        padded = (self.starts[:-1] + np.arange(2 * g)).reshape(g, 1, 2)
        w, w2 = (
            _rest_and_selected(sums[padded + first], sums[padded])
            for sums in (self.w, self.w2)
        )
        # a difference of running sums must not claim more than n effective rows
        least = np.divide(w**2, n, out=np.zeros_like(w), where=n > 0)
        return n, w, np.maximum(w2, least)

    def metric_curve(self, metric: str, at: Floats, z: float = Z) -> MetricCurve:
        """Return a metric by group at each threshold, with its interval.

        Parameters
        ----------
        metric : str
            A metric of decisions.
        at : float[t]
        z : float
            Normal quantile of the intervals, each of which holds on its own.

        Raises
        ------
        SettingError
            The metric does not depend on a threshold.
        """
        spec = decision_metric(metric)
        g, t = len(self.names), len(at)
        tables = self.tables_at(np.broadcast_to(at, (g, t)))
        names = tuple(name for name in self.names for _ in range(t))
        counts = Counts(names, *(table.reshape(g * t, 2, 2) for table in tables))
        found = count_band(spec, counts)(z).finite()
        arrays = (found.value, found.low, found.high, found.n)
        return MetricCurve(metric, self.names, at, *(a.reshape(g, t) for a in arrays))

    def grid(self, n_points: int = FIRST_GRID) -> Floats:
        """Return informative thresholds between `ends`, float[t], rising.

        All distinct scores where they are at most `n_points`, without the ends; of
        more, one half stands at quantiles of the scores, the other at even steps.
        """
        below, above = self.ends
        seen = np.unique(self.scores)
        if len(seen) > n_points - 2:
            share = np.linspace(0, 1, max((n_points - 2) // 2, 1))
            at_quantiles = np.quantile(self.scores, share, method="inverted_cdf")
            even = np.linspace(seen[0], seen[-1], max((n_points - 1) // 2, 1))
            seen = np.unique(np.concatenate([at_quantiles, even]))
        return np.concatenate([[below], seen, [above]])

    def part(self, group: int) -> "ThresholdCurves":
        """Return the curves of one group alone."""
        segments = slice(2 * group, 2 * group + 3)
        a, _, b = self.starts[segments]
        padded = slice(a + 2 * group, b + 2 * group + 2)
        return ThresholdCurves(
            names=(self.names[group],),
            scores=self.scores[a:b],
            starts=self.starts[segments] - a,
            w=None if self.w is None else self.w[padded],
            w2=None if self.w2 is None else self.w2[padded],
        )

    def cuts(self, at_most: int, group: int | None = None) -> Floats:
        """Return thresholds that cut between distinct scores, from everybody to nobody.

        Each lies midway between two neighbouring scores, so that it also serves rows
        not seen. Of more than `at_most`, those at quantiles of the scores are kept.

        Parameters
        ----------
        at_most : int
        group : int or None
            Whose scores are cut between; None for everyone's.

        Returns
        -------
        float[t]
            Rising; the first and last are `ends`, those of everyone.
        """
        scores = np.sort(self.scores if group is None else self.part(group).scores)
        distinct = np.unique(scores)
        upper = distinct[1:]
        if len(upper) > at_most:
            chosen = scores[np.linspace(0, len(scores) - 1, at_most).astype(np.int64)]
            upper = np.setdiff1d(chosen, distinct[:1])
        lower = distinct[np.searchsorted(distinct, upper) - 1]
        middle = lower / 2 + upper / 2
        is_between = (lower < middle) & (middle <= upper)  # neighbours may be too close
        below, above = self.ends
        inner = np.where(is_between, middle, upper)
        return np.concatenate([[below], inner, [above]])


def threshold_curves(
    evaluation: Evaluation, attributes: tuple[str, ...]
) -> ThresholdCurves:
    """Sort an evaluation's rows once, by group, label and score.

    The result is kept with the evaluation and shared under every decision rule.

    Parameters
    ----------
    evaluation : Evaluation
        Its decision rule plays no part.
    attributes : tuple of str
        Sensitive attributes, crossed in full, groups without rows included.
    """
    return evaluation.remembered(
        ("threshold curves", attributes), lambda: _sorted_once(evaluation, attributes)
    )


def decision_metric(name: str) -> Rate | CountMetric:
    """Return a metric that depends on the threshold.

    Raises
    ------
    SettingError
        It does not, or there is no such metric.
    """
    metric = metric_named(name)
    if isinstance(metric, Rate | CountMetric):
        return metric
    raise SettingError(
        f"'{name}' does not depend on a threshold, so it cannot be shown over one. "
        f"Choose one of {', '.join(DECISION_METRICS)}."
    )


def _sorted_once(
    evaluation: Evaluation, attributes: tuple[str, ...]
) -> ThresholdCurves:
    grouping = evaluation.grouping(attributes)
    g, rows = len(grouping.names), sorted_scores(evaluation, grouping)
    small = np.min_scalar_type(2 * g)
    segments = np.repeat(np.arange(0, 2 * g, 2, dtype=small), rows.sizes)
    segments += rows.positive
    place = np.argsort(segments, kind="stable")  # radix: scores keep rising
    sizes = np.bincount(segments, minlength=2 * g)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    weights = rows.w[place]
    is_weighted = bool((weights != 1).any())
    return ThresholdCurves(
        names=grouping.names,
        scores=_read_only(evaluation.score[rows.order[place]]),
        starts=_read_only(starts),
        w=_from_the_top(weights, starts) if is_weighted else None,
        w2=_from_the_top(weights**2, starts) if is_weighted else None,
    )


def _from_the_top(weights: Floats, starts: Ints) -> Floats:
    """Return the sum from each row to the end of its segment, a 0 after each."""
    sums = np.zeros(len(weights) + len(starts) - 1)
    for segment, (a, b) in enumerate(pairwise(starts)):
        target = sums[a + segment : b + segment]
        np.cumsum(weights[a:b][::-1], out=target[::-1])
    return _read_only(sums)


def _rest_and_selected(selected: Floats, total: Floats | Ints) -> Floats:
    """Stack by decision, float[g, t, 2, 2], from float[g, t, label] selected."""
    return np.stack([np.maximum(total - selected, 0), selected], axis=-1)


def _read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array
