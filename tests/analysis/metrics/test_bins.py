import warnings

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from analysis.errors import SettingError
from analysis.frame import Grouping, everyone
from analysis.metrics.bins import SUMS, Binning, bins


def binned(scores, binning, y_true=None, w=None, codes=None):
    n = len(scores)
    y_true = np.zeros(n) if y_true is None else y_true
    by = everyone(n) if codes is None else Grouping(codes, ("a", "b", "c"))
    return bins(y_true, np.asarray(scores), np.ones(n) if w is None else w, by, binning)


def test_a_score_on_an_edge_goes_up_on_the_left_and_down_on_the_right():
    scores = [0.0, 0.5, 1.0]
    left, right = (binned(scores, Binning(2, closed=c)) for c in ("left", "right"))
    assert left.count.tolist() == [[1, 2]]
    assert right.count.tolist() == [[2, 1]]


@pytest.mark.parametrize("decimals", [1, 2, 12])
@pytest.mark.parametrize("number", [5, 10, 50])
def test_bins_closed_on_the_right_are_those_of_scikit_learn(rng, decimals, number):
    scores = rng.uniform(size=800).round(decimals)
    y_true = rng.binomial(1, scores)
    ours = binned(scores, Binning(number, closed="right"), y_true)
    rate, mean = calibration_curve(y_true, scores, n_bins=number, strategy="uniform")
    filled = ours.count[0] > 0
    assert (ours.label / ours.count.clip(1))[0][filled] == pytest.approx(rate)
    assert (ours.score / ours.count.clip(1))[0][filled] == pytest.approx(mean)


@pytest.mark.parametrize("decimals", [2, 12])
@pytest.mark.parametrize("closed", ["left", "right"])
def test_bins_of_equal_mass_are_scikit_learns_quantiles(rng, decimals, closed):
    """With as many people in every bin; else its edges interpolate between scores."""
    scores = rng.uniform(size=1000).round(decimals)
    y_true = rng.binomial(1, scores)
    ours = binned(scores, Binning(10, "mass", closed), y_true)
    if decimals == 12:
        rate, mean = calibration_curve(y_true, scores, n_bins=10, strategy="quantile")
        assert (ours.label / ours.count)[0] == pytest.approx(rate)
        assert (ours.score / ours.count)[0] == pytest.approx(mean)
        assert (ours.count == 100).all()
    else:  # ties: a bin may hold more than its share by one score's people
        assert ours.count.sum() == 1000
        assert abs(ours.count - 100).max() <= 25


def test_equal_scores_stay_in_the_bin_of_the_first_of_them():
    ours = binned([0.1, 0.4, 0.4, 0.4, 0.8, 0.9], Binning(3, "mass"))
    # two to a bin: the three ties start in the first, 0.8 would be fifth of six
    assert ours.count.tolist() == [[4, 0, 2]]
    assert ours.edges.tolist() == [[0, 0.8, 0.8, 1]]


def test_constant_scores_fill_one_bin_of_equal_mass():
    ours = binned(np.full(7, 0.3), Binning(4, "mass"))
    assert ours.count.tolist() == [[7, 0, 0, 0]]


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_each_group_is_binned_as_if_it_were_alone(rng, kind):
    scores, codes = rng.beta(2, 3, 300), rng.integers(0, 2, 300)
    y_true, w = rng.binomial(1, scores), rng.uniform(1, 3, 300)
    together = binned(scores, Binning(7, kind), y_true, w, codes)
    for g in (0, 1):
        own = codes == g
        alone = binned(scores[own], Binning(7, kind), y_true[own], w[own])
        for name in ("edges", *SUMS):
            ours, theirs = getattr(together, name)[g], getattr(alone, name)[0]
            assert ours == pytest.approx(theirs), name
    assert (together.count[2] == 0).all()


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_a_weight_of_two_is_two_rows(rng, kind):
    scores, copies = rng.uniform(size=60).round(2), rng.integers(1, 4, 60)
    y_true = rng.integers(0, 2, 60)
    weighted = binned(scores, Binning(6, kind), y_true, copies.astype(float))
    repeated = binned(
        np.repeat(scores, copies), Binning(6, kind), np.repeat(y_true, copies)
    )
    for name in ("edges", "weight", "score", "label"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name)), name


def test_noise_and_squares_are_sums_over_rows():
    scores, w = np.array([0.2, 0.4]), np.array([1.0, 3.0])
    ours = binned(scores, Binning(1), np.array([1.0, 0.0]), w)
    assert ours.noise[0, 0] == pytest.approx(0.16 + 9 * 0.24)
    assert ours.squares[0, 0] == pytest.approx(0.64 + 9 * 0.16)
    assert ours.pooled().noise[0, 0] == ours.noise[0, 0]


def test_the_rest_is_everybody_else(rng):
    scores, codes = rng.uniform(size=90), rng.integers(0, 3, 90)
    ours = binned(scores, Binning(5), codes=codes)
    own, rest = ours.count, ours.rest().count
    assert (own + rest == own.sum(0)).all()


def test_no_rows_and_no_bins(rng):
    assert binned(np.empty(0), Binning(3, "mass")).count.tolist() == [[0, 0, 0]]
    assert binned(np.empty(0), Binning(3)).count.tolist() == [[0, 0, 0]]
    with pytest.raises(SettingError, match="give 1 or more"):
        Binning(0)


def test_many_edges_give_what_few_give(rng):
    """Above forty edges the bins are searched for rather than compared."""
    scores = np.append(rng.uniform(size=500).round(2), [0.0, 1.0])
    for closed, side in (("left", "right"), ("right", "left")):
        edges = np.linspace(0, 1, 101)[1:-1]
        expected = np.bincount(np.searchsorted(edges, scores, side=side), minlength=100)
        assert (binned(scores, Binning(100, closed=closed)).count[0] == expected).all()


def test_netcal_agrees_on_the_mean_over_bins(rng):
    """Its average calibration error counts each filled bin once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # netcal's imports raise many
        from netcal.metrics import ACE
    scores = rng.uniform(size=400).round(2)
    y_true = rng.binomial(1, scores)
    ours = binned(scores, Binning(10), y_true)
    filled = ours.count[0] > 0
    off = np.abs(ours.label - ours.score)[0][filled] / ours.count[0][filled]
    assert off.mean() == pytest.approx(ACE(bins=10).measure(scores, y_true))
