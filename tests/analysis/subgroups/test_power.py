from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import (
    power_proportions_2indep,
    samplesize_proportions_2indep_onetail,
)

from analysis.counts import Counts
from analysis.estimates import Estimates, Z
from analysis.metrics.bands import count_band
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast
from analysis.subgroups.power import (
    POWER,
    POWER_QUANTILE,
    Sides,
    detectable,
    joined_sides,
    rows_needed,
)

ENDLESS = 10**12


def flagged(hits, n):
    """A band of selection rates, one group per entry."""
    hits, n = np.atleast_1d(hits).astype(float), np.atleast_1d(n).astype(float)
    table = np.zeros((len(hits), 2, 2))
    table[:, 0, 0], table[:, 0, 1] = n - hits, hits
    names = tuple(map(str, range(len(hits))))
    return count_band(
        metric_named("selection_rate"), Counts(names, table, table, table)
    )


def rates(p, n, m):
    """Both sides of a comparison of shares of n and of m rows."""
    own, other = (flagged(p * rows, rows)(Z) for rows in (n, m))
    return Sides(own, other, np.array([float(n)]), np.array([float(m)]))


def means(value, own_error, other_error, n=100.0):
    """Both sides of a comparison of means with known errors."""
    sides = []
    for error in (own_error, other_error):
        ends = value - Z * error, value + Z * error
        sides.append(Estimates(*(np.array([v]) for v in (value, *ends, n))))
    return Sides(*sides)


def shown(p, q, n, m, draws=2_500):
    """The share of draws in which shares of p and q differ by their interval."""
    rng = np.random.default_rng(n)
    own = flagged(rng.binomial(n, p, draws), np.full(draws, n))
    other = flagged(rng.binomial(m, q, draws), np.full(draws, m))
    found = contrast(own, other, is_quick=False).difference
    return ((found.low > 0) | (found.high < 0)).mean()


def harder(p, gap, n, m):
    """The power in whichever direction there is room for, the lower of both."""
    there = [t for t in (p + gap, p - gap) if 0 <= t <= 1]
    return min(shown(t, p, n, m) for t in there)


# rate, rows of the group and of its reference
USUAL = [(0.4, 400, 400), (0.4, 150, 3_000), (0.2, 100, 1_000), (0.5, 100, 1_000)]
RARE = [(0.05, 100, 1_000), (0.02, 100, 1_000), (0.98, 100, 1_000), (0.1, 50, 2_000)]
RAREST = [(0.005, 1_000, 10_000), (0.02, 400, 4_000), (0.0, 50, 2_000)]


def test_the_quantile_is_that_of_80_percent():
    assert stats.norm.cdf(POWER_QUANTILE) == pytest.approx(POWER)


@pytest.mark.parametrize(("p", "n", "m"), USUAL + RARE + RAREST)
def test_a_gap_of_the_detectable_size_is_seen_in_four_of_five_draws(p, n, m):
    gap = detectable(rates(p, n, m))[0]
    # each share is known to 0.008 from its draws; counts are whole
    assert 0.77 <= harder(p, gap, n, m) <= 0.84


@pytest.mark.parametrize("gap", [0.05, 0.1])
@pytest.mark.parametrize(("p", "n", "m"), USUAL[1:] + RARE)
def test_the_rows_that_are_needed_do_show_the_gap(p, n, m, gap):
    needed = int(rows_needed(rates(p, n, m), gap)[0])
    assert 0.77 <= harder(p, gap, needed, m) <= 0.84


@pytest.mark.parametrize("gap", [0.05, 0.1])
@pytest.mark.parametrize(("p", "n", "m"), RAREST)
def test_the_rows_for_the_rarest_outcomes_are_never_much_too_few(p, n, m, gap):
    """Of 1 in 200 a tenth more took a sixth of these rows, and was seen in 42 %."""
    needed = int(rows_needed(rates(p, n, m), gap)[0])
    assert harder(p, gap, needed, m) >= 0.7


def test_a_gap_above_a_rate_of_0_needs_somebody_to_show_it():
    """0.9^16 = 0.185: four of five samples of 16 hold one of a rate of 0.1."""
    assert rows_needed(rates(0.0, 50, ENDLESS), 0.1)[0] == 16
    assert rows_needed(rates(1.0, 50, ENDLESS), 0.1)[0] == 16
    smallest = 1 - 0.2 ** (1 / 50)
    assert detectable(rates(0.0, 50, ENDLESS))[0] == pytest.approx(smallest, rel=1e-3)


@pytest.mark.parametrize(("p", "gap"), [(0.2, 0.1), (0.5, 0.03), (0.05, 0.1)])
@pytest.mark.parametrize("ratio", [2, 20])
def test_rows_agree_with_statsmodels(p, gap, ratio):
    """Upwards from a rate of at most one half, which is the harder direction."""
    n = samplesize_proportions_2indep_onetail(gap, p, 0.8, ratio)
    found = rows_needed(rates(p, 500, ratio * n), gap)
    assert found[0] == np.ceil(n)


