import numpy as np
import pytest

from models.remedies.head_cells import LabelCells
from models.remedies.virtual_features import (
    VirtualFeatures,
    cell_moments,
    class_moments,
    drawn,
    root,
    shrunk,
)


@pytest.fixture
def rows(rng):
    """Inputs of two classes in three sites of uneven size."""
    codes = rng.choice(6, 900, p=[0.3, 0.15, 0.05, 0.1, 0.2, 0.2])
    means = rng.normal(size=(6, 3)) * 3
    x = means[codes] + rng.normal(size=(900, 3)) * [1, 2, 0.5]
    return x, rng.uniform(0.5, 2, 900), codes


LABELS = np.array([0, 0, 0, 1, 1, 1])


def test_sites_give_what_all_rows_together_give(rows):
    """The paper's aggregation is exact: only means, covariances, counts travel."""
    x, weights, codes = rows
    sites = LabelCells(codes, LABELS, ())
    means, covariances, _ = class_moments(cell_moments(x, weights, sites), sites, 0.0)
    for c in (0, 1):
        own = LABELS[codes] == c
        expected = np.cov(x[own].T, aweights=weights[own], ddof=0)
        np.testing.assert_allclose(covariances[c], expected)
        np.testing.assert_allclose(
            means[c], np.average(x[own], axis=0, weights=weights[own])
        )


def test_at_full_evenness_each_site_counts_the_same(rows):
    x, weights, codes = rows
    sites = LabelCells(codes, LABELS, ())
    moments = cell_moments(x, weights, sites)
    means, _, _ = class_moments(moments, sites, 1.0)
    np.testing.assert_allclose(means[0], moments.means[:3].mean(axis=0))


def test_covariances_of_few_rows_are_drawn_to_the_mean():
    both = np.array([np.eye(2), 3 * np.eye(2)])
    found = shrunk(both, np.array([2.0, 1e12]))
    np.testing.assert_allclose(found[0], 1.5 * np.eye(2))
    np.testing.assert_allclose(found[1], 3 * np.eye(2))


def test_a_root_times_itself_is_the_covariance_even_if_flat(rng):
    a = rng.normal(size=(4, 2))
    flat = a @ a.T  # of rank two
    found = root(flat)
    np.testing.assert_allclose(found @ found.T, flat, atol=1e-4)
    assert np.isfinite(root(np.zeros((2, 2)))).all()


def test_virtual_people_have_the_moments_of_their_class(rows):
    x, weights, codes = rows
    classes = LabelCells(LABELS[codes], np.array([0, 1]), ())
    moments = cell_moments(x, weights, classes)
    noise = VirtualFeatures(samples=50_000)._noise(2, 3)
    found, labels = drawn(moments, classes, 1.0, noise)
    for c in (0, 1):
        own = found[labels == c]
        np.testing.assert_allclose(own.mean(axis=0), moments.means[c], atol=0.08)
        np.testing.assert_allclose(
            np.cov(own.T), moments.covariances[c], atol=0.25, rtol=0.05
        )


def test_even_virtual_classes_give_linear_discriminant_analysis(rng):
    """Of two Gaussians with one covariance the even boundary lies half-way."""
    labels = np.repeat([0, 1], [2_000, 200])
    x = rng.normal(size=(2_200, 2)) + 2.0 * labels[:, None] * [1, 0]
    cells = LabelCells(labels, np.array([0, 1]), ())
    moments = cell_moments(x, np.ones(2_200), cells)
    remedy = VirtualFeatures(samples=20_000)
    cuts, noise = [], remedy._noise(2, 2)
    for evenness, shares in ((1.0, [0.5, 0.5]), (0.0, [10 / 11, 1 / 11])):
        w, b = remedy._fit(moments, cells, np.array(shares), evenness, noise)
        slope, bias = w[1] - w[0], b[1] - b[0]
        cuts.append(-bias / slope[0])
    assert cuts[0] == pytest.approx(1, abs=0.1)
    assert cuts[1] == pytest.approx(1 + np.log(10) / 2, abs=0.15)
