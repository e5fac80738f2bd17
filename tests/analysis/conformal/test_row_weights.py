"""Weights of fitted rows: how much they resemble the people who are coming."""

import numpy as np
import pandas as pd
import pytest

from analysis.conformal.change_point import (
    Weighing,
    is_after,
    positions,
    weights_towards,
)
from analysis.conformal.row_weights import (
    density_ratio,
    effective_rows_of,
    recency,
    similarity,
)
from analysis.errors import SettingError
from analysis.evaluation import Threshold, binary_probabilities, evaluate
from analysis.frame import AuditFrame, Grouping


def frame(values):
    return pd.DataFrame({"x": values, "kind": pd.Categorical(["a"] * len(values))})


def test_recency_halves_per_half_life():
    order = np.array([3.0, 1.0, 5.0])
    assert recency(order, 2) == pytest.approx([0.5, 0.25, 1])
    assert recency(np.empty(0), 2).size == 0
    with pytest.raises(SettingError, match="longer"):
        recency(order, 0)


def test_rows_among_the_coming_people_weigh_most(rng):
    source, target = rng.normal(0, 1, 600), rng.normal(1.5, 0.6, 400)
    ones = np.ones(600), np.ones(400)
    for weights in (
        similarity(frame(source), frame(target)),
        density_ratio(frame(source), frame(target), *ones),
    ):
        assert weights.max() == 1
        assert weights.min() >= 0
        near, far = np.abs(source - 1.5) < 0.3, source < -0.5
        assert weights[near].mean() > 3 * weights[far].mean()
        assert effective_rows_of(weights) < 450


def test_a_density_ratio_brings_the_mean_to_the_target(rng):
    source, target = rng.normal(0, 1, 3_000), rng.normal(0.8, 1, 3_000)
    weights = density_ratio(
        frame(source), frame(target), np.ones(3_000), np.ones(3_000)
    )
    assert np.average(source, weights=weights) == pytest.approx(0.8, abs=0.12)


def test_weights_are_even_where_nothing_can_be_told_apart(rng):
    same = frame(np.full(50, 2.0))
    assert (similarity(same, same) == 1).all()
    many = frame(np.full(5_000, 2.0))  # folds draw a little more of either side
    ratio = density_ratio(many, many, np.ones(5_000), np.ones(5_000))
    assert ratio == pytest.approx(np.ones(5_000), abs=0.15)
    assert (similarity(same, same.iloc[:0]) == 1).all()
    assert (density_ratio(same, same.iloc[:0], np.ones(50), np.empty(0)) == 1).all()


def test_similarity_is_the_same_for_the_same_seed_and_missing_values_count(rng):
    values = np.where(rng.uniform(size=900) < 0.1, np.nan, rng.normal(size=900))
    source, target = frame(values[:200]), frame(values[200:])
    first = similarity(source, target, seed=3)
    assert (first == similarity(source, target, seed=3)).all()
    assert np.isfinite(first).all()


def test_effective_rows_by_hand():
    assert effective_rows_of(np.array([1, 1, 0.5])) == pytest.approx(6.25 / 2.25)
    assert effective_rows_of(np.zeros(3)) == 0


@pytest.fixture
def moved(rng):
    """Return a frame whose x rises over three years, and all its rows evaluated."""
    year = np.repeat([0, 1, 2], 200)
    ids = rng.permutation(600)
    table = AuditFrame(
        features=pd.DataFrame({"x": rng.normal(size=600) + year}),
        y_true=rng.integers(0, 2, 600),
        classes=("no", "yes"),
        groups={},
        weights=np.ones(600),
        domain=Grouping(year, ("2018", "2019", "2020")),
        row_ids=ids,
    )
    scores = binary_probabilities(rng.uniform(size=600))
    return table, evaluate("model", table, scores, Threshold())


def test_rows_are_found_in_a_frame_in_any_order(moved):
    table, whole = moved
    some = whole.take(np.array([500, 3, 77]))
    assert positions(table, some).tolist() == [500, 3, 77]


def test_later_times_come_after_a_change_and_other_places_do_not(moved):
    table, whole = moved
    after = is_after(table, whole, "2019", is_time=True)
    assert after.tolist() == [False] * 200 + [True] * 400
    there = is_after(table, whole, "2019", is_time=False)
    assert there.tolist() == [False] * 200 + [True] * 200 + [False] * 200
    with pytest.raises(SettingError, match="choose another change"):
        is_after(table, whole, "1999", is_time=True)


@pytest.mark.parametrize("name", ["recency", "similarity", "density_ratio"])
def test_weights_towards_the_last_year_rise_over_the_years(name, moved):
    table, whole = moved
    fit, target = whole.take(np.arange(400)), whole.take(np.arange(400, 600))
    weights = weights_towards(table, fit, target, ("x",), Weighing(name))
    assert weights.max() == 1
    assert weights[200:].mean() > 1.2 * weights[:200].mean()


def test_weights_that_cannot_be_had_are_refused(moved):
    table, whole = moved
    asked = (whole, whole, ("x",))
    assert weights_towards(table, *asked, Weighing()) is None
    with pytest.raises(SettingError, match="choose recency, similarity"):
        weights_towards(table, *asked, Weighing("age"))
    timeless = AuditFrame(
        table.features, table.y_true, table.classes, {}, table.weights
    )
    with pytest.raises(SettingError, match="Declare one on the Data page"):
        weights_towards(timeless, *asked, Weighing("recency"))
