import errno
import os
import shutil
import sqlite3
import subprocess
from collections import namedtuple
from contextlib import suppress

import pytest

from analysis.errors import RunError, StoreError
from models import artefacts, failures
from models.artefacts import Artefacts
from models.failures import DISK_FULL, DiskFullError, reason_of, store_errors
from models.jobs import JobQueue
from models.owners import Owner, is_alive
from models.run import run_id
from models.store import Store, open_store
from models.training import train_now

ADVICE = r"is full; .* Free some space, or point FAULTLINE_HOME"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB; only root may make one."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.call(command, stderr=-3) != 0:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.check_call(["umount", "-l", str(folder)])


def fill(disk, but=0):
    """Fill a disk up to the last byte but some."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        with suppress(OSError):
            while file.write(bytes(4096)):
                pass
        file.truncate(max(0, file.tell() - but))


@pytest.mark.parametrize("room", [0, 4, 12, 28, 40, 100])
def test_a_full_disk_is_named_whatever_first_needs_room(small_disk, room):
    def open_and_start():
        store = open_store(small_disk / "home")
        fill(small_disk)
        JobQueue(store)

    fill(small_disk, room * 1024)
    with pytest.raises(StoreError, match=ADVICE):
        open_and_start()


def test_everything_that_writes_names_the_full_disk(small_disk, dataset, recipe):
    store = Store(small_disk)
    owner = Owner(store.owners)
    queue = JobQueue(store)
    fill(small_disk)
    submit = (recipe, dataset.task, dataset.digest, owner.token)
    calls = [
        lambda: [store.ledger.submit(*submit) for _ in range(200)],
        lambda: store.files.put(bytes(9000), "json"),
        lambda: store.notes.save_task(dataset.task),
        lambda: queue.submit(recipe, dataset),
    ]
    for call in calls:
        fill(small_disk)
        with pytest.raises(StoreError, match=ADVICE):
            call()
    queue.close()
    owner.close()


def test_a_run_on_a_full_disk_fails_with_the_reason(small_disk, store, dataset, recipe):
    tables = store.tables
    store = Store(small_disk)
    shutil.copytree(tables, store.tables)
    store.notes.save_task(dataset.task)

    def crowd(_):
        fill(small_disk)

    with pytest.raises(RunError, match="The disk is full"):
        train_now(store, recipe, crowd, dataset)
    (small_disk / "ballast").unlink()
    run = store.run(run_id(recipe, dataset.digest))
    assert (run.state, run.reason) == ("failed", DISK_FULL)


def test_the_queue_writes_the_full_disk_down_and_closes(small_disk, dataset, recipe):
    store = Store(small_disk)
    queue = JobQueue(store)
    name = store.submit(recipe, dataset.task, dataset.digest, queue._owner.token)
    fill(small_disk)
    assert store._reserve.exists()
    queue.close()
    run = store.run(name)
    assert (run.state, run.is_active) == ("failed", False)
    assert not list(store.owners.iterdir())


def test_closing_never_raises(store, monkeypatch):
    queue = JobQueue(store)

    def broken(*_):
        raise DiskFullError(store.home)

    monkeypatch.setattr(store.ledger, "interrupt", broken)
    queue._owner._path.unlink()
    queue.close()


def test_an_io_error_without_room_is_a_full_disk(tmp_path, monkeypatch):
    def fails():
        with store_errors(tmp_path / "not made yet"):
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(StoreError, match="Check that the folder is writable"):
        fails()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(failures.shutil, "disk_usage", lambda _: usage(9, 9, 0))
    with pytest.raises(DiskFullError, match=ADVICE):
        fails()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_space_left_is_said_in_words(tmp_path, monkeypatch, number):
    def full(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(artefacts.os, "fsync", full)
    with pytest.raises(DiskFullError, match=ADVICE) as caught:
        Artefacts(tmp_path).put(b"{}", "json")
    assert reason_of(caught.value) == DISK_FULL
    assert not list(tmp_path.rglob(".part-*"))


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path):
    (tmp_path / "owners").write_text("")
    with pytest.raises(StoreError, match="Point FAULTLINE_HOME"):
        Owner(tmp_path / "owners")


def test_a_lock_that_was_overwritten_is_nobodys(tmp_path):
    (tmp_path / "abc.lock").write_bytes(b"no database" * 1000)
    assert not is_alive(tmp_path, "abc")
    assert not list(tmp_path.iterdir())
