"""Declare a file as a scored table from the words of the command line."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.datasets.groups import default_cut_points
from analysis.datasets.load import Dataset, frame_of
from analysis.datasets.opening import open_table
from analysis.datasets.roles import Roles, class_names, likely_positive
from analysis.datasets.task import Task
from analysis.datasets.upload import task_from_roles
from analysis.errors import SettingError


@dataclass(frozen=True)
class ScoredColumns:
    """Which columns of a table hold what.

    Parameters
    ----------
    label : str
    scores : tuple of str
        One column, or one per class.
    groups : tuple of str
        Attributes to audit by.
    positive : str or None
        The class taken as positive; None takes the likely one.
    weights : str or None
    """

    label: str
    scores: tuple[str, ...]
    groups: tuple[str, ...] = ()
    positive: str | None = None
    weights: str | None = None


def scored_file(name: str, columns: ScoredColumns) -> Dataset:
    """Read a file and give its columns their roles; rows without a label are left out.

    Numbers with many values are cut at their rounded quartiles to form groups.

    Raises
    ------
    SettingError
        No label or no score column is named.
    DataError
        The file or a column does not serve.
    """
    table = open_table(name)
    if not columns.label or not columns.scores:
        raise SettingError(
            f"'{name}' is a table, which needs --label COLUMN and --scores COLUMN; its "
            f"columns are {', '.join(map(str, table.columns[:20]))}."
        )
    task = task_from_roles(_roles(columns, table), table, Path(name).name, digest="")
    return _labelled(task, table)


def _roles(columns: ScoredColumns, table: pd.DataFrame) -> Roles:
    positive = columns.positive
    if positive is None and columns.label in table.columns:
        positive = likely_positive(class_names(table[columns.label]))
    known = [g for g in columns.groups if g in table.columns]
    return Roles(
        label=columns.label,
        positive=positive or "",
        sensitive=columns.groups,
        score=columns.scores,
        weight=columns.weights,
        cut_points={g: default_cut_points(table[g]) for g in known},
    )


def _labelled(task: Task, table: pd.DataFrame) -> Dataset:
    rows = table[task.label].notna().to_numpy().nonzero()[0]
    kept = table.iloc[rows].reset_index(drop=True)
    return Dataset(task, kept, frame_of(task, kept, rows))
