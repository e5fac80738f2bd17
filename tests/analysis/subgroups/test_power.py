import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower

from analysis.estimates import Estimates, Z
from analysis.intervals import wilson
from analysis.subgroups.power import rows_needed


def rate(p, n):
    p, n = np.array([float(p)]), np.array([float(n)])
    return Estimates(p, *wilson(p, n), n)


def known(value):
    """An estimate without doubt."""
    v = np.array([value])
    return Estimates(v, v, v, np.array([1e12]))


@pytest.mark.parametrize("p", [0.2, 0.5])
@pytest.mark.parametrize("gap", [0.03, 0.1])
def test_rows_against_a_known_reference_agree_with_statsmodels(p, gap):
    effect = gap / np.sqrt(p * (1 - p))
    # ratio 0: the second sample is endless
    n = NormalIndPower().solve_power(effect, alpha=0.05, power=0.8, ratio=0)
    found = rows_needed(rate(p, 5_000), known(p + gap), gap)
    assert found[0] == pytest.approx(n, rel=0.02)


def test_a_known_answer_by_hand():
    """Standard error 0.05 of 100 rows; 0.1 needs (0.1 / 2.8016)^2 = 0.03569^2."""
    half = Z * 0.05
    own = Estimates(*(np.array([v]) for v in (0.5, 0.5 - half, 0.5 + half, 100.0)))
    expected = np.ceil(100 * (0.05 / 0.0356937) ** 2)
    assert rows_needed(own, known(0.5), 0.1)[0] == expected


def test_an_uncertain_reference_asks_for_more_rows_and_then_for_the_impossible():
    own = rate(0.4, 200)
    sure, vague = (rows_needed(own, rate(0.4, m), 0.1)[0] for m in (100_000, 1_000))
    assert vague > sure
    assert np.isnan(rows_needed(own, rate(0.4, 100), 0.1)[0])


def test_half_the_gap_needs_four_times_the_rows():
    own = rate(0.3, 1_000)
    wide, narrow = (rows_needed(own, known(0.3), gap)[0] for gap in (0.1, 0.05))
    assert narrow == pytest.approx(4 * wide, rel=0.01)


def test_an_unknown_value_has_no_number_of_rows():
    nothing = Estimates(*(np.array([v]) for v in (np.nan, np.nan, np.nan, 0.0)))
    assert np.isnan(rows_needed(nothing, known(0.5), 0.1)[0])
    one_end = Estimates(*(np.array([v]) for v in (0.2, 0.1, np.nan, 1.0)))
    assert np.isnan(rows_needed(one_end, known(0.5), 0.1)[0])


def test_the_rows_that_are_needed_do_show_the_gap():
    rng = np.random.default_rng(2)
    p, gap, draws = 0.45, 0.1, 4_000
    n = int(rows_needed(rate(p, 300), known(p - gap), gap)[0])
    values = rng.binomial(n, p, draws) / n
    low, _ = wilson(values, np.full(draws, float(n)))
    assert (low > p - gap).mean() == pytest.approx(0.8, abs=0.025)
