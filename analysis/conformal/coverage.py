"""Whether sets hold the truth as often as promised, for whom not, and at what size."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.conformal.promise import SURE, kept_promise
from analysis.conformal.sets import SetRule, positions_in
from analysis.estimates import Estimate, Estimates, blanked
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping, everyone
from analysis.intervals import q_values
from analysis.privacy.withheld import published
from analysis.shares import gap_of, means, shares


@dataclass(frozen=True, eq=False)
class Covered:
    """Sets by group, each array [g].

    Parameters
    ----------
    names : tuple of str, length g
    coverage : Estimates
        Share of people whose set holds their true class.
    size : Estimates
        Mean number of classes in the set.
    empty, single, full : Estimates
        Share of sets with no class, with one, and with all.
    kept_low, kept_high : float[g]
        Range (95 %) of coverage that a kept promise would show here; NaN where none
        is made.
    q_value : float[g]
        Of coverage below a kept promise, over these groups.
    is_open : bool[g]
        Whether the group has no threshold, so that everything is in its sets.
    hidden : bool[g]
        Whether the group is withheld for privacy.
    """

    names: tuple[str, ...]
    coverage: Estimates
    size: Estimates
    empty: Estimates
    single: Estimates
    full: Estimates
    kept_low: Floats
    kept_high: Floats
    q_value: Floats
    is_open: Bools
    hidden: Bools

    def __post_init__(self) -> None:
        for name in ("kept_low", "kept_high", "q_value"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("is_open", "hidden"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.bool_))

    @property
    def n(self) -> Floats:
        """People by group, float[g]; NaN where withheld."""
        return self.coverage.n

    @property
    def is_short(self) -> Bools:
        """Groups surely covered less often than promised, bool[g]."""
        return np.nan_to_num(self.q_value, nan=1.0) < SURE

    def withholding(self, hidden: Bools) -> "Covered":
        """Return the sets with every number of some groups left out."""
        low, high, q = (
            np.where(hidden, np.nan, a)
            for a in (self.kept_low, self.kept_high, self.q_value)
        )
        return Covered(
            names=self.names,
            coverage=blanked(self.coverage, hidden, n=True),
            size=blanked(self.size, hidden, n=True),
            empty=blanked(self.empty, hidden, n=True),
            single=blanked(self.single, hidden, n=True),
            full=blanked(self.full, hidden, n=True),
            kept_low=low,
            kept_high=high,
            q_value=q,
            is_open=self.is_open,
            hidden=hidden,
        )


@dataclass(frozen=True, eq=False)
class Coverage:
    """Sets of everyone, by group and by true class.

    Parameters
    ----------
    rule : SetRule
    attributes : tuple of str
    k : int
        How many classes there are.
    overall, by_group, by_class : Covered
    gap : Estimate
        Largest gap of coverage between two groups shown; its interval holds for all
        pairs at once.
    """

    rule: SetRule
    attributes: tuple[str, ...]
    k: int
    overall: Covered
    by_group: Covered
    by_class: Covered
    gap: Estimate


def coverage(
    evaluation: Evaluation,
    rule: SetRule,
    sets: Bools,
    attributes: tuple[str, ...],
    k: int = 0,
) -> Coverage:
    """Return how often sets hold the truth, and how large they are.

    Parameters
    ----------
    evaluation : Evaluation
        Rows that the sets were not fitted on.
    rule : SetRule
    sets : bool[n, k]
        From `sets_of`.
    attributes : tuple of str
        Crossed to the groups reported.
    k : int
        Groups and classes are withheld where fewer people than this are covered or
        missed; below 2 none is.
    """
    grouping = evaluation.grouping(attributes)
    classes = Grouping(evaluation.y_true, evaluation.classes)
    hidden = _hidden(evaluation, sets, attributes, k)
    parts = [everyone(len(evaluation)), grouping, classes]
    overall, by_group, by_class = (_covered(evaluation, rule, sets, g) for g in parts)
    _, effective = shares(_hits(evaluation, sets), evaluation.weights, grouping)
    return Coverage(
        rule=rule,
        attributes=attributes,
        k=sets.shape[1],
        overall=overall,
        by_group=by_group.withholding(hidden[0]),
        by_class=by_class.withholding(hidden[1]),
        gap=gap_of(by_group.coverage, effective, hidden[0]),
    )


def _hits(evaluation: Evaluation, sets: Bools) -> Bools:
    hits: Bools = sets[np.arange(len(sets)), evaluation.y_true]
    return hits


def _covered(
    evaluation: Evaluation, rule: SetRule, sets: Bools, grouping: Grouping
) -> Covered:
    w, size = evaluation.weights, sets.sum(axis=1)
    covered, effective = shares(_hits(evaluation, sets), w, grouping)
    fitted, is_open = _fitted(evaluation, rule, grouping)
    low, high, p = kept_promise(covered.value, effective, fitted, rule.alpha)
    return Covered(
        names=grouping.names,
        coverage=covered,
        size=means(size.astype(np.float64), w, grouping, (0.0, float(sets.shape[1]))),
        empty=shares(size == 0, w, grouping)[0],
        single=shares(size == 1, w, grouping)[0],
        full=shares(size == sets.shape[1], w, grouping)[0],
        kept_low=low,
        kept_high=high,
        q_value=q_values(p),
        is_open=is_open,
        hidden=np.zeros(len(grouping.names), dtype=bool),
    )


def _fitted(
    evaluation: Evaluation, rule: SetRule, grouping: Grouping
) -> tuple[Floats, Bools]:
    """Return the effective rows behind each group's threshold, and which have none.

    A group whose people have several thresholds rests on all the rows fitted.
    """
    g, cells = len(grouping.names), np.append(rule.effective, 0.0)
    at = _cell_of_rows(evaluation, rule)
    own = [np.unique(at[grouping.codes == c]) for c in range(g)]
    fitted = [cells[c[0]] if len(c) == 1 else rule.effective.sum() for c in own]
    is_open = np.append(rule.is_open, True)
    return np.array(fitted), np.array([len(c) > 0 and is_open[c].all() for c in own])


def _cell_of_rows(evaluation: Evaluation, rule: SetRule) -> np.ndarray:
    """Return which of the rule's cells holds each row's true class, int[n]."""
    if rule.condition == "class":
        return evaluation.y_true
    if rule.condition == "everyone":
        return np.zeros(len(evaluation), np.int64)
    return positions_in(rule.names, evaluation.grouping(rule.attributes))


def _hidden(
    evaluation: Evaluation, sets: Bools, attributes: tuple[str, ...], k: int
) -> tuple[Bools, Bools]:
    """Return which groups and which classes must not be shown, bool[g] and bool[k].

    Being covered takes the place of a decision, so that the counts of people covered
    and missed are what is protected.
    """
    g = len(evaluation.grouping(attributes).names)
    if k < 2:
        return np.zeros(g, dtype=bool), np.zeros(len(evaluation.classes), dtype=bool)
    hits = _hits(evaluation, sets)
    label = "\x00true class"  # no column of a table has such a name
    told = replace(
        evaluation,
        y_true=evaluation.is_positive.astype(np.int64),
        scores=binary_probabilities(hits.astype(np.float64)),
        classes=("other", "in view"),
        groups={
            **evaluation.groups,
            label: Grouping(evaluation.y_true, evaluation.classes),
        },
        rule=Threshold(),
        view=1,
    )
    found = published(told, [attributes, (label,)], k)
    return found.of(attributes), found.of((label,))
