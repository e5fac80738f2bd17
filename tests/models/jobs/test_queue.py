import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import RunError, SettingError
from models.jobs import JobQueue
from models.recipe import Stage
from models.store import PROJECT, Store
from models.training import train_now


@pytest.fixture
def queue(store):
    made = JobQueue(store)
    yield made
    made.close()


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def ended(store, name):
    until(lambda: not store.run(name).is_active)
    return store.run(name)


def begun(store, name, epochs=2):
    until(lambda: store.run(name).epochs >= epochs)


def test_a_chain_runs_in_order_and_is_found_again(store, queue, recipe, dataset):
    mended = replace(
        recipe,
        stages=(Stage("reweighing", {"attribute": "group"}), Stage("temperature")),
    )
    name = queue.submit(mended, dataset)
    assert ended(store, name).state == "done", store.run(name).reason
    base = store.run(store.run(name).base)
    assert base.title == "Multilayer perceptron (layers 8) + reweighing (group)"
    worker = queue.worker_id
    assert queue.submit(mended, dataset) == name
    assert store.run(name).state == "done"
    assert queue.worker_id == worker

    queue.score(name, dataset)
    until(lambda: store.scorings.state(name, dataset.digest)[0] in ("done", "failed"))
    scored = store.table_scores(name, dataset.digest)
    np.testing.assert_array_equal(
        scored.scores.logits, store.scores(name).scores.logits
    )


def test_cancel_stops_a_running_run_and_what_waits(store, queue, long_recipe, dataset):
    running = queue.submit(long_recipe, dataset)
    waiting = queue.submit(replace(long_recipe, seed=1), dataset)
    last = queue.submit(replace(long_recipe, seed=2), dataset)
    begun(store, running)
    assert [store.run(r).position for r in (running, waiting, last)] == [0, 1, 2]
    queue.cancel(waiting)
    assert ended(store, waiting).reason == "Cancelled before it began."
    worker, before = queue.worker_id, time.monotonic()
    queue.cancel(running)
    assert ended(store, running).state == "cancelled"
    assert time.monotonic() - before < 1
    begun(store, last)
    assert queue.worker_id == worker


def test_a_worker_that_does_not_stop_is_killed(store, queue, long_recipe, dataset):
    name = queue.submit(long_recipe, dataset)
    begun(store, name)
    worker = queue.worker_id
    os.kill(worker, signal.SIGSTOP)
    queue.cancel(name)
    assert ended(store, name).state == "cancelled"
    short = queue.submit(replace(long_recipe, epochs=2, seed=1), dataset)
    assert ended(store, short).state == "done"
    assert queue.worker_id != worker


def test_a_killed_worker_fails_its_run_which_resumes(store, queue, recipe, dataset):
    recipe = replace(recipe, epochs=40, patience=40)
    name = queue.submit(recipe, dataset)
    begun(store, name, 3)
    os.kill(queue.worker_id, signal.SIGKILL)
    run = ended(store, name)
    assert run.state == "failed"
    assert "memory ran out. Resume continues" in run.reason
    queue.resume(name)
    assert ended(store, name).state == "done"
    epochs = [e.payload["epoch"] for e in store.events(name) if e.kind == "epoch"]
    assert epochs == list(range(1, 41))


def test_closing_interrupts_and_ends_the_worker(store, long_recipe, dataset):
    queue = JobQueue(store)
    name = queue.submit(long_recipe, dataset)
    begun(store, name)
    queue.close()
    assert queue.worker_id is None
    assert "Interrupted" in store.run(name).reason
    with pytest.raises(RunError, match="then resume"):
        queue.resume(name)


def test_a_worker_does_not_outlive_its_server(store, long_recipe):
    code = (
        "import sys, time, json, pathlib; from models.store import Store;"
        "from models.jobs import JobQueue; from models.recipe import Recipe;"
        "store = Store(pathlib.Path(sys.argv[1])); queue = JobQueue(store);"
        "name = queue.submit(Recipe.from_json(json.loads(sys.argv[2])))\n"
        "while store.run(name).epochs < 2: time.sleep(0.01)\n"
        "print(queue.worker_id, name, flush=True); time.sleep(60)"
    )
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            code,
            str(store.home),
            json.dumps(long_recipe.to_json()),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    worker, name = server.stdout.readline().split()
    server.kill()
    server.wait()
    server.stdout.close()
    assert "Interrupted" in ended(store, name).reason
    until(lambda: not _exists(int(worker)), 5)


