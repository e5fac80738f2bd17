"""Bring a second table into the columns of a declared task, or say what is in the way.

A table from elsewhere seldom has the same columns: some are called otherwise, some hold
text in place of numbers, some are not there. Nothing is guessed silently: what agrees
is taken, what looks alike is suggested, the rest is asked.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from analysis.datasets.columns import kind_of
from analysis.datasets.groups import value_name
from analysis.datasets.task import Task
from analysis.errors import DataError

ALIKE = 0.75
"""Names at least so similar are suggested for each other, in difflib's measure."""

NOT_THERE = ""
"""Stands for a column that the other table does not have."""


@dataclass(frozen=True)
class Alignment:
    """How a table's columns compare with those that a task names.

    Parameters
    ----------
    same : tuple of str
        In both, of the same kind.
    retyped : mapping of str to (str, str)
        In both, but of another kind here ('number', 'category', 'time') than there.
    missing : tuple of str
        Named by the task and not in the table.
    extra : tuple of str
        In the table and not named by the task.
    suggested : mapping of str to str
        A column of `extra` whose name resembles that of a missing one.
    has_label : bool
        Whether the label is there, and holds any value.
    """

    same: tuple[str, ...]
    retyped: Mapping[str, tuple[str, str]]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    suggested: Mapping[str, str]
    has_label: bool

    @property
    def is_exact(self) -> bool:
        """Whether every column but the label is there, of the same kind."""
        return not self.missing and not self.retyped


def alignment(task: Task, table: pd.DataFrame, other: pd.DataFrame) -> Alignment:
    """Compare a table with the one that a task was declared over.

    Parameters
    ----------
    task : Task
    table : DataFrame
        The task's own.
    other : DataFrame
    """
    wanted = named_columns(task)
    there = [c for c in wanted if c in other.columns]
    kinds = {c: (kind_of(table[c]), kind_of(other[c])) for c in there}
    missing = tuple(c for c in wanted if c not in other.columns)
    taken = {*wanted, task.label}
    extra = tuple(str(c) for c in other.columns if c not in taken)
    return Alignment(
        same=tuple(c for c in there if kinds[c][0] == kinds[c][1]),
        retyped={c: k for c, k in kinds.items() if k[0] != k[1]},
        missing=missing,
        extra=extra,
        suggested=_suggested(
            {c: kind_of(table[c]) for c in missing},
            {c: kind_of(other[c]) for c in extra},
        ),
        has_label=task.label in other.columns and bool(other[task.label].notna().any()),
    )


def named_columns(task: Task) -> tuple[str, ...]:
    """Return the columns that a task names, without its label."""
    optional = (task.weight, task.time, task.domain)
    scores = task.score.columns if task.score else ()
    names = [*task.features, *task.sensitive, *scores]
    return tuple(dict.fromkeys([*names, *(c for c in optional if c is not None)]))


def aligned(
    task: Task,
    table: pd.DataFrame,
    other: pd.DataFrame,
    renamed: Mapping[str, str],
) -> pd.DataFrame:
    """Return a second table under the task's names and kinds.

    Parameters
    ----------
    task : Task
    table : DataFrame
        The task's own.
    other : DataFrame
    renamed : mapping of str to str
        The column of `other` that serves as each missing one; `NOT_THERE` leaves it
        empty, which only features and the weight allow.

    Raises
    ------
    DataError
        A column is not said, is taken twice, or cannot be read as its kind here.
    """
    found = alignment(task, table, other)
    unsaid = [c for c in found.missing if c not in renamed]
    if unsaid:
        raise DataError(
            f"The second table has no column {', '.join(unsaid)}. Say which of its "
            "columns serves, or that it is not there."
        )
    twice = [c for c in renamed.values() if c and list(renamed.values()).count(c) > 1]
    if twice:
        raise DataError(
            f"The column '{twice[0]}' is to serve for two columns. Choose it once."
        )
    columns = {}
    for name in named_columns(task):
        origin = renamed.get(name, name) if name in found.missing else name
        column = None if origin == NOT_THERE else other[origin]
        columns[name] = _as_kind(task, table[name], column, len(other))
    if found.has_label:
        columns[task.label] = _labels(task, other[task.label])
    return pd.DataFrame(columns)


def target_task(
    task: Task, table: pd.DataFrame, aligned_table: pd.DataFrame, name: str
) -> Task:
    """Return the task of a second table; its digest is filled in where it is kept.

    A weight that is not there counts every row once. Groups are cut at the edges of
    the task, so that they mean the same on both sides.

    Parameters
    ----------
    task : Task
    table : DataFrame
        The task's own; unused columns may differ.
    aligned_table : DataFrame
        From `aligned`.
    name : str
    """
    is_weighed = task.weight is not None and aligned_table[task.weight].notna().all()
    return replace(
        task,
        name=name,
        title=name,
        table="",
        weight=task.weight if is_weighed else None,
        filters={},
        rows="",
        official_split=None,
        comparisons={},
        is_unlabelled=task.label not in aligned_table,
    )


def _suggested(missing: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the most similar free name of the same kind for each missing one."""
    free, found = dict(extra), {}
    for name, kind in missing.items():
        names = {n.lower().replace("-", "_"): n for n, k in free.items() if k == kind}
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=ALIKE)
        if near:
            found[name] = names[near[0]]
            del free[found[name]]
    return found


def _as_kind(
    task: Task, mine: pd.Series, theirs: pd.Series | None, n: int
) -> pd.Series:
    """Return a column as the kind that it has here."""
    name, kind = str(mine.name), kind_of(mine)
    if theirs is None:
        if name not in task.features and name != task.weight:
            raise DataError(
                f"'{name}' cannot be left out: it tells groups, times or scores. "
                "Choose the column of the second table that serves."
            )
        return _empty_column(kind, n)
    if kind_of(theirs) == kind:
        return theirs.reset_index(drop=True)
    return _converted(name, kind, theirs.reset_index(drop=True))


def _empty_column(kind: str, n: int) -> pd.Series:
    if kind == "number":
        return pd.Series([float("nan")] * n, dtype="float64")
    if kind == "time":
        return pd.Series([pd.NaT] * n, dtype="datetime64[ns]")
    return pd.Series([None] * n, dtype="object").astype("category")


def _converted(name: str, kind: str, theirs: pd.Series) -> pd.Series:
    """Read a column of another kind; refuse where values would be lost."""
    if kind == "category":
        words = theirs.map(value_name, na_action="ignore")
        return words.astype("object").astype("category")
    text = theirs.astype("object")
    if kind == "number":
        read = pd.to_numeric(text, errors="coerce").astype("float64")
    else:
        read = pd.to_datetime(text, errors="coerce", format="ISO8601")
    lost = text[read.isna() & theirs.notna()]
    if len(lost):
        wanted = "numbers" if kind == "number" else "times"
        raise DataError(
            f"'{name}' holds {wanted} in this table, but '{lost.iloc[0]}' and "
            f"{len(lost) - 1:,} other values of the second table cannot be read as "
            "such. Mend that column in the file and bring it again."
        )
    return read


def _labels(task: Task, column: pd.Series) -> pd.Series:
    """Return the label, if every value is one of the task's classes."""
    values = {value_name(v) for v in column.dropna().unique()}
    unknown = sorted(values - set(task.classes))
    if unknown:
        raise DataError(
            f"The label '{task.label}' holds '{unknown[0]}' in the second table, which "
            f"is none of {', '.join(task.classes)}. Use the same values in both, or "
            "take the label out of the file to go on without labels."
        )
    return column.reset_index(drop=True)
