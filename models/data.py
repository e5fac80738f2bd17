"""The data set of a run, kept between runs on the same one."""

import json
from functools import lru_cache
from pathlib import Path

from analysis.datasets.load import Dataset, load
from analysis.datasets.task import Task, task_from_json, task_to_json
from analysis.errors import RunError
from models.run import Run
from models.store import Store


def dataset_of(run: Run, store: Store) -> Dataset:
    """Return the data set that a run was submitted for.

    Raises
    ------
    RunError
        The table has changed since.
    DataError
        The table is gone.
    """
    return _loaded(run.task_json, run.data_digest, store.tables)


def dataset_for(task: Task, digest: str, store: Store) -> Dataset:
    """Return the data set of a task as it was when its digest was taken.

    Raises
    ------
    RunError, DataError
        As `dataset_of`.
    """
    return _loaded(json.dumps(task_to_json(task)), digest, store.tables)


@lru_cache(maxsize=1)
def _loaded(task_json: str, digest: str, tables: Path) -> Dataset:
    dataset = load(task_from_json(json.loads(task_json)), tables)
    if dataset.digest != digest:
        raise RunError(
            f"The table of '{dataset.task.title}' is no longer the one this run was "
            "submitted for. Train again on the present one."
        )
    return dataset