def _exists(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_wrong_order_of_remedies_is_refused(queue, recipe, dataset):
    stages = (Stage("temperature"), Stage("reweighing", {"attribute": "group"}))
    with pytest.raises(SettingError, match="Put 'Reweighing' first"):
        queue.submit(replace(recipe, stages=stages), dataset)


def test_a_fault_in_a_run_leaves_the_worker_up(store, queue, recipe, dataset):
    wrong = Stage("reweighing", {"attribute": "no such column"})
    name = queue.submit(replace(recipe, stages=(wrong,)), dataset)
    run = ended(store, name)
    assert run.state == "failed"
    assert "is not a sensitive attribute of this table" in run.reason
    assert ended(store, queue.submit(recipe, dataset)).state == "done"


def sweep_of(recipe):
    return [
        replace(
            recipe,
            stages=(Stage("reweighing", {"attribute": "group", "strength": s}),),
        )
        for s in (0.0, 0.5, 1.0)
    ]


def test_a_sweep_is_a_run_for_each_recipe(store, queue, recipe, dataset):
    names = queue.submit_sweep(sweep_of(recipe), dataset)
    assert len(set(names)) == 3
    assert [ended(store, name).state for name in names] == ["done"] * 3
    for name in names:
        first = store.events(name)[0]
        assert first.kind == "start"
        assert "batched" in first.payload
        assert store.run(name).epochs == recipe.epochs
    assert queue.submit_sweep(sweep_of(recipe), dataset) == names
    assert not any(store.run(name).is_active for name in names)


def test_a_sweep_agrees_with_single_runs(store, queue, recipe, dataset, tmp_path):
    names = queue.submit_sweep(sweep_of(recipe), dataset)
    beside = Store(tmp_path / "beside")
    beside.tables = store.tables
    beside.notes.save_task(dataset.task)
    for name, single in zip(names, sweep_of(recipe), strict=True):
        assert ended(store, name).is_finished
        alone = train_now(beside, single)
        np.testing.assert_allclose(
            store.scores(name).scores.values,
            beside.scores(alone.id).scores.values,
            atol=1e-5,
        )


def test_a_cancelled_sweep_keeps_finished_members(store, queue, recipe, dataset):
    """Other shapes, so one after another: the first is over when the others end."""
    recipes = [recipe, replace(recipe, hidden=(9,), epochs=4_000, patience=4_000)]
    recipes.append(replace(recipe, hidden=(7,), epochs=4_000, patience=4_000))
    names = queue.submit_sweep(recipes, dataset)
    begun(store, names[1])
    queue.cancel(names[2])
    assert [ended(store, name).state for name in names] == [
        "done",
        "cancelled",
        "cancelled",
    ]
    assert store.scores(names[0]).row_ids.size == len(dataset.frame)
    queue.resume(names[1])
    begun(store, names[1])
    queue.cancel(names[1])
    assert ended(store, names[1]).state == "cancelled"


def test_a_waiting_sweep_is_cancelled_as_a_whole(
    store, queue, recipe, long_recipe, dataset
):
    running = queue.submit(long_recipe, dataset)
    names = queue.submit_sweep(sweep_of(recipe), dataset)
    begun(store, running)
    queue.cancel(names[1])
    assert {store.run(name).reason for name in names} == {"Cancelled before it began."}
    queue.cancel(running)
    ended(store, running)


def test_a_member_that_cannot_be_trained_leaves_the_others(
    store, queue, recipe, dataset
):
    bad = Stage("emphasis", {"cohort": "group = nobody"})
    names = queue.submit_sweep([recipe, replace(recipe, stages=(bad,))], dataset)
    assert ended(store, names[0]).state == "done"
    assert ended(store, names[1]).state == "failed"
    assert "nobody" in store.run(names[1]).reason
