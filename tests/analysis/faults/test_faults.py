"""Planted faults are found and named; where nothing is planted, little is found."""

import numpy as np
import pandas as pd
import pytest

from analysis.faults.found import faults
from analysis.faults.gaps import gaps
from analysis.faults.labels import doubtful_labels
from analysis.faults.rare import few_rows, rare_class
from analysis.faults.scores import scores_off
from analysis.frame import AuditFrame, Grouping


def train_of(codes, names=("a", "b", "c")):
    n = len(codes)
    return AuditFrame(
        features=pd.DataFrame({"x": np.zeros(n)}),
        y_true=np.zeros(n, np.int64),
        groups={"group": Grouping(np.asarray(codes), names[: int(max(codes)) + 1])},
        weights=np.ones(n),
        row_ids=np.arange(n),
        classes=("no", "yes"),
    )


def calibrated(rng, n, groups=2):
    """Return labels, true scores and codes: the same in every group."""
    scores = rng.beta(1.2, 1.6, n)
    return rng.binomial(1, scores), scores, rng.integers(0, groups, n)


def test_a_planted_gap_is_found_with_the_group_and_its_numbers(make_evaluation):
    # 100 positives a group: 60 of a are missed, 20 of b; nothing else differs
    y = np.ones(200, int)
    scores = np.r_[np.repeat([0.2, 0.8], [60, 40]), np.repeat([0.2, 0.8], [20, 80])]
    codes = np.repeat([0, 1], 100)
    found = {f.kind: f for f in gaps(make_evaluation(y, scores, codes))}
    assert found["missed"].group == "a"
    assert 0.2 < found["missed"].size < 0.4  # of a gap of 40 points
    assert "a are missed more often than b: 60" in found["missed"].sentence
    assert "(n = 100 and 100)" in found["missed"].sentence
    assert "wrongly_flagged" not in found  # nobody could be


def test_gaps_are_hardly_ever_found_where_there_are_none(make_evaluation, rng):
    found = 0
    for _ in range(200):
        y, scores, codes = calibrated(rng, 600, groups=4)
        found += bool(gaps(make_evaluation(y, scores, codes)))
    assert found <= 16  # 5 % of 200, and three standard errors


def test_a_withheld_group_is_not_named(make_evaluation):
    y = np.ones(212, int)
    scores = np.r_[np.full(100, 0.8), np.full(100, 0.8), np.full(12, 0.2)]
    codes = np.repeat([0, 1, 2], [100, 100, 12])
    shown = make_evaluation(y, scores, codes)
    assert {f.group for f in gaps(shown)} == {"a", "c"}  # c missed, a selected more
    assert all("c" not in (f.group, f.sentence.split()[0]) for f in gaps(shown, k=20))
    assert all(f.group != "c" for f in few_rows(shown, train_of(codes), k=20))


def test_scores_that_are_off_for_one_group_are_found_there(make_evaluation, rng):
    y, scores, codes = calibrated(rng, 6_000)
    off = np.where(codes == 1, np.clip(scores + 0.15, 0, 1), scores)
    found = {f.attribute: f for f in scores_off(make_evaluation(y, off, codes))}
    assert found["group"].group == "b"
    assert found["group"].size == pytest.approx(0.14, abs=0.02)
    assert "" in found  # half of everyone is off, and so is everyone


def test_true_scores_are_hardly_ever_called_off(make_evaluation, rng):
    found = 0
    for _ in range(60):
        y, scores, codes = calibrated(rng, 1_500)
        found += bool(scores_off(make_evaluation(y, scores, codes)))
    assert found <= 8


def test_a_rare_class_that_is_missed_is_found_and_a_common_one_is_not(make_evaluation):
    y = np.repeat([1, 0], [100, 900])
    scores = np.where(np.arange(1000) < 30, 0.9, 0.1)
    fault = rare_class(make_evaluation(y, scores))[0]
    assert fault.size == pytest.approx(0.2, abs=0.01)  # 0.6 less the upper end
    assert "10 % [8, 12] of all" in fault.sentence.replace("\u00a0", " ")
    assert "30 % [22, 40] of it is found (n = 100)" in fault.sentence.replace(
        "\u00a0", " "
    )
    assert rare_class(make_evaluation(1 - y, scores)) == ()
    assert rare_class(make_evaluation(y, np.where(y == 1, 0.9, 0.1))) == ()
    assert rare_class(make_evaluation(np.zeros(50, int), np.zeros(50))) == ()


def test_the_smallest_group_the_model_learnt_from_is_named(make_evaluation):
    shown = make_evaluation(np.zeros(60, int), np.zeros(60), np.repeat([0, 1, 2], 20))
    train = train_of(np.repeat([0, 1, 2], [500, 30, 90]))
    (fault,) = few_rows(shown, train)
    assert fault.group == "b"
    assert not fault.is_sure
    assert "30 rows of b only" in fault.sentence
    assert "1 other" in fault.sentence
    assert few_rows(shown, train_of(np.repeat([0, 1, 2], 300))) == ()


def test_wrong_labels_show_where_the_model_is_surest(make_evaluation, rng):
    near = rng.uniform(0.01, 0.03, 4_000)
    scores = np.where(rng.random(4_000) < 0.5, near, 1 - near)
    clean = rng.binomial(1, scores)
    flipped = np.where(rng.random(4_000) < 0.1, 1 - clean, clean)
    assert doubtful_labels(make_evaluation(clean, scores)) == ()
    (fault,) = doubtful_labels(make_evaluation(flipped, scores))
    assert not fault.is_sure
    assert "the scores promise 1.2 %" in fault.sentence


def test_where_all_are_equally_sure_nobody_is_surest(make_evaluation):
    y = np.arange(400) % 3 == 0
    assert doubtful_labels(make_evaluation(y.astype(int), np.full(400, 0.9))) == ()


def test_raw_scores_and_empty_tables_have_no_faults_of_scores(make_evaluation):
    nobody = make_evaluation([], [], np.zeros(0, int), g=2)
    assert faults(nobody, train_of([0, 1])) == ()


def test_weights_count_as_people_of_that_weight(make_evaluation):
    y = np.ones(200, int)
    scores = np.r_[np.repeat([0.2, 0.8], [60, 40]), np.repeat([0.2, 0.8], [20, 80])]
    codes = np.repeat([0, 1], 100)
    alike = gaps(make_evaluation(y, scores, codes, np.full(200, 7.0)))
    assert alike == gaps(make_evaluation(y, scores, codes))
