"""Remedies of scores tried out: fitted on one side, scored on the other."""

import errno
import os
import signal
import sqlite3
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.calibration.guard import guard
from analysis.datasets.load import load
from analysis.datasets.task import ExistingScore
from analysis.errors import AuditError, DataError
from analysis.evaluation import Threshold, evaluate
from analysis.thresholds.halves import half_rows
from models.evaluations import evaluation, splits_of
from models.execute_trial import execute_trial
from models.failures import reason_of_trial
from models.jobs import JobQueue
from models.owners import Owner
from models.remedies.chain import stage
from models.scorer import StoredScorer
from models.sides import sides_of_run, sides_of_score
from models.store import Store
from models.training import train_now
from models.trial import Trial, trial_of

SCORED = "1" * 32


@pytest.fixture
def scored(store, dataset):
    """Return a task whose score is too sure by a factor of two, and a raw one."""
    table, n = dataset.table.copy(), len(dataset.table)
    rng = np.random.default_rng(0)
    logit = rng.normal(size=n)
    table["label"] = pd.Categorical(np.where(rng.random(n) < expit(logit), "yes", "no"))
    table["p"], table["decile"] = expit(2 * logit), np.ceil(10 * expit(logit))
    table.to_parquet(store.tables / f"{SCORED}.parquet")
    made = replace(
        dataset.task,
        name="scored",
        table=SCORED,
        weight=None,
        score=ExistingScore(("p",), "probability", 0.5),
    )
    raw = replace(made, name="raw", score=ExistingScore(("decile",), "raw", 5.0))
    store.notes.save_task(made)
    store.notes.save_task(raw)
    return made, raw


def tried(store, trial):
    assert store.trials.submit(trial, "nobody")
    execute_trial(store, trial.key)
    return store.trials.state(trial.key)


def trial_for(store, task, run="", *, name="temperature", is_ranked=False, **settings):
    digest = load(task, store.tables).digest
    return Trial(task, digest, run, stage(name, **settings), is_ranked)


def test_a_trial_survives_text_and_its_key_tells_settings_apart(store, scored):
    first = trial_for(store, scored[0])
    assert trial_of(first.to_text()) == first
    other = replace(first, stage=stage("temperature", attribute="group"))
    assert len({first.key, other.key, replace(first, is_ranked=True).key}) == 3


def test_a_score_column_is_mended_on_the_half_it_was_not_fitted_on(store, scored):
    trial = trial_for(store, scored[0])
    state = tried(store, trial)
    assert state.state == "done"
    assert state.seconds > 0
    data = load(scored[0], store.tables)
    stored = store.trial_scores(trial.key)
    assert len(stored.row_ids) == len(data.frame)
    sides = sides_of_score(data)
    before, after = (
        evaluate("t", sides.report, s, Threshold())
        for s in (
            sides.scorer.score(sides.report),
            StoredScorer(stored).score(sides.report),
        )
    )
    found = guard(before, after, ("group",))
    assert found.is_recommended
    slope = np.log(after.score / (1 - after.score)) / np.log(
        before.score / (1 - before.score)
    )
    assert slope.mean() == pytest.approx(0.5, abs=0.08)


def test_no_row_stands_on_both_sides(store, scored):
    sides = sides_of_score(load(scored[0], store.tables))
    assert not set(sides.fit.row_ids) & set(sides.report.row_ids)
    first, second = half_rows(len(sides.fit) + len(sides.report))
    np.testing.assert_array_equal(sides.fit.row_ids, first)
    np.testing.assert_array_equal(sides.report.row_ids, second)


def test_labels_it_reports_on_have_no_say(store, scored):
    before = tried(store, trial_for(store, scored[0])).parameters
    table = pd.read_parquet(store.tables / f"{SCORED}.parquet")
    _, second = half_rows(len(table))
    labels = table["label"].to_numpy().copy()
    labels[second] = labels[second][::-1]
    table["label"] = pd.Categorical(labels)
    table.to_parquet(store.tables / f"{SCORED}.parquet")
    blind = Store(store.home / "other")
    blind.tables.mkdir()
    table.to_parquet(blind.tables / f"{SCORED}.parquet")
    blind.notes.save_task(scored[0])
    assert tried(blind, trial_for(blind, scored[0])).parameters == before


def test_a_raw_score_is_refused_until_it_is_ranked(store, scored):
    data = load(scored[1], store.tables)
    with pytest.raises(DataError, match=r"turned into ranks first \(--ranks"):
        sides_of_score(data)
    sides = sides_of_score(data, is_ranked=True)
    ranks = sides.scorer.score(sides.report).values[:, 1]  # noqa: PD011 (not pandas)
    assert 0 < ranks.min() < ranks.max() < 1
    assert len(np.unique(ranks)) <= 10
    raw = data.table["decile"].to_numpy()[sides.report.row_ids]
    np.testing.assert_array_equal(ranks >= sides.threshold(5.0), raw >= 5)
    state = tried(store, trial_for(store, scored[1], is_ranked=True, name="isotonic"))
    assert state.state == "done", state.reason


