from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from analysis.costs import Costs
from analysis.counts import counts_of
from analysis.errors import SettingError
from analysis.evaluation import GroupThresholds, Scores, Threshold
from analysis.metrics.registry import metric_named
from analysis.thresholds.agreement import TOLERANCE
from analysis.thresholds.curves import threshold_curves
from analysis.thresholds.strategies import STRATEGIES, choose, single_threshold

BY = ("group",)
PARITY = [name for name, s in STRATEGIES.items() if s.equalises]


def chosen(shown, strategy, costs=Costs()):  # noqa: B008 (frozen)
    return choose(threshold_curves(shown, BY), strategy, costs)


def cost_of(counts, costs):
    """Return the expected cost per person, written out."""
    (tn, fp), (fn, tp) = counts.w.sum(0)
    right = tn * costs.true_negative + tp * costs.true_positive
    wrong = fp * costs.false_positive + fn * costs.false_negative
    return (right + wrong) / (tn + fp + fn + tp)


def cost_under(shown, rule, costs):
    return cost_of(counts_of(shown.decided_by(rule), BY), costs)


def group_rates(shown, thresholds, metric):
    rule = GroupThresholds("group", tuple(thresholds))
    return metric_named(metric).value(counts_of(shown.decided_by(rule), BY).w)


@pytest.fixture
def small(make_evaluation):
    """Build two or three groups of few people with tied scores."""

    def made(seed, groups=3, n=24, weighted=False):
        rng = np.random.default_rng(seed)
        y_true, codes = rng.integers(0, 2, n), np.arange(n) % groups
        y_true[:groups], y_true[groups : 2 * groups] = 0, 1  # both labels everywhere
        scores = np.clip(0.3 * y_true + 0.1 * codes + rng.uniform(0, 0.6, n), 0, 1)
        weights = rng.uniform(0.5, 3, n) if weighted else None
        return make_evaluation(y_true, scores.round(2), codes, weights)

    return made


def every_cut(shown, group):
    """Return all thresholds that tell a group's scores apart."""
    mine = np.unique(shown.score[shown.groups["group"].codes == group])
    return [*mine, 2.0]


def test_the_threshold_of_least_cost_is_found_by_hand(make_evaluation):
    # above 0.3 lie two wrong decisions at best: one miss at 0.2 or one flag at 0.4
    shown = make_evaluation([0, 1, 0, 1, 1], [0.1, 0.2, 0.4, 0.6, 0.8])
    even = chosen(shown, "single")
    assert even.thresholds.tolist() == [pytest.approx(0.5)]
    assert even.cost.value == pytest.approx(1 / 5)
    dear_misses = chosen(shown, "single", Costs(false_negative=3))
    assert dear_misses.thresholds.tolist() == [pytest.approx(0.15)]
    assert dear_misses.cost.value == pytest.approx(1 / 5)
    assert even.gap.is_undefined


