"""How much of a drop was won back."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.attribution.quantity import Quantity
from analysis.errors import DataError
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.recovery import recovery


def evaluation(y, right, g=None):
    y, right = np.asarray(y), np.asarray(right, dtype=bool)
    score = np.where(right == (y == 1), 0.9, 0.1)
    n = len(y)
    codes = np.zeros(n, dtype=int) if g is None else np.asarray(g)
    return Evaluation(
        "m",
        y,
        binary_probabilities(score),
        ("no", "yes"),
        {"g": Grouping(codes, ("a", "b"))},
        np.ones(n),
        np.arange(n),
    )


def rows(rng, n, share):
    y = rng.integers(0, 2, n)
    return y, rng.random(n) < share


def test_a_case_worked_by_hand():
    y = [0, 1] * 500
    source = evaluation(y, [True] * 900 + [False] * 100)
    target = evaluation(y, [True] * 600 + [False] * 400)
    after = evaluation(y, [True] * 750 + [False] * 250)
    worse = evaluation(y, [True] * 850 + [False] * 150)
    found = recovery((source, worse), (target, after), "accuracy", replicates=300)
    assert found.drop.value == pytest.approx(0.3)
    assert found.gain.value == pytest.approx(0.15)
    assert found.price.value == pytest.approx(0.05)
    assert found.share.value == pytest.approx(0.5)
    assert found.share.low < 0.5 < found.share.high
    assert found.is_drop_sure


@pytest.mark.parametrize("metric", ["error_rate", "brier_score", "log_loss"])
def test_where_less_is_better_signs_turn(rng, metric):
    y, right = rows(rng, 2000, 0.9)
    source = evaluation(y, right)
    target = evaluation(y, rng.random(2000) < 0.6)
    found = recovery((source, source), (target, source), metric, replicates=200)
    assert found.drop.low > 0
    assert found.gain.low > 0
    assert found.share.value == pytest.approx(1.0)
    assert found.price.value == 0


def test_without_a_drop_beyond_chance_the_share_is_undefined(rng):
    y, right = rows(rng, 300, 0.8)
    side = evaluation(y, right)
    found = recovery((side, side), (side, side), "accuracy", replicates=100)
    assert not found.is_drop_sure
    assert np.isnan(found.share.value)
    assert found.share.n == 300


def test_the_interval_of_the_share_covers_the_truth():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        y, u = rng.integers(0, 2, 1500), rng.random(1500)
        source = evaluation(y, rng.random(1500) < 0.9)
        target, after = evaluation(y, u < 0.7), evaluation(y, u < 0.8)
        share = recovery(
            (source, source), (target, after), "accuracy", replicates=150
        ).share
        covered += share.low <= 0.5 <= share.high
    assert covered >= 52


def test_a_gap_is_better_when_it_is_smaller(rng):
    n = 4000
    y, g = rng.integers(0, 2, n), rng.integers(0, 2, n)
    even = evaluation(y, rng.random(n) < 0.8, g)
    uneven = evaluation(y, rng.random(n) < np.where(g == 1, 0.9, 0.6), g)
    found = recovery(
        (even, even), (uneven, even), Quantity("accuracy", "g"), replicates=150
    )
    assert found.drop.low > 0
    assert found.gain.low > 0


def test_a_metric_without_a_better_side_is_refused(rng):
    side = evaluation(*rows(rng, 100, 0.8))
    with pytest.raises(DataError, match="neither better nor worse"):
        recovery((side, side), (side, side), "selection_rate")


def test_other_rows_are_refused(rng):
    side = evaluation(*rows(rng, 100, 0.8))
    other = replace(side, row_ids=side.row_ids + 1)
    with pytest.raises(DataError, match="same rows"):
        recovery((side, other), (side, side), "accuracy")
