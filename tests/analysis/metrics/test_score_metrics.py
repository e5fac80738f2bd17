from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from analysis.errors import NeedsProbabilitiesError
from analysis.estimates import Z
from analysis.evaluation import Evaluation, Scores, Threshold
from analysis.frame import Grouping
from analysis.metrics.average_precision import average_precision
from analysis.metrics.score_metrics import (
    Influence,
    Spread,
    brier_score,
    effective_rows,
    log_loss,
    mean_limits,
    mean_score,
    moderated_error,
    rows_by_group,
    share_limits,
    spread_of,
    standard_error,
    variance_of_all,
)

MEANS = (brier_score, log_loss, mean_score)


def spread(**columns):
    """A spread of one group, or of as many as the arrays have."""
    usual = {"value": 0.5, "n": 50, "error": 0.1, "effective": 50}
    usual |= {"positives": 20, "negatives": 30, "prior": 0} | columns
    return Spread(**{k: np.atleast_1d(np.asarray(v, float)) for k, v in usual.items()})


def drawn(make_evaluation, rng, n=70, weighted=True):
    y, scores = rng.integers(0, 2, n), rng.uniform(size=n)
    w = rng.lognormal(size=n) if weighted else None
    return make_evaluation(y, scores, rng.integers(0, 3, n), w, g=4)


def raw(values, rng):
    n = len(values)
    return Evaluation(
        title="raw",
        y_true=rng.integers(0, 2, n),
        scores=Scores(np.asarray(values, float)[:, None], "raw"),
        classes=("no", "yes"),
        groups={},
        weights=np.ones(n),
        row_ids=np.arange(n),
        rule=Threshold(0),
    )


def test_values_worked_by_hand(make_evaluation):
    evaluation = make_evaluation([1, 0], [0.8, 0.4], None, [3, 1])
    everyone = evaluation.grouping(())
    brier = (3 * 0.04 + 0.16) / 4
    assert brier_score(evaluation, everyone).value[0] == pytest.approx(brier)
    surprise = -(3 * np.log(0.8) + np.log(0.6)) / 4
    assert log_loss(evaluation, everyone).value[0] == pytest.approx(surprise)
    assert mean_score(evaluation, everyone).value[0] == pytest.approx(0.7)


@pytest.mark.parametrize("metric", MEANS)
def test_influences_are_distances_from_the_mean(make_evaluation, rng, metric):
    evaluation = drawn(make_evaluation, rng)
    grouping = evaluation.groups["group"]
    found = metric(evaluation, grouping)
    weighted = np.bincount(grouping.codes, evaluation.weights * found.rows, 4)
    assert weighted == pytest.approx(np.zeros(4), abs=1e-12)
    assert found.n.tolist() == rows_by_group(grouping).tolist()
    assert np.isnan(found.value[3])
    assert found.n[3] == 0


@pytest.mark.parametrize("metric", MEANS)
def test_interval_of_equal_weights_is_students(make_evaluation, rng, metric):
    evaluation = drawn(make_evaluation, rng, weighted=False)
    everyone = evaluation.grouping(())
    found = metric(evaluation, everyone)
    low, high = mean_limits(spread_of(found, evaluation, everyone), Z)
    expected = DescrStatsW(found.rows + found.value[0]).tconfint_mean(0.05)
    assert (low[0], high[0]) == pytest.approx(expected)


def test_error_of_unequal_weights_is_that_of_a_weighted_mean(make_evaluation, rng):
    """Cochran's ratio estimator, with m / (m - 1) for m effective rows."""
    evaluation = drawn(make_evaluation, rng)
    everyone = evaluation.grouping(())
    w, x = evaluation.weights, evaluation.score
    mean = np.average(x, weights=w)
    m = w.sum() ** 2 / (w**2).sum()
    expected = np.sqrt((w**2 * (x - mean) ** 2).sum() * m / (m - 1)) / w.sum()
    found = mean_score(evaluation, everyone)
    assert standard_error(found.rows, w, everyone)[0] == pytest.approx(expected)
    assert standard_error(found.rows, 1e5 * w, everyone)[0] == pytest.approx(expected)


