import errno
import os
import sqlite3
import stat
import subprocess
import sys
import threading

import numpy as np
import pytest

from analysis.cohorts import parse
from analysis.errors import RunError, StoreError
from models import artefacts
from models.artefacts import Artefacts, read_scores, scores_bytes
from models.failures import DISK_FULL
from models.owners import Owner, is_alive
from models.recipe import Recipe, Stage
from models.run import run_id
from models.store import PROJECT, SHIPPED, Store
from models.training import train_now


def test_reading_a_store_imports_neither_torch_nor_scikit_learn():
    code = (
        "import models.store, models.recipe, models.evaluations, models.jobs, sys;"
        "import models.remedies.chain, models.scorer, models.training;"
        "print([m for m in ('torch', 'sklearn', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", ["../../etc/passwd", "ab.json", "a" * 32 + ".pkl"])
def test_a_name_that_is_no_digest_reaches_no_file(tmp_path, name):
    with pytest.raises(StoreError, match=r"edited by hand\. Train it again: the same"):
        Artefacts(tmp_path).get(name)


def test_a_damaged_file_is_noticed(tmp_path):
    files = Artefacts(tmp_path)
    name = files.put(b"{}", "json")
    files.path(name).write_bytes(b"[]")
    with pytest.raises(
        StoreError, match=r"damaged\. Train it again: the same settings"
    ):
        files.get(name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stored_logits_lose_nothing(rng, dtype):
    logits = rng.normal(size=(50, 3)).astype(dtype).astype(np.float64)
    drawn = np.arange(50) % 3 == 0
    written = scores_bytes(np.arange(50), logits, {"by_lot": drawn})
    ids, back, marks = read_scores(written)
    np.testing.assert_array_equal(marks.pop("by_lot"), drawn)
    assert not marks
    np.testing.assert_array_equal(back, logits)
    np.testing.assert_array_equal(ids, np.arange(50))


def test_a_full_disk_fails_the_run_and_spares_the_store(store, recipe, monkeypatch):
    done = train_now(store, recipe)
    real, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(artefacts.os, "fsync", full)
    other = Recipe(**{**vars(recipe), "seed": 1})
    with pytest.raises(RunError, match="The disk is full"):
        train_now(store, other)
    monkeypatch.undo()
    failed = store.run(run_id(other, done.data_digest))
    assert (failed.state, failed.reason) == ("failed", DISK_FULL)
    assert len(store.scores(done.id).row_ids) == 1_200
    assert not list(store.home.rglob(".part-*"))
    assert train_now(store, other).state == "done"


def test_a_finished_run_is_found_and_not_trained_again(store, recipe, monkeypatch):
    run = train_now(store, recipe)
    monkeypatch.setattr("models.training._carry_out", pytest.fail)
    assert train_now(store, recipe) == run
    assert store.find(run.id[:8]) == run


def damage(files, name, how):
    if how == "changed":
        files.path(name).write_bytes(b"PAR1")
    else:
        files.path(name).unlink()


@pytest.mark.parametrize("how", ["changed", "gone"])
@pytest.mark.parametrize("role", ["scores", "weights"])
def test_a_run_with_damaged_files_is_trained_again(store, recipe, role, how):
    run = train_now(store, recipe)
    store.scorings.submit(run.id, store.task("people"), "0" * 32, "nobody")
    store.scorings.end(run.id, "0" * 32, reason="The weights are damaged.")
    damage(store.files, run.artefacts[role], how)
    again = train_now(store, recipe)
    assert again.artefacts == run.artefacts
    assert len(store.scores(again.id).row_ids) == 1_200
    assert store.files.is_whole(again.artefacts[role])
    epochs = [e.payload["epoch"] for e in store.events(run.id) if e.kind == "epoch"]
    assert epochs == list(range(1, run.epochs + 1))
    assert store.scorings.state(run.id, "0" * 32) == (None, "")


def test_what_builds_on_a_damaged_run_mends_it(store, recipe):
    base = train_now(store, recipe)
    damage(store.files, base.artefacts["scores"], "changed")
    mended = train_now(store, recipe.with_stage(Stage("temperature")))
    assert mended.base == base.id
    assert len(store.scores(base.id).row_ids) == 1_200


def test_a_damaged_shipped_run_is_replaced_by_ones_own(store, recipe, tmp_path):
    shipped = train_now(store, recipe)
    user = Store(tmp_path / "user", store.home)
    user.notes.save_task(store.task("people"))
    (tmp_path / "user" / "tables").symlink_to(store.tables)
    assert train_now(user, recipe).is_shipped
    damage(store.files, shipped.artefacts["scores"], "gone")
    with pytest.raises(StoreError, match="Train it again"):
        user.scores(shipped.id)
    own = train_now(user, recipe)
    assert not own.is_shipped
    assert own.id == shipped.id
    assert user.runs() == [own]
    assert len(user.scores(own.id).row_ids) == 1_200


def test_damaged_scores_of_a_second_table_are_forgotten(store, dataset):
    name = store.files.put(scores_bytes(np.arange(3), np.zeros((3, 2))), "parquet")
    store.scorings.submit("r", dataset.task, "d", "nobody")
    store.scorings.end("r", "d", scores=name)
    assert len(store.table_scores("r", "d").row_ids) == 3
    damage(store.files, name, "changed")
    assert store.table_scores("r", "d") is None
    assert store.scorings.state("r", "d") == (None, "")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("recipe", "{"),
        ("recipe", '{"task": "people", "momentum": 0.9}'),
        ("recipe", '{"task": "people", "hidden": 8}'),
        ("recipe", "[]"),
        ("task", "nonsense"),
        ("artefacts", "[1]"),
        ("created", "yesterday"),
    ],
)
def test_an_entry_that_cannot_be_read_hides_no_other(store, recipe, column, value):
    good = train_now(store, recipe)
    bad = train_now(store, Recipe(**{**vars(recipe), "seed": 1}))
    with sqlite3.connect(store.home / "store.db") as connection:
        update = f"UPDATE runs SET {column} = ? WHERE id = ?"
        connection.execute(update, (value, bad.id))
    connection.close()
    assert store.runs() == [good]
    assert store.find(good.id[:12]) == good
    for ask in (store.run, store.find):
        with pytest.raises(RunError, match=r"cannot be read: .* Train it again"):
            ask(bad.id)
    assert train_now(store, bad.recipe).artefacts == bad.artefacts
    assert len(store.runs()) == 2


