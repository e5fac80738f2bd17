"""The overlap of classes, read from scores."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from scipy.stats import ks_2samp, norm

from analysis.calibration.overlap import overlap
from analysis.evaluation import Evaluation, Scores, binary_probabilities


def shown(scores, labels, classes=("no", "yes")):
    n = len(labels)
    return Evaluation(
        title="t",
        y_true=labels,
        scores=scores,
        classes=classes,
        groups={},
        weights=np.ones(n),
        row_ids=np.arange(n),
    )


def normals(rng, n, distance):
    y = rng.integers(0, 2, n)
    x = rng.normal(size=n) + distance * y
    return shown(binary_probabilities(expit(distance * (x - distance / 2))), y)


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0, 4.0])
def test_two_normals_overlap_by_their_known_area(rng, distance):
    found = overlap(normals(rng, 40_000, distance), normals(rng, 40_000, distance))
    assert found.value.value == pytest.approx(2 * norm.cdf(-distance / 2), abs=0.015)


def test_on_the_same_rows_it_is_one_less_kolmogorov_smirnov(rng):
    rows = normals(rng, 3000, 1.0)
    score, y = rows.score, rows.y_true
    apart = ks_2samp(score[y == 1], score[y == 0]).statistic
    assert overlap(rows, rows).value.value == pytest.approx(1 - apart)


def test_its_interval_holds_the_area():
    rng, held = np.random.default_rng(5), 0
    true = 2 * norm.cdf(-0.5)
    for _ in range(200):
        found = overlap(normals(rng, 2000, 1.0), normals(rng, 500, 1.0)).value
        held += found.low <= true <= found.high
    assert held >= 180


def test_perfect_scores_do_not_overlap_and_constant_ones_do_in_full():
    y = np.array([0, 0, 1, 1])
    apart = shown(binary_probabilities(y.astype(float)), y)
    assert overlap(apart, apart).value.value == 0
    alike = shown(binary_probabilities(np.full(4, 0.5)), y)
    assert overlap(alike, alike).value.value == 1
    assert overlap(alike, alike).value.high >= 1


def test_of_three_classes_the_closest_pair_is_named(rng):
    y = rng.integers(0, 3, 6000)
    centres = np.array([[4.0, 0, 0], [0, 2.0, 1.4], [0, 1.4, 2.0]])
    scores = Scores(softmax(centres[y] + rng.normal(size=(6000, 3)), axis=1))
    rows = shown(scores, y, ("far", "near", "nearer"))
    found = overlap(rows.take(np.arange(3000)), rows.take(np.arange(3000, 6000)))
    assert found.classes == ("near", "nearer")
    assert found.is_much


def test_a_class_without_rows_is_undefined():
    y = np.zeros(5, int)
    found = overlap(*[shown(binary_probabilities(np.full(5, 0.2)), y)] * 2)
    assert found.value.is_undefined
    assert not found.is_much


def test_noise_never_overlaps_by_more_than_everything():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = shown(binary_probabilities(rng.random(20)), rng.integers(0, 2, 20))
        found = overlap(rows.take(np.arange(10)), rows.take(np.arange(10, 20))).value
        if not found.is_undefined:
            assert 0 <= found.low <= found.value <= found.high <= 1
