import numpy as np
from statsmodels.stats.multitest import multipletests

from analysis.holm import holm


def test_holm_by_hand():
    p = np.array([[0.04, 0.001], [np.nan, 0.02]])
    # 0.001 <= 0.05 / 3 and 0.02 <= 0.05 / 2, and then 0.04 <= 0.05
    assert (holm(p) <= 0.05).tolist() == [[True, True], [False, True]]
    assert not (holm(np.array([0.02, 0.03, 0.9])) <= 0.05).any()
    assert holm(np.array([])).tolist() == []


def test_adjusted_values_are_those_of_statsmodels(rng):
    for n in (1, 2, 7, 40):
        p = rng.uniform(size=n).round(2)
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_what_is_not_tested_stays_unknown_and_does_not_count():
    assert np.isnan(holm(np.array([np.nan, 0.01]))[0])
    assert holm(np.array([np.nan, 0.01]))[1] == 0.01
