"""The one sentence at the top of a page: whom the model fails most, and how surely."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools
from analysis.counts import Counts, counts_of
from analysis.datasets.task import Task
from analysis.estimates import LEVEL, Estimate, Estimates, blanked
from analysis.evaluation import Evaluation
from analysis.frame import MISSING
from analysis.intervals import range_quantile, share_interval, surest_pair, wilson
from analysis.metrics.kinds import Rate, within
from analysis.metrics.registry import metric_named
from analysis.privacy.withheld import published
from analysis.subgroups.listing import Crossings
from analysis.subgroups.power import POWER_QUANTILE

HARMS: Mapping[str, tuple[bool, str]] = {
    "false_negative_rate": (True, "are missed"),
    "false_positive_rate": (False, "are wrongly flagged"),
}
"""Rates searched for a finding: whose label is positive, and what happens to them."""

NO_BREAK = "\u00a0"

NOTHING_TO_COMPARE = (
    "No two groups can be compared: declare a sensitive attribute with rows of at "
    "least two groups on the Data page."
)
TOO_FEW_SHOWN = (
    "No two groups can be compared: those of fewer people than may be shown, and those "
    "that would give them away, are withheld. Choose a smaller number for Smallest "
    "group shown in the sidebar, under More."
)

TINY = 0.001
"""Scores below this are written with as many digits as it takes."""


@dataclass(frozen=True)
class Finding:
    """The surest large gap among groups, in words.

    Parameters
    ----------
    sentence : str
        Plain text, not escaped: group names come from the data.
    is_sure : bool
        Whether the gap is larger than chance, all comparisons considered.
    metric, attribute : str
        Of the surest gap, sure or not; empty when no two groups could be compared.
    worst, best : str
        Group names; empty where no gap is sure.
    worst_estimate, best_estimate : Estimate or None
    detectable : float
        Smallest gap in any measure searched that these rows would have shown with 80 %
        power; NaN if none.
    """

    sentence: str
    is_sure: bool
    metric: str = ""
    attribute: str = ""
    worst: str = ""
    best: str = ""
    worst_estimate: Estimate | None = None
    best_estimate: Estimate | None = None
    detectable: float = np.nan


@dataclass(frozen=True, eq=False)
class _Candidate:
    metric: str
    attribute: str
    names: tuple[str, ...]
    worst: int
    best: int
    lower_end: float
    detectable: float
    rates: Estimates


def find(
    evaluation: Evaluation, task: Task, k: int = 0, beside: Crossings = ()
) -> Finding:
    """Return the largest sure gap in a harm among the groups of any one attribute.

    The family is all pairs of groups, attributes and harms: pairs by the studentised
    range, the rest by Bonferroni.

    Parameters
    ----------
    evaluation : Evaluation
    task : Task
        For the words: what a row is and what its label means.
    k : int
        Groups of fewer people, see `hidden_rows`, are neither compared nor named.
    beside : tuple of tuple of str
        Crossings of attributes that readers see together with the sentence.
    """
    if len(evaluation) and len(np.unique(evaluation.decisions)) == 1:
        return _one_sided(evaluation)
    family = len(evaluation.groups) * len(HARMS)
    tables = {name: counts_of(evaluation, (name,)) for name in evaluation.groups}
    shown = published(evaluation, (*beside, *((name,) for name in tables)), k)
    hidden = {name: shown.of((name,)) for name in tables}
    candidates = [
        _candidate(metric, attribute, (tables[attribute], hidden[attribute]), family)
        for attribute in evaluation.groups
        for metric in HARMS
    ]
    candidates = [c for c in candidates if not np.isnan(c.lower_end)]
    if not candidates:
        is_withheld = any(groups.any() for groups in hidden.values())
        said = TOO_FEW_SHOWN if is_withheld else NOTHING_TO_COMPARE
        return Finding(said, is_sure=False)
    surest = max(candidates, key=lambda c: c.lower_end)
    return _sure(surest, task) if surest.lower_end > 0 else _unsure(surest, candidates)


def not_searched(found: Finding, metric: str) -> str:
    """Say that a measure was not searched where none was found; else nothing."""
    if found.is_sure or not found.metric or metric in HARMS:
        return ""
    return (
        "The sentence at the top is about who is missed and who is wrongly flagged; "
        "this measure was not among those searched."
    )


def _one_sided(evaluation: Evaluation) -> Finding:
    """Say that the threshold decides everybody, or nobody, positive."""
    who = "Everybody" if evaluation.decisions[0] else "Nobody"
    low, high = float(evaluation.score.min()), float(evaluation.score.max())
    return Finding(
        f"{who} is decided positive at this threshold; scores run from "
        f"{score_words(low)} to {score_words(high)}.",
        is_sure=False,
    )


def score_words(score: float) -> str:
    """Return a score in three digits, never in powers of ten where it is small."""
    if score == 0 or abs(score) >= TINY:
        return f"{score:.3g}"
    text = f"{score:.6f}".rstrip("0").rstrip(".")
    return text if float(text) else "almost 0"


def _unsure(surest: _Candidate, candidates: list[_Candidate]) -> Finding:
    """Say which measures were searched in vain, and what could not have been seen."""
    smallest = {
        metric: min(c.detectable for c in candidates if c.metric == metric)
        for metric in HARMS
        if any(c.metric == metric for c in candidates)
    }
    searched = " or ".join(HARMS[metric][1].removeprefix("are ") for metric in smallest)
    seen = " and ".join(
        f"{_points(gap)} in who {HARMS[metric][1].replace('are', 'is', 1)}"
        for metric, gap in smallest.items()
    )
    return Finding(
        f"No gap larger than chance in who is {searched}; gaps under {seen} could not "
        "have been seen with these rows.",
        is_sure=False,
        metric=surest.metric,
        attribute=surest.attribute,
        detectable=min(smallest.values()),
    )


def _candidate(
    metric: str, attribute: str, table: tuple[Counts, Bools], family: int
) -> _Candidate:
    """Compare the groups of one attribute that may be shown.

    Parameters
    ----------
    metric, attribute : str
    table : (Counts, bool[g])
        Of all groups, and which of them are withheld.
    family : int
        How many such tables are searched.
    """
    counts, hidden = table
    rate = metric_named(metric)
    if not isinstance(rate, Rate):
        raise TypeError(f"{metric} is not a rate")
    value = np.where(hidden, np.nan, rate.value(counts.w))
    n = within(counts.n, rate.denominator)
    w, w2 = within(counts.w, rate.denominator), within(counts.w2, rate.denominator)
    effective = np.divide(w**2, w2, out=np.zeros_like(w), where=w2 > 0)
    defined = int((~np.isnan(value)).sum())
    critical = range_quantile(defined, 1 - (1 - LEVEL) / family)
    low, high = share_interval(value, effective, critical)
    worst, best, lower_end = surest_pair(value, low, high)
    return _Candidate(
        metric=metric,
        attribute=attribute,
        names=counts.names,
        worst=worst,
        best=best,
        lower_end=lower_end,
        detectable=_detectable(high - low, critical),
        rates=blanked(Estimates(value, *wilson(value, effective), n), hidden, n=True),
    )


def _detectable(width: np.ndarray, critical: float) -> float:
    """Smallest gap between the two best measured groups seen with 80 % power."""
    widths = np.sort(width[~np.isnan(width)])
    if len(widths) < 2:
        return np.nan
    half = float(np.hypot(widths[0], widths[1])) / 2
    return half * (critical + POWER_QUANTILE) / critical


def _points(share: float) -> str:
    """Return percentage points, with a decimal where a whole number would hide it."""
    text = f"{100 * share:.{0 if share >= 0.02 else 1}f}".removesuffix(".0")
    return f"{text}{NO_BREAK}{'point' if text == '1' else 'points'}"


def _sure(c: _Candidate, task: Task) -> Finding:
    is_positive, harm = HARMS[c.metric]
    worst, best = c.rates.at(c.worst), c.rates.at(c.best)
    digits = max(_digits(worst), _digits(best))
    far = "far " if worst.value >= 1.3 * best.value else ""
    sentence = (
        f"Among {task.words(is_positive)}, {_called(c, c.worst, task)} {harm} {far}"
        f"more often than {_called(c, c.best, task)}: {percent(worst, digits)} "
        f"against {percent(best, digits)} "
        f"(n = {worst.n:,.0f} and {best.n:,.0f})."
    )
    return Finding(
        sentence=sentence,
        is_sure=True,
        metric=c.metric,
        attribute=c.attribute,
        worst=c.names[c.worst],
        best=c.names[c.best],
        worst_estimate=worst,
        best_estimate=best,
        detectable=c.detectable,
    )


def _called(c: _Candidate, group: int, task: Task) -> str:
    """Return a group's name; an interval of a number, or nothing, says of what."""
    name = c.names[group]
    if name.startswith(MISSING):
        return f"those with {name} {c.attribute}"
    return f"those of {c.attribute} {name}" if c.attribute in task.cut_points else name


def _digits(estimate: Estimate) -> int:
    """Return the decimals of percent that an interval warrants."""
    return 1 if estimate.high - estimate.low < 0.02 else 0


def percent(estimate: Estimate, digits: int) -> str:
    """Return a rate as '58 % [54, 61]'; one sentence has one number of digits."""
    if estimate.is_undefined:
        return f"undefined (n = {estimate.n:,.0f})"
    value, low, high = (
        f"{100 * x:.{digits}f}" for x in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value}{NO_BREAK}% [{low}, {high}]"
