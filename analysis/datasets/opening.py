"""Open a table by what the command line calls it: a file or an embedded task."""

from pathlib import Path

import pandas as pd

from analysis.datasets.load import load
from analysis.datasets.reading import read_table
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import DataError


def open_table(name: str) -> pd.DataFrame:
    """Return all columns of a CSV or Parquet file, or of an embedded task.

    Raises
    ------
    DataError
        There is no such file, or it cannot be read.
    """
    if name.split(":")[0] in TASKS:
        return load(task_named(name)).table
    path = Path(name)
    if not path.is_file():
        raise DataError(
            f"There is no file '{name}'. Give the path of a CSV or Parquet file, or "
            f"one of the embedded tasks: {', '.join(TASKS)}."
        )
    return read_table(path, path.name).table
