"""Two sides of one world: the label follows the features, whoever is drawn."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.domain import Domain


def chance(x, z, sex):
    """Return the true probability of the label."""
    return special.expit(1.3 * x - 1.2 + 1.4 * z + 0.5 * sex)


def promised(x, z, sex):
    """Return what the model says, which is too sure and does not know z."""
    return special.expit(1.9 * x - 0.9 + 0.4 * sex + 0 * z)


@pytest.fixture
def make_side():
    """Return what draws rows; `shift` moves P(X) alone, by group if asked."""

    def make(rng, n, shift=0.0, *, of_group=0.0, weights=None, threshold=0.5):
        sex = (rng.random(n) < 0.4).astype(np.int64)
        x = rng.normal(shift + of_group * sex, 1, n)
        z = (rng.random(n) < special.expit(2 * shift)).astype(float)
        y = rng.binomial(1, chance(x, z, sex))
        evaluation = Evaluation(
            "model",
            y,
            binary_probabilities(promised(x, z, sex)),
            ("no", "yes"),
            {"sex": Grouping(sex, ("man", "woman"))},
            np.ones(n) if weights is None else weights,
            np.arange(n),
            Threshold(threshold),
        )
        columns = pd.DataFrame({"x": x, "z": np.where(z == 1, "late", "early")})
        return Domain(evaluation, columns)

    return make
