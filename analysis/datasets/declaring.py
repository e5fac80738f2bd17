"""From the roles that a user settled on to a declared task, or a plain refusal."""

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.datasets.columns import RARE_ROWS
from analysis.datasets.groups import default_cut_points, grouping_of
from analysis.datasets.load import label_codes, left_out
from analysis.datasets.role_checks import (
    check_columns,
    check_domain,
    check_official_split,
    check_roles_differ,
    check_sensitive,
    check_time,
    check_weight,
    finite_numbers,
    label_classes,
)
from analysis.datasets.roles import Roles, class_names
from analysis.datasets.score_columns import in_class_order, score_note
from analysis.datasets.task import ExistingScore, Task
from analysis.errors import DataError
from analysis.frame import MISSING

_SUM_TOLERANCE = 1e-3
"""How far the probabilities of one row may add up to other than 1."""


def task_from_roles(roles: Roles, table: pd.DataFrame, name: str, digest: str) -> Task:
    """Declare a task over a user's table.

    Rows without a label are left out of every check, as `load` leaves them out.

    Parameters
    ----------
    roles : Roles
    table : DataFrame [n, columns]
    name : str
        What pages call the table.
    digest : str
        What `save_table` returned.

    Raises
    ------
    DataError
        A column does not serve its role; the message says what to do.
    """
    check_columns(roles, table)
    classes = label_classes(table[roles.label], roles.positive)
    labelled = table[table[roles.label].notna()]
    check_roles_differ(roles)
    cut_points = _cut_points(roles, labelled)
    for attribute in roles.sensitive:
        check_sensitive(labelled, attribute, cut_points.get(attribute, ()))
    if roles.weight is not None:
        check_weight(labelled[roles.weight])
    if roles.time is not None:
        check_time(labelled[roles.time])
    if roles.domain is not None:
        check_domain(labelled[roles.domain])
    if roles.official_split is not None:
        check_official_split(labelled[roles.official_split])
    return Task(
        name=name,
        title=name,
        table=digest,
        label=roles.label,
        classes=classes,
        features=roles.features,
        sensitive=tuple(dict.fromkeys(roles.sensitive)),
        cut_points=cut_points,
        weight=roles.weight,
        time=roles.time,
        domain=roles.domain,
        official_split=roles.official_split,
        score=_score(roles, labelled, classes),
    )


def _cut_points(roles: Roles, table: pd.DataFrame) -> dict[str, tuple[float, ...]]:
    """Return the edges of each numeric attribute: the user's, or else quartiles.

    An empty tuple in the roles asks for one group per value.
    """
    edges = {
        s: tuple(map(float, roles.cut_points[s]))
        if s in roles.cut_points
        else default_cut_points(table[s])
        for s in roles.sensitive
    }
    return {s: points for s, points in edges.items() if points}


def role_notes(task: Task, table: pd.DataFrame) -> tuple[str, ...]:
    """Return what a user should know about their task before they trust a number."""
    if task.score is None or task.score.scale == "probability":
        return table_notes(task, table)
    name = task.score.columns[0]
    low, high = table.loc[table[task.label].notna(), name].agg(["min", "max"])
    raw = (
        f"'{name}' runs from {low:g} to {high:g}, so it is a raw score, not a "
        f"probability; {task.score.threshold:g} or more counts as positive."
    )
    return (*table_notes(task, table), raw)


def table_notes(task: Task, table: pd.DataFrame) -> tuple[str, ...]:
    """Return what holds for a table under any threshold: rows, scores and groups."""
    has_label = table[task.label].notna()
    kept = int(has_label.sum())
    notes = [*left_out(task, len(table) - kept, kept)]
    if task.score is not None:
        notes += score_note(task.score, task.classes)
    for attribute in task.sensitive:
        column = table.loc[has_label, attribute]
        notes += _group_notes(column, task.cut_points.get(attribute, ()))
    return tuple(notes)


def _group_notes(column: pd.Series, cut_points: tuple[float, ...]) -> list[str]:
    attribute, grouping = column.name, grouping_of(column, cut_points)
    sizes = np.bincount(grouping.codes, minlength=len(grouping.names))
    small = [
        n for n, size in zip(grouping.names, sizes, strict=True) if size < RARE_ROWS
    ]
    missing = int(column.isna().sum())
    notes = []
    if missing:
        is_taken = MISSING in grouping.names[:-1]
        called = f", '{grouping.names[-1]}', beside the value '{MISSING}'"
        notes.append(
            f"'{attribute}' is missing in {missing:,} rows, which form a group of "
            f"their own{called if is_taken else ''}."
        )
    if small:
        shown = ", ".join(small[:3]) + (" and others" if len(small) > 3 else "")
        notes.append(
            f"{len(small)} groups of '{attribute}' have fewer than {RARE_ROWS} rows "
            f"({shown}); their rates are uncertain."
        )
    return notes


def _score(
    roles: Roles, table: pd.DataFrame, classes: tuple[str, ...]
) -> ExistingScore | None:
    if not roles.score:
        return None
    needed = "every row needs a number"
    columns = [finite_numbers(table[c], "score", needed) for c in roles.score]
    values = np.column_stack(columns)  # [n, 1] or [n, k]
    if len(classes) == 2 and len(columns) == 1:
        return _binary_score(roles, table, values[:, 0], classes)
    natural = class_names(table[roles.label])
    if len(columns) != len(classes):
        raise DataError(
            f"{len(columns)} score columns are chosen, but the label has "
            f"{len(classes)} classes: {', '.join(natural)}. Choose one column per "
            "class, in this order."
        )
    off = np.abs(values.sum(axis=1) - 1) > _SUM_TOLERANCE
    off |= (values < 0).any(axis=1)
    if off.any():
        raise DataError(
            f"The scores of {off.sum():,} rows do not add up to 1, or lie outside 0 to "
            "1; one probability per class is needed. Turn them into probabilities "
            "(softmax) first."
        )
    return ExistingScore(in_class_order(roles.score, natural, classes))


def _binary_score(
    roles: Roles, table: pd.DataFrame, values: Floats, classes: tuple[str, ...]
) -> ExistingScore:
    """Declare one column; a raw one is cut where as many are selected as positive."""
    is_probability = bool((values >= 0).all() and (values <= 1).all())
    if roles.threshold is not None:
        threshold = roles.threshold
    elif is_probability:
        threshold = 0.5
    else:
        rate = label_codes(table[roles.label], classes).mean()
        threshold = float(np.quantile(values, 1 - rate, method="higher"))
    return ExistingScore(
        roles.score, "probability" if is_probability else "raw", threshold
    )
