"""What class shares or a mix of groups explain, had they moved alone."""

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.alone import alone
from analysis.shifts.domain import Domain


def domain(y, g, score, weights=None):
    n = len(y)
    evaluation = Evaluation(
        "m",
        np.asarray(y),
        binary_probabilities(np.asarray(score, dtype=float)),
        ("no", "yes"),
        {"g": Grouping(np.asarray(g), ("a", "b"))},
        np.ones(n) if weights is None else weights,
        np.arange(n),
    )
    return Domain(evaluation, pd.DataFrame({"x": np.zeros(n)}))


def test_a_case_worked_by_hand():
    # Source: half positive; positives right 1 of 2, negatives right 2 of 2.
    source = domain([1, 1, 0, 0], [0, 1, 0, 1], [0.9, 0.1, 0.2, 0.3])
    # Target: three of four positive, all in group a.
    target = domain([1, 1, 1, 0], [0, 0, 0, 0], [0.9, 0.9, 0.9, 0.1])
    label, mix = alone(source, target, "accuracy", bootstrap=0)
    assert label.attribute == ""
    assert label.explains.value == pytest.approx(0.75 * 0.5 + 0.25 - 0.75)
    assert label.distance == pytest.approx(0.25)
    assert mix.attribute == "g"
    assert mix.explains.value == pytest.approx(1 - 0.75)  # group a is always right
    assert mix.distance == pytest.approx(0.5)
    assert np.isnan(label.explains.low)


def planted(rng, n, *, share=0.5, rate=0.5):
    g = (rng.random(n) < share).astype(int)
    y = (rng.random(n) < np.where(g == 1, rate, 0.3)).astype(int)
    right = rng.random(n) < np.where(g == 1, 0.6, 0.9)
    return domain(y, g, np.where(right == (y == 1), 0.9, 0.1))


def test_a_moved_mix_is_found_with_its_interval_around_the_truth(rng):
    covered = 0
    for _ in range(60):
        source, target = planted(rng, 800), planted(rng, 800, share=0.8)
        mix = alone(source, target, "accuracy", bootstrap=100)[1]
        covered += mix.explains.low <= (0.8 - 0.5) * (0.6 - 0.9) <= mix.explains.high
    assert covered >= 51


def test_nothing_moved_explains_nothing_beyond_chance(rng):
    sure = 0
    for _ in range(60):
        source, target = planted(rng, 500), planted(rng, 500)
        found = alone(source, target, "accuracy", bootstrap=100)
        sure += any(a.explains.low > 0 or a.explains.high < 0 for a in found)
    assert sure <= 10


def test_a_weight_of_two_counts_as_two_rows(rng):
    source, target = planted(rng, 200), planted(rng, 150)
    twice = np.repeat(np.arange(200), 2)
    weighed = domain(
        source.evaluation.y_true,
        source.evaluation.groups["g"].codes,
        source.evaluation.score,
        np.full(200, 2.0),
    )
    first = alone(source.take(twice), target, "accuracy", bootstrap=0)
    second = alone(weighed, target, "accuracy", bootstrap=0)
    for a, b in zip(first, second, strict=True):
        assert a.explains.value == pytest.approx(b.explains.value)


def test_groups_are_matched_by_name_and_an_absent_one_is_left_out():
    source = domain([1, 0, 1, 0], [0, 0, 1, 1], [0.9, 0.1, 0.1, 0.9])
    e = domain([1, 0], [0, 0], [0.9, 0.1]).evaluation
    from dataclasses import replace

    other = replace(e, groups={"g": Grouping(np.array([0, 1]), ("b", "c"))})
    target = Domain(other, pd.DataFrame({"x": np.zeros(2)}))
    mix = alone(source, target, "accuracy", bootstrap=0)[1]
    # Only b remains, which is always wrong; the source is right half the time.
    assert mix.explains.value == pytest.approx(0 - 0.5)


def test_groups_without_any_in_common_give_nothing():
    source = domain([1, 0], [0, 0], [0.9, 0.1])
    target = domain([1, 0], [1, 1], [0.9, 0.1])
    mix = alone(source, target, "accuracy", bootstrap=0)[1]
    assert np.isnan(mix.explains.value)