def test_groups_with_shifted_scores_get_the_same_shares_by_hand(make_evaluation):
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    y_true, codes = [0, 0, 1, 1, 0, 0, 1, 1], [0] * 4 + [1] * 4
    shown = make_evaluation(y_true, scores, codes)
    for strategy in PARITY:
        found = chosen(shown, strategy)
        assert found.thresholds.tolist() == pytest.approx([0.25, 0.65])
        assert found.gap.value == 0
        assert found.cost.value == 0
    assert chosen(shown, "by_group").cost.value == 0
    assert chosen(shown, "single").cost.value == pytest.approx(2 / 8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_no_other_threshold_costs_less(seed, weighted, small):
    shown, costs = small(seed, weighted=weighted), Costs(false_negative=2.3)
    single = chosen(shown, "single", costs).cost.value
    tried = [cost_under(shown, Threshold(t), costs) for t in np.linspace(-1, 2, 601)]
    assert single == pytest.approx(min(tried))
    own = chosen(shown, "by_group", costs).cost.value
    by_hand = sum(
        min(_cost_in(shown, g, t, costs) for t in every_cut(shown, g)) for g in range(3)
    )
    assert own == pytest.approx(by_hand / shown.weights.sum())
    assert own <= single + 1e-12


def _cost_in(shown, group, threshold, costs):
    """Return one group's summed cost, row by row."""
    total = 0.0
    rows = zip(
        shown.groups["group"].codes,
        shown.is_positive,
        shown.score,
        shown.weights,
        strict=True,
    )
    for code, label, score, weight in rows:
        if code == group:
            flagged = score >= threshold
            missed = costs.false_negative * (label and not flagged)
            total += weight * (missed + costs.false_positive * (flagged and not label))
    return total


@pytest.mark.parametrize("strategy", PARITY)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_agreeing_thresholds_are_the_best_of_all_combinations(
    strategy, weighted, seed, small
):
    shown = small(seed, groups=2, n=18, weighted=weighted)
    costs, metric = Costs(false_negative=1.7), STRATEGIES[strategy].equalises
    found = chosen(shown, strategy, costs)
    combinations = list(product(every_cut(shown, 0), every_cut(shown, 1)))
    rates = np.array([group_rates(shown, at, metric) for at in combinations])  # [c, 2]
    allowed = np.zeros(len(combinations), dtype=bool)
    ends = sorted((rates.min(0).max(), rates.max(0).min()))
    for target in np.unique(rates[(rates >= ends[0]) & (rates <= ends[1])]):
        off = np.abs(rates - target)  # as near as each group can come, or half a point
        allowed |= (off <= np.maximum(off.min(0), TOLERANCE) + 1e-9).all(1)
    cost = [
        cost_under(shown, GroupThresholds("group", at), costs) for at in combinations
    ]
    least = min(c for c, is_allowed in zip(cost, allowed, strict=True) if is_allowed)
    assert found.cost.value == pytest.approx(least)
    mine = group_rates(shown, found.thresholds, metric)
    assert found.gap.value == pytest.approx(np.ptp(mine))
    assert any(np.allclose(mine, rate) for rate in rates[allowed])


@pytest.mark.parametrize("strategy", PARITY)
def test_with_fine_scores_the_gap_all_but_closes(strategy, make_evaluation, rng):
    n = 12_000
    codes = rng.integers(0, 4, n)
    logit = rng.normal(0.6 * codes - 1, 1.5)
    y_true = rng.binomial(1, 1 / (1 + np.exp(-logit)))
    scores = 1 / (1 + np.exp(-logit - rng.normal(0, 0.5, n)))
    found = chosen(make_evaluation(y_true, scores, codes), strategy)
    assert found.gap.value <= 2 * TOLERANCE + 1e-9
    assert found.gap.low == 0, "what is left is within chance"
    assert 0 < found.counts.n[..., 1].sum() < n, "neither everybody nor nobody"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_reported_counts_and_cost_are_those_of_the_thresholds(strategy, small):
    shown, costs = small(3, weighted=True), Costs(0.1, 1, 2, -0.5)
    found = chosen(shown, strategy, costs)
    rule = GroupThresholds("group", tuple(found.thresholds))
    expected = counts_of(shown.decided_by(rule), BY)
    assert np.array_equal(found.counts.n, expected.n)
    assert found.cost.value == pytest.approx(cost_of(expected, costs))
    assert found.cost.low < found.cost.value < found.cost.high
    assert np.isfinite(found.thresholds).all()


def test_the_dearer_a_miss_the_lower_the_thresholds(small):
    ratios = np.geomspace(0.05, 20, 25)
    for seed in range(5):
        curves = threshold_curves(small(seed), BY)
        at = [single_threshold(curves, Costs(false_negative=r)) for r in ratios]
        assert (np.diff(at) <= 0).all()
        assert at[0] > at[-1]


def test_a_group_of_one_label_or_without_rows_keeps_the_single_threshold(
    make_evaluation,
):
    y_true = [0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
    scores = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.2, 0.9]
    shown = make_evaluation(y_true, scores, [0] * 4 + [1] * 4 + [2] * 2, g=4)
    single = chosen(shown, "single")
    assert single.note == ""
    for strategy in ("by_group", *PARITY):
        found = chosen(shown, strategy)
        assert found.thresholds[2:].tolist() == single.thresholds[2:].tolist()
        assert "both labels: c, d." in found.note
        assert found.gap.is_undefined == (strategy == "by_group")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_without_any_row_there_is_a_threshold_but_no_cost(strategy, make_evaluation):
    empty = make_evaluation([0, 1], [0.2, 0.7]).take(np.array([], dtype=np.int64))
    found = chosen(empty, strategy)
    assert np.isfinite(found.thresholds).all()
    assert found.cost.is_undefined


def test_a_group_that_is_best_served_by_the_single_threshold_keeps_it(small):
    found = chosen(small(1), "by_group", Costs(false_positive=0, false_negative=0))
    assert len(set(found.thresholds)) == 1


def test_many_scores_are_thinned_without_losing_the_optimum(make_evaluation, rng):
    n = 200_000
    scores = rng.uniform(size=n)
    y_true = rng.binomial(1, scores)
    shown = make_evaluation(y_true, scores, rng.integers(0, 2, n))
    found = chosen(shown, "by_group", Costs(false_negative=3))
    # for a calibrated score the best threshold is 1 / (1 + 3)
    assert found.thresholds == pytest.approx([0.25, 0.25], abs=0.03)
    exact = cost_under(shown, Threshold(0.25), Costs(false_negative=3))
    assert found.cost.value == pytest.approx(exact, rel=2e-3)


def test_an_unknown_strategy_is_told_which_there_are(small):
    with pytest.raises(SettingError, match="choose from single, by_group"):
        chosen(small(0), "luck")


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_every_strategy_says_whom_it_is_wrong_for(strategy):
    assert "Wrong" in strategy.words
    assert "20" in strategy.source


def test_a_group_is_held_back_where_the_other_can_do_no_better(make_evaluation):
    # the first group can be decided right throughout, the second for half at best
    y_true = [1, 1, 0, 0, 1, 0, 1, 0]
    scores = [0.9, 0.8, 0.2, 0.1, 0.5, 0.5, 0.5, 0.5]
    found = chosen(make_evaluation(y_true, scores, [0] * 4 + [1] * 4), "equal_accuracy")
    accuracy = np.trace(found.counts.w, axis1=1, axis2=2) / 4
    assert accuracy.tolist() == [0.5, 0.5]
    assert found.gap.value == 0


def test_groups_whose_scores_are_too_coarse_come_as_near_as_they_can(make_evaluation):
    # one score each: accuracies of 3/4 or 1/4, and of 1/2
    shown = make_evaluation([1, 1, 1, 0, 1, 0, 1, 0], [0.5] * 8, [0] * 4 + [1] * 4)
    found = chosen(shown, "equal_accuracy")
    accuracy = np.trace(found.counts.w, axis1=1, axis2=2) / 4
    assert accuracy.tolist() == [0.75, 0.5]
    assert found.gap.value == 0.25


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_thresholds_follow_the_scale_of_raw_scores_to_its_ends(
    rng, make_evaluation, strategy
):
    codes = rng.integers(0, 2, 200)
    values = np.round(rng.uniform(-1, 1, 200), 3)
    values[:2] = -1, 1
    small = make_evaluation(rng.integers(0, 2, 200), np.zeros(200), codes)
    usual, huge = (
        chosen(replace(small, scores=Scores(values[:, None] * scale, "raw")), strategy)
        for scale in (1.0, 1e308)
    )
    assert huge.cost.value == usual.cost.value
    assert huge.thresholds / 1e308 == pytest.approx(usual.thresholds, abs=0.02)
