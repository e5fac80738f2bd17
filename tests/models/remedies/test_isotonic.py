import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from models.remedies.isotonic import Isotonic


def mapped(found, scores):
    odds = np.log(scores / (1 - scores))
    return 1 / (1 + np.exp(-Isotonic().mapped_odds(found, odds)))


def odds_of(scores):
    return np.log(scores / (1 - scores))


def test_it_agrees_with_scikit_learn_between_the_ends(rng):
    scores, weights = rng.uniform(0.01, 0.99, 2_000), rng.uniform(0.5, 2, 2_000)
    hits = rng.random(2_000) < scores**2
    found = Isotonic().fitted_odds(odds_of(scores), hits, weights)
    library = IsotonicRegression(out_of_bounds="clip")
    library.fit(scores, hits, sample_weight=weights)
    grid = np.linspace(0.001, 0.999, 500)
    theirs = library.predict(grid)
    inside = (theirs > theirs.min() + 1e-9) & (theirs < theirs.max() - 1e-9)
    assert inside.mean() > 0.5
    steps = np.unique(found["rates"])
    between = (theirs >= steps[1]) & (theirs <= steps[-2])
    np.testing.assert_allclose(mapped(found, grid)[between], theirs[between], atol=1e-9)


def test_it_agrees_with_netcal(rng):
    import warnings

    scores = rng.uniform(0.01, 0.99, 1_000)
    hits = rng.random(1_000) < 0.3 + 0.4 * scores  # no step of rate 0 or 1 is sure
    with warnings.catch_warnings():  # netcal trips over deprecations of its libraries
        warnings.simplefilter("ignore")
        from netcal.binning import IsotonicRegression as Other

        other = Other().fit(scores, hits.astype(int)).transform(scores)
    ours = mapped(Isotonic().fitted_odds(odds_of(scores), hits, np.ones(1_000)), scores)
    between = (other > 0) & (other < 1)
    assert between.mean() > 0.9
    near = np.abs(ours - other)[between]
    assert np.median(near) < 1e-9
    assert near.max() < 0.1  # on the line up to an end that was moved inside


@given(
    st.lists(
        st.tuples(st.floats(0.001, 0.999), st.booleans(), st.floats(0.1, 5)),
        min_size=2,
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_it_never_falls_and_stays_inside(rows):
    scores, hits, weights = map(np.array, zip(*rows, strict=True))
    if hits.all() or not hits.any():
        return
    found = Isotonic().fitted_odds(odds_of(scores), hits, weights)
    rates = np.array(found["rates"])
    assert ((rates > 0) & (rates < 1)).all()
    assert (np.diff(rates) >= 0).all()
    grid = np.linspace(0.0005, 0.9995, 101)
    assert (np.diff(mapped(found, grid)) >= -1e-12).all()


def test_ends_of_rate_0_and_1_are_moved_inside_by_their_rows():
    scores = np.r_[np.linspace(0.1, 0.2, 9), np.linspace(0.4, 0.6, 4), [0.8, 0.9]]
    hits = np.r_[np.zeros(9), [1, 0, 1, 0], [1, 1]] == 1
    found = Isotonic().fitted_odds(odds_of(scores), hits, np.ones(15))
    assert found["rates"][0] == pytest.approx(1 / (2 * (9 + 1)))
    assert found["rates"][-1] == pytest.approx(1 - 1 / (2 * (2 + 1)))
    perfect = Isotonic().fitted_odds(odds_of(scores), scores > 0.5, np.ones(15))
    assert 0 < perfect["rates"][0] < perfect["rates"][-1] < 1
