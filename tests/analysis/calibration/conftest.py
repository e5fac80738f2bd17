"""Evaluations for the measures of calibration."""

import numpy as np
import pytest

from analysis.calibration.graded import Graded
from analysis.calibration.measures import MEASURES
from analysis.evaluation import Evaluation, Scores
from analysis.frame import Grouping
from analysis.metrics.bins import USUAL


@pytest.fixture(scope="session")
def measure(make_evaluation):
    """Measure plain arrays by one measure; groups are codes."""

    def measured(name, y_true, scores, codes=None, weights=None, binning=USUAL):
        shown = make_evaluation(y_true, scores, codes, weights)
        graded = Graded(shown, shown.grouping(("group",)), binning)
        return MEASURES[name].function(graded)

    return measured


@pytest.fixture(scope="session")
def many_classes():
    """Return calibrated scores of three classes; the third is rarer."""

    def made(rng, n, classes=("x", "y", "z"), g=2):
        p = rng.dirichlet([2, 2, 1], n)
        y_true = np.array([rng.choice(3, p=row) for row in p])
        p = np.column_stack([p, np.zeros((n, len(classes) - 3))])
        codes = np.arange(n) % g
        return Evaluation(
            "three",
            y_true,
            Scores(p),
            classes,
            {"group": Grouping(codes, tuple("abcdef"[:g]))},
            np.ones(n),
            np.arange(n),
        )

    return made
