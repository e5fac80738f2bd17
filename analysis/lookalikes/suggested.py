"""Suggested groups: clusters of people who look alike, each told as a rule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats, Ints
from analysis.cohorts import Cohort, Condition
from analysis.estimates import Estimate, Estimates, Quantile, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import q_values
from analysis.lookalikes.clusters import clustered, drawn_rows
from analysis.lookalikes.coded import Coded, Conditions, coded
from analysis.metrics.bands import Band, band
from analysis.metrics.kinds import BinnedMetric, Metric
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast

BINS = 4
"""Coded of a number with many values: its quarters among everyone."""

MAX_CONDITIONS = 3
TELLING = 0.7
"""A second or third feature is named when its entropy is at most this share of
everyone's."""

NEWS = 0.9
"""A condition that keeps more than this share of the rows says little."""

_ATTRIBUTE = "matches the rule"


@dataclass(frozen=True)
class Trait:
    """A feature in which a cluster is of one mind.

    Parameters
    ----------
    feature : str
    rule : str
        The dominant value as a condition, or two for a range.
    share, share_of_all : float
        Weighted share with that value in the cluster, and among everyone.
    entropy : float
        Entropy of the feature in the cluster over that among everyone.
    """

    feature: str
    rule: str
    share: float
    share_of_all: float
    entropy: float


@dataclass(frozen=True)
class Suggestion:
    """A group that nobody named, with the metric on everyone who matches its rule.

    Parameters
    ----------
    cohort : Cohort
    traits : tuple of Trait
        Of the cluster behind it, most telling first.
    n : int
        Rows that match the rule.
    estimate, rest, difference : Estimate
        The metric in the group, among all others, and the first less the second.
    q_value : float
        Benjamini-Hochberg over all suggestions.
    """

    cohort: Cohort
    traits: tuple[Trait, ...]
    n: int
    estimate: Estimate
    rest: Estimate
    difference: Estimate
    q_value: float


@dataclass(frozen=True)
class Suggestions:
    """Suggested groups, worst first.

    Parameters
    ----------
    metric : str
    suggestions : tuple of Suggestion
    clusters : int
        Clusters looked for; several may lead to the same rule.
    rows_fitted : int
        Rows drawn, each with the same chance, to find the clusters.
    seed : int
    """

    metric: str
    suggestions: tuple[Suggestion, ...]
    clusters: int
    rows_fitted: int
    seed: int


def suggested_groups(
    evaluation: Evaluation,
    features: pd.DataFrame,
    metric: str,
    *,
    clusters: int = 12,
    min_rows: int = 30,
    seed: int = 0,
) -> Suggestions:
    """Return groups of people who look alike, and how the metric stands in each.

    Rows are clustered by their features alone; a cluster is described by the values
    that dominate it, and the suggested group is everyone who has these values. Neither
    labels nor scores play a part in finding the groups, so the ranking is the only
    look at the outcome, and intervals hold as for groups named beforehand; q-values
    account for there being several.

    Parameters
    ----------
    evaluation : Evaluation
    features : DataFrame [n, d]
        Of the same rows in the same order; rules are written over these columns.
    metric : str
        Name of a metric.
    clusters : int
        Clusters to look for.
    min_rows : int
        Groups with fewer rows are dropped.
    seed : int
        Of the rows drawn and of the first centres.

    Raises
    ------
    SettingError, NeedsProbabilitiesError
        The metric is unknown, or the scores cannot give it.

    References
    ----------
    Cabrera et al. (2019), FairVis, VAST (clusters described by features
    of low normalised entropy); Arthur & Vassilvitskii (2007), k-means++, SODA. Ours:
    entropy is set in proportion to everyone's, so that a feature in which all people
    agree describes nobody; and the group is the rule, not the cluster.
    """
    spec = metric_named(metric)
    columns = [coded(features[name], BINS) for name in features]
    columns = [column for column in columns if len(column) > 1]
    drawn = drawn_rows(len(evaluation), seed)
    labels = clustered(columns, drawn, clusters, seed, n=len(evaluation))
    found: dict[frozenset[Condition], Suggestion] = {}
    p_values: list[float] = []
    for traits, conditions, rows in _rules(columns, labels, evaluation.weights):
        n, key = int(rows.sum()), frozenset(conditions)
        if key in found or n < min_rows or n == len(rows):
            continue
        told = Cohort(conditions), traits
        found[key], p_value = _judged(evaluation, spec, rows, told)
        p_values.append(p_value)
    q = q_values(np.asarray(p_values))
    judged = [
        replace(s, q_value=float(value))
        for s, value in zip(found.values(), q, strict=True)
    ]
    judged.sort(key=lambda s: _rank(s, spec))
    return Suggestions(metric, tuple(judged), clusters, len(drawn), seed)


