"""From a file to rows in their roles, kept under their digest and forgotten."""

import numpy as np
import pandas as pd
import pytest

from analysis.datasets import upload
from analysis.datasets.columns import content_digest
from analysis.datasets.load import full_table, load
from analysis.datasets.splits import split
from analysis.datasets.upload import (
    forget_table,
    infer_roles,
    read_table,
    save_table,
    task_from_roles,
)
from analysis.errors import DataError, StoreError


@pytest.fixture
def file(rng):
    n = 400
    table = pd.DataFrame(
        {
            "sex": rng.choice(["F", "M", ""], n),
            "income": rng.normal(size=n).round(3),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(n), "D"),
            "score": rng.random(n).round(3),
            "label": rng.choice(["0", "1", ""], n, p=[0.6, 0.35, 0.05]),
        }
    )
    return table.to_csv(index=False).encode()


def test_a_file_goes_the_whole_way_to_splits(file, tmp_path):
    table = read_table(file, "mine.csv").table
    digest = save_table(table, tmp_path)
    task = task_from_roles(infer_roles(table), table, "mine.csv", digest)
    dataset = load(task, tmp_path)
    unlabelled = int(table["label"].isna().sum())
    assert len(dataset.frame) == 400 - unlabelled
    assert f"{unlabelled:,} rows have no value in the label" in dataset.notes[0]
    labelled = np.flatnonzero(table["label"].notna())
    np.testing.assert_array_equal(dataset.frame.row_ids, labelled)
    assert dataset.frame.groups["sex"].names == ("F", "M", "Missing")
    assert len(split(dataset, "time").rows["test"]) > 0


def test_a_kept_table_comes_back_the_same(file, tmp_path):
    table = read_table(file, "mine.csv").table
    digest = save_table(table, tmp_path)
    assert save_table(table, tmp_path) == digest
    assert content_digest(full_table(digest, tmp_path)) == digest
    assert [p.name for p in tmp_path.iterdir()] == [f"{digest}.parquet"]


def test_a_forgotten_table_is_gone_from_disk_and_memory(file, tmp_path):
    digest = save_table(read_table(file, "mine.csv").table, tmp_path)
    full_table(digest, tmp_path)
    forget_table(digest, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match=r"Upload it again on the Data page"):
        full_table(digest, tmp_path)


def test_a_table_name_cannot_leave_its_folder(file, tmp_path):
    outside = tmp_path / "secret.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(outside)
    inside = tmp_path / "tables"
    inside.mkdir()
    with pytest.raises(DataError, match="is not here"):
        full_table("../secret", inside)
    forget_table("../secret", inside)
    assert outside.exists()


def test_a_full_disk_leaves_nothing_half_written(file, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    table = read_table(file, "mine.csv").table
    monkeypatch.setattr(upload.pq, "write_table", full)
    with pytest.raises(StoreError, match=r"No space left .* Make room on the disk"):
        save_table(table, tmp_path)
    assert not list(tmp_path.iterdir())