def test_a_run_is_tried_on_validation_rows_with_its_own_weights(store, dataset, recipe):
    run = train_now(store, recipe)
    state = tried(store, trial_for(store, dataset.task, run.id))
    assert state.state == "done"
    rows = splits_of(run, dataset).rows
    stored = store.trial_scores(trial_for(store, dataset.task, run.id).key)
    assert set(stored.row_ids) == set(dataset.frame.row_ids[rows["validation"]])
    sides = sides_of_run(store, run, dataset)
    np.testing.assert_array_equal(sides.fit.weights, 1)
    assert set(sides.fit.row_ids) == set(dataset.frame.row_ids[rows["calibration"]])
    weighted = train_now(store, replace(recipe, survey_weights=True))
    assert sides_of_run(store, weighted, dataset).fit.weights.std() > 0
    # what is tried is what is fitted when it is kept
    kept = train_now(store, recipe.with_stage(stage("temperature")))
    shown = evaluation(store, kept, dataset, "validation")
    again = StoredScorer(stored).scores_of(shown.row_ids)
    np.testing.assert_allclose(again.values, shown.scores.values)


def test_what_fails_says_why_and_can_be_tried_again(store, scored):
    trial = trial_for(store, scored[0], "f" * 32)
    store.trials.submit(trial, "nobody")
    with pytest.raises(AuditError):
        execute_trial(store, trial.key)
    state = store.trials.state(trial.key)
    assert state.state == "failed"
    assert "No run starts with" in state.reason
    assert store.trials.submit(trial, "nobody")


def test_what_is_done_is_found_and_a_damaged_file_is_made_anew(store, scored):
    trial = trial_for(store, scored[0])
    state = tried(store, trial)
    assert not store.trials.submit(trial, "nobody")
    store.files.path(state.scores).write_bytes(b"gone")
    assert store.trial_scores(trial.key) is None
    assert store.trials.submit(trial, "nobody")


def test_a_living_owner_keeps_its_trial_and_a_dead_one_loses_it(store, scored):
    trial, owner = trial_for(store, scored[0]), Owner(store.owners)
    assert store.trials.submit(trial, owner.token)
    assert not store.trials.submit(trial, "somebody else")
    owner.close()
    assert store.trials.submit(trial, "somebody else")


def test_forgetting_a_table_forgets_its_trials(store, scored):
    trial = trial_for(store, scored[0])
    state = tried(store, trial)
    store.forget("scored")
    assert store.trials.state(trial.key).state is None
    assert not store.files.path(state.scores).exists()


def test_the_queue_carries_trials_out_and_drops_those_that_wait(store, scored):
    store.trials.forget("nothing")  # dropping what was never asked for is no error
    queue = JobQueue(store)
    try:
        first = trial_for(store, scored[0])
        more = [
            trial_for(store, scored[0], min_rows=50 + i, attribute="group")
            for i in range(20)
        ]
        queue.try_out([first, *more])
        queue.drop({t.key for t in more})
        for _ in range(600):
            if not store.trials.state(first.key).is_active:
                break
            time.sleep(0.1)
        assert store.trials.state(first.key).state == "done"
        assert store.trials.state(more[-1].key).state == "cancelled"
    finally:
        queue.close()


@pytest.mark.parametrize("damaged", ["{", "null", "[1]", ""])
def test_a_damaged_row_counts_as_never_tried(store, scored, damaged):
    trial = trial_for(store, scored[0])
    tried(store, trial)
    with sqlite3.connect(store.home / "store.db") as c:
        c.execute("UPDATE trials SET parameters = ?", (damaged,))
    assert store.trials.state(trial.key).state is None
    assert tried(store, trial).state == "done"


def test_a_worker_killed_at_a_trial_is_told_without_epochs(store, scored):
    queue = JobQueue(store)
    try:
        first, second = (
            trial_for(store, scored[0], min_rows=n, attribute="group") for n in (50, 51)
        )
        queue.try_out([first])
        until_ended(store, first)
        until(lambda: queue._current is None)  # the worker has said so, too
        worker = queue.worker_id
        os.kill(worker, signal.SIGSTOP)
        queue.try_out([second])
        until(lambda: queue._current is not None)
        time.sleep(0.5)  # until the order is sent
        os.kill(worker, signal.SIGKILL)
        until_ended(store, second)
        state = store.trials.state(second.key)
        assert state.state == "failed"
        assert state.reason == "The worker stopped while this was fitted. Try it again."
        queue.try_out([second])
        until_ended(store, second)
        assert store.trials.state(second.key).state == "done"
    finally:
        queue.close()


def until_ended(store, trial):
    until(lambda: not store.trials.state(trial.key).is_active)


def until(holds):
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("It did not come about in 30 s.")


def test_a_trial_that_is_done_stays_so_when_its_worker_dies_after_it(store, scored):
    trial = trial_for(store, scored[0])
    tried(store, trial)
    store.trials.end(trial.key, reason="The worker stopped.")
    assert store.trials.state(trial.key).state == "done"
    assert store.trial_scores(trial.key) is not None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory to fit this"),
        (OSError(errno.ENOSPC, "full"), "Free some space, then try it again"),
        (ValueError("x"), "Try it again."),
        (DataError("Plain words."), "Plain words."),
    ],
)
def test_a_trial_that_fails_speaks_of_no_epochs(error, said):
    reason = reason_of_trial(error)
    assert said in reason
    assert not {"Resume", "epoch", "batch"} & set(reason.replace(".", "").split())