def test_the_moderated_error_worked_by_hand():
    """Ten rows of variance 0.04 beside everyone's 0.1, which counts for 50 rows."""
    one = spread(value=0.5, error=np.sqrt(0.004), effective=10, prior=0.1)
    variance = (9 * 0.04 + 50 * 0.1) / 59
    assert moderated_error(one)[0] == pytest.approx(np.sqrt(variance / 10))
    half = stats.t.ppf(0.975, 9) * np.sqrt(variance / 10)
    low, high = mean_limits(one, Z)
    assert (low[0], high[0]) == pytest.approx((0.5 - half, 0.5 + half))


@pytest.mark.parametrize("prior", [0.0, 0.01, 0.04])
def test_a_prior_below_the_groups_own_variance_adds_nothing(prior):
    one = spread(value=0.5, error=np.sqrt(0.004), effective=10, prior=prior)
    assert moderated_error(one)[0] == pytest.approx(np.sqrt(0.004))


def test_rows_that_agree_by_luck_are_not_certain(make_evaluation):
    """Four right decisions of a model of two scores have one loss between them."""
    y = np.repeat([1, 0, 1, 0], [4, 40, 40, 16])
    scores = np.repeat([0.9, 0.1, 0.9, 0.9], [4, 40, 40, 16])
    evaluation = make_evaluation(y, scores, np.repeat([0, 1], [4, 96]))
    grouping = evaluation.groups["group"]
    for metric in (brier_score, log_loss):
        found = spread_of(metric(evaluation, grouping), evaluation, grouping)
        assert found.error[0] == pytest.approx(0)
        low, high = mean_limits(found, Z)
        everyone = metric(evaluation, evaluation.grouping(())).value[0]
        assert low[0] < everyone < high[0]


def test_the_prior_does_not_tell_how_rows_are_dealt_among_groups(make_evaluation, rng):
    """It would tell of groups that are withheld, beside those that are shown."""
    y, scores, w = rng.integers(0, 2, 60), rng.uniform(size=60), rng.lognormal(size=60)
    priors = []
    for g in (1, 2, 6):
        evaluation = make_evaluation(y, scores, rng.integers(0, g, 60), w, g=g)
        grouping = evaluation.groups["group"]
        for metric in MEANS:
            found = spread_of(metric(evaluation, grouping), evaluation, grouping)
            assert np.ptp(found.prior) == 0
            priors.append(found.prior[0])
    one, two, three = np.array(priors).reshape(3, 3)
    assert one == pytest.approx(two)
    assert one == pytest.approx(three)
    expected = np.cov(scores, aweights=w, bias=True)
    assert one[MEANS.index(mean_score)] == pytest.approx(expected)


def test_groups_without_a_value_have_no_part_in_the_prior():
    grouping = Grouping(np.array([0, 0, 1, 1]), ("a", "b"))
    rows = np.array([-0.1, 0.1, np.nan, np.nan])
    influence = Influence(np.array([0.5, np.nan]), rows, np.array([2.0, 2.0]))
    assert variance_of_all(influence, np.ones(4), grouping) == pytest.approx(0.01)
    assert variance_of_all(influence, np.zeros(4), grouping) == 0


def test_one_row_has_no_error_and_an_endless_interval(make_evaluation):
    evaluation = make_evaluation([1, 0, 1], [0.3, 0.4, 0.9], [0, 0, 1], g=3)
    grouping = evaluation.groups["group"]
    one = spread_of(mean_score(evaluation, grouping), evaluation, grouping)
    low, high = mean_limits(one, Z)
    assert np.isnan(one.error).tolist() == [False, True, True]
    assert (low[1], high[1]) == (-np.inf, np.inf)
    assert np.isnan([low[2], high[2]]).all()
    assert one.effective.tolist() == [2, 1, 0]


def test_effective_rows_of_equal_weights_are_rows():
    grouping = Grouping(np.array([0, 0, 1, 1, 1]), ("a", "b", "c"))
    equal = effective_rows(np.full(5, 7.0), grouping)
    assert equal == pytest.approx([2, 3, 0])
    uneven = effective_rows(np.array([1.0, 3.0, 1.0, 0.0, 1.0]), grouping)
    assert uneven == pytest.approx([16 / 10, 2, 0])


