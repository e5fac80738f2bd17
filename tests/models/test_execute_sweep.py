from dataclasses import replace

import numpy as np
import pytest
import torch

from models import execute_sweep as module
from models.checkpoint import read_checkpoint
from models.execute import execute
from models.execute_sweep import execute_sweep
from models.ledger import CANCELLED
from models.owners import Owner
from models.recipe import Stage
from models.remedies.chain import completed
from models.stopping import Stopping
from models.sweep import Sweep
from models.training import train_now

RATES = (1e-3, 4e-3, 1e-2)


@pytest.fixture(autouse=True)
def _together_on_a_cpu(monkeypatch):
    """Compute members as one here too, where a GPU is not to be had."""
    monkeypatch.setattr(module, "TOGETHER_ON", ("cpu", "cuda"))


@pytest.fixture
def owner(store):
    made = Owner(store.owners)
    yield made.token
    made.close()


@pytest.fixture
def submit(store, dataset, owner):
    """Queue recipes and return their runs' ids."""

    def call(recipes):
        return [
            store.submit(completed(r), dataset.task, dataset.digest, owner)
            for r in recipes
        ]

    return call


@pytest.fixture
def rates(recipe):
    return [replace(recipe, learning_rate=rate) for rate in RATES]


def never():
    return False


def states(store, names):
    return [store.run(name).state for name in names]


def is_batched(store, name):
    starts = [e for e in store.events(name) if e.kind == "start"]
    return starts[-1].payload["batched"]


def epochs_of(store, name):
    return [e.payload["epoch"] for e in store.events(name) if e.kind == "epoch"]


def logits(store, name):
    return store.scores(name).scores.logits


def test_members_are_computed_together_say_so_and_score_as_alone(
    store, rates, submit, owner, tmp_path
):
    names = submit(rates)
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 3
    together = [logits(store, name) for name in names]
    for name in names:
        assert is_batched(store, name)
        assert "in one pass with 2 others" in store.run(name).device
        assert epochs_of(store, name) == list(range(1, 7))
    store.ledger.forget("people")
    for recipe, found in zip(rates, together, strict=True):
        run = train_now(store, recipe)
        assert not is_batched(store, run.id)
        np.testing.assert_allclose(logits(store, run.id), found, atol=2e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": (5,)},
        {"architecture": "tabm"},
        {"architecture": "boosting"},
        {"prune": 0.5},
        {"stages": (Stage("sharpness_aware"),)},
        {"stages": (Stage("masked_feature", {"feature": "age"}),)},
    ],
)
def test_what_does_not_fit_together_goes_one_after_the_other(
    store, recipe, submit, owner, change
):
    recipes = [replace(recipe, epochs=2), replace(recipe, epochs=2, **change)]
    names = submit(recipes)
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 2
    assert not any(is_batched(store, name) for name in names)


def test_a_run_that_builds_on_another_waits_for_it(store, recipe, submit, owner):
    mended = replace(recipe, stages=(Stage("temperature"),))
    names = submit([recipe, mended])
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 2


def test_a_member_that_cannot_be_prepared_leaves_the_others_to_it(
    store, rates, submit, owner
):
    wrong = replace(rates[0], stages=(Stage("reweighing", {"attribute": "shoe size"}),))
    names = submit([wrong, *rates])
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["failed", "done", "done", "done"]
    assert "'shoe size' is not a sensitive attribute" in store.run(names[0]).reason


def test_a_member_that_cannot_begin_leaves_the_others_to_it(
    store, rates, submit, owner
):
    names = submit([replace(rates[0], stop_by="shoe size"), *rates[1:]])
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["failed", "done", "done"]
    assert "'shoe size' is not a sensitive attribute" in store.run(names[0]).reason
    assert all(is_batched(store, name) for name in names[1:])


def test_a_fault_in_one_member_is_its_own(store, rates, submit, owner, monkeypatch):
    real = module.prepare

    def prepare(recipe, *rest):
        if recipe.learning_rate == RATES[1]:
            raise ZeroDivisionError
        return real(recipe, *rest)

    monkeypatch.setattr(module, "prepare", prepare)
    monkeypatch.setattr("models.train_run.prepare", prepare)
    names = submit(rates)
    with pytest.raises(ZeroDivisionError):
        execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done", "failed", "done"]
    assert "fault of the program" in store.run(names[1]).reason


def test_a_member_that_diverges_fails_alone_with_its_reason(
    store, rates, submit, owner, monkeypatch
):
    real = Stopping.loss
    monkeypatch.setattr(
        Stopping,
        "loss",
        lambda self, found: float("nan") if self.is_spoilt else real(self, found),
    )
    begin = Stopping.__init__

    def init(self, recipe, *rest, **more):
        begin(self, recipe, *rest, **more)
        self.is_spoilt = recipe.learning_rate == RATES[2]

    monkeypatch.setattr(Stopping, "__init__", init)
    names = submit(rates)
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done", "done", "failed"]
    assert "diverged in epoch 1" in store.run(names[2]).reason


