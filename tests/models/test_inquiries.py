"""Inquiries: asked once, carried out by the worker, kept, stopped, forgotten."""

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.errors import DataError, RunError, SettingError
from analysis.evaluation import Threshold
from analysis.progress import silent
from analysis.shifts.sides import Sides
from models import execute_inquiry as module
from models.as_json import from_json, to_json
from models.epoch import Cancelled
from models.execute_inquiry import execute_inquiry
from models.inquiries import INQUIRIES, record_of, settings_type
from models.inquiries.evidence import Asked, Evidence
from models.inquiries.opening import opened
from models.inquiry import Inquiry, Scope, inquiry_of
from models.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home")


@pytest.fixture(scope="module")
def data():
    return load(task_named("planted"))


def inquiry(data, **scope):
    given = {
        "run": "",
        "cohort": "",
        "positive": "",
        "rule": Threshold(0.5),
        "other_rule": Threshold(0.5),
        "sides": Sides("region", ("coast", "hills"), ("north",)),
    }
    names = data.frame.groups["region"].names
    given["sides"] = Sides("region", names[:1], names[1:])
    asked = to_json(Asked("accuracy", bootstrap=40))
    return Inquiry("evidence", data.task, data.digest, Scope(**given | scope), asked)


def test_an_inquiry_comes_back_from_its_text(data):
    asked = inquiry(data)
    back = inquiry_of(asked.to_text())
    assert back == asked
    assert back.key == asked.key


def test_every_part_of_what_is_asked_changes_the_key(data):
    first = inquiry(data)
    others = [
        inquiry(data, cohort="age >= 40"),
        inquiry(data, rule=Threshold(0.4)),
        inquiry(data, sides=replace(first.scope.sides, without=("age",))),
        inquiry(data, other_digest="x"),
        replace(first, name="sources"),
        replace(first, data_digest="y"),
        replace(first, asked={"metric": "auroc"}),
    ]
    assert len({q.key for q in [first, *others]}) == len(others) + 1


def test_an_answer_is_kept_and_comes_back_as_a_record(store, data):
    asked = inquiry(data)
    assert store.inquiries.submit(asked, "owner")
    execute_inquiry(store, asked.key)
    state = store.inquiries.state(asked.key)
    assert (state.state, state.share) == ("done", 1.0)
    record = record_of("evidence", store.inquiries.answer(asked.key))
    assert isinstance(record, Evidence)
    total = sum(part.value for part in record.split.parts) + record.split.residual
    assert total == pytest.approx(record.split.change.value, abs=1e-9)
    assert not store.inquiries.submit(asked, "owner")  # found, not asked again


def test_the_answer_is_that_of_the_analysis_itself(store, data):
    from analysis.attribution.attribution import attribute_covariates

    asked = inquiry(data)
    both = opened(store, asked)
    direct = attribute_covariates(both.source, both.target, "accuracy", bootstrap=40)
    store.inquiries.submit(asked, "owner")
    execute_inquiry(store, asked.key)
    kept = record_of("evidence", store.inquiries.answer(asked.key)).split
    assert [p.value for p in kept.parts] == [p.value for p in direct.parts]


def test_a_stop_is_heard_and_asking_again_starts_over(store, data):
    asked = inquiry(data)
    store.inquiries.submit(asked, "owner")
    calls = iter([False, True])
    execute_inquiry(store, asked.key, lambda: next(calls, True))
    assert store.inquiries.state(asked.key).state == "cancelled"
    assert store.inquiries.answer(asked.key) is None
    assert store.inquiries.submit(asked, "owner")
    assert store.inquiries.state(asked.key).state == "queued"


def test_what_was_stopped_before_it_began_is_not_carried_out(store, data, monkeypatch):
    asked = inquiry(data)
    store.inquiries.submit(asked, "owner")
    store.inquiries.fail(asked.key, "cancelled", "Stopped.")
    monkeypatch.setattr(module, "answered", lambda *_: pytest.fail("carried out"))
    execute_inquiry(store, asked.key)


def test_a_plain_reason_is_kept_where_nothing_can_be_answered(store, data):
    names = data.frame.groups["region"].names
    asked = inquiry(
        data, cohort="age >= 10000", sides=Sides("region", names[:1], names[1:])
    )
    store.inquiries.submit(asked, "owner")
    with pytest.raises(DataError):
        execute_inquiry(store, asked.key)
    state = store.inquiries.state(asked.key)
    assert state.state == "failed"
    assert "Widen the rule" in state.reason