@pytest.mark.parametrize("gap", [0.03, 0.1])
def test_rows_against_a_known_reference_agree_with_the_normal_approximation(gap):
    # ratio 0: the second sample is endless
    n = NormalIndPower().solve_power(gap / 0.5, alpha=0.05, power=0.8, ratio=0)
    assert rows_needed(rates(0.5, 5_000, ENDLESS), gap)[0] == pytest.approx(n, rel=0.02)


@pytest.mark.parametrize(("p", "n", "m"), USUAL[:3] + RARE[:2])
def test_the_detectable_gap_agrees_with_statsmodels(p, n, m):
    gap = detectable(rates(p, n, m))[0]
    power = power_proportions_2indep(gap, p, n, ratio=m / n).power
    assert power == pytest.approx(0.8, abs=1e-3)


def test_the_gap_between_means_worked_by_hand():
    """Standard errors 0.03 and 0.04, so 0.05 of the difference, times 1.96 + 0.84."""
    sides = means(0.3, 0.03, 0.04)
    assert detectable(sides)[0] == pytest.approx(0.05 * (Z + POWER_QUANTILE))


def test_the_rows_for_a_gap_between_means_worked_by_hand():
    """Standard error 0.05 of 100 rows; 0.1 needs (0.1 / 2.8016)^2 = 0.03569^2."""
    expected = np.ceil(100 * (0.05 / 0.0356937) ** 2)
    assert rows_needed(means(0.5, 0.05, 0.0), 0.1)[0] == expected
    left = 0.0356937**2 - 0.02**2  # what a reference known to 0.02 leaves
    expected = np.ceil(100 * 0.05**2 / left)
    assert rows_needed(means(0.5, 0.05, 0.02), 0.1)[0] == expected


@pytest.mark.parametrize("sides", [rates(0.3, 200, 900), means(0.3, 0.05, 0.02)])
def test_the_rows_for_the_detectable_gap_are_those_there_are(sides):
    gap = float(detectable(sides)[0])
    assert rows_needed(sides, gap)[0] == pytest.approx(sides.own.n[0], abs=1)


def test_an_uncertain_reference_asks_for_more_rows_and_then_for_the_impossible():
    sure, vague = (rows_needed(rates(0.4, 200, m), 0.1)[0] for m in (100_000, 1_000))
    assert vague > sure
    assert np.isnan(rows_needed(rates(0.4, 200, 100), 0.1)[0])


def test_half_the_gap_needs_about_four_times_the_rows():
    sides = rates(0.5, 1_000, ENDLESS)
    wide, narrow = (rows_needed(sides, gap)[0] for gap in (0.1, 0.05))
    assert narrow == pytest.approx(4 * wide, rel=0.02)


def test_weights_ask_for_more_rows_and_hide_larger_gaps():
    plain = rates(0.3, 400, 5_000)
    uneven = replace(plain, own_rows=plain.own_rows / 2)  # 400 rows count for 200
    twice = 2 * rows_needed(plain, 0.1)[0]
    assert rows_needed(uneven, 0.1)[0] == pytest.approx(twice, abs=2)
    expected = detectable(rates(0.3, 200, 5_000))[0]
    assert detectable(uneven)[0] == pytest.approx(expected)


def test_a_gap_that_has_no_room_in_either_direction_has_no_number():
    assert np.isnan(rows_needed(rates(0.5, 100, 1_000), 0.6)[0])
    assert rows_needed(rates(0.5, 100, 1_000), 0.5)[0] > 0
    assert np.isnan(detectable(rates(0.5, 2, 1_000))[0])


def test_an_unknown_value_has_no_number_of_rows_and_no_gap():
    nothing = np.array([np.nan])
    unknown = Estimates(nothing, nothing, nothing, np.zeros(1))
    other = means(0.5, 0.1, 0.1).other
    one_end = Estimates(*(np.array([v]) for v in (0.2, 0.1, np.nan, 1.0)))
    for sides in (Sides(unknown, other), Sides(other, unknown), Sides(one_end, other)):
        assert np.isnan(rows_needed(sides, 0.1)[0])
        assert np.isnan(detectable(sides)[0])
    empty = Sides(unknown, other, np.zeros(1), np.array([100.0]))
    assert np.isnan([rows_needed(empty, 0.1)[0], detectable(empty)[0]]).all()


def test_sides_stand_one_set_after_another_and_shares_only_beside_shares():
    one, two = rates(0.3, 100, 900), rates(0.5, 50, 800)
    both = joined_sides([one, two])
    expected = [detectable(one)[0], detectable(two)[0]]
    assert detectable(both) == pytest.approx(expected)
    assert joined_sides([one, means(0.3, 0.1, 0.1)]).own_rows is None


def test_a_hidden_group_has_no_side_left():
    both = joined_sides([rates(0.3, 100, 900), rates(0.5, 50, 800)])
    hidden = np.array([True, False])
    left = both.withholding(hidden, hidden)
    for side in (left.own, left.other):
        for array in (side.value, side.low, side.high, side.n):
            assert np.isnan(array).tolist() == [True, False]
    assert np.isnan(left.own_rows).tolist() == [True, False]
    assert np.isnan(detectable(left)).tolist() == [True, False]
