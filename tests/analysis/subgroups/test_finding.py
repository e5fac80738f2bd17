from dataclasses import replace

import numpy as np
import pytest

from analysis.datasets.task import Task
from analysis.frame import Grouping
from analysis.subgroups.finding import HARMS, find, not_searched, score_words

TASK = Task(
    name="t",
    title="T",
    table="t",
    label="income",
    classes=("low", "high"),
    features=("x",),
    sensitive=("group",),
    rows_are="people",
    positive_words="who earn over 50K",
)


def test_the_missed_group_is_named_with_its_numbers(make_evaluation):
    y = np.ones(400, int)
    codes = np.repeat([0, 1], 200)
    scores = np.where(np.arange(400) % np.where(codes == 0, 2, 10) == 0, 0.1, 0.9)
    found = find(make_evaluation(y, scores, codes), TASK)
    assert found.is_sure
    assert found.sentence == (
        "Among people who earn over 50K, a are missed far more often than b: "
        "50\u00a0% [43, 57] against 10\u00a0% [7, 15] (n = 200 and 200)."
    )
    assert (found.attribute, found.metric) == ("group", "false_negative_rate")


def test_a_tiny_group_does_not_make_the_finding(make_evaluation):
    """Three of three missed is the highest rate, but not the surest difference."""
    y = np.ones(403, int)
    codes = np.repeat([0, 1, 2], [200, 200, 3])
    scores = np.where(np.arange(403) % np.where(codes == 0, 2, 10) == 0, 0.1, 0.9)
    scores[400:] = 0.1
    found = find(make_evaluation(y, scores, codes), TASK)
    assert (found.worst, found.best) == ("a", "b")


def test_equal_groups_seldom_give_a_finding(make_evaluation):
    rng = np.random.default_rng(1)
    sure = 0
    for _ in range(200):
        y = rng.integers(0, 2, 800)
        codes = rng.integers(0, 8, 800)
        sure += find(make_evaluation(y, rng.uniform(size=800), codes), TASK).is_sure
    assert sure / 200 <= 0.08  # 5 % and two standard errors


def test_without_a_gap_the_smallest_visible_one_is_said(make_evaluation, rng):
    y, codes = rng.integers(0, 2, (2, 600))
    found = find(make_evaluation(y, rng.uniform(size=600), codes), TASK)
    assert not found.is_sure
    assert found.sentence.startswith(
        "No gap larger than chance in who is missed or wrongly flagged; gaps under "
    )
    assert found.sentence.endswith("could not have been seen with these rows.")
    assert (found.metric in HARMS, found.attribute) == (True, "group")
    assert 0.05 < found.detectable < 0.4


def test_one_group_cannot_be_compared(make_evaluation):
    found = find(make_evaluation([0, 1], [0.1, 0.9]), TASK)
    assert "declare a sensitive attribute" in found.sentence
    assert found.detectable != pytest.approx(0)


@pytest.mark.parametrize(("scores", "who"), [(0.2, "Nobody"), (0.8, "Everybody")])
def test_a_threshold_that_decides_all_alike_is_said_so(make_evaluation, scores, who):
    y, codes = np.tile([0, 1], 100), np.repeat([0, 1], 100)
    found = find(make_evaluation(y, np.full(200, scores), codes), TASK)
    assert found.sentence == (
        f"{who} is decided positive at this threshold; scores run from {scores} to "
        f"{scores}."
    )
    assert not found.is_sure


def test_a_withheld_group_is_not_named(make_evaluation):
    """The worst group is small; the smallest other one would give it away."""
    y = np.ones(960, int)
    codes = np.repeat([0, 1, 2, 3], [400, 400, 10, 150])
    often = np.array([3, 10, 1, 2])[codes]
    scores = np.where(np.arange(960) % often == 0, 0.1, 0.9)
    shown = make_evaluation(y, scores, codes)
    assert find(shown, TASK).worst in "cd"
    found = find(shown, TASK, k=15)
    assert found.is_sure
    assert (found.worst, found.best) == ("a", "b")
    assert "a are missed far more often than b" in found.sentence


def test_what_no_two_groups_may_show_is_said(make_evaluation):
    y, codes = np.tile([0, 1], 50), np.repeat([0, 1], [90, 10])
    shown = make_evaluation(y, np.tile([0.2, 0.2, 0.7, 0.7], 25), codes)
    found = find(shown, TASK, k=20)
    assert "withheld" in found.sentence
    assert not found.is_sure
    assert found.attribute == ""


def test_a_measure_that_was_not_searched_is_said_to_be_so(make_evaluation, rng):
    y, codes = rng.integers(0, 2, (2, 600))
    unsure = find(make_evaluation(y, rng.uniform(size=600), codes), TASK)
    assert "was not among those searched" in not_searched(unsure, "error_rate")
    assert not_searched(unsure, "false_negative_rate") == ""


def test_those_without_a_value_are_named_by_what_is_missing(make_evaluation):
    y, codes = np.ones(400, int), np.repeat([0, 1], 200)
    scores = np.where(np.arange(400) % np.where(codes == 1, 2, 10) == 0, 0.1, 0.9)
    shown = make_evaluation(y, scores, codes)
    missing = replace(shown, groups={"race": Grouping(codes, ("White", "Missing"))})
    assert "those with Missing race are missed" in find(missing, TASK).sentence


@pytest.mark.parametrize(
    ("score", "words"),
    [(0.0, "0"), (4.15e-06, "0.000004"), (1e-9, "almost 0"), (0.5, "0.5"), (7, "7")],
)
def test_a_score_is_never_written_in_powers_of_ten(score, words):
    assert score_words(score) == words
