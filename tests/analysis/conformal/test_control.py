"""Thresholds that hold a risk: by hand, against MAPIE, and in simulation."""

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController, BinaryRisk
from mapie.risk_control.methods import find_best_predict_param, get_r_hat_plus
from scipy import stats

from analysis.conformal.control import RISKS, Control, Dial, control_risk
from analysis.conformal.learn_then_test import p_values, rightly_flagged
from analysis.conformal.promise import above_level
from analysis.conformal.realised import realised
from analysis.conformal.sets import fit_sets
from analysis.errors import DataError, SettingError


def people(rng, make_evaluation, n, codes=None, weights=None):
    """Return labels that follow their scores."""
    scores = rng.uniform(size=n)
    return make_evaluation(rng.binomial(1, scores), scores, codes, weights)


def test_a_threshold_of_misses_by_hand(make_evaluation):
    # nine who should be flagged; (misses + 1) / 10 <= 0.3 allows two misses
    positive = np.arange(1, 10) / 10
    scores = np.append(positive, [0.05, 0.55, 0.95])
    shown = make_evaluation([1] * 9 + [0] * 3, scores)
    found = control_risk(shown, Dial("false_negatives", 0.3))
    assert found.thresholds.tolist() == [0.3]
    assert found.n.tolist() == [9]
    report = realised(shown, found, ())
    assert report.overall.risk.at(0).value == pytest.approx(2 / 9)
    assert report.overall.load.at(0).value == pytest.approx(9 / 12)
    assert (report.overall.risk.n, report.overall.people) == (9, 12)


def test_weights_by_hand(make_evaluation):
    # masses 1, 1, 1, 0.5 and the next one: 4.5; at 0.4 of it 1.8 may be lost, so 0.8
    shown = make_evaluation([1] * 4, [0.2, 0.4, 0.6, 0.8])
    weights = np.array([0.5, 1, 1, 1])
    found = control_risk(shown, Dial("false_negatives", 0.4), weights)
    assert found.thresholds.tolist() == [0.4]
    assert found.effective == pytest.approx([3.5**2 / 3.25])
    assert control_risk(shown, Dial("false_negatives", 0.4)).thresholds == [0.4]
    lighter = control_risk(shown, Dial("false_negatives", 0.4), weights * 0.3)
    assert lighter.is_open.all()  # 1 of 2.05 is lost already


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.25])
@pytest.mark.parametrize("decimals", [1, 12])
def test_misses_are_held_at_the_threshold_of_mapie(
    rng, make_evaluation, alpha, decimals
):
    scores = rng.uniform(size=300).round(decimals)
    y_true = rng.binomial(1, scores)
    found = control_risk(
        make_evaluation(y_true, scores), Dial("false_negatives", alpha)
    )
    positive = scores[y_true == 1]
    grid = np.unique(positive)
    losses = (positive[:, None] < grid).astype(float)
    bound = get_r_hat_plus(losses, grid, "crc", None, None, None)[1]
    theirs = find_best_predict_param(grid, bound, np.array([alpha]))
    assert found.thresholds == pytest.approx(theirs)


def test_held_miscoverage_is_the_threshold_of_sets(rng, make_evaluation):
    shown = people(rng, make_evaluation, 200)
    held = control_risk(shown, Dial("miscoverage", 0.1))
    assert held.thresholds == fit_sets(shown, 0.1).thresholds


@pytest.mark.parametrize("risk", ["miscoverage", "false_negatives"])
def test_weights_of_one_are_no_weights(rng, make_evaluation, risk):
    shown = people(rng, make_evaluation, 200, rng.integers(0, 3, 200))
    dial = Dial(risk, 0.1, ("group",))
    plain, ones = control_risk(shown, dial), control_risk(shown, dial, np.ones(200))
    assert (plain.thresholds == ones.thresholds).all()
    assert (plain.effective == ones.effective).all()


