"""Accuracy against a gap, against those handed over, or against the strength itself."""

import numpy as np
import pytest

from analysis.marks import DEFERRED
from analysis.paths.measuring import ALONE, measured, side
from analysis.paths.record import Path, Point
from analysis.paths.tradeoff import tradeoff


@pytest.fixture
def path_of(make_evaluation, rng):
    """Build a path on which group b is raised ever more."""

    def build(by=("group",), hands_over=False):
        y, codes = rng.integers(0, 2, 600), rng.integers(0, 2, 600)
        scores = np.clip(0.4 + 0.2 * y + rng.normal(0, 0.2, 600), 0.01, 0.99)
        before = make_evaluation(y, scores, codes)
        points = []
        for strength in (0.0, 0.1, 0.3):
            after = make_evaluation(y, np.clip(scores + strength * codes, 0, 1), codes)
            marks = {DEFERRED: np.abs(scores - 0.5) < strength} if hands_over else {}
            both = side(before, after, by, marks)
            points.append(Point(strength, both, both))
        names = before.grouping(by).names if by else ()
        now = measured(before, by, {})
        return Path(by, names, now, now, tuple(points))

    return build


def test_the_pairs_are_the_gap_and_the_accuracy_of_each_strength(path_of):
    path = path_of()
    found = tradeoff(path, "selection_rate", fitted=True)
    assert found.against == "gap"
    assert found.strengths == (0.0, 0.1, 0.3)
    for point, cost, accuracy in zip(
        path.points, found.cost, found.accuracy, strict=True
    ):
        assert cost == point.fitted.measured.gaps["selection_rate"]
        assert accuracy == point.fitted.measured.columns["accuracy"].at(0)
    assert found.before == (found.cost[0], found.accuracy[0])


def test_the_best_are_those_no_other_beats(path_of):
    found = tradeoff(path_of(), "selection_rate", fitted=True)
    for i, is_best in enumerate(found.is_best):
        beaten = any(
            found.cost[j].value <= found.cost[i].value
            and found.accuracy[j].value >= found.accuracy[i].value
            and (found.cost[j], found.accuracy[j]) != (found.cost[i], found.accuracy[i])
            for j in range(3)
            if j != i
        )
        assert is_best != beaten


def test_where_people_are_handed_over_that_share_is_the_cost(path_of):
    path = path_of(hands_over=True)
    found = tradeoff(path, "selection_rate", fitted=False)
    assert found.against == "deferred"
    columns = path.points[2].unseen.measured.columns
    assert found.cost[2] == columns[DEFERRED].at(0)
    assert found.accuracy[2] == columns[ALONE].at(0)
    assert found.before[0].value == 0  # before, nobody was handed over


def test_without_groups_accuracy_stands_against_the_strength(path_of):
    found = tradeoff(path_of(by=()), "selection_rate", fitted=True)
    assert found.against == "strength"
    assert [c.value for c in found.cost] == [0.0, 0.1, 0.3]
    assert found.is_best == (True, True, True)
    assert found.before[0].is_undefined
