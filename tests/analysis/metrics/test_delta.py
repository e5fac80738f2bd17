import numpy as np
import pytest
from scipy import stats

from analysis.counts import Counts
from analysis.estimates import Z
from analysis.metrics.count_metrics import cohens_kappa, generalized_entropy
from analysis.metrics.count_metrics import matthews_correlation as mcc
from analysis.metrics.delta import delta_limits, smoothed, value_and_error


def counts(*tables, w=1.0, w2=1.0):
    n = np.array(tables, dtype=float)
    return Counts(tuple(map(str, range(len(n)))), n, n * w, n * w2)


def selected(w):
    return w[..., 1].sum(-1) / w.sum((-2, -1))


def test_a_share_gets_the_interval_of_agresti_and_coull_with_two_rows_added():
    low, high = delta_limits(selected, counts([[40, 10], [7, 3]]), Z)
    p = 14 / 62  # half a row in each of the four cells
    half = stats.t.ppf(0.975, 59) * np.sqrt(p * (1 - p) / 62)  # 60 rows less one
    assert (low[0], high[0]) == pytest.approx((p - half, p + half), rel=1e-6)


def test_a_share_of_one_part_has_the_error_of_that_part():
    cells = np.array([[[40.0, 10.0], [7.0, 3.0]]])
    value, error = value_and_error(lambda w: w[..., 1, 1] / w[..., 1, :].sum(-1), cells)
    assert value[0] == pytest.approx(0.3)
    assert error[0] == pytest.approx(np.sqrt(0.3 * 0.7 / 10), rel=1e-6)


def test_weights_count_for_their_effective_rows_and_their_scale_for_nothing():
    table = [[40, 10], [7, 3]]
    plain = delta_limits(selected, counts(table), Z)
    scaled = delta_limits(selected, counts(table, w=9.0, w2=81.0), Z)
    assert np.array(scaled) == pytest.approx(np.array(plain))
    uneven = smoothed(counts(table, w=1.0, w2=2.0))  # 60 rows count for 30
    assert uneven.sum() == pytest.approx(32)


def test_an_empty_cell_proves_nothing_and_an_empty_group_is_undefined():
    low, high = delta_limits(mcc, counts([[5, 0], [0, 5]], [[0, 0], [0, 0]]), Z)
    assert low[0] < 0.9
    assert high[0] > low[0]
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize("function", [mcc, cohens_kappa, generalized_entropy])
def test_error_is_the_spread_over_draws(function):
    rng = np.random.default_rng(8)
    share = np.array([0.5, 0.1, 0.15, 0.25])
    draws = rng.multinomial(2_000, share, 4_000).reshape(-1, 2, 2).astype(float)
    _, error = value_and_error(function, 2_000 * share.reshape(1, 2, 2))
    # the standard deviation of 4,000 draws is itself known to 1.1 %
    assert function(draws).std() == pytest.approx(error[0], rel=0.04)


def test_tables_of_more_classes_serve_as_well():
    cells = np.full((1, 3, 3), 20.0)
    _, error = value_and_error(
        lambda w: np.trace(w, axis1=-2, axis2=-1) / w.sum((-2, -1)), cells
    )
    assert error[0] == pytest.approx(np.sqrt(1 / 3 * 2 / 3 / 180), rel=1e-6)


def test_a_quantile_for_each_group_is_its_own():
    both = counts([[40, 10], [7, 3]], [[40, 10], [7, 3]])
    low, _ = delta_limits(selected, both, np.array([1.0, 2.0]))
    assert low[0] == delta_limits(selected, both, 1.0)[0][0]
    assert low[1] == delta_limits(selected, both, 2.0)[0][1]
