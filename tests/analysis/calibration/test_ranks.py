"""Ranks keep the order of a score and its decisions, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from analysis.calibration.ranks import rank_map, ranked
from analysis.evaluation import Evaluation, GroupThresholds, Scores, Threshold
from analysis.frame import Grouping


def raw(score, labels=None, weights=None, rule=Threshold(5.0), view=-1):  # noqa: B008
    n = len(score)
    labels = np.arange(n) % 2 if labels is None else labels
    return Evaluation(
        title="raw",
        y_true=labels,
        scores=Scores(np.asarray(score, float)[:, None], "raw"),
        classes=("no", "yes"),
        groups={"g": Grouping(np.arange(n) % 2, ("a", "b"))},
        weights=np.ones(n) if weights is None else weights,
        row_ids=np.arange(n),
        rule=rule,
        view=view,
    )


def test_ranks_are_mid_ranks():
    score = np.array([3.0, 1.0, 3.0, 7.0, 1.0])
    found = rank_map(score, np.ones(5)).of(score)
    np.testing.assert_allclose(found, (rankdata(score) - 0.5) / 5)


def test_a_weight_of_two_is_two_people():
    score = np.array([3.0, 1.0, 7.0])
    once = rank_map(score, np.array([2.0, 1.0, 3.0]))
    twice = rank_map(np.repeat(score, [2, 1, 3]), np.ones(6))
    assert once == twice


@given(
    st.lists(st.integers(-20, 20), min_size=2, max_size=40),
    st.floats(-25, 25, allow_nan=False),
)
def test_decisions_stay_as_they_were(score, threshold):
    before = raw(score, rule=Threshold(threshold))
    np.testing.assert_array_equal(ranked(before).decisions, before.decisions)


@pytest.mark.parametrize("view", [0, 1])
def test_thresholds_by_group_and_the_class_in_view_are_carried_over(rng, view):
    score = rng.integers(1, 11, 300)
    before = raw(score, rule=GroupThresholds("g", (4.0, 7.0)), view=view)
    after = ranked(before)
    np.testing.assert_array_equal(after.decisions, before.decisions)
    assert after.is_probability
    assert np.array_equal(
        np.argsort(after.score, kind="stable"), np.argsort(score, kind="stable")
    )


def test_the_order_and_its_ties_stay_and_no_rank_is_an_end(rng):
    score = rng.normal(size=200).round(1)
    ranks = ranked(raw(score)).score
    np.testing.assert_array_equal(rankdata(ranks), rankdata(score))
    assert ranks.min() > 0
    assert ranks.max() < 1


def test_a_constant_score_ranks_in_the_middle():
    np.testing.assert_array_equal(ranked(raw(np.full(4, 9.0))).score, 0.5)


def test_probabilities_are_left_alone():
    shown = ranked(raw([1.0, 2.0]))
    assert ranked(shown) is shown


def test_rows_without_weight_are_decided_as_before(rng):
    for _ in range(40):
        score, w = rng.integers(1, 11, 30), rng.integers(0, 2, 30).astype(float)
        if not w.any():
            continue
        before = raw(score, weights=w, rule=Threshold(float(rng.integers(1, 11))))
        np.testing.assert_array_equal(ranked(before).decisions, before.decisions)
