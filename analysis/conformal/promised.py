"""A promise of coverage from its settings to what became of it."""

from dataclasses import dataclass

import numpy as np

from analysis.conformal.coverage import Coverage, coverage
from analysis.conformal.sets import Condition, fit_sets, sets_of
from analysis.evaluation import Evaluation


@dataclass(frozen=True)
class Promise:
    """What sets are to hold.

    Parameters
    ----------
    alpha : float
        Share of people whose set may miss the truth.
    score : str
        Name of a nonconformity score.
    condition : Condition
        Among whom it holds.
    seed : int
        Of the draws of a score that draws.
    """

    alpha: float
    score: str = "lac"
    condition: Condition = "everyone"
    seed: int = 0


def promised_coverage(
    fit: Evaluation,
    report: Evaluation,
    promise: Promise,
    attributes: tuple[str, ...],
    k: int = 0,
) -> Coverage:
    """Fit sets on some rows and return how often they hold the truth on others.

    Parameters
    ----------
    fit, report : Evaluation
    promise : Promise
    attributes : tuple of str
        Crossed to the groups reported, and fitted by where the promise is by group.
    k : int
        Fewest people that may be shown, see `coverage`.
    """
    rng = np.random.default_rng(promise.seed)
    rule = fit_sets(
        fit, promise.alpha, promise.score, promise.condition, attributes, rng
    )
    return coverage(report, rule, sets_of(rule, report, rng), attributes, k)
