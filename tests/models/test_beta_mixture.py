import numpy as np
import pytest
from scipy.stats import beta

from models.beta_mixture import fit_beta_mixture


def planted(rng, n=6_000, share=0.3):
    """Return losses of two kinds of rows, and which are of the second."""
    is_wrong = rng.random(n) < share
    return np.where(is_wrong, rng.beta(8, 2, n), rng.beta(1.5, 8, n)) * 4, is_wrong


def test_planted_shapes_and_shares_are_recovered(rng):
    losses, is_wrong = planted(rng)
    found = fit_beta_mixture(losses)
    assert found.share == pytest.approx(is_wrong.mean(), abs=0.02)
    doubts = found.probability(losses)
    assert ((doubts > 0.5) == is_wrong).mean() > 0.98
    assert doubts.mean() == pytest.approx(is_wrong.mean(), abs=0.02)


def test_the_probability_is_bayes_rule_where_it_is_not_flattened(rng):
    losses, _ = planted(rng)
    found = fit_beta_mixture(losses)
    at = np.array([1.2, 1.6, 2.0])
    x = (at - found.low) / (found.high - found.low)
    low, high = (beta.pdf(x, *shape) for shape in found.shapes)
    by_hand = found.share * high / (found.share * high + (1 - found.share) * low)
    np.testing.assert_allclose(found.probability(at), by_hand, rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_loss_is_never_less_suspicious(seed):
    rng = np.random.default_rng(seed)
    found = fit_beta_mixture(rng.gamma(0.5 + seed, size=400))
    doubts = found.probability(np.linspace(-1, 20, 500))
    assert (np.diff(doubts) >= -1e-12).all()
    assert ((doubts >= 0) & (doubts <= 1)).all()


def test_weights_count_as_duplicates(rng):
    losses, _ = planted(rng, 900)
    times = rng.integers(1, 4, len(losses))
    # The ends of the scale are quantiles of rows, so they are pinned here.
    ends = np.array([losses.min() - 1, losses.max() + 1])
    padded, w = np.append(losses, ends.repeat(20)), np.append(times, np.zeros(40))
    repeated = np.append(np.repeat(losses, times), ends.repeat(40))
    weighted = fit_beta_mixture(padded, w)
    by_rows = fit_beta_mixture(repeated, np.append(np.ones(times.sum()), np.zeros(80)))
    np.testing.assert_allclose(weighted.shapes, by_rows.shapes, rtol=1e-6)


def test_scale_and_offset_of_the_losses_do_not_matter(rng):
    losses, _ = planted(rng, 800)
    np.testing.assert_allclose(
        fit_beta_mixture(losses).probability(losses),
        fit_beta_mixture(losses * 3 + 2).probability(losses * 3 + 2),
        atol=1e-9,
    )


@pytest.mark.parametrize("losses", [np.ones(7), np.zeros(1)])
def test_equal_losses_show_nothing_suspicious(losses):
    assert (fit_beta_mixture(losses).probability(losses) == 0).all()


def test_two_points_are_told_apart():
    losses = np.array([0.0, 0, 0, 0, 2, 2])
    doubts = fit_beta_mixture(losses).probability(losses)
    assert (doubts[:4] < 0.01).all()
    assert (doubts[4:] > 0.99).all()
