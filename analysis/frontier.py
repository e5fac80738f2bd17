"""Fairness against accuracy over several models: which of them no other one beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.errors import DataError
from analysis.estimates import Estimate, Estimates
from analysis.evaluation import Evaluation
from analysis.metrics.registry import metric_named
from analysis.privacy.withheld import hidden_on_any
from analysis.subgroups.disaggregate import Disaggregation, disaggregate

Against = Literal["gap", "worst"]
"""What stands against the price: the largest gap, or the worst group's value."""

PRICE = "accuracy"


@dataclass(frozen=True, eq=False)
class Frontier:
    """Models on the same rows, each a value of fairness and a price over everyone.

    Parameters
    ----------
    metric : str
        The one whose gap or worst value is held against the price.
    against : 'gap' or 'worst'
    attributes : tuple of str
    names : tuple of str, length m
    fairness : Estimates [m]
        The gap with a simultaneous interval, or the worst group's value with one that
        holds for all groups at once; undefined with fewer than two groups.
    price : Estimates [m]
        Accuracy over everyone.
    is_best : bool[m]
        Whether no other model is at least as good in both and better in one; False
        where either is undefined.
    hidden : bool[g]
        Groups withheld for privacy, the same for every model; gaps and worst values
        are those of the others.
    """

    metric: str
    against: Against
    attributes: tuple[str, ...]
    names: tuple[str, ...]
    fairness: Estimates
    price: Estimates
    is_best: Bools
    hidden: Bools

    def __post_init__(self) -> None:
        for name in ("is_best", "hidden"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.bool_))


def frontier(
    models: Mapping[str, Evaluation],
    attributes: tuple[str, ...],
    metric: str,
    against: Against = "gap",
    k: int = 0,
) -> Frontier:
    """Hold each model's gap, or its worst group, against its accuracy.

    Parameters
    ----------
    models : mapping of str to Evaluation
        Any runs on the same rows, by the name to show.
    attributes : tuple of str
        Crossed in full.
    metric : str
        For 'worst', one of which more is good or bad; others fall back to the gap.
    against : 'gap' or 'worst'
    k : int
        Groups of fewer people on any of the models are left out on all of them.

    Raises
    ------
    DataError
        The models were evaluated on different rows.
    """
    shown = list(models.values())
    _check_same_rows(shown)
    if metric_named(metric).better == "none":
        against = "gap"
    hidden = hidden_on_any(shown, attributes, k) if shown else np.zeros(0, bool)
    metrics = tuple(dict.fromkeys((metric, PRICE)))
    records = [disaggregate(e, attributes, metrics, hidden) for e in shown]
    fairness = _stacked([_fairness(record, metric, against) for record in records])
    price = _stacked([record.overall[PRICE] for record in records])
    sign = 1.0 if lower_is_fairer(metric, against) else -1.0
    return Frontier(
        metric=metric,
        against=against,
        attributes=attributes,
        names=tuple(models),
        fairness=fairness,
        price=price,
        is_best=undominated(sign * fairness.value, -price.value),
        hidden=hidden,
    )


def lower_is_fairer(metric: str, against: Against) -> bool:
    """Whether less of the horizontal value is better."""
    return against == "gap" or metric_named(metric).better == "low"


def undominated(first: Floats, second: Floats) -> Bools:
    """Return which points no other point is at least as low as in both, bool[m].

    Points that coincide do not beat each other. NaN is never among the best, and
    beats nothing.

    Parameters
    ----------
    first, second : float[m]
        Lower is better.
    """
    known: Bools = ~(np.isnan(first) | np.isnan(second))
    no_worse = (first[:, None] <= first) & (second[:, None] <= second)  # [m, m]
    better = (first[:, None] < first) | (second[:, None] < second)
    beaten: Bools = np.any(no_worse & better & known[:, None], axis=0)
    best: Bools = known & ~beaten
    return best


def _fairness(record: Disaggregation, metric: str, against: Against) -> Estimate:
    found = record.gaps if against == "gap" else record.worst
    return found[metric]


def _stacked(estimates: Sequence[Estimate]) -> Estimates:
    fields = ("value", "low", "high", "n")
    return Estimates(*(np.array([getattr(e, f) for e in estimates]) for f in fields))


def _check_same_rows(shown: Sequence[Evaluation]) -> None:
    if any(not np.array_equal(e.row_ids, shown[0].row_ids) for e in shown[1:]):
        raise DataError(
            "These runs were evaluated on different rows, so they cannot be held "
            "against each other. Choose runs with the same data set, split and seed."
        )