def test_the_scale_of_survey_weights_does_not_matter(rng, make_evaluation):
    weights = rng.uniform(1, 3, 200)
    scores = rng.uniform(size=200)
    y_true = rng.binomial(1, scores)
    for risk in RISKS:
        dial = Dial(risk, 0.4)
        first, second = (
            control_risk(make_evaluation(y_true, scores, weights=c * weights), dial)
            for c in (1, 1_000)
        )
        assert first.thresholds == pytest.approx(second.thresholds, nan_ok=True)


@pytest.mark.parametrize("risk", ["miscoverage", "false_negatives"])
def test_a_risk_is_held_on_average(rng, make_evaluation, risk):
    """For everyone, and for each group by its own threshold."""
    for by in ((), ("group",)):
        risks = []
        for _ in range(300):
            codes, coming = rng.integers(0, 2, 80), rng.integers(0, 2, 200)
            fit = people(rng, make_evaluation, 80, codes)
            new = people(rng, make_evaluation, 200, coming)
            report = realised(new, control_risk(fit, Dial(risk, 0.2, by)), ("group",))
            risks.append([report.overall.risk.at(0).value, *report.by_group.risk.value])
        mean, error = np.mean(risks, axis=0), np.std(risks, axis=0) / np.sqrt(300)
        assert (mean < 0.2 + 3 * error).all(), by
        assert (mean > 0.2 - 1 / 15 - 3 * error).all(), by


def test_a_held_risk_is_called_broken_for_few_groups(rng, make_evaluation):
    """Each group's threshold rests on some 25 people only."""
    called = []
    for _ in range(200):
        codes = rng.integers(0, 4, 200)
        fit = people(rng, make_evaluation, 200, codes)
        new = people(rng, make_evaluation, 1_000, rng.integers(0, 4, 1_000))
        control = control_risk(fit, Dial("false_negatives", 0.2, ("group",)))
        report = realised(new, control, ("group",))
        called.append(report.by_group.is_over.any())
        risk, level = report.by_group.risk, control.dial.alpha
        assert (report.by_group.kept_low < level).all()
        assert (report.by_group.kept_high > level).all()
        assert not (report.by_group.is_over & (risk.low <= level)).any()
    assert np.mean(called) < 0.05 + 3 * np.sqrt(0.05 / 200)


def test_weights_hold_a_risk_after_a_change_where_none_fail(rng, make_evaluation):
    """Those who should be flagged come with lower scores after the change."""
    plain, weighted = [], []
    for _ in range(200):
        order = np.arange(150)
        ability = np.where(order < 100, 4.0, 1.0)
        fit = make_evaluation([1] * 150, rng.beta(ability, 1.5))
        new = make_evaluation([1] * 100, rng.beta(1.0, 1.5, size=100))
        dial = Dial("false_negatives", 0.1)
        weights = 0.5 ** ((149 - order) / 10)
        for found, w in ((plain, None), (weighted, weights)):
            control = control_risk(fit, dial, w)
            found.append(realised(new, control, ()).overall.risk.at(0).value)
    assert np.mean(plain) > 0.13
    assert np.mean(weighted) < 0.1 + 3 * np.std(weighted) / np.sqrt(200)
    assert np.mean(weighted) > 0.01


@pytest.mark.parametrize("risk", ["miscoverage", "false_negatives"])
def test_too_few_rows_flag_everyone_or_keep_every_class(make_evaluation, risk):
    fit = make_evaluation([1, 1, 1, 0], [0.5, 0.6, 0.7, 0.2])
    control = control_risk(fit, Dial(risk, 0.1))
    assert control.is_open.all()
    report = realised(fit, control, ())
    assert report.overall.risk.at(0).value == 0
    assert report.overall.load.at(0).value == (2 if risk == "miscoverage" else 1)
    assert report.overall.is_open.all()


