import re
import warnings

import numpy as np
import pytest
from betacal import BetaCalibration

from models.remedies.beta import Beta
from models.remedies.fitting import notes_of


@pytest.fixture
def rows(rng):
    truth = rng.uniform(0.02, 0.98, 3_000)
    hits = rng.random(3_000) < truth
    bent = truth**1.8 / (truth**1.8 + (1 - truth) ** 0.6)
    return np.log(bent / (1 - bent)), hits, truth


def test_it_agrees_with_betacal(rows, rng):
    x, hits, _ = rows
    weights = rng.uniform(0.5, 1.5, len(x))
    weights /= weights.mean()
    library = BetaCalibration(parameters="abm")
    with warnings.catch_warnings():  # the library silences all for good
        library.fit(1 / (1 + np.exp(-x)), hits.astype(int), weights)
    found = Beta().fitted_odds(x, hits, weights)
    ours = 1 / (1 + np.exp(-Beta().mapped_odds(found, x)))
    np.testing.assert_allclose(ours, library.predict(1 / (1 + np.exp(-x))), atol=1e-9)


def test_it_agrees_with_netcal(rows):
    x, hits, _ = rows
    with warnings.catch_warnings():  # netcal trips over deprecations of its libraries
        warnings.simplefilter("ignore")
        from netcal.scaling import BetaCalibration as Other

        scores = 1 / (1 + np.exp(-x))
        other = Other().fit(scores, hits.astype(int)).transform(scores)
    found = Beta().fitted_odds(x, hits, np.ones(len(x)))
    ours = 1 / (1 + np.exp(-Beta().mapped_odds(found, x)))
    np.testing.assert_allclose(ours, other, atol=5e-3)


def test_a_planted_bend_is_recovered(rows):
    x, hits, truth = rows
    found = Beta().fitted_odds(x, hits, np.ones(len(x)))
    ours = 1 / (1 + np.exp(-Beta().mapped_odds(found, x)))
    assert np.abs(ours - truth).mean() < 0.02


def test_a_negative_parameter_is_set_to_0_as_in_the_library(rng):
    x = rng.normal(size=2_000)
    hits = rng.random(2_000) < np.where(x > 0, 0.9, 0.5 - 0.2 * np.minimum(-x, 2))
    backwards = rng.random(2_000) < 1 / (1 + np.exp(3 * x * (x > 0)))
    for labels in (hits, backwards):
        found = Beta().fitted_odds(x, labels, np.ones(2_000))
        assert found["a"] >= 0 or found["b"] >= 0
    assert found["a"] == 0 or found["b"] == 0


def test_parameters_of_groups_are_told_apart(rows, labelled, rng):
    x, hits, _ = rows
    logits = np.column_stack([np.zeros(len(x)), x])
    scorer, frame = labelled(logits, hits.astype(int), rng.integers(0, 2, len(x)))
    (said,) = notes_of(Beta(attribute="group").fit(scorer, frame).parameters())
    number = r"-?\d\.\d\d"
    one = rf"a {number}, b {number}, c {number}"
    assert re.fullmatch(
        rf"Fitted by group: u {one}; v {one}; everyone else: {one}\.", said
    )


def test_warnings_are_heard_after_a_fit(rows):
    x, hits, _ = rows
    before = list(warnings.filters)
    Beta().fitted_odds(x, hits, np.ones(len(x)))
    assert warnings.filters == before


def test_scores_in_reverse_order_keep_a_curve_that_falls(rng):
    x = rng.normal(size=2_000)
    hits = rng.random(2_000) < 1 / (1 + np.exp(2 * x))
    found = Beta().fitted_odds(x, hits, np.ones(2_000))
    assert found["a"] == 0
    assert found["b"] < -1
    assert (np.diff(Beta().mapped_odds(found, np.linspace(-3, 3, 50))) < 0).all()
