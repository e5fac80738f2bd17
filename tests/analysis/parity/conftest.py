"""Tables of made-up groups."""

import numpy as np
import pytest

from analysis.parity.roc import group_rates


@pytest.fixture
def table():
    """Build the table of one group from scores, labels and weights."""

    def build(scores, labels, weights=None):
        n = len(scores)
        weights = np.ones(n) if weights is None else np.asarray(weights, float)
        rows = np.asarray(scores), np.asarray(labels, bool), weights
        return group_rates(*rows, np.zeros(n, np.int64), 1)[0]

    return build


@pytest.fixture
def three_groups():
    """Draw the tables that the frozen figures of the oracle are of."""
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 3, 2000)
    scores = rng.random(2000).round(3)
    labels = rng.random(2000) < 0.15 + 0.6 * scores + 0.1 * (codes - 1)
    return group_rates(scores, labels, np.ones(2000), codes, 3)


@pytest.fixture
def drawn_groups(rng):
    """Draw small tables of several groups, with weights and ties."""

    def draw(g, n=30, distinct=6):
        codes = np.arange(n * g) % g
        labels = rng.random(n * g) < 0.4 + 0.1 * codes
        labels[:g], labels[g : 2 * g] = True, False
        scores = rng.integers(0, distinct, n * g) + labels * rng.integers(0, 2, n * g)
        weights = rng.uniform(0.5, 2, n * g)
        return group_rates(scores / distinct, labels, weights, codes, g)

    return draw
