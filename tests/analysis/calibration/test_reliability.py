import warnings

import numpy as np
import pytest

from analysis.calibration.joined_bins import joined
from analysis.calibration.reliability import (
    calibration_error,
    reliability_by_group,
    reliability_curve,
)
from analysis.errors import NeedsProbabilitiesError
from analysis.evaluation import Evaluation, Scores
from analysis.metrics.bins import Binning, Bins
from analysis.subgroups.disaggregate import disaggregate


def netcal_ece(scores, y_true):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from netcal.metrics import ECE
    return ECE(bins=10).measure(scores, y_true)


@pytest.mark.parametrize("decimals", [1, 2, 12])  # 1 and 2 put scores on bin edges
def test_ece_agrees_with_netcal(rng, decimals):
    scores = rng.uniform(size=500).round(decimals)
    y_true = rng.binomial(1, scores)
    ours = reliability_curve(y_true, scores).expected_calibration_error
    assert ours == pytest.approx(netcal_ece(scores, y_true), abs=1e-12)


def test_empty_bin_is_nan_not_zero():
    curve = reliability_curve(np.array([0, 1]), np.array([0.05, 0.95]))
    assert curve.count.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert np.isnan(curve.observed_rate[1:-1]).all()
    assert np.isnan(curve.low[1:-1]).all()


def test_a_score_on_an_edge_belongs_to_the_bin_above():
    curve = reliability_curve(np.array([1, 1]), np.array([0.5, 1.0]))
    assert np.flatnonzero(curve.count).tolist() == [5, 9]


def test_weight_is_duplication(rng):
    scores = rng.uniform(size=60)
    y_true = rng.integers(0, 2, 60)
    copies = rng.integers(1, 4, 60)
    weighted = reliability_curve(y_true, scores, weights=copies.astype(float))
    repeated = reliability_curve(np.repeat(y_true, copies), np.repeat(scores, copies))
    assert weighted.observed_rate == pytest.approx(repeated.observed_rate, nan_ok=True)
    assert weighted.expected_calibration_error == pytest.approx(
        repeated.expected_calibration_error
    )


def test_calibrated_scores_lie_in_their_null_range_and_reach_zero():
    rng = np.random.default_rng(5)
    inside = reaches_zero = 0
    for _ in range(200):
        scores = rng.beta(2, 3, 400)
        curve = reliability_curve(rng.binomial(1, scores), scores)
        error = calibration_error(curve)
        inside += error.null_low <= error.value.value <= error.null_high
        reaches_zero += error.value.low == 0
    assert 0.91 <= inside / 200 <= 0.99
    assert reaches_zero / 200 >= 0.92


def test_debiased_error_is_near_the_planted_one():
    rng = np.random.default_rng(6)
    scores = rng.uniform(0.1, 0.8, 40_000)
    y_true = rng.binomial(1, scores + 0.1)
    error = calibration_error(reliability_curve(y_true, scores))
    assert error.debiased == pytest.approx(0.1, abs=0.01)
    assert error.value.low > error.null_high


def test_debiased_error_is_never_above_the_plain_one_and_less_biased():
    """Noise adds to the plain error; true error here is 0.05 in every bin."""
    rng = np.random.default_rng(7)
    plain, debiased = [], []
    for _ in range(200):
        scores = rng.uniform(0.1, 0.8, 300)
        error = calibration_error(
            reliability_curve(rng.binomial(1, scores + 0.05), scores)
        )
        plain.append(error.value.value)
        debiased.append(error.debiased)
    assert (np.array(debiased) <= plain).all()
    assert abs(np.mean(debiased) - 0.05) < 0.6 * abs(np.mean(plain) - 0.05)


def test_groups_line_up_and_an_empty_group_stays(make_evaluation, rng):
    scores = rng.uniform(size=50)
    evaluation = make_evaluation(
        rng.binomial(1, scores), scores, rng.integers(0, 2, 50), g=3
    )
    groups = reliability_by_group(evaluation, ("group",))
    assert [g.name for g in groups] == ["a", "b", "c"]
    assert groups[2].curve.count.sum() == 0
    assert np.isnan(groups[2].error.value.value)
    table = disaggregate(evaluation, ("group",), ["expected_calibration_error"])
    by_group = table.by_group["expected_calibration_error"]
    assert by_group.value[0] == groups[0].curve.expected_calibration_error


def test_raw_scores_have_no_reliability(rng):
    evaluation = Evaluation(
        "raw",
        rng.integers(0, 2, 9),
        Scores(rng.normal(size=(9, 1)), "raw"),
        ("no", "yes"),
        {},
        np.ones(9),
        np.arange(9),
    )
    with pytest.raises(NeedsProbabilitiesError, match="needs probabilities"):
        reliability_by_group(evaluation, ())


def test_a_withheld_group_keeps_its_name_and_edges_only(rng, make_evaluation):
    scores, codes = rng.uniform(size=164), np.repeat([0, 1, 2], [100, 60, 4])
    shown = make_evaluation(rng.binomial(1, scores), scores, codes)
    usual = reliability_by_group(shown, ("group",))
    record = reliability_by_group(shown, ("group",), k=10)
    assert [r.is_hidden for r in record] == [False, True, True]
    assert not any(r.is_hidden for r in usual)
    assert record[0].error == usual[0].error
    for r in record[1:]:
        assert r.name in "bc"
        assert np.isnan([r.error.debiased, r.error.null_low, r.error.null_high]).all()
        assert np.isnan(list(vars(r.error.value).values())).all()
        assert r.curve.edges == pytest.approx(np.linspace(0, 1, 11))
        for name in set(vars(r.curve)) - {"edges"}:
            assert np.isnan(getattr(r.curve, name)).all(), name


def test_everyone_is_shown_whatever_the_threshold(make_evaluation):
    (record,) = reliability_by_group(make_evaluation([0, 1], [0.2, 0.7]), (), k=50)
    assert record.error.value.n == 2


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_bins_of_few_people_are_joined_while_small_groups_are_hidden(
    rng, make_evaluation, kind
):
    scores, codes = rng.beta(1, 4, 300), np.repeat([0, 1], 150)
    shown = make_evaluation(rng.binomial(1, scores), scores, codes)
    binning = Binning(50, kind)
    usual = reliability_by_group(shown, ("group",), binning)
    record = reliability_by_group(shown, ("group",), binning, k=10)
    for r, before in zip(record, usual, strict=True):
        assert not r.is_hidden
        filled = r.curve.count > 0
        assert r.curve.count[filled].min() >= 10
        assert r.curve.count.sum() == 150
        assert (np.diff(r.curve.edges) >= 0).all()
        inside = r.curve.mean_score[filled]
        assert (r.curve.edges[:-1][filled] <= inside).all()
        assert (inside <= r.curve.edges[1:][filled]).all()
        assert before.curve.count[before.curve.count > 0].min() < 10
        assert r.error == before.error


def test_too_few_at_the_top_join_those_below():
    row = np.array([[4.0, 0, 6, 3, 9, 2]])
    same = [row] * 7
    found = joined(Bins(np.linspace(0, 1, 7)[None], *same), 9)
    assert found.count.tolist() == [[10, 0, 0, 14, 0, 0]]
    assert found.edges[0] == pytest.approx([0, 0.5, 0.5, 0.5, 1, 1, 1])


def test_all_together_too_few_are_one_bin():
    row = np.array([[1.0, 2, 1]])
    found = joined(Bins(np.linspace(0, 1, 4)[None], *[row] * 7), 9)
    assert found.count.tolist() == [[4, 0, 0]]
