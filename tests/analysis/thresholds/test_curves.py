import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.counts import counts_of
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, GroupThresholds, Scores, Threshold
from analysis.frame import Grouping
from analysis.subgroups.disaggregate import disaggregate
from analysis.thresholds.curves import threshold_curves

BY = ("group",)
TABLES = ("n", "w", "w2")


@st.composite
def scored_rows(draw):
    """Rows with many ties, weights, and groups without rows."""
    n = draw(st.integers(1, 40))
    column = lambda top: draw(  # noqa: E731 -- three columns of one shape
        st.lists(st.integers(0, top), min_size=n, max_size=n)
    )
    weights = draw(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=n, max_size=n))
    weights[0] = 1.0
    return np.array(column(1)), np.array(column(8)) / 8, np.array(column(3)), weights


def raw(y_true, scores, codes):
    """Return an evaluation of raw scores."""
    n = len(y_true)
    return Evaluation(
        "model",
        np.asarray(y_true),
        Scores(np.asarray(scores, float)[:, None], "raw"),
        ("no", "yes"),
        {"group": Grouping(np.asarray(codes), ("a", "b", "c"))},
        np.ones(n),
        np.arange(n),
    )


def test_four_people_are_counted_at_three_thresholds_by_hand(make_evaluation):
    curves = threshold_curves(make_evaluation([0, 1, 1, 0], [0.2, 0.5, 0.9, 0.5]), BY)
    # a row is decided positive when its score is at least the threshold
    assert curves.counts_at(0.5).n[0].tolist() == [[1, 1], [0, 2]]
    assert curves.counts_at(0.51).n[0].tolist() == [[2, 0], [1, 1]]
    assert curves.counts_at(-3.0).n[0].tolist() == [[0, 2], [0, 2]]
    assert curves.counts_at(np.inf).n[0].tolist() == [[2, 0], [2, 0]]


@settings(max_examples=60, deadline=None)
@given(scored_rows(), st.integers(-1, 9))
def test_counts_are_those_of_direct_counting(make_evaluation, rows, step):
    y_true, scores, codes, weights = rows
    shown = make_evaluation(y_true, scores, codes, weights, g=5)
    at = step / 8
    expected = counts_of(shown.decided_by(Threshold(at)), BY)
    found = threshold_curves(shown, BY).counts_at(at)
    assert np.array_equal(found.n, expected.n)
    for table in TABLES:
        assert getattr(found, table) == pytest.approx(getattr(expected, table))


@settings(max_examples=40, deadline=None)
@given(scored_rows(), st.lists(st.integers(-1, 9), min_size=5, max_size=5))
def test_each_group_has_its_own_threshold(make_evaluation, rows, steps):
    y_true, scores, codes, weights = rows
    shown = make_evaluation(y_true, scores, codes, weights, g=5)
    at = np.array(steps) / 8
    rule = GroupThresholds("group", tuple(at))
    expected = counts_of(shown.decided_by(rule), BY)
    found = threshold_curves(shown, BY).counts_at(at)
    for table in TABLES:
        assert getattr(found, table) == pytest.approx(getattr(expected, table))


