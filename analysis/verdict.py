"""What a fix did, in a few facts: who gained, who lost, the price, and alarms."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.compare import HARM_LEVEL, PairedComparison
from analysis.estimates import Estimate, Z
from analysis.evaluation import Evaluation
from analysis.metrics.registry import metric_named
from analysis.subgroups.power import POWER_QUANTILE

OPPOSITES = {
    "false_negative_rate": "true_positive_rate",
    "false_positive_rate": "true_negative_rate",
    "false_discovery_rate": "precision",
    "false_omission_rate": "negative_predictive_value",
    "error_rate": "accuracy",
}
"""Measures that are one less another: what changes one changes the other alike."""

ALARM_ROWS = 30
"""Fewer people decided alike may well be chance."""


@dataclass(frozen=True)
class Verdict:
    """Who surely gained and lost by a change, in one measure, and what it cost.

    Parameters
    ----------
    metric : str
    gained, lost : tuple of str
        Groups whose measure surely got better or worse, largest change first. Of a
        measure that is neither good nor bad, those it fell for and rose for.
    lost_otherwise : tuple of (str, str)
        Group and metric of what surely got worse in other measures; the opposite of a
        measure is no other one.
    price : Estimate
        Change in accuracy over everyone, with its paired interval.
    is_worth : bool or None
        Whether the price is surely positive (True) or surely negative (False); None
        where it cannot be told from chance.
    undetected : float
        Change that the middle one of the groups would have shown with 80 % power, by
        itself; NaN where no group is shown.
    """

    metric: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    lost_otherwise: tuple[tuple[str, str], ...]
    price: Estimate
    is_worth: bool | None
    undetected: float


def verdict(record: PairedComparison, metric: str) -> Verdict:
    """Return what a paired comparison says of a fix.

    Parameters
    ----------
    record : PairedComparison
        Of this metric and of accuracy, at least.
    metric : str
    """
    change = record.change[metric]
    worse = _towards_worse(metric, change.estimates.value)
    low, high = change.estimates.low, change.estimates.high
    sure = (change.q_value < HARM_LEVEL) & ((low > 0) | (high < 0))
    price = record.overall["accuracy"]
    half = (high - low) / 2
    known = half[~np.isnan(half)] * (Z + POWER_QUANTILE) / Z
    return Verdict(
        metric=metric,
        gained=_named(record, metric, sure & ~worse),
        lost=_named(record, metric, sure & worse),
        lost_otherwise=tuple(
            (group, other)
            for other, groups in by_metric(record.harmed).items()
            for group in groups
            if _one_of(other) != _one_of(metric)
        ),
        price=price,
        # Without an interval that leaves 0 out, nothing is told: NaN does not either.
        is_worth=price.value > 0 if price.low > 0 or price.high < 0 else None,
        undetected=float(np.median(known)) if known.size else float("nan"),
    )


def by_metric(harmed: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the groups by metric; of a metric and its opposite only the first."""
    found: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for group, metric in harmed:
        shown = first.setdefault(_one_of(metric), metric)
        if metric == shown:
            found.setdefault(metric, []).append(group)
    return found


def _one_of(metric: str) -> str:
    """Return one name for a metric and its opposite."""
    return OPPOSITES.get(metric, metric)


@dataclass(frozen=True)
class Alarm:
    """Decisions that no longer tell people apart.

    Parameters
    ----------
    decided : str
        The class that everyone, or each of the groups, is decided for.
    groups : tuple of str
        Empty for everyone.
    """

    decided: str
    groups: tuple[str, ...] = ()


def alarms(
    shown: Evaluation, attributes: tuple[str, ...], hidden: Bools
) -> tuple[Alarm, ...]:
    """Return where a model decides one class for everyone, or for a whole group.

    With more than two classes a decision is the class with the highest score.

    Parameters
    ----------
    shown : Evaluation
    attributes : tuple of str
        Whose groups are looked at.
    hidden : bool[g]
        Groups that are not to be named.
    """
    k, decided = len(shown.classes), shown.decided_classes
    if len(shown) and len(np.unique(decided)) == 1:
        return (Alarm(shown.classes[int(decided[0])]),)
    grouping = shown.grouping(attributes)
    cells = grouping.codes * k + decided
    rows = np.bincount(cells, minlength=len(grouping.names) * k).reshape(-1, k)
    is_one = (rows.max(axis=1) == rows.sum(axis=1)) & (rows.sum(axis=1) >= ALARM_ROWS)
    found = np.flatnonzero(is_one & ~hidden)
    by_class: dict[str, list[str]] = {}
    for g in found:
        decided_for = shown.classes[int(rows[g].argmax())]
        by_class.setdefault(decided_for, []).append(grouping.names[g])
    return tuple(Alarm(name, tuple(groups)) for name, groups in by_class.items())


def _towards_worse(metric: str, change: Floats) -> Bools:
    up: Bools = change > 0
    return ~up if metric_named(metric).better == "high" else up


def _named(record: PairedComparison, metric: str, which: Bools) -> tuple[str, ...]:
    change = record.change[metric].estimates.value
    groups = sorted(np.flatnonzero(which), key=lambda g: -abs(change[g]))
    return tuple(record.names[g] for g in groups)
