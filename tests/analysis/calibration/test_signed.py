import numpy as np
import pytest
from scipy import stats

from analysis.calibration.claims import claims
from analysis.calibration.reliability import reliability_by_group
from analysis.calibration.signed import signed
from analysis.frame import Grouping, everyone
from analysis.metrics.bins import Binning, bins


def pooled(y_true, scores, codes=None, w=None):
    n = len(scores)
    by = everyone(n)
    if codes is not None:
        by = Grouping(codes, tuple(map(str, range(int(max(codes)) + 1))))
    w = np.ones(n) if w is None else w
    return signed(bins(np.asarray(y_true), np.asarray(scores), w, by, Binning(1)))


def test_it_is_mean_score_minus_rate(rng):
    found = pooled([1, 0, 0, 0], [0.8, 0.6, 0.4, 0.6])
    assert found.value[0, 0] == pytest.approx(0.35)
    assert found.low[0, 0] < 0.35 < found.high[0, 0]
    assert found.n[0, 0] == 4


def test_the_p_value_is_nearly_the_exact_binomial_one(rng):
    """Of one score for all, but for the half row that is added to the variance."""
    y_true = np.repeat([1, 0], [70, 130])
    p = pooled(y_true, np.full(200, 0.27)).p_value[0, 0]
    tail = stats.binom.sf(69, 200, 0.27)
    assert p == pytest.approx(2 * tail, rel=0.25)
    assert p > 2 * tail


def test_scores_that_say_who_make_the_mean_surer(rng):
    """The same rate and n: knowing who leaves less to chance."""
    y_true = np.repeat([1, 0], 500)
    flat = pooled(y_true, np.full(1000, 0.5))
    sharp = pooled(y_true, np.where(y_true == 1, 0.95, 0.05))
    widths = [(f.high - f.low)[0, 0] for f in (sharp, flat)]
    assert widths[0] < 0.6 * widths[1]


@pytest.mark.parametrize("wrong", [False, True])
def test_intervals_hold_whether_or_not_single_scores_are_true(rng, wrong):
    """Extreme scores of even chances vary more than they say."""
    groups, n, held = 200, 60, []
    for _ in range(5):
        scores = rng.choice([0.03, 0.97], groups * n)
        truth = np.where(scores > 0.5, 0.7, 0.3) if wrong else scores
        codes = np.repeat(np.arange(groups), n)
        found = pooled(rng.binomial(1, truth), scores, codes)
        held.append((found.low <= 0) & (found.high >= 0))
    assert 0.93 <= np.mean(held) <= 0.995


@pytest.mark.parametrize("weighted", [False, True])
def test_rare_events_are_not_called_sure_too_often(rng, weighted):
    groups, n, p = 500, 40, []
    for _ in range(4):
        scores = rng.beta(1, 40, groups * n)
        codes = np.repeat(np.arange(groups), n)
        w = rng.choice([1.0, 3.0], groups * n) if weighted else None
        p.append(pooled(rng.binomial(1, scores), scores, codes, w).p_value)
    p = np.concatenate(p).ravel()
    assert np.mean(p < 0.05) <= 0.055
    assert np.mean(p < 0.001) <= 0.003


def test_nobody_and_perfect_scores(rng):
    assert np.isnan(pooled([], []).value[0, 0])
    perfect = pooled([1, 0, 1], [1.0, 0.0, 1.0])
    assert perfect.value[0, 0] == 0
    assert perfect.p_value[0, 0] == 1
    assert perfect.low[0, 0] < 0 < perfect.high[0, 0]
    sure = pooled([0] * 50, [1.0] * 50)
    assert sure.value[0, 0] == 1
    assert sure.p_value[0, 0] < 1e-6
    single = pooled([1], [0.01])
    assert single.p_value[0, 0] > 0.001


def test_the_scale_of_weights_says_nothing(rng):
    scores, w = rng.uniform(size=80), rng.uniform(1, 4, 80)
    y_true = rng.integers(0, 2, 80)
    one, ten = (pooled(y_true, scores, w=w * x) for x in (1, 10))
    assert one.low == pytest.approx(ten.low)
    assert one.p_value == pytest.approx(ten.p_value)


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_true_scores_are_claimed_against_in_at_most_one_table_of_twenty(
    rng, make_evaluation, kind
):
    tables, wrong = 250, 0
    for _ in range(tables):
        scores, codes = rng.beta(2, 3, 600), rng.integers(0, 4, 600)
        shown = make_evaluation(rng.binomial(1, scores), scores, codes)
        wrong += bool(
            claims(reliability_by_group(shown, ("group",), Binning(10, kind)))
        )
    assert wrong / tables <= 0.06


def test_a_planted_promise_is_claimed_of_the_right_group_and_scores(
    rng, make_evaluation
):
    scores, codes = rng.uniform(size=8000), np.repeat([0, 1], 4000)
    is_off = (codes == 1) & (scores > 0.6) & (scores < 0.7)
    y_true = rng.binomial(1, np.where(is_off, scores - 0.25, scores))
    found = claims(
        reliability_by_group(make_evaluation(y_true, scores, codes), ("group",))
    )
    assert [c.group for c in found] == ["b"]
    (claim,) = found
    assert (claim.low, claim.high) == pytest.approx((0.6, 0.7))
    assert claim.promises_too_much
    assert claim.rate.high < claim.promised
    assert claim.rate.n == ((codes == 1) & (scores >= 0.6) & (scores < 0.7)).sum()
    assert 0 < claim.least < 0.25


def test_no_group_has_no_claims(make_evaluation):
    empty = make_evaluation(np.empty(0, int), np.empty(0), g=2)
    assert claims(reliability_by_group(empty, ("group",))) == ()
