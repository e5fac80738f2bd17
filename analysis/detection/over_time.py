"""A metric period by period, beside what the source's rows show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.arrays import Bools, Floats
from analysis.estimates import UNDEFINED, Estimate, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.holm import holm
from analysis.subgroups.disaggregate import disaggregate

_PERIOD = "period of the row"

LEVEL = 0.05


@dataclass(frozen=True)
class Chunk:
    """A metric in one period.

    Parameters
    ----------
    name : str
    side : str
        'source' or 'target'.
    estimate : Estimate
    p_value : float
        Of the source's value, Holm-adjusted over the target's periods; NaN for the
        source's own.
    is_alert : bool
        Surely away from the source as a whole, and beyond each of its periods.
    """

    name: str
    side: str
    estimate: Estimate
    p_value: float
    is_alert: bool


@dataclass(frozen=True)
class Course:
    """A metric over time, of everyone or of one group.

    Parameters
    ----------
    metric : str
    attribute, group : str
        Empty for everyone.
    reference : Estimate
        Over all source rows.
    chunks : tuple of Chunk
        In order; the source's first.
    """

    metric: str
    attribute: str
    group: str
    reference: Estimate
    chunks: tuple[Chunk, ...]

    @property
    def alerts(self) -> tuple[Chunk, ...]:
        """Periods of the target that are out of the ordinary."""
        return tuple(c for c in self.chunks if c.is_alert)


def courses(
    sides: tuple[Evaluation, Evaluation],
    periods: tuple[Grouping, Grouping],
    metric: str,
    attribute: str = "",
    hidden: Sequence[str] = (),
) -> tuple[Course, ...]:
    """Return a metric over the periods of both sides, for everyone, then by group.

    Parameters
    ----------
    sides : (Evaluation, Evaluation)
        Source and target, with labels.
    periods : (Grouping, Grouping)
        Of their rows, with names in order.
    metric : str
    attribute : str
        Whose groups have a course each; empty for everyone alone.
    hidden : sequence of str
        Groups that are withheld.
    """
    found = [_course(sides, periods, metric)]
    if not attribute:
        return tuple(found)
    for name in sides[0].groups[attribute].names:
        if name in hidden:
            continue
        rows = [np.flatnonzero(_members(e, attribute, name)) for e in sides]
        if not all(len(r) for r in rows):
            continue
        parts = tuple(e.take(r) for e, r in zip(sides, rows, strict=True))
        times = tuple(p.take(r) for p, r in zip(periods, rows, strict=True))
        course = _course((parts[0], parts[1]), (times[0], times[1]), metric)
        found.append(replace(course, attribute=attribute, group=name))
    return tuple(found)


def _members(evaluation: Evaluation, attribute: str, name: str) -> Bools:
    grouping = evaluation.groups[attribute]
    code = grouping.names.index(name) if name in grouping.names else -1
    return np.asarray(grouping.codes == code)


def _course(
    sides: tuple[Evaluation, Evaluation],
    periods: tuple[Grouping, Grouping],
    metric: str,
) -> Course:
    reference = disaggregate(sides[0], (), (metric,)).overall[metric]
    first, second = (
        _by_period(e, p, metric) for e, p in zip(sides, periods, strict=True)
    )
    p_values = holm(np.array([_p_value(e, reference) for _, e in second]))
    own = np.array([e.value for _, e in first])
    source = [Chunk(name, "source", e, float("nan"), False) for name, e in first]
    target = [
        Chunk(name, "target", e, float(p), _is_alert(e, float(p), own))
        for (name, e), p in zip(second, p_values, strict=True)
    ]
    return Course(metric, "", "", reference, (*source, *target))


def _by_period(
    evaluation: Evaluation, periods: Grouping, metric: str
) -> list[tuple[str, Estimate]]:
    """Return the metric of every period that has rows."""
    timed = replace(evaluation, groups={_PERIOD: periods})
    by_group = disaggregate(timed, (_PERIOD,), (metric,)).by_group[metric]
    present = np.bincount(periods.codes, minlength=len(periods.names)) > 0
    return [
        (periods.names[t], by_group.at(t)) for t in np.flatnonzero(present).tolist()
    ]


def _p_value(estimate: Estimate, reference: Estimate) -> float:
    """Return the p-value of no difference from the reference's whole.

    Each side's distance to the other is measured by the end of its interval that
    faces it, as in Newcombe's method for differences.
    """
    change = estimate.value - reference.value
    if change >= 0:
        facing = estimate.value - estimate.low, reference.high - reference.value
    else:
        facing = estimate.high - estimate.value, reference.value - reference.low
    error = float(np.hypot(*facing)) / Z
    if not error > 0:
        return float("nan")
    return float(2 * special.ndtr(-abs(change) / error))


def _is_alert(estimate: Estimate, p_value: float, own: Floats) -> bool:
    known = own[~np.isnan(own)]
    if estimate.is_undefined or not p_value <= LEVEL:
        return False
    if not len(known):
        return True
    return bool(estimate.value > known.max() or estimate.value < known.min())


def without_periods(names: Sequence[str], course: Course) -> Course:
    """Return a course with the numbers of some periods left out."""
    nothing = replace(UNDEFINED, n=float("nan"))
    chunks = tuple(
        Chunk(c.name, c.side, nothing, float("nan"), False) if c.name in names else c
        for c in course.chunks
    )
    return replace(course, chunks=chunks)
