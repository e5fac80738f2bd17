"""What a strength does, in words: who gains, who pays, how many people change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.charts import numbers
from analysis.charts.groups import short_title
from analysis.charts.verdict import alarm_words
from analysis.marks import BY_LOT, DEFERRED
from analysis.metrics.registry import metric_named
from analysis.paths.measuring import ALONE
from analysis.paths.record import Measured, Moved, Path, Point

MAX_NAMED = 2
"""Groups that are named on either side; of more, the others are counted."""


@dataclass(frozen=True)
class Standing:
    """Where a reader stands on a path, and what they look at.

    Parameters
    ----------
    strength : float
    metric : str
        One of `WATCHED`.
    dial : str
        What the strength is called, within a sentence.
    people : str
        What the rows are.
    is_fitted : bool
        Whether the charts show the rows it was fitted on, or those it was not.
    """

    strength: float
    metric: str
    dial: str = "strength"
    people: str = "people"
    is_fitted: bool = True


def heading(at: Standing) -> str:
    """Return a strength with its name, such as 'tolerance 0.05'."""
    return f"{at.dial} {at.strength:.3g}"


def paragraphs(path: Path, at: Standing) -> tuple[str, ...]:
    """Say what a strength does, a paragraph each, the alarm first.

    Who gains, who pays and how many change is told of the rows that the fix is not
    fitted on: on the others, chance is part of what was fitted.
    """
    point = path.at(at.strength)
    said = [
        alarm(path, at),
        _fitted(path, point, at),
        _unseen(path, point, at),
        _who(path, point.unseen.moved, at),
        _how_many(path, point, at),
    ]
    return tuple(words for words in said if words)


def alarm(path: Path, at: Standing) -> str:
    """Say who is decided all alike at a strength, on validation rows; empty for none.

    These are the rows that judge the run which accepting it makes.
    """
    said = alarm_words(path.at(at.strength).unseen.alarms, at.people)
    return f"{said} (On the validation {at.people}.)" if said else ""


def _fitted(path: Path, point: Point, at: Standing) -> str:
    now, before = point.fitted.measured, path.fitted
    rows = numbers.count(before.columns["accuracy"].n[0])
    return (
        f"On the {rows} calibration {at.people} it is fitted on: "
        f"{_stands(path, now, before, at)})."
    )


def _unseen(path: Path, point: Point, at: Standing) -> str:
    now, before = point.unseen.measured, path.unseen
    rows = numbers.count(before.columns["accuracy"].n[0])
    change = numbers.full(point.unseen.moved.price, "points")
    return (
        f"On {rows} validation {at.people} it is not fitted on: "
        f"{_stands(path, now, before, at)}, {change})."
    )


def _stands(path: Path, now: Measured, before: Measured, at: Standing) -> str:
    """Say the gap and the accuracy, now and before; the last bracket stays open."""
    accuracy = now.columns["accuracy"].at(0), before.columns["accuracy"].at(0)
    decimals = numbers.shared_decimals(accuracy)
    after, first = (numbers.value(a, "percent", decimals) for a in accuracy)
    said = f"decided right {after} (before {first}"
    if not path.attributes:
        return said
    gap, gap_before = now.gaps[at.metric], before.gaps[at.metric]
    decimals = numbers.shared_decimals((gap, gap_before))
    return (
        f"largest gap in {_quoted(at.metric)} {numbers.full(gap, 'percent', decimals)}"
        f"{_pair(path, now, at.metric)} "
        f"(before {numbers.value(gap_before, 'percent', decimals)}), {said}"
    )


def _pair(path: Path, now: Measured, metric: str) -> str:
    """Name the two groups a gap lies between, the worse-off first, and their people."""
    column = now.columns[metric]
    value = np.array(column.value[1:])
    known = np.flatnonzero(np.isfinite(value))
    if known.size < 2 or np.ptp(value[known]) == 0:
        return ""
    pair = [int(known[value[known].argmin()]), int(known[value[known].argmax()])]
    worse, better = pair if metric_named(metric).better == "high" else pair[::-1]
    n = " and ".join(numbers.count(column.n[1 + g]) for g in (worse, better))
    return f", {path.names[worse]} against {path.names[better]}, n = {n}"


def _who(path: Path, moved: Moved, at: Standing) -> str:
    """Say who surely gains and who surely pays, on rows it is not fitted on."""
    if not path.attributes:
        return ""
    is_judged = metric_named(at.metric).better != "none"
    gains, pays = ("gain", "pay") if is_judged else ("fall", "rise")
    parts = [
        f"Who surely {word}s in {_quoted(at.metric)} there: "
        f"{_named(path, moved, groups, at.metric)}."
        for word, groups in (
            (gains, moved.gained.get(at.metric, ())),
            (pays, moved.lost.get(at.metric, ())),
        )
        if groups
    ]
    if not parts:
        return (
            f"Nobody surely {gains}s or {pays}s in {_quoted(at.metric)} there: no "
            "group’s change is larger than chance."
        )
    return " ".join(parts)


def _named(path: Path, moved: Moved, groups: Sequence[str], metric: str) -> str:
    changes = moved.changes[metric]
    said = []
    for name in groups[:MAX_NAMED]:
        change = changes.at(1 + path.names.index(name))
        said.append(f"{name} ({numbers.full(change, 'points')})")
    more = len(groups) - len(said)
    return ", ".join(said) + (f" and {more:,} more" if more else "")


def _how_many(path: Path, point: Point, at: Standing) -> str:
    moved, columns = point.unseen.moved, point.unseen.measured.columns
    right, wrong = moved.newly_right[0], moved.newly_wrong[0]
    share = moved.otherwise.at(0)
    said = [
        f"{numbers.count(right + wrong)} of these {numbers.count(share.n)} "
        f"{at.people} ({numbers.plain(share.value)}) are decided otherwise: "
        f"{numbers.count(right)} newly right, {numbers.count(wrong)} newly wrong."
    ]
    if has_any(path, BY_LOT) and BY_LOT in columns:
        by_lot = numbers.plain(columns[BY_LOT].value[0])
        said.append(f"For {by_lot} a draw decides.")
    if DEFERRED in columns and ALONE in columns:
        handed = numbers.plain(columns[DEFERRED].value[0])
        alone = numbers.full(columns[ALONE].at(0))
        said.append(f"{handed} are handed to a person; of the others {alone} right.")
    return " ".join(said)


def has_any(path: Path, column: str) -> bool:
    """Whether a column of marks holds anybody, at any strength."""
    sides = [side for point in path.points for side in (point.fitted, point.unseen)]
    found = [side.measured.columns.get(column) for side in sides]
    return any(c is not None and any(v > 0 for v in c.value) for c in found)


def _quoted(metric: str) -> str:
    title = short_title(metric)
    return f"‘{title[:1].lower()}{title[1:]}’"
