"""Open a table by what the command line calls it: a file or an embedded task."""

from pathlib import Path

from analysis.datasets.load import load
from analysis.datasets.reading import ReadTable, read_table
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import DataError


def open_table(name: str) -> ReadTable:
    """Read a CSV or Parquet file, or open an embedded task, with all its columns.

    Raises
    ------
    DataError
        There is no such file, or it cannot be read.
    """
    if name.split(":")[0] in TASKS:
        data = load(task_named(name))
        return ReadTable(data.table, data.notes)
    path = Path(name)
    if not path.is_file():
        raise DataError(
            f"There is no file '{name}'. Give the path of a CSV or Parquet file, or "
            f"one of the embedded tasks: {', '.join(TASKS)}."
        )
    return read_table(path, path.name)
