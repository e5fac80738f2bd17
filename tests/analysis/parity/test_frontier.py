"""The optimum by lot, against an oracle, brute force and its two ends."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from analysis.costs import Costs
from analysis.errors import DataError, SettingError
from analysis.parity import programme
from analysis.parity.constraints import CONSTRAINTS
from analysis.parity.frontier import Frontier
from analysis.parity.roc import group_rates

# Costs of error-parity 0.3.11's RelaxedThresholdOptimizer with ecos 2.0.14 on the rows
# of `three_groups`, max_roc_ticks=100000: by constraint, then cost of a false negative
# (a false positive costs 1), at tolerances 0, 0.02 and 0.1.
ORACLE = {
    ("equalized_odds", 1): (0.35698399053563, 0.34525689653628, 0.34229323352473),
    ("equal_opportunity", 1): (0.34435008324353, 0.34369981297322, 0.34142704233796),
    ("equal_false_positive_rate", 1): (
        0.34583915885717,
        0.34512997379134,
        0.34229323352989,
    ),
    ("demographic_parity", 1): (0.34705327614951, 0.34624117721369, 0.34361956312599),
    ("equalized_odds", 3): (0.49974143140527, 0.48185112633406, 0.47702524397735),
    ("equal_opportunity", 3): (0.47872622707849, 0.47521747712630, 0.46282323358404),
    ("equal_false_positive_rate", 3): (
        0.48305759691762,
        0.48185112633503,
        0.47702524408193,
    ),
    ("demographic_parity", 3): (0.48471956372372, 0.48269912618563, 0.47539419594381),
}


@pytest.mark.parametrize(("constraint", "missed"), ORACLE)
def test_optima_agree_with_error_parity(three_groups, constraint, missed):
    frontier = Frontier(three_groups, constraint, Costs(false_negative=missed))
    tolerances = (0.0, 0.02, 0.1)
    found = list(frontier.by_lot(tolerances))
    expected = ORACLE[constraint, missed]
    assert [rules.cost for rules in found] == pytest.approx(expected, abs=1e-8)
    for rules, tolerance in zip(found, tolerances, strict=True):
        assert (rules.gaps <= tolerance + 1e-9).all()


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_no_pair_of_mixtures_on_a_grid_is_cheaper(drawn_groups, constraint):
    """Two groups, mixtures of two cuts in steps of a tenth, all cuts of each."""
    tables = drawn_groups(2, n=12, distinct=3)
    frontier = Frontier(tables, constraint)
    weight = sum(table.weight for table in tables)
    names = CONSTRAINTS[constraint]
    mixtures = []
    for table in tables:
        t = len(table.cuts)
        steps = [
            np.eye(t)[i] * (1 - s) + np.eye(t)[j] * s
            for i in range(t)
            for j in range(i, t)
            for s in np.linspace(0, 1, 11)
        ]
        x = np.array(steps)
        rates = np.stack([x @ table.rate(name) for name in names])
        mixtures.append((x @ table.cost(frontier.costs) / weight, rates))
    (cost_a, rates_a), (cost_b, rates_b) = mixtures
    gaps = np.abs(rates_a[:, :, None] - rates_b[:, None]).max(axis=0)
    cost = cost_a[:, None] + cost_b
    for tolerance in (0.0, 0.05, 0.2):
        best = cost[gaps <= tolerance + 1e-12].min()
        (rules,) = frontier.by_lot([tolerance])
        assert rules.cost <= best + 1e-9
        assert (rules.gaps <= tolerance + 1e-9).all()


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_at_full_relaxation_each_group_has_its_own_threshold_of_least_cost(
    drawn_groups, constraint
):
    tables = drawn_groups(4)
    costs = Costs(false_positive=2.0)
    (rules,) = Frontier(tables, constraint, costs).by_lot([1.0])
    for table, lottery in zip(tables, rules.lotteries, strict=True):
        (cut,) = lottery.cuts
        cost = table.cost(costs)
        assert cost[table.position(cut)] == pytest.approx(cost.min())
    assert rules.drawn_overall == 0


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_at_no_tolerance_the_gaps_vanish(drawn_groups, constraint):
    for _ in range(5):
        tables = drawn_groups(5, n=60, distinct=20)
        (rules,) = Frontier(tables, constraint).by_lot([0.0])
        assert (rules.gaps < 1e-9).all()


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_larger_tolerance_never_costs_more(drawn_groups, constraint):
    frontier = Frontier(drawn_groups(3), constraint)
    costs = [rules.cost for rules in frontier.by_lot(np.linspace(0, 1, 12))]
    assert (np.diff(costs) <= 1e-10).all()


def test_what_is_said_is_what_the_lotteries_give(drawn_groups):
    tables = drawn_groups(3)
    (rules,) = Frontier(tables, "equalized_odds").by_lot([0.03])
    weights = np.array([t.weight for t in tables])
    cost, selected, drawn = 0.0, [], []
    for table, lottery in zip(tables, rules.lotteries, strict=True):
        at = table.positions(lottery.cuts)
        cost += lottery.shares @ table.cost(Costs())[at]
        shares = table.rate("selection_rate")[at]
        selected.append(lottery.shares @ shares)
        drawn.append(shares.max() - shares.min())
    assert rules.cost == pytest.approx(cost / weights.sum())
    np.testing.assert_allclose(rules.selected, selected)
    np.testing.assert_allclose(rules.drawn, drawn, atol=1e-12)
    assert rules.drawn_overall == pytest.approx(drawn @ weights / weights.sum())


def test_two_groups_with_the_same_scores_and_labels_need_no_draw(rng):
    scores, labels = rng.random(80), rng.random(80) < 0.5
    codes = np.repeat([0, 1], 80)
    twice = np.tile(scores, 2), np.tile(labels, 2), np.ones(160)
    tables = group_rates(*twice, codes, 2)
    (rules,) = Frontier(tables, "equalized_odds").by_lot([0.0])
    first, second = rules.lotteries
    np.testing.assert_array_equal(first.cuts, second.cuts)
    assert rules.drawn_overall == 0


def test_two_groups_with_the_same_scores_and_other_labels_still_agree(rng):
    scores = np.tile(rng.random(80), 2)
    labels = rng.random(160) < np.repeat([0.3, 0.7], 80)
    tables = group_rates(scores, labels, np.ones(160), np.repeat([0, 1], 80), 2)
    (rules,) = Frontier(tables, "demographic_parity").by_lot([0.0])
    assert rules.gaps[0] < 1e-9


def test_all_scores_equal_are_decided_alike_or_by_lot():
    labels = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    tables = group_rates(np.zeros(8), labels, np.ones(8), np.repeat([0, 1], 4), 2)
    (free,) = Frontier(tables, "demographic_parity").by_lot([1.0])
    np.testing.assert_allclose(free.selected, [1, 0])
    (held,) = Frontier(tables, "demographic_parity").by_lot([0.5])
    assert held.gaps[0] == pytest.approx(0.5)
    assert held.drawn_overall > 0


def test_groups_are_interchangeable(drawn_groups):
    tables = drawn_groups(3)
    there, back = (
        next(Frontier(t, "equalized_odds").by_lot([0.02])).cost
        for t in (tables, tables[::-1])
    )
    assert there == pytest.approx(back, abs=1e-10)


def test_a_single_group_is_held_to_nothing(table):
    one = table([0.1, 0.4, 0.6], [0, 1, 1])
    (rules,) = Frontier((one,), "equalized_odds").by_lot([0.0])
    assert rules.cost == 0
    assert rules.gaps.tolist() == [0, 0]


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_draws_never_cost_more_than_one_threshold_each(drawn_groups, constraint):
    for _ in range(4):
        frontier = Frontier(drawn_groups(3), constraint)
        for drawn, tolerance in zip(
            frontier.by_lot([0.01, 0.2]), [0.01, 0.2], strict=True
        ):
            single = frontier.one_each(tolerance)
            assert drawn.cost <= single.cost + 1e-9 or not single.is_within


def test_many_groups_need_little_memory(rng):
    """400 groups: the programme's tables are sparse."""
    codes = np.arange(40_000) % 400
    scores = rng.normal(size=40_000)
    labels = rng.random(40_000) < 1 / (1 + np.exp(-scores + codes / 400))
    tables = group_rates(scores, labels, np.ones(40_000), codes, 400)
    frontier = Frontier(tables, "equalized_odds")
    (rules,) = frontier.by_lot([0.05])
    assert (rules.gaps <= 0.05 + 1e-9).all()
    assert frontier._programme._within.nnz < 50_000


