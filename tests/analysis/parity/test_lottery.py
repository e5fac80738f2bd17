from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.optimize import linprog

from analysis.parity.frontier import expected
from analysis.parity.lottery import Lottery, drawn_share, lottery_at


def test_a_point_inside_is_reached_by_three_cuts_by_hand(table):
    """Corners (0, 0), (0, 1/2), (1/2, 1), (1, 1); the point is (1/4, 5/8)."""
    four = table([0.9, 0.6, 0.5, 0.2], [1, 0, 1, 0])
    # Of the hull 0, 1, 3, 4: above the chord (0, 0)-(1/2, 1), below (0, 1/2)-(1/2, 1).
    found = lottery_at(four, 0.5, 1.25)
    np.testing.assert_allclose(found.cuts, [np.inf, 0.75, 0.35])
    np.testing.assert_allclose(found.shares, [0.25, 0.25, 0.5])
    assert drawn_share(four, found) == pytest.approx(0.75)


def test_a_corner_is_one_threshold(table):
    four = table([0.9, 0.6, 0.5, 0.2], [1, 0, 1, 0])
    found = lottery_at(four, 1, 2)
    assert found.cuts.tolist() == [pytest.approx(0.35)]
    assert drawn_share(four, found) == 0


def test_an_edge_is_drawn_between_its_ends_alone(table):
    four = table([0.9, 0.6, 0.5, 0.2], [1, 0, 1, 0])
    found = lottery_at(four, 0.5, 1.5)
    np.testing.assert_allclose(found.cuts, [0.75, 0.35])
    np.testing.assert_allclose(found.shares, [0.5, 0.5])
    assert drawn_share(four, found) == 0.5


def test_points_are_reached_with_the_fewest_people_between_any_corners(rng, table):
    for _ in range(40):
        n = int(rng.integers(8, 50))
        labels = rng.random(n) < 0.4
        labels[:2] = True, False
        people = table(rng.integers(0, 9, n) + labels, labels, rng.uniform(0.2, 3, n))
        shares = rng.dirichlet(np.ones(len(people.hull)))
        shares = np.where(shares > 0.05, shares, 0)
        shares /= shares.sum()
        f = shares @ people.false_positives[people.hull]
        t = shares @ people.true_positives[people.hull]
        found = lottery_at(people, f, t)
        assert expected(people, found, people.false_positives) == pytest.approx(f)
        assert expected(people, found, people.true_positives) == pytest.approx(t)
        assert len(found.cuts) <= 3
        least = fewest_between(people, f, t)
        assert drawn_share(people, found) == pytest.approx(least, abs=1e-9)


def fewest_between(people, f, t):
    """Return the least share between two corners whose mixtures reach a point."""
    hull = people.at(people.hull)
    points = np.stack([hull.false_positives, hull.true_positives])
    selected = points.sum(axis=0) / people.weight
    found = []
    for i, k in combinations_with_replacement(range(points.shape[1]), 2):
        among = points[:, i : k + 1]
        rows = np.vstack([among, np.ones(k - i + 1)])
        if linprog(np.zeros(k - i + 1), A_eq=rows, b_eq=[f, t, 1]).status == 0:
            found.append(selected[k] - selected[i])
    return min(found)


def test_draws_meet_cuts_in_proportion_and_spare_the_rest():
    lottery = Lottery(np.array([2.0, 1.0, -1.0]), np.array([0.5, 0.25, 0.25]))
    cuts = lottery.cut_of(np.array([0.0, 0.49, 0.5, 0.74, 0.75, 0.999]))
    np.testing.assert_array_equal(cuts, [2, 2, 1, 1, -1, -1])
    drawn = lottery.is_drawn(np.array([2.0, 1.9, -1.0, -1.1]))
    np.testing.assert_array_equal(drawn, [False, True, True, False])
