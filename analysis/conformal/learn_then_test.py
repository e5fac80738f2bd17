"""Control of 1 - F1, which is not monotone: every threshold is a test of its own.

F1 counts only people who are flagged or should be: of these, the share rightly flagged
is J = tp / (tp + fp + fn), and 1 - F1 = (1 - J) / (1 + J). So 1 - F1 is above alpha
exactly when J is below (1 - alpha) / (1 + alpha), which is when the linearised loss
(1 - alpha) (fp + fn) - 2 alpha tp is positive on average. Given how many people count,
tp is binomial, so that the test is exact where a bound such as Hoeffding's would spend
its power on everyone who is rightly passed over.
"""

import numpy as np
from scipy import special

from analysis.arrays import Bools, Floats

CANDIDATES = 100
"""Thresholds tried at most, at even shares of the first half's scores."""


def controlled_threshold(
    score: Floats,
    is_positive: Bools,
    mass: Floats,
    levels: tuple[float, float],
    rng: np.random.Generator,
) -> float:
    """Return a threshold at which 1 - F1 is at most alpha with probability 1 - delta.

    One half of the rows puts the candidates in order, the surest first; the other half
    tests them in this order at level delta each, up to the first that is not sure.
    Of those passed, the one with the best F1 on the other half is returned.

    Parameters
    ----------
    score : float[n]
    is_positive : bool[n]
    mass : float[n]
        How much each row counts; 1, or survey weights of effective size.
    levels : (float, float)
        alpha and delta.
    rng : Generator
        Draws the halves.

    Returns
    -------
    float
        NaN when no threshold passes.

    References
    ----------
    Angelopoulos, Bates, Candès, Jordan & Lei (2021), Learn Then Test: Calibrating
    Predictive Algorithms to Achieve Risk Control; fixed-sequence testing with an
    order learnt on other rows. The exact binomial test is ours.
    """
    alpha, delta = levels
    n = len(score)
    drawn = rng.permutation(n)
    learn, test = drawn[: n // 2], drawn[n // 2 :]
    if not len(learn):
        return np.nan
    candidates = _candidates(score[learn])
    first = p_values(score[learn], is_positive[learn], mass[learn], candidates, alpha)
    order = np.lexsort((candidates, first))
    second = p_values(score[test], is_positive[test], mass[test], candidates, alpha)
    passed = order[: _steps(second[order] <= delta)]
    if not len(passed):
        return np.nan
    found = rightly_flagged(
        score[test], is_positive[test], mass[test], candidates[passed]
    )[0]
    return float(candidates[passed[int(np.nanargmax(found))]])


def p_values(
    score: Floats, is_positive: Bools, mass: Floats, thresholds: Floats, alpha: float
) -> Floats:
    """Return the p-value of '1 - F1 is above alpha' at each threshold, float[t].

    The probability of as many rightly flagged, or more, if 1 - F1 were alpha. With
    unequal masses the binomial has an effective n, which need not be whole.
    """
    share, effective = rightly_flagged(score, is_positive, mass, thresholds)
    limit = (1 - alpha) / (1 + alpha)
    hits = share * effective
    p = np.ones(len(thresholds))
    some = hits > 0
    p[some] = special.betainc(hits[some], effective[some] - hits[some] + 1, limit)
    return p


def rightly_flagged(
    score: Floats, is_positive: Bools, mass: Floats, thresholds: Floats
) -> tuple[Floats, Floats]:
    """Return tp / (tp + fp + fn) at each threshold, and its effective n, float[t]."""
    order = np.argsort(score, kind="stable")
    rising, positive, m = score[order], is_positive[order], mass[order]
    at = np.searchsorted(rising, thresholds)  # rows from here on are flagged

    def above(values: Floats) -> Floats:
        sums = np.concatenate([[0.0], np.cumsum(values)])
        return sums[-1] - sums[at]

    tp, flagged = above(m * positive), above(m)
    squares = above(m**2 * ~positive)
    total = flagged + (m * positive).sum() - tp  # tp + fp + fn
    squares = squares + (m**2 * positive).sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(tp / total, 0, 1)
        effective = np.where(total > 0, total**2 / squares, 0.0)
    return np.where(total > 0, share, np.nan), effective


def _candidates(score: Floats) -> Floats:
    shares = np.linspace(0, 1, CANDIDATES)
    return np.unique(np.quantile(score, shares, method="lower"))


def _steps(passes: Bools) -> int:
    """Return how many pass before the first that does not."""
    return len(passes) if passes.all() else int(np.argmin(passes))
