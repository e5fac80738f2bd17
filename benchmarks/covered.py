"""How often intervals held the truth they were drawn around."""

from dataclasses import dataclass

import numpy as np

from analysis.estimates import Estimates


@dataclass(frozen=True)
class Coverage:
    """Share of replicates whose 95 % interval held the truth.

    Parameters
    ----------
    interval : str
        Which interval.
    case : str
        The truth, and the rows of each group.
    weights : 'equal' or 'lognormal'
    covered : float
        Share of the replicates with a value.
    width : float
        Median width.
    replicates : int
    """

    interval: str
    case: str
    weights: str
    covered: float
    width: float
    replicates: int


def covered(
    interval: str, case: str, weights: str, found: Estimates, truth: float
) -> Coverage:
    """Return the share of intervals that hold the truth; an unknown end holds it."""
    known = ~np.isnan(found.value)
    low = np.nan_to_num(found.low[known], nan=-np.inf)
    high = np.nan_to_num(found.high[known], nan=np.inf)
    inside = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
    width = np.median(high - low)
    return Coverage(
        interval,
        case,
        weights,
        round(float(inside.mean()), 4),
        round(float(width), 4) if np.isfinite(width) else float("nan"),
        int(known.sum()),
    )
