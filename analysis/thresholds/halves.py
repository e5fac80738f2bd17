"""A scored table that has no splits, cut in two: one half to choose by, one to report.

A score that came with the table was fitted elsewhere, so any of its rows may serve; but
what is chosen on rows looks kinder on the same rows.
"""

import numpy as np

from analysis.arrays import Ints
from analysis.evaluation import Evaluation


def half_rows(n: int, seed: int = 0) -> tuple[Ints, Ints]:
    """Return a random half of n rows and the other half, as ascending positions.

    Of an odd number the second half has one row more.
    """
    drawn = np.random.default_rng(seed).permutation(n)
    return np.sort(drawn[: n // 2]), np.sort(drawn[n // 2 :])


def halves(evaluation: Evaluation, seed: int = 0) -> tuple[Evaluation, Evaluation]:
    """Return a random half of the rows and the other half, in the order they had."""
    first, second = half_rows(len(evaluation), seed)
    return evaluation.take(first), evaluation.take(second)
