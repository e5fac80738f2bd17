"""From a declared task to its rows: the only reader of data files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from analysis.arrays import Floats, Ints, digest_of
from analysis.cohorts import parse
from analysis.datasets import synthetic
from analysis.datasets.columns import content_digest, kind_of, to_pandas
from analysis.datasets.groups import gathered, grouping_of, value_name
from analysis.datasets.task import Task
from analysis.datasets.times import periods
from analysis.errors import DataError, SettingError
from analysis.evaluation import Scores, binary_probabilities
from analysis.frame import AuditFrame, Grouping
from analysis.matching import matches

EMBEDDED = Path(__file__).resolve().parents[2] / "assets" / "data"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A task with its rows.

    Parameters
    ----------
    task : Task
    table : DataFrame [n, columns]
        All columns of the rows in force.
    frame : AuditFrame
        The same rows with their roles; `row_ids` are positions in the full table.
    notes : tuple of str
        What a reader must know about rows left out.
    """

    task: Task
    table: pd.DataFrame
    frame: AuditFrame
    notes: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Digest of the rows with their roles, and of the score that came with them."""
        parts = [self.task.name, self.frame.digest]
        if self.task.score is not None:
            scores = content_digest(self.table[list(self.task.score.columns)])
            parts += [repr(self.task.score), scores]
        return digest_of(part.encode() for part in parts)

    def positions(self, row_ids: Ints) -> Ints:
        """Return where rows of the full table stand in this one, int[n]."""
        return pd.Index(self.frame.row_ids).get_indexer(row_ids)

    def numbers(self, column: str, row_ids: Ints) -> Floats:
        """Return a column of numbers for rows of the full table, float[n].

        Raises
        ------
        SettingError
            There is no such column, or it holds no numbers.
        """
        if column not in self.table or not pd.api.types.is_numeric_dtype(
            self.table[column]
        ):
            known = ", ".join(map(str, self.table.select_dtypes("number").columns))
            raise SettingError(
                f"'{column}' is not a column of numbers in this table; choose one of "
                f"{known or 'none: there is no such column'}."
            )
        taken = self.table[column].iloc[self.positions(row_ids)]
        return taken.to_numpy(dtype=np.float64, na_value=np.nan)

    def features_for(self, method: str) -> tuple[str, ...]:
        """Return the features that serve a split: by time, none recorded in part."""
        if method != "time":
            return self.task.features
        return tuple(f for f in self.task.features if f not in self.task.recorded_in)


def load(task: Task, tables: Path | None = None) -> Dataset:
    """Return a task's rows: embedded, generated, or uploaded into `tables`.

    Raises
    ------
    DataError
        The file is gone, a column is missing, or no row is left.
    """
    full = full_table(task.table, tables)
    _check_columns(task, full)
    keep = matches(parse(task.rows), full)
    has_label = (
        np.ones(len(full), dtype=bool)
        if task.is_unlabelled
        else full[task.label].notna().to_numpy()
    )
    rows = np.flatnonzero(keep & has_label)
    if not len(rows):
        raise DataError(
            f"No row of '{task.title}' is left: the rule '{task.rows or 'all rows'}' "
            "and a label are needed. Choose another row filter or label."
        )
    table = full.iloc[rows].reset_index(drop=True)
    notes = left_out(task, int((keep & ~has_label).sum()), len(rows))
    return Dataset(task, table, frame_of(task, table, rows), notes)


def left_out(task: Task, unlabelled: int, kept: int) -> tuple[str, ...]:
    """Return a sentence that counts the rows without a label, if there are any."""
    if not unlabelled:
        return ()
    return (
        f"{unlabelled:,} rows have no value in the label '{task.label}' and are left "
        f"out; {kept:,} remain.",
    )


def full_table(table: str, tables: Path | None = None) -> pd.DataFrame:
    """Return a task's full table before any row filter; treat it as read-only."""
    if table.startswith("planted:"):
        return _planted(int(table.removeprefix("planted:")))
    for folder in (EMBEDDED, tables):
        path = folder / f"{table}.parquet" if folder is not None else None
        if path is not None and _is_plain(table) and path.is_file():
            return read_stored(path, path.stat().st_mtime_ns)
    raise DataError(
        f"The table '{table}' is not here: it was forgotten, or uploaded on another "
        "machine. Upload it again on the Data page."
    )