def test_without_room_for_all_at_once_they_go_one_by_one(
    store, rates, submit, owner, monkeypatch
):
    def full(self, *_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Sweep, "run", full)
    names = submit(rates)
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 3
    for name in names:
        assert not is_batched(store, name)
        assert epochs_of(store, name) == list(range(1, 7))


def test_a_cancelled_sweep_keeps_its_finished_members(
    store, recipe, submit, owner, monkeypatch
):
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    quick = replace(recipe, epochs=40, patience=1, learning_rate=0.3)
    slow = replace(recipe, epochs=40, patience=40, learning_rate=1e-3)
    names = submit([quick, slow])
    execute_sweep(store, names, owner, lambda: store.run(names[0]).is_finished)
    assert states(store, names) == ["done", "cancelled"]
    assert store.run(names[1]).reason == CANCELLED
    assert len(logits(store, names[0])) == 1200


@pytest.mark.parametrize("settings", ["rates", "restarts", "strengths"])
def test_a_member_goes_on_alone_where_the_sweep_was_when_it_was_cancelled(
    store, recipe, submit, owner, monkeypatch, settings
):
    """To what it would have become in the sweep, moments and chance included."""
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    base = replace(recipe, dropout=0.3, ema=0.0)
    recipes = {
        "rates": [replace(base, learning_rate=rate) for rate in RATES],
        "restarts": [replace(base, restart=i) for i in range(3)],
        "strengths": [
            replace(
                base,
                stages=(Stage("reweighing", {"attribute": "group", "strength": s}),),
            )
            for s in (0.1, 0.5, 1.0)
        ],
    }[settings]
    names = submit(recipes)
    execute_sweep(store, names, owner, never)
    whole = [logits(store, name) for name in names]
    store.ledger.forget("people")
    submit(recipes)
    execute_sweep(store, names, owner, lambda: store.run(names[0]).epochs >= 3)
    assert states(store, names) == ["cancelled"] * 3
    for name in names:
        progress, tensors = read_checkpoint(store.checkpoint(name))
        assert progress.epoch == 3
        assert any(key.endswith("exp_avg_sq") for key in tensors)
    submit(recipes)
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 3
    for name, found in zip(names, whole, strict=True):
        assert epochs_of(store, name) == list(range(1, 7))
        np.testing.assert_allclose(logits(store, name), found, atol=2e-3)


def test_what_was_begun_before_goes_on_and_the_others_go_together(
    store, rates, submit, owner
):
    names = submit(rates)
    execute(store, names[0], owner, lambda: store.run(names[0]).epochs >= 2)
    submit(rates)
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 3
    assert [is_batched(store, name) for name in names] == [False, True, True]
    assert epochs_of(store, names[0]) == list(range(1, 7))


def test_a_sweep_larger_than_a_pass_takes_several(
    store, recipe, submit, owner, monkeypatch
):
    monkeypatch.setattr(module, "MAX_TOGETHER", 2)
    names = submit([replace(recipe, epochs=2, restart=i) for i in range(5)])
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["done"] * 5
    said = [store.run(name).device for name in names]
    assert sum("in one pass with 1 others" in text for text in said) == 4


def test_a_fault_in_one_pass_leaves_the_next_to_it(
    store, recipe, submit, owner, monkeypatch
):
    monkeypatch.setattr(module, "MAX_TOGETHER", 2)
    real, calls = Sweep.run, []

    def run(self, *arguments):
        calls.append(len(self.members))
        if len(calls) == 1:
            raise ZeroDivisionError
        return real(self, *arguments)

    monkeypatch.setattr(Sweep, "run", run)
    names = submit([replace(recipe, epochs=2, restart=i) for i in range(4)])
    with pytest.raises(ZeroDivisionError):
        execute_sweep(store, names, owner, never)
    assert states(store, names) == ["failed", "failed", "done", "done"]


def test_all_are_cancelled_when_it_is_told_at_once(store, rates, submit, owner):
    names = submit(rates)
    execute_sweep(store, names, owner, lambda: True)
    assert states(store, names) == ["cancelled"] * 3
    assert {store.run(name).reason for name in names} == {CANCELLED}


def test_a_run_that_another_process_ended_is_left_as_it_is(store, rates, submit, owner):
    names = submit(rates)
    store.ledger.end(names[0], "cancelled", "for the test")
    execute_sweep(store, names, owner, never)
    assert states(store, names) == ["cancelled", "done", "done"]
    assert store.run(names[0]).reason == "for the test"


def test_on_a_cpu_members_come_one_by_one(
    store, dataset, rates, submit, owner, monkeypatch
):
    monkeypatch.setattr(module, "TOGETHER_ON", ("cuda",))
    names = submit(rates)
    seen = []

    def asked():
        seen.append(states(store, names))
        return False

    execute_sweep(store, names, owner, asked)
    assert states(store, names) == ["done"] * 3
    assert ["done", "running", "queued"] in seen
    assert not any(is_batched(store, name) for name in names)
