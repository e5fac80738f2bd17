"""How often sets hold the truth when their promise is kept: the range chance allows."""

import numpy as np
from scipy import special

from analysis.arrays import Floats
from analysis.conformal.quantile import ROUNDING

SURE = 0.05
"""A promise counts as broken for a group whose q-value is below this."""


def kept_promise(
    hits: Floats, n: Floats, fitted: Floats, alpha: float
) -> tuple[Floats, Floats, Floats]:
    """Return the range of coverage that a kept promise shows, and p-values below it.

    The threshold rests on rows too, so that coverage varies by more than the people it
    is counted on: of n people and m fitted rows the number covered is beta-binomial.

    Parameters
    ----------
    hits : float[g]
        Share covered; NaN where undefined.
    n : float[g]
        Effective people that it is counted on; rounded to whole ones.
    fitted : float[g]
        Effective rows behind the group's threshold.
    alpha : float

    Returns
    -------
    (float[g], float[g], float[g])
        Ends of the 95 % range, and the probability of so few or fewer covered; NaN
        without people, and where the rows are too few for a threshold.

    References
    ----------
    Vovk (2012), Conditional Validity of Inductive Conformal Predictors, ACML; the
    beta-binomial in Angelopoulos & Bates (2023), Conformal Prediction: A Gentle
    Introduction, appendix C. Scores without ties; with ties more are covered.
    """
    found = [
        _of_one(*cell, alpha)
        for cell in zip(hits.tolist(), n.tolist(), fitted.tolist(), strict=True)
    ]
    low, high, p = np.array(found, dtype=np.float64).reshape(-1, 3).T
    return low, high, p


def above_level(share: Floats, n: Floats, level: float) -> Floats:
    """Return p-values of a share at or below a level, float[g]; NaN without people.

    Twice the binomial probability of as many or more, so that one group alone is sure
    when its exact 95 % interval lies above the level. It is for a level held with
    probability: there the threshold's own rows are in the promise, not in the p-value.

    Parameters
    ----------
    share : float[g]
        NaN where undefined.
    n : float[g]
        Effective people that it is counted on; they need not be whole.
    level : float
    """
    hits = share * n
    is_known = ~np.isnan(share) & (n > 0)
    some = is_known & (hits > 0)
    p = np.where(is_known, 1.0, np.nan)
    # rounding may leave a share of one a little above
    missed = np.maximum(n[some] - hits[some], 0.0)
    p[some] = np.minimum(2 * special.betainc(hits[some], missed + 1, level), 1.0)
    return p


def _of_one(
    share: float, n: float, fitted: float, alpha: float
) -> tuple[float, float, float]:
    m = round(n)
    rank = np.ceil((fitted + 1) * (1 - alpha) - ROUNDING * (fitted + 1))
    if m < 1 or np.isnan(share) or rank > fitted:
        return np.nan, np.nan, np.nan
    covered = np.arange(m + 1)
    a, b = rank, fitted + 1 - rank
    log_mass = (
        special.gammaln(m + 1)
        - special.gammaln(covered + 1)
        - special.gammaln(m - covered + 1)
        + special.betaln(covered + a, m - covered + b)
        - special.betaln(a, b)
    )
    below = np.minimum(np.cumsum(np.exp(log_mass)), 1.0)
    low = int(np.searchsorted(below, 0.025))
    high = int(np.searchsorted(below, 0.975))
    at = min(int(np.floor(share * m + ROUNDING * m)), m)
    return low / m, high / m, float(below[at])
