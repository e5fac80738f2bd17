import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from sklearn.metrics import roc_curve

from analysis.costs import Costs
from analysis.errors import DataError
from analysis.parity.roc import group_rates


def test_every_cut_of_four_people_by_hand(table):
    """Scores 0.9 (yes), 0.6 (no), 0.6 (yes), 0.2 (no)."""
    found = table([0.6, 0.9, 0.2, 0.6], [0, 1, 0, 1])
    np.testing.assert_allclose(found.cuts, [np.inf, 0.75, 0.4, -np.inf])
    np.testing.assert_array_equal(found.false_positives, [0, 0, 1, 2])
    np.testing.assert_array_equal(found.true_positives, [0, 1, 2, 2])
    np.testing.assert_allclose(found.rate("true_positive_rate"), [0, 0.5, 1, 1])
    np.testing.assert_allclose(found.rate("precision"), [np.nan, 1, 2 / 3, 0.5])
    np.testing.assert_array_equal(found.cost(Costs()), [2, 1, 1, 2])
    np.testing.assert_array_equal(found.hull, [0, 1, 2, 3])


def test_weights_count_people(table):
    found = table([0.1, 0.7], [0, 1], [3.0, 0.5])
    np.testing.assert_allclose(found.rate("selection_rate"), [0, 0.5 / 3.5, 1])
    np.testing.assert_allclose(found.rate("accuracy"), [3 / 3.5, 1, 0.5 / 3.5])


def test_rates_agree_with_scikit_learn(table, rng):
    scores, labels = rng.random(500).round(2), rng.random(500) < 0.3
    weights = rng.uniform(0.1, 3, 500)
    found = table(scores, labels, weights)
    args = {"sample_weight": weights, "drop_intermediate": False}
    f, t, _ = roc_curve(labels, scores, **args)
    np.testing.assert_allclose(found.rate("false_positive_rate"), f, atol=1e-12)
    np.testing.assert_allclose(found.rate("true_positive_rate"), t, atol=1e-12)


def test_the_hull_agrees_with_qhull(table, rng):
    scores = rng.normal(size=400)
    found = table(scores, rng.random(400) < 1 / (1 + np.exp(-scores)))
    rates = ("false_positive_rate", "true_positive_rate")
    points = np.column_stack([found.rate(name) for name in rates])
    every = points[ConvexHull(points).vertices]
    upper = {tuple(p) for p in every.round(12) if p[1] >= p[0]} | {(0, 0), (1, 1)}
    assert {tuple(p) for p in points[found.hull].round(12)} == upper


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 4)), min_size=1)
)
def test_no_cut_lies_above_the_hull_and_its_slopes_fall(rows):
    scores, labels, weights = (np.array(column) for column in zip(*rows, strict=True))
    one = np.zeros(len(rows), np.int64)
    (found,) = group_rates(scores, labels, weights.astype(float), one, 1)
    f, t = found.false_positives, found.true_positives
    corners = found.hull
    assert corners[0] == 0
    assert corners[-1] == len(f) - 1
    total = f + t
    along = np.interp(total, total[corners], t[corners])
    assert (t <= along + 1e-9).all()
    slopes = np.diff(t[corners]) / np.diff(total[corners])
    assert (np.diff(slopes) < 0).all()


def test_a_cut_serves_rows_not_seen_and_decides_as_where_it_was_found(table, rng):
    scores = rng.integers(0, 50, 300) / 7
    found = table(scores, rng.random(300) < 0.5)
    np.testing.assert_array_equal(found.positions(found.cuts), np.arange(51))
    for cut in (-1.0, 0.0, 3.3, scores.max(), scores.max() + 1):
        place = found.position(cut)
        selected = found.false_positives[place] + found.true_positives[place]
        assert selected == (scores >= cut).sum()


def test_neighbouring_floats_are_still_told_apart(table):
    low = 0.1
    high = np.nextafter(low, 1)
    found = table([low, high], [0, 1])
    assert found.cuts[1] == high
    np.testing.assert_array_equal(found.true_positives, [0, 1, 1])
    np.testing.assert_array_equal(found.false_positives, [0, 0, 1])


def test_float32_scores_give_the_table_of_their_values(table, rng):
    scores = rng.random(200).astype(np.float32)
    labels = rng.random(200) < 0.5
    single, double = table(scores, labels), table(scores.astype(float), labels)
    np.testing.assert_array_equal(single.cuts, double.cuts)
    np.testing.assert_array_equal(single.true_positives, double.true_positives)


def test_groups_are_those_of_each_alone_and_order_does_not_matter(table, rng):
    codes, scores = rng.integers(0, 3, 200), rng.random(200).round(1)
    labels, weights = rng.random(200) < 0.5, rng.uniform(0.5, 2, 200)
    mixed = rng.permutation(200)
    every = group_rates(scores[mixed], labels[mixed], weights[mixed], codes[mixed], 4)
    for g in range(3):
        own = codes == g
        alone = table(scores[own], labels[own], weights[own])
        np.testing.assert_array_equal(every[g].cuts, alone.cuts)
        np.testing.assert_allclose(every[g].true_positives, alone.true_positives)
    assert every[3].n == 0
    assert np.isnan(every[3].rate("selection_rate")).all()


def test_all_scores_equal_leave_everybody_or_nobody(table):
    found = table([0.5] * 4, [0, 1, 1, 0])
    np.testing.assert_array_equal(found.cuts, [np.inf, -np.inf])
    np.testing.assert_array_equal(found.hull, [0, 1])


def test_one_label_leaves_the_other_rate_undefined(table):
    found = table([0.2, 0.4, 0.9], [1, 1, 1])
    assert np.isnan(found.rate("false_positive_rate")).all()
    np.testing.assert_array_equal(found.hull, [0, 3])


def test_scores_without_an_order_are_refused(table):
    with pytest.raises(DataError, match="Mend the score column"):
        table([0.1, np.nan], [0, 1])