def test_without_anyone_to_miss_everyone_is_flagged(make_evaluation):
    fit = make_evaluation([0] * 20, np.linspace(0, 1, 20))
    control = control_risk(fit, Dial("false_negatives", 0.1))
    assert control.thresholds.tolist() == [-np.inf]
    assert control.n.tolist() == [0]
    report = realised(fit, control, ())
    assert report.overall.risk.at(0).is_undefined
    assert report.overall.load.at(0).value == 1


def test_a_group_that_was_not_fitted_is_flagged_whole(rng, make_evaluation):
    fit = people(rng, make_evaluation, 200, np.zeros(200, int))
    control = control_risk(fit, Dial("false_negatives", 0.1, ("group",)))
    new = people(rng, make_evaluation, 200, np.repeat([0, 1], 100))
    report = realised(new, control, ("group",))
    assert report.by_group.is_open.tolist() == [False, True]
    assert report.by_group.risk.value[1] == 0


def test_constant_scores_are_all_flagged(make_evaluation):
    shown = make_evaluation([0, 1] * 50, [0.5] * 100)
    control = control_risk(shown, Dial("false_negatives", 0.1))
    assert control.thresholds.tolist() == [0.5]
    assert realised(shown, control, ()).overall.load.at(0).value == 1


def test_f1_by_hand():
    score = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    wanted = np.array([False, True, False, True, True])
    share, n = rightly_flagged(score, wanted, np.ones(5), np.array([0.0, 0.5, 0.95]))
    assert share == pytest.approx([3 / 5, 2 / 4, 0])
    assert n == pytest.approx([5, 4, 3])
    p = p_values(score, wanted, np.ones(5), np.array([0.5]), 0.5)
    assert p[0] == pytest.approx(stats.binom.sf(1, 4, 1 / 3))  # J at 1 - F1 = 0.5


def test_what_mapie_passes_for_f1_passes_here_and_more(rng):
    """Its bound is looser than the exact test, so that it passes fewer thresholds."""
    score = rng.uniform(size=400)
    y_true = rng.binomial(1, np.clip(score * 1.6 - 0.3, 0, 1))
    alpha, grid = 0.35, np.linspace(0, 0.99, 100)
    overlap = BinaryRisk(
        risk_occurrence=lambda y, p: (y == 1) & (p == 1),
        risk_condition=lambda y, p: (y == 1) | (p == 1),
        higher_is_better=True,
    )
    controller = BinaryClassificationController(
        lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
        overlap,
        target_level=(1 - alpha) / (1 + alpha),
        best_predict_param_choice="recall",
        list_predict_params=grid,
        fwer_method="bonferroni",
    )
    controller.calibrate(score[:, None], y_true)
    theirs = np.asarray(controller.p_values).ravel()
    ours = p_values(score, y_true == 1, np.ones(400), grid, alpha)
    assert (ours <= theirs + 1e-12).all()
    assert (ours < 0.001).sum() >= len(controller.valid_predict_params) > 0
    near = theirs < 0.5
    assert np.corrcoef(np.log(ours[near]), np.log(theirs[near]))[0, 1] > 0.99


def _true_f1_risk(threshold):
    """Return 1 - F1 of `people` at a threshold: labels follow uniform scores."""
    rightly = (1 - threshold**2) / 2
    return 1 - 2 * rightly / ((1 - threshold) + 1 / 2)


def test_f1_fails_its_promise_no_more_often_than_delta(rng, make_evaluation):
    """At the best level there is, so that hardly any threshold deserves to pass."""
    best = _true_f1_risk(np.linspace(0, 0.9, 1_000)).min()
    failed, passed = [], []
    for seed in range(400):
        fit = people(rng, make_evaluation, 200)
        dial = Dial("f1", best + 0.002, delta=0.2, seed=seed)
        threshold = control_risk(fit, dial).thresholds[0]
        passed.append(not np.isnan(threshold))
        failed.append(_true_f1_risk(threshold) > dial.alpha)  # NaN fails nothing
    assert np.mean(failed) < 0.2 + 3 * np.sqrt(0.16 / 400)
    assert np.mean(passed) > 0.05


