from dataclasses import replace

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.errors import DataError
from models.evaluations import splits_of
from models.run import Run
from models.workshop import without_held_out

COPY = "c" * 32


@pytest.fixture
def run(recipe, dataset):
    import json

    from analysis.datasets.task import task_to_json

    return Run(
        "0" * 32,
        recipe,
        dataset.digest,
        "running",
        task_json=json.dumps(task_to_json(dataset.task)),
    )


def copied(store, dataset, rows):
    """Return another task whose table holds some rows of this one."""
    dataset.table.iloc[rows].reset_index(drop=True).to_parquet(
        store.tables / f"{COPY}.parquet"
    )
    task = replace(dataset.task, name="copy", table=COPY)
    store.notes.save_task(task)
    return load(task, store.tables)


def test_test_rows_do_not_come_back_by_another_table(store, dataset, run):
    parts = splits_of(run, dataset).rows
    rows = np.concatenate([parts["test"][:50], parts["train"][:50]])
    left = without_held_out(copied(store, dataset, rows), run, store)
    assert 0 < len(left.frame) <= 50
    assert len(left.table) == len(left.frame)
    with pytest.raises(DataError, match="Choose a table of other people"):
        without_held_out(copied(store, dataset, parts["test"]), run, store)


def test_the_table_itself_is_no_other_table(store, dataset, run):
    with pytest.raises(DataError, match="the one that is trained on"):
        without_held_out(dataset, run, store)