def test_find_says_what_is_wrong_with_a_prefix(store, dataset, recipe):
    with pytest.raises(RunError, match="No run starts with 'zz'"):
        store.find("zz")
    for seed in range(20):
        queued = Recipe(**{**vars(recipe), "seed": seed})
        store.ledger.submit(queued, dataset.task, dataset.digest, "nobody")
    common = next(r.id[0] for r in store.runs() if _starting(store, r.id[0]) > 1)
    with pytest.raises(RunError, match="Give more of the id"):
        store.find(common)


def _starting(store, letter):
    return sum(run.id.startswith(letter) for run in store.runs())


def test_an_owner_lives_as_long_as_its_process(tmp_path):
    owner = Owner(tmp_path)
    assert is_alive(tmp_path, owner.token)
    code = (
        "import sys, pathlib, os; from models.owners import Owner;"
        "print(Owner(pathlib.Path(sys.argv[1])).token, flush=True); os._exit(1)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert (tmp_path / f"{other}.lock").exists()
    assert not is_alive(tmp_path, other)
    owner.close()
    assert not is_alive(tmp_path, owner.token)


def test_what_a_dead_server_left_is_marked_as_interrupted(store, dataset, recipe):
    name = store.ledger.submit(recipe, dataset.task, dataset.digest, "gone")
    assert store.run(name).state == "queued"
    assert store.ledger.sweep() == 1
    assert store.run(name).state == "failed"
    assert "Resume continues" in store.run(name).reason


def test_two_writers_at_once_lose_nothing(store, dataset, recipe):
    owner = Owner(store.owners)
    name = store.ledger.submit(recipe, dataset.task, dataset.digest, owner.token)
    store.ledger.start(name, owner.token, "cpu")
    stores = [Store(store.home) for _ in range(2)]

    def write(one):
        for _ in range(40):
            one.ledger.report(name, owner.token, "note", {})
            one.notes.look("people", name, str(threading.get_ident()), "")

    threads = [threading.Thread(target=write, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner.close()
    assert [e.number for e in store.events(name)] == list(range(1, 81))
    assert store.notes.looks("people") == 2


def test_an_owner_that_lost_its_run_can_no_longer_write(store, dataset, recipe):
    owner = Owner(store.owners)
    name = store.ledger.submit(recipe, dataset.task, dataset.digest, owner.token)
    store.ledger.start(name, owner.token, "cpu")
    assert store.ledger.end(name, "cancelled", "Enough.")
    assert not store.ledger.report(name, owner.token, "epoch", {})
    assert not store.ledger.finish(name, owner.token, {}, seconds=1.0)
    assert store.run(name).state == "cancelled"
    owner.close()


def test_shipped_runs_are_read_without_writing_a_byte(store, recipe, tmp_path):
    from models.shipped import _settled

    run = train_now(store, recipe)
    _settled(store.home / "store.db")
    folders = [store.home, *(p for p in store.home.rglob("*") if p.is_dir())]
    before = {p: p.stat().st_mtime_ns for p in store.home.rglob("*")}
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        user = Store(tmp_path / "user", store.home)
        found = user.find(run.id)
        assert found.is_shipped
        assert len(user.scores(run.id).row_ids) == 1_200
        assert user.events(run.id)
        user.notes.save_task(store.notes.tasks()[0])
        assert user.ledger.select() == []
        assert {p: p.stat().st_mtime_ns for p in store.home.rglob("*")} == before
    finally:
        for folder in folders:
            folder.chmod(stat.S_IRWXU)


def test_a_home_that_is_a_file_says_what_to_do(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="Point FAULTLINE_HOME"):
        Store(tmp_path / "home")


def test_looks_are_counted_once_each(store):
    looks = [("r1", "0.5", ""), ("r1", "0.5", ""), ("r1", "0.6", ""), ("r2", "0.5", "")]
    assert [store.notes.look("people", *look) for look in looks] == [1, 1, 2, 3]
    assert store.notes.looks("other") == 0


def test_cohorts_are_kept_and_forgotten(store):
    cohort = parse('group = a & "age" >= 40', "Older a")
    store.notes.save_cohort("people", cohort)
    assert store.notes.cohorts("people") == [cohort]
    store.notes.forget_cohort("people", "Older a")
    assert store.notes.cohorts("people") == []


def test_forgetting_a_task_takes_its_runs_and_files_along(store, recipe):
    run = train_now(store, recipe)
    store.forget("people")
    assert store.runs() == []
    assert store.notes.tasks() == []
    assert not any(store.files.path(n).exists() for n in run.artefacts.values())


def test_nothing_in_a_store_is_pickled(store, recipe):
    train_now(store, recipe)
    suffixes = {p.suffix for p in (store.home / "artefacts").rglob("*") if p.is_file()}
    assert suffixes == {".safetensors", ".parquet", ".json"}


def test_the_product_ships_its_runs(tmp_path):
    runs = Store(tmp_path, SHIPPED).runs()
    tasks = {(r.recipe.task, r.recipe.split) for r in runs if r.is_finished}
    assert {("adult", "official"), ("census_income", "time")} <= tasks
    assert sum(f.stat().st_size for f in SHIPPED.rglob("*") if f.is_file()) < 15e6