def test_a_level_of_f1_that_can_be_had_is_found(rng, make_evaluation):
    fit = people(rng, make_evaluation, 2_000)
    control = control_risk(fit, Dial("f1", 0.35))
    assert _true_f1_risk(control.thresholds[0]) < 0.35
    report = realised(people(rng, make_evaluation, 5_000), control, ())
    risk = report.overall.risk.at(0)
    assert risk.low < _true_f1_risk(control.thresholds[0]) < risk.high
    assert report.gap.is_undefined  # one group has no gap


def test_a_level_of_f1_that_nobody_reaches_has_no_threshold(rng, make_evaluation):
    control = control_risk(people(rng, make_evaluation, 400), Dial("f1", 0.1))
    assert control.is_impossible.all()
    report = realised(people(rng, make_evaluation, 50), control, ("group",))
    assert report.overall.risk.at(0).is_undefined
    assert report.overall.load.at(0).is_undefined
    assert report.overall.people.tolist() == [50]


@pytest.mark.parametrize("groups", [1, 10, 40])
def test_a_held_f1_is_seldom_called_broken_for_any_group(rng, make_evaluation, groups):
    """At the level itself, where each group's own interval alone fails 2 in 100."""
    threshold, any_over, high = 0.35, [], []
    for _ in range(150):
        level = _true_f1_risk(threshold)
        control = Control(
            Dial("f1", level), ("Everyone",), np.array([threshold]), *[[1e3]] * 2
        )
        scores = rng.uniform(size=100 * groups)
        y_true = rng.uniform(size=100 * groups) < scores
        shown = make_evaluation(y_true, scores, np.arange(100 * groups) % groups)
        any_over.append(realised(shown, control, ("group",)).by_group.is_over.any())
        worse = make_evaluation(y_true & (scores < 0.6), scores)
        high.append(realised(worse, control, ("group",)).by_group.is_over.any())
    assert np.mean(any_over) < 0.08
    assert np.mean(high) > 0.95


def test_a_share_above_its_level_is_tested_exactly():
    share, n = np.array([0.5, 0.0, np.nan, 1.0]), np.array([20.0, 20.0, 0.0, 3.0])
    p = above_level(share, n, 0.3)
    assert p[0] == pytest.approx(2 * stats.binom.sf(9, 20, 0.3))
    assert p[1] == 1
    assert np.isnan(p[2])
    assert p[3] == pytest.approx(2 * 0.3**3)


@pytest.mark.parametrize("risk", RISKS)
def test_an_empty_group_is_undefined(rng, make_evaluation, risk):
    scores = rng.uniform(size=100)
    shown = make_evaluation(rng.binomial(1, scores), scores, g=2)
    control = control_risk(shown, Dial(risk, 0.5, ("group",)))
    report = realised(shown, control, ("group",))
    assert np.isnan(report.by_group.risk.value[1])
    assert report.by_group.people.tolist() == [100, 0]


def test_settings_that_cannot_be_held_are_refused(rng, make_evaluation):
    shown = people(rng, make_evaluation, 20)
    with pytest.raises(SettingError, match="choose one of false_negatives"):
        control_risk(shown, Dial("regret", 0.1))
    with pytest.raises(SettingError, match="between 0 and 1"):
        control_risk(shown, Dial("miscoverage", 1.5))
    with pytest.raises(SettingError, match="Choose another risk, or no weights"):
        control_risk(shown, Dial("f1", 0.1), np.ones(20))
    for wrong in (np.full(20, 2.0), np.ones(3), np.full(20, np.nan)):
        with pytest.raises(DataError, match="scale the largest to 1"):
            control_risk(shown, Dial("miscoverage", 0.1), wrong)
