"""The reliability curve: mean score against observed rate in bins of the score."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.calibration.signed import signed
from analysis.intervals import wilson
from analysis.metrics.bins import Bins


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Mean score against observed rate in bins of the score.

    Parameters
    ----------
    edges : float[b + 1]
        Bin edges from 0 to 1; see `Binning` for where a score on an edge belongs.
    mean_score, observed_rate : float[b]
        NaN in an empty bin.
    low, high : float[b]
        Wilson interval of the observed rate.
    count, weight, effective_n : float[b]
        Rows, their weight, and (sum w)^2 / sum w^2.
    noise : float[b]
        Variance of the observed rate if every score were true.
    p_value : float[b]
        Of the observed rate being the mean score, exact; see `signed`.
    """

    edges: Floats
    mean_score: Floats
    observed_rate: Floats
    low: Floats
    high: Floats
    count: Floats
    weight: Floats
    effective_n: Floats
    noise: Floats
    p_value: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def difference(self) -> Floats:
        """Observed rate minus mean score, float[b]; below 0 the score promises more."""
        return self.observed_rate - self.mean_score

    @property
    def expected_calibration_error(self) -> float:
        """Mean absolute difference, weighted by the rows' weight; NaN without rows.

        References
        ----------
        Naeini, Cooper & Hauskrecht (2015), AAAI, with the weighted binned estimate.
        """
        return weighted_mean(np.abs(self.difference), self.weight)

    def withheld(self) -> "ReliabilityCurve":
        """Return a curve of as many bins, of equal width, and no number of anybody."""
        names = set(self.__dataclass_fields__) - {"edges"}
        b = len(self.count)
        nothing = dict.fromkeys(names, np.full(b, np.nan))
        return replace(self, edges=np.linspace(0, 1, b + 1), **nothing)


def curves_of(binned: Bins) -> list[ReliabilityCurve]:
    """Return the curve of every group of a binned table."""
    with np.errstate(invalid="ignore", divide="ignore"):  # an empty bin is 0 / 0 = NaN
        mean_score = binned.score / binned.weight  # [g, b]
        observed = binned.label / binned.weight
        effective = binned.weight**2 / binned.w2
        noise = binned.noise / binned.weight**2
    # sums of weights in another order can leave a rate a rounding error outside
    observed = np.clip(observed, 0, 1)
    low, high = wilson(observed, effective)
    sizes = (binned.count, binned.weight, effective)
    per_bin = (mean_score, observed, low, high, *sizes, noise, signed(binned).p_value)
    return [
        ReliabilityCurve(binned.edges[g], *(table[g] for table in per_bin))
        for g in range(len(binned.count))
    ]


def weighted_mean(values: Floats, weight: Floats) -> float:
    """Return the mean over bins that hold weight; NaN where none does."""
    filled = weight > 0
    if not filled.any():
        return np.nan
    kept = weight[filled]
    return float(values[filled] @ kept / kept.sum())
