import numpy as np
import pytest

from models.remedies.platt import Platt


@pytest.mark.parametrize("n", [60, 5_000])
def test_it_agrees_with_scikit_learns_sigmoid(n, rng, scikit_learns):
    x = rng.normal(size=n) * 4
    labels = (rng.random(n) < 1 / (1 + np.exp(-0.4 * x + 1))).astype(int)
    found = Platt().fitted_odds(x, labels == 1, np.ones(n))
    theirs = scikit_learns("sigmoid", x, labels)  # with the sign turned
    assert found["slope"] == pytest.approx(-theirs.a_, abs=2e-3)
    assert found["intercept"] == pytest.approx(-theirs.b_, abs=2e-3)
    assert found["slope"] == pytest.approx(0.4, abs=0.25 if n < 100 else 0.03)


def test_it_agrees_with_scikit_learn_under_weights(rng, scikit_learns):
    x, weights = rng.normal(size=4_000) * 3, rng.uniform(0.2, 1.8, 4_000)
    labels = (rng.random(4_000) < 1 / (1 + np.exp(-x))).astype(int)
    found = Platt().fitted_odds(x, labels == 1, weights)
    theirs = scikit_learns("sigmoid", x, labels, weights)
    assert found["slope"] == pytest.approx(-theirs.a_, abs=3e-3)
    assert found["intercept"] == pytest.approx(-theirs.b_, abs=3e-3)


def test_separated_rows_get_a_finite_slope():
    x = np.array([-2.0, -1.0, 1.0, 2.0])
    found = Platt().fitted_odds(x, x > 0, np.ones(4))
    # By hand: the goals are 1 / 4 and 3 / 4, reached about in the middle.
    assert 0 < found["slope"] < 3
    assert found["intercept"] == pytest.approx(0, abs=1e-6)
    goals = np.where(x > 0, 0.75, 0.25)
    slack = goals - 1 / (1 + np.exp(-found["slope"] * x))
    assert slack @ x == pytest.approx(0, abs=1e-6)


def test_a_score_that_ranks_backwards_is_turned_round(rng):
    x = rng.normal(size=2_000)
    hits = rng.random(2_000) < 1 / (1 + np.exp(x))
    assert Platt().fitted_odds(x, hits, np.ones(2_000))["slope"] == pytest.approx(
        -1, abs=0.2
    )
