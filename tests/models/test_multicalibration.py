"""Multicalibration: its test, its patches, its ends, and the planted task."""

import json

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.holm import holm
from models.cohort_sets import CohortSet, listed_sets, rules_of
from models.departures import Labelled, binned_error, departures
from models.evaluations import splits_of
from models.multicalibration import Patching, multicalibrated
from models.probabilities import log_softmax
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.fitting import fitted_on, notes_of
from models.remedies.platt import Platt
from models.scorer import stored_scorer
from models.store import Store
from models.training import train_now


def honest(rng, n, shift=0.0, k=2):
    """Return rows whose labels follow the scores, but for a shift of the last class."""
    truth = rng.normal(size=(n, k))
    chances = np.exp(log_softmax(truth)).cumsum(axis=1)
    labels = (rng.random((n, 1)) > chances).sum(axis=1).clip(max=k - 1)
    logits = truth.copy()
    logits[:, -1] += shift
    return Labelled(logits, labels, np.ones(n))


def platt(level=0.05, rounds=50):
    remedy = Platt()
    return Patching(remedy.fit_of, remedy.applied, level, rounds)


def groups_of(codes):
    return [
        (CohortSet({"group": str(g)}, ()), codes == g) for g in range(codes.max() + 1)
    ]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 3])
def test_p_values_are_uniform_where_scores_are_right(k, weighted, rng):
    found = []
    for _ in range(150):
        rows = honest(rng, 600, k=k)
        if weighted:
            rows = Labelled(rows.logits, rows.labels, rng.uniform(0.3, 3, 600))
        found += [*departures(rows, [np.arange(600), np.arange(80)])]
    assert np.mean(np.array(found) < 0.05) < 0.09
    assert np.mean(np.array(found) < 0.001) < 0.012
    if k == 2:
        assert kstest(found[::2], "uniform").pvalue > 1e-3


def test_the_statistic_by_hand():
    """One bin of equal scores: (sum of y - p)^2 / (n p (1 - p)) on one degree."""
    rows = Labelled(
        np.zeros((40, 2)), np.r_[np.ones(30, int), np.zeros(10, int)], np.ones(40)
    )
    p_value = departures(rows, [np.arange(40)])[0]
    assert p_value == pytest.approx(chi2.sf((30 - 20) ** 2 / (40 * 0.25), 1))
    thrice = Labelled(rows.logits, rows.labels, np.full(40, 3.0))
    assert departures(thrice, [np.arange(40)])[0] == pytest.approx(p_value)


def test_a_set_that_is_too_sure_to_be_judged_is_not():
    sure = np.column_stack([np.zeros(60), np.full(60, -9.0)])
    rows = Labelled(sure, np.r_[1, np.zeros(59, int)], np.ones(60))
    assert departures(rows, [np.arange(60)])[0] == 1


def test_holm_by_hand():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    np.testing.assert_allclose(holm(np.array([0.9, 0.8])), [1.0, 1.0])


def test_nobody_is_patched_beyond_chance_where_scores_are_right(rng):
    patched = 0
    for _ in range(60):
        rows = honest(rng, 900)
        found = multicalibrated(platt(), rows, groups_of(rng.integers(0, 6, 900)))
        patched += len(found["history"]) > 0
        assert "none of 6" in found["stopped"] or found["history"]
    assert patched <= 8  # at most 5 % expected; 8 of 60 or more has odds of 1 : 100


def test_only_the_group_that_is_off_is_patched(rng):
    rows, off = honest(rng, 3_000), honest(rng, 1_000, shift=1.2)
    both = Labelled(
        np.vstack([rows.logits, off.logits]),
        np.r_[rows.labels, off.labels],
        np.ones(4_000),
    )
    codes = np.r_[rng.integers(0, 3, 3_000), np.full(1_000, 3)]
    found = multicalibrated(platt(), both, groups_of(codes))
    assert [p["groups"] for p in found["patches"]] == [{"group": "3"}]
    (told,) = found["history"]
    assert told["cohort"] == "group = 3"
    assert told["n"] == 1_000
    assert told["accepted"]
    assert told["p_value"] < 1e-10
    assert told["error_after"] < told["error_before"] / 2
    assert told["gain"] > 0.05
    assert found["patches"][0]["fit"]["classes"][0]["intercept"] == pytest.approx(
        -1.2, abs=0.25
    )
    assert found["stopped"].startswith("Stopped: none of 4")
    json.dumps(found, allow_nan=False)


