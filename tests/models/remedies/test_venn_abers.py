import time
import warnings

import numpy as np
import pytest
import venn_abers as library

from models.remedies.venn_abers import VennAbers


def both(scores, hits, at):
    """Return our probabilities and the library's."""
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        # the library divides 0 by 0 for the slope from a point to itself
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        theirs = library.VennAbers()
        theirs.fit(np.column_stack([1 - scores, scores]), hits.astype(float))
        expected = theirs.predict_proba(np.column_stack([1 - at, at]))[0][:, 1]
    found = VennAbers().fitted_odds(
        np.log(scores / (1 - scores)), hits, np.ones(len(hits))
    )
    odds = VennAbers().mapped_odds(found, np.log(at / (1 - at)))
    return 1 / (1 + np.exp(-odds)), expected


@pytest.mark.parametrize("decimals", [1, 2, 12])
@pytest.mark.parametrize("n", [20, 2_000])
def test_it_agrees_with_the_library(n, decimals, rng):
    scores = rng.uniform(0.1, 0.9, n).round(decimals)
    hits = rng.random(n) < scores
    # Scores come back from log odds with a rounding, so points on a step are left out.
    at = rng.uniform(0.001, 0.999, 500)
    ours, theirs = both(scores, hits, at)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_by_hand():
    """One row of each label: p0 = 1/2 or 0, p1 = 1 or 1/2 beside the other's."""
    scores, hits = np.array([0.3, 0.7]), np.array([False, True])
    ours, theirs = both(scores, hits, np.array([0.2, 0.5, 0.8]))
    # At 0.5: p0 = 0, p1 = 1, so p1 / (1 - p0 + p1) = 1 / 2.
    np.testing.assert_allclose(ours, theirs)
    assert ours[1] == pytest.approx(0.5)
    assert ours[0] == pytest.approx(1 - ours[2])


def test_it_keeps_few_steps_and_takes_under_a_second(rng):
    x = rng.normal(size=50_000) * 2
    hits = rng.random(50_000) < 1 / (1 + np.exp(-x / 2))
    began = time.process_time()
    found = VennAbers().fitted_odds(x, hits, np.ones(50_000))
    assert time.process_time() - began < 1.5
    assert len(found["if_0"]["rates"]) < 400


def test_divisions_are_heard_after_a_fit(rng):
    before = np.geterr()
    VennAbers().fitted_odds(rng.normal(size=50), rng.random(50) < 0.5, np.ones(50))
    assert np.geterr() == before
