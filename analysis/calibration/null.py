"""What perfectly calibrated scores of the same n would show, drawn in bins."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.arrays import Floats

DRAWS = 1_000
"""Draws of labels from which a null range is read."""

LIMITS = (0.025, 0.975)
"""Shares of the draws below the ends of the null range: it holds 95 % of them."""

MANY = 100.0
"""Variance of the number of heads from which on it is drawn as a normal number."""


@dataclass(frozen=True)
class NullRange:
    """Where a measure of calibrated scores falls, and how rare the value seen is.

    Parameters
    ----------
    low, high : float
        The middle 95 %.
    p_value : float
        Share of calibrated scores of this n that show at least the value seen.
    squared : float
        Mean square, from which a debiased value follows.
    """

    low: float
    high: float
    p_value: float
    squared: float


UNKNOWN = NullRange(np.nan, np.nan, np.nan, np.nan)


def null_rates(score: Floats, noise: Floats, draws: int, seed: int) -> Floats:
    """Draw observed rates of bins in which every score is true, float[r, b].

    A bin's rate is that of as many coins as give it the variance which its rows give
    it: rows of unequal scores or unequal weights are worth another number of coins
    than they are rows.

    Parameters
    ----------
    score : float[b]
        Mean score.
    noise : float[b]
        Variance of the observed rate if every score were true.
    draws : int
        r.
    seed : int
    """
    # rounding may leave a mean of true labels a little above 1
    p = np.clip(score, 0, 1)
    varied = p * (1 - p)
    coins = np.divide(varied, noise, out=np.ones(len(p)), where=noise > 0)
    drawn = p + np.sqrt(noise) * _standard(draws, len(p), seed)
    few = np.flatnonzero(coins * varied < MANY)
    if not len(few):
        return drawn
    rng = np.random.default_rng(seed)
    trials = np.maximum(np.rint(coins[few]), 1).astype(np.int64)
    drawn[:, few] = rng.binomial(trials, p[few], (draws, len(few))) / trials
    return drawn


@lru_cache(maxsize=16)
def _standard(draws: int, bins: int, seed: int) -> Floats:
    """Return standard normal numbers, the same for every group of so many bins."""
    drawn = np.random.default_rng(seed).standard_normal((draws, bins))
    drawn.flags.writeable = False
    return drawn


def null_range(drawn: Floats, value: float) -> NullRange:
    """Return the range of drawn values and where a value stands among them.

    Parameters
    ----------
    drawn : float[r]
    value : float
        As measured; it counts as one draw, so that no p-value is 0.
    """
    rising = np.sort(drawn)
    left_out = int(LIMITS[0] * len(drawn))
    # a sum in another order must not count as larger
    reached = len(drawn) - int(np.searchsorted(rising, value * (1 - 1e-12)))
    return NullRange(
        low=float(rising[left_out]),
        high=float(rising[-1 - left_out]),
        p_value=(1 + reached) / (1 + len(drawn)),
        squared=float(drawn @ drawn) / len(drawn),
    )


def less_noise(value: float, null: NullRange) -> float:
    """Return a value less what noise adds to it, cut at 0.

    Squares of error and of noise add up, as far as they are independent, so the root
    of what is left of the value's square is returned. It takes off next to nothing
    where the error is far larger than noise.
    """
    return float(np.sqrt(max(value**2 - null.squared, 0.0)))
