"""The committed tables are what the source archives say, column by column."""

import io
import tarfile
import zipfile

import pyarrow.parquet as pq
import pytest

from analysis.datasets import rebuild


def test_every_committed_table_has_the_committed_content():
    assert rebuild.differences(rebuild.digests()) == []


def test_one_changed_column_is_named():
    found = rebuild.digests()
    found["german"]["age"] = "0" * 32
    assert rebuild.differences(found) == ["german.age"]


def test_the_tables_are_small_enough_to_ship_and_have_a_datasheet():
    sizes = [(rebuild.FOLDER / f"{t}.parquet").stat().st_size for t in rebuild.BUILDERS]
    assert sum(sizes) < 12_000_000
    for table in [*rebuild.BUILDERS, "planted"]:
        sheet = (rebuild.FOLDER / f"{table}.md").read_text(encoding="utf-8")
        headings = (
            "Who",
            "How",
            "Label",
            "Known problems",
            "Licence",
            "What was changed",
        )
        assert all(f"## {heading}" in sheet for heading in headings), table


def test_shipped_files_carry_no_pandas_metadata():
    for table in rebuild.BUILDERS:
        schema = pq.read_schema(rebuild.FOLDER / f"{table}.parquet")
        assert not schema.metadata


def test_a_source_archive_cannot_write_outside_its_folder(tmp_path):
    path = tmp_path / "bad.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("../outside.txt")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(tarfile.OutsideDestinationError):
        rebuild.unpack(path, tmp_path / "in")
    assert not (tmp_path / "outside.txt").exists()


def test_a_wheel_is_unpacked_in_place(tmp_path):
    path = tmp_path / "good.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package/data.csv", "a,b\n")
    root = rebuild.unpack(path, tmp_path / "in")
    assert (root / "package" / "data.csv").read_text() == "a,b\n"