def test_progress_is_written_down_with_an_estimate_of_what_is_left(store, data):
    asked = inquiry(data)
    store.inquiries.submit(asked, "owner")
    store.inquiries.start(asked.key)
    store.inquiries.report(asked.key, 0.25, "weighing", 3.0)
    row = store.inquiries._row(asked.key)
    assert (row["share"], row["doing"], row["seconds"]) == (0.25, "weighing", 3.0)


def test_an_inquiry_whose_server_died_is_said_to_have_failed(store, data):
    asked = inquiry(data)
    store.inquiries.submit(asked, "nobody")
    store.inquiries.start(asked.key)
    state = store.inquiries.state(asked.key)
    assert state.state == "failed"
    assert "Ask again" in state.reason
    assert store.inquiries.submit(asked, "other")


def test_what_is_done_stays_done(store, data):
    asked = inquiry(data)
    store.inquiries.submit(asked, "owner")
    store.inquiries.start(asked.key)
    store.inquiries.end(asked.key, {"a": 1}, 2.0)
    store.inquiries.fail(asked.key, "failed", "late")
    assert store.inquiries.state(asked.key).state == "done"


def test_forgetting_a_table_forgets_what_was_asked_of_it_or_with_it(store, data):
    one, two = inquiry(data), inquiry(data, sides=Sides("", table="other"))
    for asked in (one, two):
        store.inquiries.submit(asked, "owner")
    store.inquiries.forget_task("other")
    assert store.inquiries.state(two.key).state is None
    assert store.inquiries.state(one.key).state == "queued"
    store.inquiries.forget_task("planted")
    assert store.inquiries.state(one.key).state is None


@pytest.mark.parametrize("name", INQUIRIES)
def test_the_settings_of_every_inquiry_survive_json(name):
    kind = settings_type(name)
    hints = {"metric": "accuracy", "metrics": ("accuracy",), "runs": ("a",)}
    hints |= {
        "way": "covariates",
        "attributes": ("sex",),
        "nodes": 5,
        "outcome": "label",
        "remedy": "abstain",
        "settings": {"attribute": "sex", "min_rows": 50},
        "strengths": (0.5, 1.0),
    }
    from dataclasses import MISSING, fields

    needed = {
        f.name: hints[f.name]
        for f in fields(kind)
        if f.default is MISSING and f.default_factory is MISSING
    }
    asked = kind(**needed)
    assert from_json(kind, to_json(asked)) == asked


def test_rows_that_a_run_learnt_from_stand_on_no_side(store, data):
    from models.recipe import Recipe
    from models.training import train_now

    run = train_now(store, Recipe(task="planted", epochs=2, device="cpu"), dataset=data)
    both = opened(store, inquiry(data, run=run.id))
    from models.evaluations import splits_of

    learnt = data.frame.row_ids[
        np.concatenate([splits_of(run, data).rows[s] for s in ("train", "validation")])
    ]
    for side in (both.source, both.target):
        assert len(side)
        assert not np.isin(side.evaluation.row_ids, learnt).any()


def test_a_tick_that_is_told_to_stop_raises(store, data):
    asked = inquiry(data)
    store.inquiries.submit(asked, "owner")
    store.inquiries.start(asked.key)
    tick = module._ticking(store, asked.key, lambda: True)
    with pytest.raises(Cancelled):
        tick(0.5, "anything")
    silent(0.5, "anything")
    assert math.isclose(store.inquiries.state(asked.key).share, 0.0)


def test_an_unknown_class_in_view_is_refused(store, data):
    with pytest.raises(SettingError, match="not a class"):
        opened(store, inquiry(data, positive="maybe"))


def test_a_damaged_row_does_not_keep_a_table_from_being_forgotten(store, data):
    one = inquiry(data)
    store.inquiries.submit(one, "owner")
    with store.inquiries._database.connection() as c:
        c.execute("UPDATE inquiries SET inquiry = 'no json', task = 'x'")
    store.inquiries.forget_task("planted")
    assert store.inquiries.state(one.key).state is None


def test_a_run_that_learnt_the_whole_target_is_not_judged_by_it():
    from types import SimpleNamespace

    from models.inquiries.recovery import refuse_learnt
    from models.recipe import Recipe, Stage

    recipe = Recipe(task="a", stages=(Stage("added_source", {"table": "new"}),))
    run = SimpleNamespace(recipe=recipe)
    refuse_learnt(run, "other")
    refuse_learnt(run, "")
    with pytest.raises(RunError, match="none is left"):
        refuse_learnt(run, "new")
