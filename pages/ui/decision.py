"""The decision rule of a view: what it is, and what it is called."""

import math
from dataclasses import replace

from analysis.datasets.load import Dataset
from analysis.datasets.task import Task
from analysis.errors import SettingError
from analysis.evaluation import (
    DecisionRule,
    Evaluation,
    GroupThresholds,
    Threshold,
)
from pages.ui.view import EXISTING_SCORE, View

CUSTOMARY = 0.5
"""The threshold of a score that declares none."""

MAX_LISTED = 8
"""Groups whose thresholds a line names."""


def customary_threshold(view: View, task: Task) -> float:
    """Return the single threshold in force: the reader's, else the scorer's own."""
    if view.threshold is not None:
        return view.threshold
    if view.run == EXISTING_SCORE and task.score is not None:
        return task.score.threshold
    return CUSTOMARY


def rule_of(view: View, task: Task) -> DecisionRule:
    """Return the rule in force: thresholds by group, else the single one."""
    if view.by_group is not None:
        return GroupThresholds(*view.by_group)
    return Threshold(customary_threshold(view, task))


def carried_over(view: View, data: Dataset, other: Dataset) -> View:
    """Return a view of another table, each group under its threshold of this one.

    Raises
    ------
    SettingError
        A group of the other table has no threshold in this one.
    """
    there = replace(view, data=other.task.name)
    if view.by_group is None or other is data:
        return there
    attribute, cuts = view.by_group
    known = dict(zip(data.frame.groups[attribute].names, cuts, strict=True))
    grouping = other.frame.groups.get(attribute)
    unknown = [] if grouping is None else [n for n in grouping.names if n not in known]
    if grouping is None or unknown:
        raise SettingError(
            f"Thresholds by {attribute} are in force, but the second table has "
            f"{f'the group {unknown[0]}' if unknown else 'no such groups'} without "
            "one. Go back to one threshold in the sidebar."
        )
    return replace(there, by_group=(attribute, tuple(known[n] for n in grouping.names)))


def words(view: View, data: Dataset) -> str:
    """Return the rule in force in words that follow the rows it decides."""
    task = data.task
    positive = "positive" if task.is_binary else view.positive or task.positive
    others = "" if task.is_binary else " rather than any other class"
    if view.by_group is None:
        threshold = customary_threshold(view, task)
        return f"decided {positive}{others} from {threshold:g}"
    attribute = view.by_group[0]
    return f"decided {positive}{others} by {attribute}, from {listed(view, data)}"


def listed(view: View, data: Dataset) -> str:
    """Return the threshold of each group, such as 'Female 0.41, Male 0.50'."""
    if view.by_group is None:
        return ""
    attribute, cuts = view.by_group
    names = data.frame.groups[attribute].names
    said = [f"{n} {_cut(c)}" for n, c in zip(names, cuts, strict=True)][:MAX_LISTED]
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(said) + more


def _cut(cut: float) -> str:
    if math.isinf(cut):
        return "nobody" if cut > 0 else "everybody"
    return f"{cut:.3g}"


def look(rule: DecisionRule, positive: str) -> str:
    """Return what a look at test rows is known by, beside its scorer and cohort."""
    return f"{rule!r} of {positive}" if positive else repr(rule)


def task_in_view(shown: Evaluation, task: Task) -> Task:
    """Return the task as told of the class in view, which its words must then name."""
    if shown.classes[shown.view] == task.positive:
        return task
    positive = shown.classes[shown.view]
    classes = (*(c for c in task.classes if c != positive), positive)
    return replace(task, classes=classes, positive_words="", negative_words="")