def _rules(
    columns: list[Coded], labels: Ints, weights: Floats
) -> Iterator[tuple[tuple[Trait, ...], Conditions, Bools]]:
    """Return what describes each cluster, its rule and the rows that match it."""
    tables = [_table(column, labels, weights) for column in columns]
    entropies = np.asarray([_relative_entropy(table) for table in tables])  # [d, g]
    for cluster in range(entropies.shape[1] if len(columns) else 0):
        kept: list[_Part] = []
        for d in np.argsort(entropies[:, cluster], kind="stable"):
            entropy = float(entropies[d, cluster])
            if len(kept) == MAX_CONDITIONS or (kept and not entropy <= TELLING):
                break
            part = _part(columns[d], tables[d], cluster, entropy)
            if part is not None and _says_more(part, kept):
                kept.append(part)
        for part in list(kept):
            others = [p for p in kept if p is not part]
            kept = kept if _says_more(part, others) else others
        if kept:
            conditions = tuple(c for part in kept for c in part.conditions)
            yield tuple(p.trait for p in kept), conditions, _all_match(kept)


@dataclass(frozen=True, eq=False)
class _Part:
    """A trait, its conditions and the rows that meet them."""

    trait: Trait
    conditions: Conditions
    rows: Bools


def _says_more(part: _Part, others: list[_Part]) -> bool:
    """Return whether a part narrows what the others leave."""
    if not others:
        return bool(part.rows.mean() <= NEWS)
    left = _all_match(others)
    return bool((left & part.rows).sum() <= NEWS * left.sum())


def _all_match(parts: list[_Part]) -> Bools:
    rows: Bools = np.logical_and.reduce([part.rows for part in parts])
    return rows


def _table(column: Coded, labels: Ints, weights: Floats) -> Floats:
    """Return weights by cluster and bin, float[g, b]."""
    g, b = int(labels.max(initial=0)) + 1, len(column)
    cells = np.bincount(labels * b + column.codes, weights, g * b)
    return cells.reshape(g, b).astype(np.float64)


def _relative_entropy(table: Floats) -> Floats:
    """Return each cluster's entropy over everyone's, float[g]; NaN for an empty one."""
    everyone = _entropy(table.sum(axis=0, keepdims=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        relative: Floats = _entropy(table) / everyone
    return relative


def _entropy(table: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        share = table / table.sum(axis=1, keepdims=True)
        terms = np.where(share == 0, 0.0, share * np.log(share))
    entropy: Floats = -terms.sum(axis=1)
    return entropy


def _part(column: Coded, table: Floats, cluster: int, entropy: float) -> _Part | None:
    """Return the dominant bin, unless it is nameless or no commoner than elsewhere."""
    inside, everyone = table[cluster], table.sum(axis=0)
    if not inside.sum() > 0:
        return None
    code = int(inside.argmax())
    rule = column.rules[code]
    share, of_all = inside[code] / inside.sum(), everyone[code] / everyone.sum()
    if not rule or share <= of_all:
        return None
    words = str(Cohort(rule))
    trait = Trait(column.name, words, float(share), float(of_all), entropy)
    return _Part(trait, rule, column.codes == code)


def _judged(
    evaluation: Evaluation,
    spec: Metric,
    rows: Bools,
    told: tuple[Cohort, tuple[Trait, ...]],
) -> tuple[Suggestion, float]:
    """Return the metric on matching rows against all others, and its p-value."""
    grouping = Grouping((~rows).astype(np.int64), ("matches", "others"))
    split = replace(evaluation, groups={**evaluation.groups, _ATTRIBUTE: grouping})
    at = band(spec, split, (_ATTRIBUTE,))
    is_quick = not isinstance(spec, BinnedMetric)
    compared = contrast(at, _swapped(at), is_quick=is_quick)
    known = at(Z).finite()
    suggestion = Suggestion(
        cohort=told[0],
        traits=told[1],
        n=int(rows.sum()),
        estimate=known.at(0),
        rest=known.at(1),
        difference=compared.difference.at(0),
        q_value=np.nan,
    )
    return suggestion, float(compared.p_value[0])


def _swapped(at: Band) -> Band:
    """Return a band of two groups with each in the other's place."""

    def swapped(z: Quantile) -> Estimates:
        known = at(z if isinstance(z, float) else z[::-1])
        arrays = (known.value, known.low, known.high, known.n)
        return Estimates(*(a[::-1] for a in arrays))

    return swapped


def _rank(suggestion: Suggestion, spec: Metric) -> tuple[bool, float]:
    """Order worst first; where more is neither good nor bad, furthest from the rest."""
    value = suggestion.estimate.value
    order = {
        "low": -value,
        "high": value,
        "none": -abs(suggestion.difference.value),
    }[spec.better]
    return bool(np.isnan(order)), order
