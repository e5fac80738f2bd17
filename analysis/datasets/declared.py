"""Declare a file as a scored table from the words of the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.datasets.declaring import table_notes, task_from_roles
from analysis.datasets.groups import default_cut_points
from analysis.datasets.load import Dataset, frame_of
from analysis.datasets.opening import open_table
from analysis.datasets.reading import ReadTable
from analysis.datasets.roles import (
    Roles,
    class_names,
    infer_roles,
    likely_positive,
)
from analysis.datasets.task import Task
from analysis.errors import DataError, SettingError


@dataclass(frozen=True)
class ScoredColumns:
    """Which columns of a table hold what.

    Parameters
    ----------
    label : str
    scores : tuple of str
        One column, or one per class: named after the classes, or in their own order
        (numbers by size, text by alphabet) whichever is positive.
    groups : tuple of str
        Attributes to audit by; one that is named twice counts once.
    positive : str or None
        The class taken as positive; None takes the likely one.
    weights : str or None
    cut_points : mapping of str to tuple of float
        Edges of numeric groups; a group without any is cut at its rounded quartiles.
    with_features : bool
        Whether the other columns are taken as features, as far as they look like some.
    """

    label: str
    scores: tuple[str, ...]
    groups: tuple[str, ...] = ()
    positive: str | None = None
    weights: str | None = None
    cut_points: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    with_features: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(dict.fromkeys(self.groups)))


def scored_file(name: str, columns: ScoredColumns) -> Dataset:
    """Read a file and give its columns their roles; rows without a label are left out.

    Notes say how the file was read, what was left out and which score is whose.

    Raises
    ------
    SettingError
        No label or no score column is named.
    DataError
        The file or a column does not serve.
    """
    read = open_table(name)
    table = read.table
    if not columns.label or not columns.scores:
        raise SettingError(
            f"'{name}' is a table, which needs --label COLUMN and --scores COLUMN; its "
            f"columns are {', '.join(map(str, table.columns[:20]))}."
        )
    task = task_from_roles(_roles(columns, table), table, Path(name).name, digest="")
    return _labelled(task, read)


def second_file(name: str, columns: ScoredColumns, first: Task) -> Dataset:
    """Read a file to be held against another; without the label column it has none.

    Parameters
    ----------
    name : str
    columns : ScoredColumns
        With the cut points of the first file.
    first : Task
        Of the first file; its classes are those of an unlabelled one.

    Raises
    ------
    SettingError, DataError
        As `scored_file`.
    """
    read = open_table(name)
    if columns.label in read.table.columns:
        return scored_file(name, columns)
    needed = [*columns.scores, *columns.groups]
    needed += [columns.weights] if columns.weights else []
    absent = [c for c in needed if c not in read.table.columns]
    if absent:
        raise DataError(
            f"'{name}' has no column {', '.join(absent)}. Give a file that has it, or "
            "name other columns."
        )
    title = Path(name).name
    task = replace(first, name=title, title=title, is_unlabelled=True)
    table = read.table.reset_index(drop=True)
    frame = frame_of(task, table, np.arange(len(table)))
    return Dataset(task, table, frame, read.notes)


def _roles(columns: ScoredColumns, table: pd.DataFrame) -> Roles:
    positive = columns.positive
    if positive is None and columns.label in table.columns:
        positive = likely_positive(class_names(table[columns.label]))
    suggested = {g: default_cut_points(table[g]) for g in columns.groups if g in table}
    return Roles(
        label=columns.label,
        positive=positive or "",
        features=_features(columns, table),
        sensitive=columns.groups,
        score=columns.scores,
        weight=columns.weights,
        cut_points={**suggested, **columns.cut_points},
    )


def _features(columns: ScoredColumns, table: pd.DataFrame) -> tuple[str, ...]:
    if not columns.with_features:
        return ()
    used = {columns.label, *columns.scores, columns.weights}
    return tuple(f for f in infer_roles(table).features if f not in used)


def _labelled(task: Task, read: ReadTable) -> Dataset:
    rows = read.table[task.label].notna().to_numpy().nonzero()[0]
    kept = read.table.iloc[rows].reset_index(drop=True)
    notes = (*read.notes, *table_notes(task, read.table))
    return Dataset(task, kept, frame_of(task, kept, rows), notes)
