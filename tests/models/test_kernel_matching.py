import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from models.kernel_matching import RIDGE, match_means, random_features


def test_random_features_give_a_gaussian_kernel(rng):
    x = rng.normal(size=(60, 3))
    found = random_features(sparse.csr_matrix(x), seed=0, features=20_000)
    squares = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    kernel = found @ found.T
    # The width is a median distance, so it is read off one pair and holds for all.
    width = np.sqrt(-squares[0, 1] / (2 * np.log(kernel[0, 1])))
    np.testing.assert_allclose(kernel, np.exp(-squares / (2 * width**2)), atol=0.04)
    assert width == pytest.approx(np.median(np.sqrt(squares[squares > 0])), rel=0.1)


def test_kernel_mean_matching_agrees_with_a_general_solver(rng):
    source, target = rng.normal(size=(12, 4)), rng.normal(size=(5, 4)) + 0.3
    w, v = rng.uniform(0.5, 2, 12), rng.uniform(0.5, 2, 5)
    p, aim = w / w.sum(), (v / v.sum()) @ target

    def cost(beta):
        gap = (p * beta) @ source - aim
        return gap @ gap / 2 + RIDGE / 2 * p @ (beta - 1) ** 2

    by_scipy = minimize(cost, np.ones(12), bounds=[(0, 1000)] * 12, tol=1e-14).fun
    found = match_means(source, target, w, v, 0.0)
    assert (found.target == 1).all()
    assert cost(found.source) == pytest.approx(by_scipy, rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("trimmed", [0.0, 0.2, 0.6])
def test_double_weighting_stays_within_its_bounds(rng, trimmed):
    source, target = rng.normal(size=(80, 6)), rng.normal(size=(30, 6)) + 2
    found = match_means(source, target, np.ones(80), np.ones(30), trimmed)
    assert (found.source >= 0).all()
    assert ((found.target >= 0) & (found.target <= 1)).all()
    assert np.sqrt(((1 - found.target) ** 2).mean()) <= trimmed + 1e-6


def test_trimming_the_target_brings_the_means_closer(rng):
    x, there = rng.normal(size=(300, 1)), rng.normal(size=(80, 1)) + 2
    columns = sparse.csr_matrix(np.vstack([x, there]))
    phi = random_features(columns, seed=1, features=64)
    each = [
        match_means(phi[:300], phi[300:], np.ones(300), np.ones(80), trimmed)
        for trimmed in (0.0, 0.3, 0.6)
    ]
    distances = [m.distance for m in each]
    assert distances == sorted(distances, reverse=True)
    effective = [m.source.sum() ** 2 / (m.source**2).sum() for m in each]
    assert effective == sorted(effective)
