"""View: what a reader looks at, and the address that says it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.cohorts import parse
from analysis.datasets.groups import edge_name
from analysis.errors import SettingError
from analysis.frame import Grouping

FIRST_DATA = "adult"

EXISTING_SCORE = "score"
"""Stands for the score that came with the table, in place of a run's id."""

NOTHING = "none"
"""Stands for no run and no score: the table alone."""

DATA, RUN, COHORT, THRESHOLD = "data", "run", "cohort", "threshold"
BY_GROUP, POSITIVE, HIDDEN = "thresholds", "class", "k"
ADDRESS = (DATA, RUN, COHORT, THRESHOLD, BY_GROUP, POSITIVE, HIDDEN)
"""What the address says of a view, in this order."""

HIDDEN_LABEL = "Smallest group shown"
"""The control of the fewest people a group must have to be shown."""

SHOWN_LENGTH = 60
"""Letters of an address that a message repeats."""

GroupCuts = tuple[str, tuple[float, ...]]
"""An attribute and a threshold for each of its groups, in the order of their names."""


@dataclass(frozen=True)
class View:
    """What every page follows.

    Parameters
    ----------
    data : str
        Name of a task.
    run : str
        Id of a run, or `EXISTING_SCORE`, or `NOTHING`.
    cohort : str
        Rule, as `analysis.cohorts.parse` reads it; empty for everyone.
    threshold : float or None
        None is the scorer's customary one.
    by_group : (str, tuple of float) or None
        An attribute and one threshold per group, in the order of the grouping's names;
        they decide in place of `threshold`.
    positive : str
        The class in view of a label with more than two; empty for the task's own.
    k : int
        Groups of fewer people are hidden; 0 hides none.
    """

    data: str
    run: str
    cohort: str
    threshold: float | None
    by_group: GroupCuts | None = None
    positive: str = ""
    k: int = 0

    @property
    def is_trained(self) -> bool:
        """Whether a trained run is in view, rather than a score column or nothing."""
        return self.run not in (EXISTING_SCORE, NOTHING)


def to_address(view: View) -> dict[str, str | list[str]]:
    """Return what the address says of a view; what is as it comes is left out.

    Numbers stand there in full: a threshold is often the score of a row, which a
    rounded one would decide otherwise.
    """
    said: dict[str, str | list[str]] = {DATA: view.data}
    if view.run not in ("", NOTHING):
        said[RUN] = view.run[:12]
    if view.cohort:
        said[COHORT] = view.cohort
    if view.threshold is not None:
        said[THRESHOLD] = edge_name(view.threshold)
    if view.by_group is not None:
        attribute, cuts = view.by_group
        said[BY_GROUP] = [attribute, *map(edge_name, cuts)]
    if view.positive:
        said[POSITIVE] = view.positive
    if view.k:
        said[HIDDEN] = str(view.k)
    return said


def from_address(asked: Mapping[str, Sequence[str]]) -> tuple[View, list[str]]:
    """Read a view from an address, with a sentence on each part that says nothing.

    Whether the data set, the run, the class and the groups exist is not known here.
    """
    first = {key: asked[key][0] for key in ADDRESS if asked.get(key)}
    threshold = _number(first.get(THRESHOLD, ""))
    hidden = first.get(HIDDEN, "")
    problems = []
    if first.get(THRESHOLD) and (threshold is None or math.isinf(threshold)):
        problems.append(ignored("threshold", first[THRESHOLD], "which is no number"))
        threshold = None
    if hidden and not _is_count(hidden):
        problems.append(ignored("smallest group", hidden, "which is no number of rows"))
    by_group = _group_cuts(asked.get(BY_GROUP, ()))
    view = View(
        data=first.get(DATA, "") or FIRST_DATA,
        run=first.get(RUN, ""),
        cohort=tidy(first.get(COHORT, "")),
        threshold=None if by_group else threshold,
        by_group=by_group,
        positive=first.get(POSITIVE, ""),
        k=int(hidden) if _is_count(hidden) else 0,
    )
    return view, problems


def tidy(rule: str) -> str:
    """Return a rule as it is printed, so that one cohort is written in one way."""
    try:
        return str(parse(rule))
    except SettingError:  # the page says what is wrong with it
        return rule.strip()


def fitting(
    view: View, classes: Sequence[str], groups: Mapping[str, Grouping]
) -> tuple[View, list[str]]:
    """Return a view without what a table lacks, with a sentence on each such part.

    Parameters
    ----------
    view : View
    classes : sequence of str
        Of the table's label. Of two, none is chosen: the positive one is in view.
    groups : mapping of str to Grouping
        Of the table's sensitive attributes.
    """
    problems = []
    if view.positive not in ("", *choosable(classes)):
        if view.positive != classes[-1]:
            why = "which cannot be chosen for this label"
            problems.append(ignored("class", view.positive, why))
        view = replace(view, positive="")
    if view.by_group is not None and not _has_each(view.by_group, groups):
        problems.append(
            f"The thresholds by '{view.by_group[0][:SHOWN_LENGTH]}' are not one number "
            "for each group of this table, so one threshold decides instead. Choose "
            "it in the sidebar."
        )
        view = replace(view, by_group=None)
    return view, problems


def not_here(what: str, name: str) -> str:
    """Say that the address names something in vain, and what is shown instead."""
    return (
        f"The address names a {what} that is not here: '{name[:SHOWN_LENGTH]}'. Below "
        "is the first one instead; choose another in the sidebar."
    )


def ignored(what: str, text: str, why: str) -> str:
    """Say that a part of the address is left out."""
    return (
        f"The address names a {what}, '{text[:SHOWN_LENGTH]}', {why}; it is left out. "
        "Choose another in the sidebar."
    )


def completed(run: str, choices: Sequence[str]) -> str:
    """Return the run that an id begins, or nothing where there is none or several."""
    if run in choices:
        return run
    found = [choice for choice in choices if choice.startswith(run)]
    return found[0] if len(found) == 1 else ""


def choosable(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that can be put in view in place of the task's own."""
    return tuple(classes[:-1]) if len(classes) > 2 else ()


def _has_each(by_group: GroupCuts, groups: Mapping[str, Grouping]) -> bool:
    attribute, cuts = by_group
    if attribute not in groups or len(cuts) != len(groups[attribute].names):
        return False
    return not any(math.isnan(cut) for cut in cuts)


def _group_cuts(texts: Sequence[str]) -> GroupCuts | None:
    """Read an attribute and its thresholds; a text that is no number becomes NaN."""
    if not texts:
        return None
    numbers = [_number(text) for text in texts[1:]]
    return texts[0], tuple(math.nan if n is None else n for n in numbers)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("1000000000")
