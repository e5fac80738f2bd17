"""Whether scores promise too much or too little: mean score minus observed rate."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.arrays import Floats, frozen
from analysis.intervals import wilson
from analysis.metrics.bins import Bins

HALF_ROW = 0.25
"""Square of half a row, added to the variance: perfect scores are not sure ones."""


@dataclass(frozen=True, eq=False)
class Signed:
    """Mean score minus observed rate by group and bin, each array float[g, b].

    Parameters
    ----------
    value : float[g, b]
        Above 0 the score promises more than happens; NaN in an empty bin.
    low, high : float[g, b]
        95 % interval.
    p_value : float[g, b]
        Of no difference; exact, so that it serves far tails and small bins.
    n : float[g, b]
        People.
    """

    value: Floats
    low: Floats
    high: Floats
    p_value: Floats
    n: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


def signed(bins: Bins) -> Signed:
    """Return mean score minus observed rate in each bin with its noise.

    Notes
    -----
    Given its scores, a rate varies less than a share of the same size, as scores say
    who is likelier. Its variance is the larger of the one that true scores give, sum
    w^2 s (1 - s), and the one observed, sum w^2 (y - s - mean)^2: the first serves
    bins of few or no events, the second holds where scores are wrong about who though
    right on average. The number of coins with that variance takes the place of n in
    Wilson's interval, and in the exact binomial test that gives the p-value.

    References
    ----------
    Wilson (1927), JASA 22. Cox (1958), Biometrika 45, for the test of calibration in
    the large; that it uses the larger variance is ours.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # an empty bin is 0 / 0
        score = np.clip(bins.score / bins.weight, 0, 1)
        rate = np.clip(bins.label / bins.weight, 0, 1)
        coins = _coins(bins, score, rate)
    low, high = wilson(rate, coins)
    return Signed(
        value=score - rate,
        low=score - high,
        high=score - low,
        p_value=_p_value(score, rate, coins),
        n=bins.count,
    )


def _coins(bins: Bins, score: Floats, rate: Floats) -> Floats:
    """Return how many coins have the rate's variance, float[g, b]."""
    squared, mean = bins.weight**2, score - rate
    observed = np.maximum(bins.squares - mean**2 * bins.w2, 0)
    effective = squared / bins.w2
    observed = observed * effective / np.maximum(effective - 1, 1)
    variance = np.maximum(bins.noise, observed) / squared + HALF_ROW / effective**2
    spread = np.maximum(score * (1 - score), rate * (1 - rate))
    return np.where(spread > 0, spread / variance, effective)


def _p_value(score: Floats, rate: Floats, coins: Floats) -> Floats:
    """Return the two-sided exact p-value of a rate under the mean score."""
    hits = rate * coins
    with np.errstate(invalid="ignore"):
        at_most = special.betaincc(hits + 1, np.maximum(coins - hits, 1e-300), score)
        at_least = special.betainc(np.maximum(hits, 1e-300), coins - hits + 1, score)
    at_most = np.where(coins - hits <= 0, 1.0, at_most)
    at_least = np.where(hits <= 0, 1.0, at_least)
    p: Floats = np.minimum(2 * np.minimum(at_most, at_least), 1)
    return np.where(np.isnan(rate), np.nan, p)
