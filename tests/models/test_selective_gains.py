"""The gains of SelMix against finite differences, and how pairs are drawn."""

import numpy as np
import pytest
from scipy.special import softmax

from models.selective_gains import (
    COVERAGE,
    GEOMETRIC,
    LEAST,
    OBJECTIVES,
    WORST,
    blends,
    gains,
    objective,
    shares_of,
    slopes,
)


@pytest.fixture
def case(rng):
    """Three classes in two groups: six cells, four features and a last layer."""
    labels = np.array([0, 1, 2, 0, 1, 2])
    prototypes = rng.normal(size=(6, 4))
    recalls = rng.dirichlet(np.ones(3) * 2, 6)
    weight, bias = rng.normal(size=(3, 4)), rng.normal(size=3)
    return prototypes, weight, bias, recalls, labels


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_slopes_agree_with_finite_differences(case, kind):
    *_, recalls, labels = case
    found = slopes(recalls, labels, kind)
    for place in np.ndindex(*recalls.shape):
        h = np.zeros_like(recalls)
        h[place] = 1e-6
        rise = objective(recalls + h, labels, kind) - objective(
            recalls - h, labels, kind
        )
        assert found[place] == pytest.approx(rise / 2e-6, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_gains_agree_with_a_step_of_the_last_layer(case, kind):
    """A small step on each pair's blend, its effect on all logits, the objective's."""
    z, weight, bias, recalls, labels = case
    mixed = 0.8 * z[:, None] + 0.2 * z[None]
    p = softmax(mixed @ weight.T + bias, axis=-1)
    found = gains(z, p, recalls, labels, kind)

    def after(i, j, step):
        # The gradient of cross-entropy at the blend, label y_i: (p - e_y) (m, 1)'.
        pull = np.eye(3)[labels[i]] - p[i, j]
        change = z @ (step * np.outer(pull, mixed[i, j])).T + step * pull
        moved = softmax(np.log(recalls) + change, axis=1)
        return objective(moved, labels, kind)

    for i, j in np.ndindex(6, 6):
        rise = (after(i, j, 1e-5) - after(i, j, -1e-5)) / 2e-5
        assert found[i, j] == pytest.approx(rise, rel=1e-4, abs=1e-8)


def test_objectives_by_hand():
    recalls, labels = np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1])
    assert objective(recalls, labels, GEOMETRIC) == pytest.approx(0.6)
    worst = objective(recalls, labels, WORST)
    assert 0.4 <= worst < 0.45
    covered = objective(recalls, labels, COVERAGE)
    # Class 1 has 25 % of the predictions where 47.5 % are wanted, at a price of 10.
    assert covered == pytest.approx(0.65 - 10 * (0.475 - 0.25), abs=0.01)
    even = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert objective(even, labels, COVERAGE) == pytest.approx(0.9, abs=0.12)


def test_a_class_that_is_missed_gains_by_its_own_label():
    z = np.array([[1.0, 0], [0, 1]])
    recalls = np.array([[0.95, 0.05], [0.7, 0.3]])
    p = np.tile(softmax([0.5, -0.5]), (2, 2, 1))
    found = gains(z, p, recalls, np.array([0, 1]), WORST)
    assert found[1].min() > 0 > found[0].max()


def test_blends_have_the_mean_share():
    z = np.array([[0.0], [1.0]])
    low = (1 - LEAST) / 2
    np.testing.assert_allclose(blends(z)[:, :, 0], [[0, low], [1 - low, 1]])


def test_pairs_are_drawn_by_their_gain_and_never_from_an_empty_cell():
    found = np.log(np.array([[1.0, 2, 9], [3, 4, 9], [9, 9, 9]]))
    shares = shares_of(found, np.array([True, True, False]), 1.0)
    np.testing.assert_allclose(shares, np.array([[1, 2, 0], [3, 4, 0], [0, 0, 0]]) / 10)
    even = shares_of(found, np.ones(3, bool), 0.0)
    np.testing.assert_allclose(even, np.full((3, 3), 1 / 9))
    sharp = shares_of(1e6 * found, np.ones(3, bool), 100.0)
    assert np.isfinite(sharp).all()
