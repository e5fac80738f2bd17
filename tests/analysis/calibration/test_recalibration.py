import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special


def drawn(rng, n=800):
    scores = rng.beta(2, 3, n).clip(0.01, 0.99)
    return rng.binomial(1, special.expit(0.4 + 1.3 * special.logit(scores))), scores


def fitted(y_true, columns, offset, w=None, **how):
    family = sm.families.Binomial()
    model = sm.GLM(y_true, columns, family, offset=offset, freq_weights=w)
    return model.fit(tol=1e-12, **how)


def test_intercept_and_slope_agree_with_statsmodels(rng, measure):
    y_true, scores = drawn(rng)
    logit = special.logit(scores)
    theirs = fitted(y_true, np.ones(len(scores)), logit)
    assert measure("intercept", y_true, scores).value[0] == pytest.approx(
        theirs.params[0]
    )
    line = np.column_stack([logit, np.ones(len(scores))])
    assert measure("slope", y_true, scores).value[0] == pytest.approx(
        sm.Logit(y_true, line).fit(disp=0, tol=1e-12).params[0]
    )


def test_weights_are_frequencies(rng, measure):
    y_true, scores = drawn(rng, 300)
    w = rng.integers(1, 5, 300).astype(float)
    logit = special.logit(scores)
    line = np.column_stack([logit, np.ones(300)])
    theirs = fitted(y_true, line, None, w).params[0]
    assert measure("slope", y_true, scores, weights=w).value[0] == pytest.approx(theirs)
    theirs = fitted(y_true, np.ones(300), logit, w).params[0]
    found = measure("intercept", y_true, scores, weights=w)
    assert found.value[0] == pytest.approx(theirs)


def test_the_interval_is_the_wider_of_the_models_and_the_sandwich(rng, measure):
    y_true, scores = drawn(rng, 100_000)
    line = np.column_stack([special.logit(scores), np.ones(len(scores))])
    errors = [
        fitted(y_true, line, None).bse[0],
        fitted(y_true, line, None, cov_type="HC0").bse[0],
    ]
    found = measure("slope", y_true, scores)
    half = (found.high[0] - found.low[0]) / 2
    assert half == pytest.approx(1.96 * max(errors), rel=1e-3)


def test_the_scale_of_weights_leaves_intervals_as_they_are(rng, measure):
    y_true, scores = drawn(rng, 200)
    w = rng.uniform(1, 3, 200)
    one, ten = (measure("slope", y_true, scores, weights=w * x) for x in (1, 10))
    assert one.low == pytest.approx(ten.low)


def test_planted_slope_and_intercept_are_found_by_group(rng, measure):
    n = 20_000
    scores = rng.beta(2, 2, 2 * n)
    codes = np.repeat([0, 1], n)
    logit = special.logit(scores)
    truth = np.where(codes == 0, 0.5 * logit, logit - 0.7)
    y_true = rng.binomial(1, special.expit(truth))
    slope = measure("slope", y_true, scores, codes)
    assert slope.value == pytest.approx([0.5, 1.0], abs=0.05)
    assert slope.p_value[0] < 1e-6 < 0.01 < slope.p_value[1]
    intercept = measure("intercept", y_true, scores, codes)
    assert intercept.value[1] == pytest.approx(-0.7, abs=0.05)


@pytest.mark.parametrize("name", ["intercept", "slope"])
def test_intervals_of_true_scores_hold(rng, measure, name):
    true, groups, n, held = {"intercept": 0, "slope": 1}[name], 50, 100, []
    for _ in range(10):
        scores = rng.beta(2, 3, groups * n)
        codes = np.repeat(np.arange(groups), n)
        found = measure(name, rng.binomial(1, scores), scores, codes)
        held.append((found.low <= true) & (true <= found.high))
    assert 0.925 <= np.mean(held) <= 0.985


def test_what_has_no_line_is_undefined(measure):
    one_class = measure("intercept", [1, 1, 1], [0.2, 0.5, 0.8])
    constant = measure("slope", [1, 0, 1], [0.5, 0.5, 0.5])
    parted = measure("slope", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    for found in (one_class, constant, parted):
        assert np.isnan(found.value[0])
        assert np.isnan(found.low[0])
        assert found.n[0] >= 3


def test_scores_of_exactly_zero_and_one_are_kept_near(rng, measure):
    scores = np.append(rng.uniform(size=500), [0, 1, 0, 1])
    y_true = rng.binomial(1, scores)
    assert np.isfinite(measure("slope", y_true, scores).value[0])