def test_a_patch_that_gains_nothing_elsewhere_is_refused_and_told(rng):
    rows = honest(rng, 600, shift=1.0)
    useless = Patching(lambda *_: {}, lambda _, logits: logits, 0.05, 50)
    found = multicalibrated(useless, rows, groups_of(np.zeros(600, int)))
    assert not found["patches"]
    (told,) = found["history"]
    assert not told["accepted"]
    assert told["gain"] == 0
    assert "1 of 1 groups" in found["stopped"]
    assert "each has its patch already, or none that" in found["stopped"]


def test_a_fold_without_two_classes_is_told_and_not_fitted(rng):
    labels = np.r_[1, np.zeros(79, int)]
    rows = Labelled(np.zeros((80, 2)), labels, np.ones(80))
    found = multicalibrated(platt(), rows, groups_of(np.zeros(80, int)))
    (told,) = found["history"]
    assert told["gain"] is None
    assert told["error_after"] is None
    assert not told["accepted"]


def test_the_rounds_end_it(rng):
    rows = honest(rng, 2_000, shift=1.5)
    found = multicalibrated(platt(rounds=1), rows, groups_of(np.arange(2_000) % 3))
    assert len(found["history"]) == 1
    assert found["stopped"].startswith("Stopped: the rounds are used up, with 2 of 3")


def test_nobody_to_judge_is_said(rng):
    found = multicalibrated(platt(), honest(rng, 50), [])
    assert found["stopped"].startswith("Stopped: no group or cohort has")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Return a network trained for a moment on the planted task, and its splits."""
    store = Store(tmp_path_factory.mktemp("planted"))
    data = load(task_named("planted"))
    recipe = Recipe(task="planted", hidden=(16,), epochs=6, patience=6, device="cpu")
    run = train_now(store, recipe)
    parts = splits_of(run, data).rows
    calibration, test = (data.frame.take(parts[p]) for p in ("calibration", "test"))
    return stored_scorer(store, run), calibration, test


GROUPS, COHORTS = "sex, region", "age >= 60; channel = phone"


@pytest.mark.parametrize(
    "name", ["temperature", "platt", "isotonic", "beta", "vector_scaling"]
)
def test_the_worst_cohort_of_the_planted_task_gains_on_held_out_rows(planted, name):
    scorer, calibration, test = planted
    alone = fitted_on(REMEDIES[name](), scorer, calibration)
    remedy = REMEDIES[name](scope="multicalibrated", attribute=GROUPS, cohorts=COHORTS)
    fitted = fitted_on(remedy, scorer, calibration)
    sets = listed_sets(test, GROUPS, rules_of(COHORTS), 100)

    def losses_and_worst(one):
        rows = Labelled(one.score(test).logits, test.y_true, test.weights)
        loss = -log_softmax(rows.logits)[np.arange(len(test)), test.y_true].mean()
        errors = [binned_error(rows.take(np.flatnonzero(inside))) for _, inside in sets]
        return loss, max(errors), np.mean(errors)

    base, before, after = map(losses_and_worst, (scorer, alone, fitted))
    assert after[0] < min(base[0], before[0])
    assert after[1] < min(base[1], before[1])
    assert after[2] < min(base[2], before[2])
    said = notes_of(fitted.parameters())[-1]
    assert "patches kept: sex" in said
    assert "Stopped" in said
    assert "sex" not in notes_of(fitted.parameters(), set())[-1].split("Stopped")[0]