def test_where_the_solver_fails_it_is_said(drawn_groups, monkeypatch):
    failed = OptimizeResult(x=None, message="out of luck")
    monkeypatch.setattr(programme, "linprog", lambda *a, **k: failed)
    with pytest.raises(DataError, match="Choose a larger tolerance"):
        list(Frontier(drawn_groups(4), "equalized_odds").by_lot([0.0]))


def test_an_unknown_constraint_is_refused_with_those_there_are(drawn_groups):
    with pytest.raises(SettingError, match="choose from equalized_odds"):
        Frontier(drawn_groups(2), "kindness")


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("tolerance", [0.02, 0.1, 0.3])
def test_one_threshold_each_is_the_cheapest_of_all(drawn_groups, constraint, tolerance):
    tables = drawn_groups(3, n=25, distinct=5)
    costs = Costs(false_negative=1.5)
    found = Frontier(tables, constraint, costs).one_each(tolerance)
    cost, gap = every_choice(tables, constraint, costs)
    within = cost[gap <= tolerance + 1e-12]
    assert found.is_within == bool(len(within))
    assert found.drawn_overall == 0
    if found.is_within:
        assert found.gaps.max() <= tolerance + 1e-12
        assert found.cost == pytest.approx(within.min())
    else:
        assert found.gaps.max() == pytest.approx(gap.min())


