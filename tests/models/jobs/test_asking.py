"""Inquiries through the queue and its worker process."""

import time
from contextlib import suppress

import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.evaluation import Threshold
from analysis.shifts.sides import Sides
from models.as_json import to_json
from models.inquiries import record_of
from models.inquiries.evidence import Asked
from models.inquiry import Inquiry, Scope
from models.jobs import JobQueue
from models.jobs import attendance as module
from models.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "home")


@pytest.fixture
def queue(store):
    opened = JobQueue(store)
    yield opened
    opened.close()


def inquiry(seed=0, bootstrap=40):
    data = load(task_named("planted"))
    names = data.frame.groups["region"].names
    sides = Sides("region", names[:1], names[1:])
    scope = Scope("", "", "", Threshold(0.5), Threshold(0.5), sides)
    asked = to_json(Asked("accuracy", bootstrap=bootstrap, seed=seed))
    return Inquiry("evidence", data.task, data.digest, scope, asked)


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("It did not come to that in time.")


def test_the_worker_answers_and_the_answer_is_found_again(store, queue):
    asked = inquiry()
    queue.ask(asked)
    until(lambda: store.inquiries.state(asked.key).state == "done")
    record = record_of("evidence", store.inquiries.answer(asked.key))
    assert record.split.metric == "accuracy"
    began = time.monotonic()
    queue.ask(asked)
    assert time.monotonic() - began < 1
    assert store.inquiries.state(asked.key).state == "done"


def test_one_under_way_is_stopped_and_the_next_goes_on(store, queue):
    long, short = inquiry(bootstrap=20_000), inquiry(1)
    queue.ask(long)
    until(lambda: store.inquiries.state(long.key).share > 0)
    queue.stop_asking(long.key)
    assert store.inquiries.state(long.key).state == "cancelled"
    queue.ask(short)
    until(lambda: store.inquiries.state(short.key).state == "done")
    assert store.inquiries.answer(long.key) is None


def test_what_nobody_waits_for_any_more_does_not_hold_up_others(
    store, queue, monkeypatch
):
    monkeypatch.setattr(module, "ATTENDED_SECONDS", 1.0)
    first, left, wanted = inquiry(bootstrap=2_000), inquiry(1, 20_000), inquiry(2)
    queue.ask(first)
    until(lambda: store.inquiries.state(first.key).state == "running")
    queue.ask(left)

    def answered():
        queue.ask(wanted)  # as a page does that waits
        return store.inquiries.state(wanted.key).state == "done"

    time.sleep(1.2)
    queue.stop_asking(first.key)
    until(answered)
    assert store.inquiries.state(left.key).state == "queued"
    queue.ask(left)  # whoever comes back asks again
    until(lambda: store.inquiries.state(left.key).state == "running")


def test_a_killed_worker_leaves_a_reason_and_the_queue_up(store, queue):
    long = inquiry(bootstrap=20_000)
    queue.ask(long)
    until(lambda: store.inquiries.state(long.key).share > 0)
    with suppress(ProcessLookupError):
        import os
        import signal

        os.kill(queue.worker_id, signal.SIGKILL)
    until(lambda: store.inquiries.state(long.key).state == "failed")
    assert "Ask again" in store.inquiries.state(long.key).reason
    short = inquiry(1)
    queue.ask(short)
    until(lambda: store.inquiries.state(short.key).state == "done")


def test_one_under_way_that_nobody_follows_makes_room_for_another(
    store, queue, monkeypatch
):
    monkeypatch.setattr(module, "LEFT_SECONDS", 1.0)
    long, short = inquiry(bootstrap=20_000), inquiry(1)
    queue.ask(long)
    until(lambda: store.inquiries.state(long.key).share > 0)
    time.sleep(1.2)

    def answered():
        queue.ask(short)
        return store.inquiries.state(short.key).state == "done"

    until(answered)
    assert store.inquiries.state(long.key).state in ("cancelled", "failed")
