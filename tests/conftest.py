"""Fixtures shared by all tests: a seeded generator and small evaluations."""

import string

import numpy as np
import pytest

from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping

NAMES = tuple(string.ascii_letters)


@pytest.fixture
def rng():
    return np.random.default_rng(20_261_120)


@pytest.fixture(scope="session")
def make_evaluation():
    """Build an evaluation from plain arrays; groups named a, b, c ..."""

    def make(y_true, scores, codes=None, weights=None, threshold=0.5, g=None):
        n = len(y_true)
        codes = np.zeros(n, np.int64) if codes is None else np.asarray(codes)
        g = g or (int(codes.max(initial=0)) + 1)
        return Evaluation(
            title="model",
            y_true=np.asarray(y_true),
            scores=binary_probabilities(np.asarray(scores, dtype=float)),
            classes=("no", "yes"),
            groups={"group": Grouping(codes, NAMES[:g])},
            weights=np.ones(n) if weights is None else np.asarray(weights, float),
            row_ids=np.arange(n),
            rule=Threshold(threshold),
        )

    return make