def every_choice(tables, constraint, costs):
    """Return cost and largest gap of every choice of one threshold each.

    Deciding a group alike is no choice, unless that costs it least.
    """
    choices = []
    for table in tables:
        own = table.cost(costs)
        inner = set(range(1, len(own) - 1)) | {int(own.argmin())}
        choices.append(sorted(inner))
    cost, gap = [], []
    weight = sum(table.weight for table in tables)
    for chosen in product(*choices):
        pairs = list(zip(tables, chosen, strict=True))
        cost.append(sum(t.cost(costs)[c] for t, c in pairs) / weight)
        rates = [[t.rate(r)[c] for t, c in pairs] for r in CONSTRAINTS[constraint]]
        gap.append(np.ptp(rates, axis=1).max())
    return np.array(cost), np.array(gap)


def test_scores_with_three_values_leave_a_gap_that_is_said():
    rng = np.random.default_rng(3)
    scores, codes = rng.integers(0, 3, 120), np.repeat([0, 1, 2], 40)
    labels = rng.random(120) < np.array([0.2, 0.5, 0.7])[codes]
    tables = group_rates(scores, labels, np.ones(120), codes, 3)
    found = Frontier(tables, "equalized_odds").one_each(0.0)
    assert not found.is_within
    _, gap = every_choice(tables, "equalized_odds", Costs())
    assert found.gaps.max() == pytest.approx(gap.min())


def test_many_scores_are_thinned_and_stay_within(rng):
    n = 6_000
    codes, scores = np.arange(n) % 3, rng.normal(size=n)
    labels = rng.random(n) < 1 / (1 + np.exp(-scores + 0.7 * codes))
    tables = group_rates(scores, labels, np.ones(n), codes, 3)
    frontier = Frontier(tables, "equalized_odds")
    (drawn,) = frontier.by_lot([0.03])
    single = frontier.one_each(0.03)
    assert single.is_within
    assert single.gaps.max() <= 0.03 + 1e-12
    assert drawn.cost <= single.cost <= drawn.cost + 0.01


def test_where_nothing_is_within_a_tiny_tolerance_nobody_is_decided_alike(rng):
    """The smallest gap lies where nearly all are alike; half a point will do."""
    n = 6_000
    codes, scores = np.arange(n) % 4, rng.normal(size=n)
    labels = rng.random(n) < 1 / (1 + np.exp(-scores + 0.7 * codes))
    tables = group_rates(scores, labels, rng.uniform(0.5, 2, n), codes, 4)
    found = Frontier(tables, "demographic_parity").one_each(0.0)
    assert not found.is_within
    assert 0 < found.gaps[0] <= 0.005
    assert 0.1 < found.selected.min() <= found.selected.max() < 0.9


def test_an_exact_tie_where_all_are_decided_alike_is_not_taken(rng):
    """Rates of small groups tie exactly, first where nearly everybody is selected."""
    n = 3_000
    codes, scores = np.arange(n) % 2, rng.normal(size=n)
    labels = rng.random(n) < 1 / (1 + np.exp(-scores + 0.7 * codes))
    tables = group_rates(scores, labels, np.ones(n), codes, 2)
    frontier = Frontier(tables, "equal_opportunity")
    found, near = (frontier.one_each(tolerance) for tolerance in (0.0, 0.005))
    assert found.cost == near.cost
    assert found.is_within == (found.gaps[0] <= 1e-9)
    assert near.is_within
