"""Sets of people to be fair to: groups, cohorts, and what they have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from analysis.arrays import Bools
from analysis.cohorts import Cohort, Condition, cohort_of_group, parse
from analysis.errors import SettingError
from analysis.frame import AuditFrame
from analysis.matching import matches
from models.names import split
from models.remedies.weighing import effective_rows

MAX_SETS = 500
"""Sets that are watched at once; a round takes a pass over the rows of each."""

TOGETHER = 2
"""Cohorts that are intersected with each other."""


@dataclass(frozen=True)
class CohortSet:
    """The people in a group of some attributes who also match some rules.

    Parameters
    ----------
    groups : mapping of str to str
        Group by attribute.
    rules : tuple of str
        Cohorts as they are printed.
    """

    groups: Mapping[str, str]
    rules: tuple[str, ...]

    def __str__(self) -> str:
        own = str(cohort_of_group(self.groups))
        return " & ".join([*([own] if own else []), *self.rules])

    def to_json(self) -> dict[str, Any]:
        """Return the set as JSON types, with the rule it is."""
        groups, rules = dict(self.groups), list(self.rules)
        return {"cohort": str(self), "groups": groups, "rules": rules}


def set_from_json(data: Mapping[str, Any]) -> CohortSet:
    """Return the set that `to_json` wrote."""
    return CohortSet(dict(data["groups"]), tuple(data["rules"]))


def rules_of(text: str) -> tuple[Cohort, ...]:
    """Return the cohorts of a text with semicolons between rules, without repeats.

    A semicolon in quotes is part of a name.

    Raises
    ------
    SettingError
        A rule cannot be read.
    """
    # Quotes are left for `parse` to read: only where to cut is asked here.
    pieces, start, quote = list[str](), 0, ""
    for position, mark in enumerate(text):
        if mark in ('"', "'") and quote in ("", mark):
            quote = "" if quote else mark
        if mark == ";" and not quote:
            pieces.append(text[start:position])
            start = position + 1
    pieces.append(text[start:])
    return tuple(dict.fromkeys(parse(piece) for piece in pieces if piece.strip()))


def text_of(cohorts: Sequence[Cohort]) -> str:
    """Return cohorts as one text that `rules_of` reads again."""
    return "; ".join(" & ".join(map(_guarded, c.conditions)) for c in cohorts)


def _guarded(condition: Condition) -> str:
    """Return a condition, in quotes where a name holds the mark between rules."""
    if ";" not in str(condition):
        return str(condition)
    feature, value = (
        '"' + name.replace('"', '""') + '"'
        for name in (condition.feature, condition.value)
    )
    return f"{feature} {condition.op} {value}"


def members_of(people: CohortSet, frame: AuditFrame) -> Bools:
    """Return which rows of a frame belong to a set, bool[n].

    A group or value that this table does not have means nobody.
    """
    inside = np.ones(len(frame), dtype=bool)
    for attribute, name in people.groups.items():
        grouping = frame.grouping((attribute,))
        if name not in grouping.names:
            return np.zeros(len(frame), dtype=bool)
        inside &= grouping.codes == grouping.names.index(name)
    for rule in people.rules:
        inside &= _matching(parse(rule), frame)
    return inside


def _matching(cohort: Cohort, frame: AuditFrame) -> Bools:
    """Return which rows match; nobody where the table lacks a value that is asked."""
    try:
        return matches(cohort, frame.features, frame.named_groups)
    except SettingError:
        known = {*frame.features, *frame.named_groups}
        if any(c.feature not in known for c in cohort.conditions):
            raise
        return np.zeros(len(frame), dtype=bool)


def listed_sets(
    frame: AuditFrame, attribute: str, cohorts: Sequence[Cohort], min_rows: int
) -> list[tuple[CohortSet, Bools]]:
    """Return every group, cohort and intersection with enough rows, and its rows.

    Groups of all attributes named are crossed with each other, with each cohort and
    with each pair of cohorts. Of sets with the same rows the first stands for all.

    Raises
    ------
    SettingError
        A rule matches nobody, or there are more sets than `MAX_SETS`.
    DataError
        An attribute is not one of the frame's.
    """
    inside = [_known(cohort, frame) for cohort in cohorts]
    names = split(attribute)
    frame.grouping(names)
    found = dict[bytes, tuple[CohortSet, Bools]]()
    for groups, in_groups in _groups(frame, names):
        for rules, in_rules in _rules(cohorts, inside, len(frame)):
            if not groups and not rules:
                continue
            rows = in_groups & in_rules
            if rows.any() and effective_rows(frame.weights[rows]) >= min_rows:
                people = CohortSet(groups, rules)
                found.setdefault(np.packbits(rows).tobytes(), (people, rows))
            _refuse_too_many(len(found))
    return list(found.values())


def _groups(
    frame: AuditFrame, names: Sequence[str]
) -> Iterator[tuple[dict[str, str], Bools]]:
    """Yield nobody's group, every group, and every intersection that has a row."""
    yield {}, np.ones(len(frame), dtype=bool)
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            parts = [frame.grouping((name,)) for name in chosen]
            crossed = frame.grouping(chosen)
            counts = np.bincount(crossed.codes, minlength=len(crossed.names))
            cells = product(*(part.names for part in parts))
            for code, cell in enumerate(cells):
                if counts[code]:
                    groups = dict(zip(chosen, cell, strict=True))
                    yield groups, crossed.codes == code


def _rules(
    cohorts: Sequence[Cohort], inside: Sequence[Bools], n: int
) -> Iterator[tuple[tuple[str, ...], Bools]]:
    """Yield no rule, each rule, and each pair of rules."""
    for size in range(TOGETHER + 1):
        for chosen in combinations(range(len(cohorts)), size):
            rows = np.ones(n, dtype=bool)
            for c in chosen:
                rows = rows & inside[c]
            yield tuple(str(cohorts[c]) for c in chosen), rows


def _known(cohort: Cohort, frame: AuditFrame) -> Bools:
    rows = matches(cohort, frame.features, frame.named_groups)
    if not rows.any():
        raise SettingError(
            f"No calibration row matches the cohort '{cohort}'. Widen the rule, or "
            "leave it out."
        )
    return rows


def _refuse_too_many(count: int) -> None:
    if count > MAX_SETS:
        raise SettingError(
            f"The groups, the cohorts and what they have in common make more than "
            f"{MAX_SETS:,} sets of people. Name fewer attributes or cohorts, choose "
            "coarser groups, or raise 'Minimum rows' (min_rows on the command line)."
        )
