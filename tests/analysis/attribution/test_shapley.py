from itertools import permutations

import numpy as np
import pytest

from analysis.attribution import shapley as module
from analysis.attribution.shapley import game, shapley


def by_permutations(m, values):
    """The definition: what a player adds, averaged over all orders."""
    parts = np.zeros(m)
    orders = list(permutations(range(m)))
    for order in orders:
        before = 0
        for player in order:
            after = before | 1 << player
            parts[player] += values[after] - values[before]
            before = after
    return parts / len(orders)


def test_a_case_by_hand():
    worth = {"": 0, "a": 10, "b": 4, "ab": 20}
    parts = shapley(("a", "b"), lambda s: worth["".join(sorted(s))])
    assert parts == {"a": 13.0, "b": 7.0}


def test_exact_parts_agree_with_the_definition(rng):
    values = rng.normal(size=32)
    exact = game(5, rows=1000)
    assert exact.by_pair is None
    assert exact.shares @ values[exact.sets] == pytest.approx(
        by_permutations(5, values)
    )
    assert (exact.error(values) == 0).all()


def test_shapley_parts_sum_to_the_change_and_a_dummy_gets_nothing(rng):
    value = {}

    def worth(players):
        key = players - {"dummy"}
        return value.setdefault(key, 0.0 if not key else float(rng.normal()))

    parts = shapley(("a", "b", "dummy"), worth)
    assert sum(parts.values()) == pytest.approx(worth(frozenset({"a", "b"})))
    assert parts["dummy"] == pytest.approx(0)


def test_sampled_parts_sum_to_the_change_and_their_error_is_about_right(
    rng, monkeypatch
):
    values = rng.normal(size=64)
    truth = by_permutations(6, values)
    monkeypatch.setattr(module, "EXACT_WORK", 1)
    monkeypatch.setattr(module, "MIN_PAIRS", 30)
    away = []
    for seed in range(200):
        drawn = game(6, rows=1000, seed=seed)
        mine = values[drawn.sets]
        parts = drawn.shares @ mine
        assert parts.sum() == pytest.approx(values[63] - values[0])
        away.append((parts - truth) / drawn.error(mine))
    assert np.sqrt(np.mean(np.square(away), axis=0)) == pytest.approx(1, abs=0.25)


def test_every_set_is_valued_while_sets_times_rows_stay_small():
    assert game(8, rows=1_000_000).by_pair is None
    assert game(10, rows=1_000_000).by_pair is not None


def test_no_player_has_no_part():
    nobody = game(0, rows=10)
    assert list(nobody.sets) == [0]
    assert nobody.shares.shape == (0, 1)