def test_each_group_may_have_a_quantile_of_its_own():
    both = spread(value=[0.5, 0.5], error=[0.1, 0.1], effective=[9, 9])
    both = Spread(**{**vars(both), "n": [9, 9], "positives": [4, 4], "prior": [0, 0]})
    low, _ = mean_limits(both, np.array([1.0, Z]))
    assert low[0] == pytest.approx(0.5 - 0.1 * stats.t.isf(stats.norm.sf(1), 8))
    assert low[1] == pytest.approx(0.5 - 0.1 * stats.t.ppf(0.975, 8))


def students(rows, positives):
    """Return the rows that count when the error of a share is itself estimated."""
    return rows * (Z / stats.t.ppf(0.975, positives - 1)) ** 2


def wilsons(share, rows):
    return proportion_confint(share * rows, rows, method="wilson")


def test_a_plain_share_gets_wilsons_interval_with_students_quantile():
    """Error of 12 in 40: the share counts for its 40 rows, whatever is blended."""
    error = np.sqrt(0.3 * 0.7 / 40)
    low, high = share_limits(spread(value=0.3, error=error, positives=40), Z)
    expected = wilsons(0.3, students(40, 40))
    assert (low[0], high[0]) == pytest.approx(expected)
    assert low[0] < wilsons(0.3, 40)[0]


def test_few_rows_out_of_place_count_between_their_positives_and_their_error():
    """Seen 4 x 20 x 0.09 = 7.2, against 5: the error's 36 rows count by 7.2 / 12.2."""
    low, high = share_limits(spread(value=0.9, error=0.05, positives=20), Z)
    rows = students(20 * (36 / 20) ** (7.2 / 12.2), 20)
    centre, z2 = 0.9, Z**2
    middle = (centre + z2 / (2 * rows)) / (1 + z2 / rows)
    half = Z * np.sqrt(0.09 / rows + z2 / (4 * rows**2)) / (1 + z2 / rows)
    assert (low[0], high[0]) == pytest.approx((middle - half, middle + half))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_extreme_share_counts_for_its_positives(value):
    low, high = share_limits(spread(value=value, error=0, positives=15), Z)
    expected = wilsons(value, students(15, 15))
    assert (low[0], high[0]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("z", [1.0, Z, 4.0, 30.0])
def test_a_share_of_one_positive_may_be_anything(value, z):
    low, high = share_limits(spread(value=value, error=0.2, positives=1), z)
    assert (low[0], high[0]) == pytest.approx((0, 1), abs=1e-3)


def test_an_undefined_share_has_no_ends():
    low, high = share_limits(spread(value=np.nan, error=np.nan, positives=0), Z)
    assert np.isnan([low[0], high[0]]).all()


def test_a_sure_and_wrong_score_costs_a_finite_surprise(make_evaluation):
    evaluation = make_evaluation([1, 0], [0.0, 0.0])
    value = log_loss(evaluation, evaluation.grouping(())).value[0]
    assert value == pytest.approx(sk.log_loss([1, 0], [0.0, 0.0], labels=[0, 1]))
    assert np.isfinite(value)


def test_the_view_turns_a_score_and_leaves_its_error(make_evaluation, rng):
    yes = drawn(make_evaluation, rng)
    no = replace(yes, view=0)
    grouping = yes.groups["group"]
    for metric in (brier_score, log_loss):
        a, b = (metric(e, grouping).value for e in (yes, no))
        assert a == pytest.approx(b, nan_ok=True)
    a, b = (mean_score(e, grouping).value for e in (yes, no))
    assert a == pytest.approx(1 - b, nan_ok=True)


def test_raw_scores_have_a_mean_and_a_ranking_but_no_error(rng):
    evaluation = raw(rng.normal(size=12), rng)
    everyone = evaluation.grouping(())
    found = mean_score(evaluation, everyone).value[0]
    assert found == pytest.approx(evaluation.score.mean())
    assert 0 < average_precision(evaluation, everyone).value[0] <= 1
    for metric in (brier_score, log_loss):
        with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
            metric(evaluation, everyone)


def test_enormous_raw_scores_are_no_crash(rng):
    evaluation = raw([1e300, -1e300, 5e299, 0.0], rng)
    everyone = evaluation.grouping(())
    found = mean_score(evaluation, everyone)
    low, high = mean_limits(spread_of(found, evaluation, everyone), Z)
    assert not np.isfinite([low[0], high[0]]).any()
