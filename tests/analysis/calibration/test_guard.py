"""Guard rails: what helps is told from what harms, on the same rows."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss, log_loss

from analysis.calibration.guard import among, guard
from analysis.errors import DataError, NeedsProbabilitiesError
from analysis.evaluation import Evaluation, Scores, Threshold, binary_probabilities
from analysis.frame import Grouping


def shown(probability, labels, groups=None, threshold=0.5):
    n = len(labels)
    codes = np.zeros(n, int) if groups is None else groups
    return Evaluation(
        title="t",
        y_true=labels,
        scores=binary_probabilities(np.asarray(probability, float)),
        classes=("no", "yes"),
        groups={"g": Grouping(codes, ("a", "b"))},
        weights=np.ones(n),
        row_ids=np.arange(n),
        rule=Threshold(threshold),
    )


@pytest.fixture
def truth(rng):
    """Return true probabilities, labels drawn from them, and groups."""
    p = expit(rng.normal(size=4000) * 1.5)
    return p, rng.binomial(1, p), (rng.random(4000) < 0.3).astype(int)


def stretched(p, factor):
    return expit(factor * logit(p))


def test_the_losses_are_those_of_scikit_learn(truth):
    p, y, g = truth
    found = guard(shown(stretched(p, 2), y, g), shown(p, y, g), ("g",)).losses
    before, after = stretched(p, 2), p
    assert found.before.overall["log_loss"].value == pytest.approx(log_loss(y, before))
    change = brier_score_loss(y, after) - brier_score_loss(y, before)
    assert found.overall["brier_score"].value == pytest.approx(change)
    for code, part in enumerate((g == 0, g == 1)):
        change = log_loss(y[part], after[part]) - log_loss(y[part], before[part])
        by_group = found.change["log_loss"].estimates.value
        assert by_group[code] == pytest.approx(change)


def test_a_fix_that_helps_everyone_is_recommended(truth):
    p, y, g = truth
    found = guard(shown(stretched(p, 2.5), y, g), shown(p, y, g), ("g",))
    assert found.advice == "helps"
    assert found.is_recommended
    assert found.log_loss.high < 0
    assert found.harmed == ()


def test_a_fix_that_changes_nothing_is_called_nothing(truth):
    p, y, g = truth
    same = guard(shown(p, y, g), shown(p + 1e-13, y, g), ("g",))
    assert same.advice == "nothing"
    assert not same.is_recommended
    moved = guard(shown(p, y, g), shown(np.minimum(p + 1e-4, 1), y, g), ("g",))
    assert not moved.is_identity


def test_a_fix_that_raises_the_loss_is_worse(truth):
    p, y, g = truth
    found = guard(shown(p, y, g), shown(stretched(p, 3), y, g), ("g",))
    assert found.advice == "worse"
    assert found.log_loss.low > 0


def test_a_group_that_pays_for_the_others_is_named(truth):
    p, y, g = truth
    before = np.where(g == 1, p, stretched(p, 3))
    after = np.where(g == 1, stretched(p, 3), p)
    found = guard(shown(before, y, g), shown(after, y, g), ("g",))
    assert found.log_loss.value < 0
    assert found.advice == "harms"
    assert found.harmed == ("b",)


def test_a_change_within_noise_is_unsure_or_worse_never_recommended():
    advice = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        p = expit(rng.normal(size=60))
        y = rng.binomial(1, p)
        found = guard(shown(stretched(p, 1.02), y), shown(p, y), ())
        is_lower = found.log_loss.value <= 0
        assert found.advice == ("unsure" if is_lower else "worse")
        advice.add(found.advice)
    assert advice == {"unsure", "worse"}


def test_fixes_that_are_only_noise_are_seldom_recommended():
    rng = np.random.default_rng(3)
    recommended = 0
    for _ in range(200):
        p = expit(rng.normal(size=400))
        y = rng.binomial(1, p)
        noise = rng.normal(size=400) * 0.1
        # true probabilities, jittered before and jittered after: no side is better
        before, after = expit(logit(p) + noise), expit(logit(p) - noise)
        recommended += guard(shown(before, y), shown(after, y), ()).is_recommended
    assert recommended <= 0.025 * 200 + 3 * np.sqrt(200 * 0.025)


def test_whose_decisions_change_is_counted_at_the_threshold_in_force(truth):
    p, y, g = truth
    before = shown(p, y, g, threshold=0.7)
    after = shown(stretched(p, 2), y, g, threshold=0.7)
    found = guard(before, after, ("g",))
    flipped = (p >= 0.7) != (stretched(p, 2) >= 0.7)
    assert found.order_kept
    assert flipped.any()
    np.testing.assert_array_equal(
        found.flips.newly_wrong + found.flips.newly_right,
        np.bincount(g[flipped], minlength=2),
    )
    at_half = guard(shown(p, y, g), shown(stretched(p, 2), y, g), ("g",))
    assert at_half.flips.changed.value.max() == 0


def test_small_groups_are_withheld(truth):
    p, y, _ = truth
    g = np.zeros(len(p), int)
    g[:5] = 1
    found = guard(shown(stretched(p, 2), y, g), shown(p, y, g), ("g",), k=10)
    assert np.isnan(found.losses.change["log_loss"].estimates.value[1])
    assert np.isnan(found.flips.newly_wrong[1])


def test_no_rows_give_nan_and_no_advice_to_use_it():
    nothing = shown(np.empty(0), np.empty(0, int))
    found = guard(nothing, nothing, ())
    assert np.isnan(found.largest_move)
    assert found.advice == "worse"
    assert not found.is_recommended


def test_other_rows_and_raw_scores_are_refused(truth):
    p, y, g = truth
    whole = shown(p, y, g)
    with pytest.raises(DataError):
        guard(whole, whole.take(np.arange(10)), ())
    raw = replace(whole, scores=Scores(logit(p)[:, None], "raw"))
    with pytest.raises(NeedsProbabilitiesError):
        guard(raw, raw, ())


def test_the_best_of_nine_useless_fixes_is_seldom_said_to_help():
    rng, said = np.random.default_rng(11), 0
    for _ in range(120):
        p = expit(rng.normal(size=300))
        y = rng.binomial(1, p)
        before = shown(expit(logit(p) + 0.3 * rng.normal(size=300)), y)
        tried = {
            str(i): guard(before, shown(expit(logit(p) + 0.3 * e), y), ())
            for i, e in enumerate(rng.normal(size=(9, 300)))
        }
        said += any(found.is_recommended for found in among(tried).values())
    assert said <= 0.05 * 120 + 2 * np.sqrt(0.05 * 0.95 * 120)


def test_one_fix_alone_is_judged_by_its_interval(truth):
    p, y, g = truth
    found = guard(shown(stretched(p, 2.5), y, g), shown(p, y, g), ("g",))
    assert among({"one": found})["one"].p_value == found.p_value
    assert (found.p_value < 0.05) == (found.log_loss.high < 0)


def test_a_change_for_fewer_people_than_may_be_shown_is_refused(truth):
    p, y, g = truth
    changed = p.copy()
    changed[:3] = 0.5
    guard(shown(p, y, g), shown(changed, y, g), ("g",))
    with pytest.raises(DataError, match="fewer than 10 people change"):
        guard(shown(p, y, g), shown(changed, y, g), ("g",), k=10)
