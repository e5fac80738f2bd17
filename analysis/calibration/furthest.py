"""Whom the scores fit least: among groups, and among the attributes they come from."""

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Bools
from analysis.calibration.reliability import GroupReliability, reliability_by_group
from analysis.evaluation import Evaluation
from analysis.holm import holm

SURE = 0.05
"""Chance of calling any group off when none is."""


def surely_off(record: Sequence[GroupReliability]) -> Bools:
    """Return which groups' scores are further from the outcome than chance, bool[g].

    By Holm's method over the groups that have rows and are not withheld.
    """
    p_value = np.array([r.error.p_value for r in record], dtype=np.float64)
    off: Bools = holm(p_value) <= SURE  # NaN, for an empty group, is not
    return off


def furthest_attribute(evaluation: Evaluation, k: int = 0) -> str:
    """Return the attribute whose groups the scores fit least; empty where all fit.

    Of the groups of all attributes that are surely off, that of the one furthest off,
    noise taken off.

    Parameters
    ----------
    evaluation : Evaluation
        Of probabilities.
    k : int
        Groups of fewer people are withheld.
    """
    every = [
        (name, r)
        for name in evaluation.groups
        for r in reliability_by_group(evaluation, (name,), k=k)
    ]
    off = surely_off([r for _, r in every])
    found = [
        (r.error.debiased, name) for (name, r), o in zip(every, off, strict=True) if o
    ]
    return max(found, default=(0.0, ""))[1]