def _is_plain(table: str) -> bool:
    """Return whether a name stays in its folder; tasks are also read from JSON."""
    return re.fullmatch(r"[0-9a-z_]+", table) is not None


@lru_cache(maxsize=4)
def read_stored(path: Path, stamp: int) -> pd.DataFrame:
    """Read a Parquet file written by this product; `stamp` tells versions apart."""
    return to_pandas(pq.read_table(path))


@lru_cache(maxsize=2)
def _planted(k: int) -> pd.DataFrame:
    return synthetic.planted(k=k).table


def _check_columns(task: Task, table: pd.DataFrame) -> None:
    needed = [*task.features, *task.sensitive]
    needed += [] if task.is_unlabelled else [task.label]
    needed += [c for c in (task.weight, task.time, task.domain) if c is not None]
    needed += list(task.score.columns) if task.score else []
    absent = sorted({c for c in needed if c not in table.columns})
    if absent:
        raise DataError(
            f"The table lacks {', '.join(absent)}, which the task '{task.title}' "
            "names. Choose the roles again on the Data page."
        )


def frame_of(task: Task, table: pd.DataFrame, row_ids: Ints) -> AuditFrame:
    """Return a table's rows in the roles that a task gives them."""
    return AuditFrame(
        features=pd.DataFrame(
            {f: as_feature(table[f]) for f in task.features}, index=table.index
        ),
        y_true=None
        if task.is_unlabelled
        else label_codes(table[task.label], task.classes),
        classes=task.classes,
        groups=_groups(table, task.sensitive, task.cut_points),
        weights=_weights(task, table),
        domain=_domain(task, table),
        row_ids=row_ids,
        domain_name=task.domain or task.time or "",
        gathered={
            name: gathered(table[c.column], c.groups)
            for name, c in task.comparisons.items()
        },
    )


def as_feature(column: pd.Series) -> pd.Series:
    """Return a column as float64 or `category`; a time is days since 1970."""
    kind = kind_of(column)
    if kind == "number":
        return column.astype(np.float64)
    if kind == "time":
        return (column - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return column


def label_codes(column: pd.Series, classes: tuple[str, ...]) -> Ints:
    """Return each row's position in `classes`, int[n].

    Raises
    ------
    DataError
        A value is none of the classes.
    """
    values, words = pd.factorize(column)
    position = {name: code for code, name in enumerate(classes)}
    names = [value_name(w) for w in words]
    unknown = [name for name in names if name not in position]
    if unknown or (values < 0).any():
        raise DataError(
            f"The label '{column.name}' holds '{(unknown or ['nothing'])[0]}', which "
            f"is none of {', '.join(classes)}. Choose the label and its positive class "
            "again on the Data page."
        )
    return np.asarray([position[name] for name in names], dtype=np.int64)[values]


def _groups(
    table: pd.DataFrame,
    sensitive: tuple[str, ...],
    cut_points: Mapping[str, tuple[float, ...]],
) -> dict[str, Grouping]:
    return {s: grouping_of(table[s], cut_points.get(s, ())) for s in sensitive}


def _weights(task: Task, table: pd.DataFrame) -> Floats:
    if task.weight is None:
        return np.ones(len(table))
    return table[task.weight].to_numpy(dtype=np.float64, na_value=np.nan)


def _domain(task: Task, table: pd.DataFrame) -> Grouping | None:
    if task.domain is not None:
        return grouping_of(table[task.domain])
    return periods(table[task.time]) if task.time is not None else None


def existing_scores(dataset: Dataset) -> Scores:
    """Return the score that came with the table, for every row.

    Raises
    ------
    SettingError
        The task has none.
    DataError
        A score is missing or infinite.
    """
    score = dataset.task.score
    if score is None:
        raise SettingError(
            f"'{dataset.task.title}' has no score column. Choose one on the Data page, "
            "or train a model."
        )
    values = dataset.table[list(score.columns)].to_numpy(np.float64, na_value=np.nan)
    if score.scale == "raw":
        return Scores(values, "raw")
    return (
        binary_probabilities(values[:, 0]) if values.shape[1] == 1 else Scores(values)
    )