@settings(max_examples=40, deadline=None)
@given(scored_rows(), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_groups_do_not_matter(make_evaluation, rows, random):
    y_true, scores, codes, weights = map(np.asarray, rows)
    turned = np.array(random.sample(range(len(y_true)), len(y_true)))
    renamed = np.array(random.sample(range(4), 4))
    one = make_evaluation(y_true, scores, codes, weights, g=4)
    other = make_evaluation(
        y_true[turned], scores[turned], renamed[codes][turned], weights[turned], g=4
    )
    mine, its = (threshold_curves(e, BY).counts_at(0.5) for e in (one, other))
    for table in TABLES:
        assert getattr(its, table)[renamed] == pytest.approx(getattr(mine, table))


@settings(max_examples=40, deadline=None)
@given(scored_rows(), st.integers(-1, 9))
def test_a_rising_map_of_scores_and_threshold_changes_nothing(
    make_evaluation, rows, step
):
    y_true, scores, codes, weights = rows
    plain = make_evaluation(y_true, scores, codes, weights, g=4)
    mapped = make_evaluation(y_true, scores**3 / 2 + 0.25, codes, weights, g=4)
    at = step / 8
    mine = threshold_curves(plain, BY).counts_at(at)
    its = threshold_curves(mapped, BY).counts_at(at**3 / 2 + 0.25)
    assert np.array_equal(mine.n, its.n)


def test_a_row_twice_is_a_row_of_weight_two(make_evaluation, rng):
    y_true, codes = rng.integers(0, 2, 50), rng.integers(0, 3, 50)
    scores = rng.uniform(size=50).round(1)
    twice = np.repeat(np.arange(50), 2)
    heavy = make_evaluation(y_true, scores, codes, np.full(50, 2.0), g=3)
    doubled = make_evaluation(y_true[twice], scores[twice], codes[twice], g=3)
    at = np.array([0.3, 0.5, 0.8])
    weight = threshold_curves(heavy, BY).counts_at(at).w
    assert weight == pytest.approx(threshold_curves(doubled, BY).counts_at(at).n)


@pytest.mark.parametrize("metric", ["true_positive_rate", "precision", "f1"])
def test_a_curve_passes_through_the_numbers_of_each_threshold(
    metric, make_evaluation, rng
):
    y_true, codes = rng.integers(0, 2, 300), rng.integers(0, 3, 300)
    shown = make_evaluation(
        y_true, rng.uniform(size=300), codes, rng.uniform(0.5, 2, 300), g=4
    )
    at = np.array([-0.5, 0.2, 0.7, 1.5])
    curve = threshold_curves(shown, BY).metric_curve(metric, at)
    for t, threshold in enumerate(at):
        decided = shown.decided_by(Threshold(threshold))
        expected = disaggregate(decided, BY, (metric,)).by_group[metric]
        for part in ("value", "low", "high", "n"):
            assert getattr(curve, part)[:, t] == pytest.approx(
                getattr(expected, part), nan_ok=True
            )
    assert np.isnan(curve.value[3]).all(), "a group without rows has no value"
    assert not curve.n[3].any()


def test_a_metric_of_ranking_is_refused_with_what_to_choose(make_evaluation):
    curves = threshold_curves(make_evaluation([0, 1], [0.2, 0.7]), BY)
    with pytest.raises(SettingError, match=r"does not depend on a threshold.*accuracy"):
        curves.metric_curve("auroc", np.array([0.5]))
    with pytest.raises(SettingError, match="not a metric here"):
        curves.metric_curve("luck", np.array([0.5]))


@settings(max_examples=60, deadline=None)
@given(scored_rows(), st.integers(2, 12))
def test_a_grid_runs_from_everybody_to_nobody(make_evaluation, rows, points):
    y_true, scores, codes, weights = rows
    curves = threshold_curves(make_evaluation(y_true, scores, codes, weights), BY)
    grid = curves.grid(points)
    assert len(grid) <= max(points, 4)
    assert (np.diff(grid) > 0).all()
    assert not curves.counts_at(grid[0]).n[..., 0].any()
    assert not curves.counts_at(grid[-1]).n[..., 1].any()


def test_few_distinct_scores_are_all_on_the_grid():
    curves = threshold_curves(raw([0, 1, 1, 0], [1, 5, 10, 5], [0, 0, 1, 1]), BY)
    assert curves.grid().tolist() == pytest.approx([0.91, 1, 5, 10, 10.09])


def test_cuts_lie_midway_between_neighbours_by_hand():
    curves = threshold_curves(raw([0, 1, 1, 0], [1, 5, 10, 5], [0, 0, 1, 1]), BY)
    cuts = curves.cuts(100, 1)
    assert cuts.tolist() == pytest.approx([0.91, 7.5, 10.09])
    assert curves.cuts(100, 2) == pytest.approx([0.91, 10.09])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30))
def test_cuts_reach_every_decision_that_a_threshold_can_make(scores):
    n = len(scores)
    curves = threshold_curves(raw(np.zeros(n, int), scores, np.zeros(n, int)), BY)
    cuts = curves.cuts(100, 0)
    selected = [curves.counts_at(t).n[0, :, 1].sum() for t in cuts]
    reachable = {sum(s >= t for s in scores) for t in [*scores, np.inf]}
    assert selected == sorted(reachable, reverse=True)


def test_cuts_between_scores_that_touch_still_tell_them_apart():
    low = 0.5
    high = float(np.nextafter(low, 1))
    curves = threshold_curves(raw([0, 1], [low, high], [0, 0]), BY)
    assert curves.counts_at(curves.cuts(9, 0)[1]).n[0].tolist() == [
        [1, 0],
        [0, 1],
    ]
    assert curves.counts_at(curves.ends[1]).n[0, :, 1].sum() == 0


def test_many_cuts_are_thinned_to_quantiles(make_evaluation, rng):
    scores = rng.beta(2, 5, 5000)
    curves = threshold_curves(make_evaluation(rng.integers(0, 2, 5000), scores), BY)
    cuts = curves.cuts(50, 0)
    assert len(cuts) <= 52
    shares = [(scores >= t).mean() for t in cuts]
    assert max(-np.diff(shares)) < 0.025, "a cut for each fiftieth of the rows"


def test_no_rows_give_zero_counts_and_no_value(make_evaluation):
    empty = make_evaluation([0, 1], [0.2, 0.7]).take(np.array([], dtype=np.int64))
    curves = threshold_curves(empty, BY)
    assert not curves.counts_at(0.5).n.any()
    assert np.isnan(curves.metric_curve("accuracy", curves.grid()).value).all()


def test_curves_are_shared_by_all_rules_and_cannot_be_written_to(make_evaluation):
    shown = make_evaluation([0, 1], [0.2, 0.7])
    curves = threshold_curves(shown, BY)
    assert threshold_curves(shown.decided_by(Threshold(0.1)), BY) is curves
    with pytest.raises(ValueError, match="read-only"):
        curves.scores[0] = 5


def test_a_grid_has_many_thresholds_where_many_scores_are_and_none_far_apart(
    make_evaluation, rng
):
    scores = np.append(rng.uniform(0, 0.01, 5000), rng.uniform(0, 1, 50))
    curves = threshold_curves(make_evaluation(rng.integers(0, 2, 5050), scores), BY)
    grid = curves.grid(61)
    assert (grid < 0.01).sum() >= 25
    assert np.diff(grid).max() < 0.05
