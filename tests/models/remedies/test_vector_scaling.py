import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.probabilities import log_softmax
from models.remedies.temperature import LOWEST, fit_temperature
from models.remedies.vector_scaling import FURTHEST, VectorScaling


def loss(found, logits, labels, weights):
    mapped = VectorScaling().mapped(found, logits)
    return -np.average(
        log_softmax(mapped)[np.arange(len(labels)), labels], weights=weights
    )


@pytest.mark.parametrize("k", [2, 5])
def test_the_gradient_vanishes_at_the_optimum(k, rng, drawn):
    logits, labels = drawn(3_000, k, shift=1.0)
    logits[:, 0] *= 3
    weights = rng.uniform(0.5, 2, 3_000)
    found = VectorScaling().fitted(logits, labels, weights)
    off = np.exp(log_softmax(VectorScaling().mapped(found, logits))) - np.eye(k)[labels]
    share = weights / weights.sum()
    np.testing.assert_allclose(share @ off, 0, atol=1e-6)
    np.testing.assert_allclose(share @ (off * logits), 0, atol=1e-5)


def test_two_classes_agree_with_a_logistic_regression_on_both_logits(rng, drawn):
    logits, labels = drawn(2_000, shift=0.5)
    found = VectorScaling().fitted(logits, labels, np.ones(2_000))
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)
    line.fit(logits, labels)
    w0, w1 = found["factors"]
    np.testing.assert_allclose([-w0, w1], line.coef_[0], atol=1e-4)
    shift = found["shifts"][1] - found["shifts"][0]
    assert shift == pytest.approx(line.intercept_[0], abs=1e-4)


def test_planted_factors_and_shifts_are_recovered(rng, drawn):
    logits, labels = drawn(40_000, 3, factor=1.0)
    factors, shifts = np.array([2.0, 1.0, 0.5]), np.array([0.5, -1.0, 0.5])
    found = VectorScaling().fitted((logits - shifts) / factors, labels, np.ones(40_000))
    np.testing.assert_allclose(found["factors"], factors, rtol=0.07)
    np.testing.assert_allclose(found["shifts"], shifts, atol=0.06)


def test_it_is_no_worse_than_one_temperature(drawn):
    logits, labels = drawn(500, 4, shift=0.7)
    found = VectorScaling().fitted(logits, labels, np.ones(500))
    t = fit_temperature(logits, labels, np.ones(500))
    one = {"factors": [1 / t] * 4, "shifts": [0.0] * 4}
    assert loss(found, logits, labels, None) < loss(one, logits, labels, None)


def test_few_classes_are_told_one_by_one_and_many_together():
    few = {"factors": [1.25, 0.5], "shifts": [-0.25, 0.5]}
    assert VectorScaling.said(few) == "logit 1 × 1.25 − 0.25, logit 2 × 0.50 + 0.50"
    many = {"factors": [1.0] * 5, "shifts": [0.0] * 5}
    assert VectorScaling.said(many) == "a factor and a shift for each of 5 classes"


def test_separated_rows_stay_within_bounds():
    logits = np.eye(3)[[0, 1, 2, 0, 1, 2]] * 5
    found = VectorScaling().fitted(logits, np.array([0, 1, 2, 0, 1, 2]), np.ones(6))
    assert max(found["factors"]) <= 1 / LOWEST + 1e-9
    assert max(map(abs, found["shifts"])) <= FURTHEST
