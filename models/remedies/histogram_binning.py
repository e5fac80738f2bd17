"""Histogram binning: the observed rate of each bin of the score."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import logit

from analysis.arrays import Bools, Floats
from models.remedies.one_vs_rest import OneVsRest, probabilities
from models.remedies.settings import setting
from models.remedies.weighing import effective_rows


@dataclass(frozen=True)
class HistogramBinning(OneVsRest):
    """Give every score the rate of its bin; bins have equal weight.

    Bins are closed on the left; equal scores share one, so there may be fewer than
    asked for. The rate of a bin of n effective rows stays 1 / (2 (n + 1)) away from 0
    and 1.

    References
    ----------
    Zadrozny & Elkan (2001), Obtaining calibrated probability estimates from decision
    trees and naive Bayesian classifiers, ICML, section 3.3.
    """

    title: ClassVar[str] = "Histogram binning"
    name: ClassVar[str] = "histogram_binning"
    mends: ClassVar[str] = "scores that are off in any way, in steps that can be read"
    costs: ClassVar[str] = (
        "the order within a bin: as many different scores stay as there are bins; by "
        "group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Zadrozny & Elkan (2001), ICML"

    bins: int = setting(10, 2, 100, "Bins of equal weight.")

    def fitted_odds(self, x: Floats, hits: Bools, weights: Floats) -> dict[str, Any]:
        """Return the inner edges and the rate of each bin."""
        scores = probabilities(x)
        edges = _edges(scores, weights, self.bins)
        bins = np.searchsorted(edges, scores, side="right")  # [n]
        rates = [
            _rate(hits[bins == b], weights[bins == b]) for b in range(len(edges) + 1)
        ]
        return {"edges": edges.tolist(), "rates": rates}

    def mapped_odds(self, found: Mapping[str, Any], x: Floats) -> Floats:
        """Return the log odds of the bin's rate."""
        bins = np.searchsorted(found["edges"], probabilities(x), side="right")
        result: Floats = logit(np.asarray(found["rates"]))[bins]
        return result

    @classmethod
    def said_odds(cls, found: Mapping[str, Any]) -> str:
        """Return the number of bins."""
        return f"{len(found['rates'])} bins"


def _edges(scores: Floats, weights: Floats, n_bins: int) -> Floats:
    """Return the scores at which a bin starts, without the first; none is empty."""
    values, place = np.unique(scores, return_inverse=True)
    below = np.cumsum(np.bincount(place, weights)) / weights.sum()  # [values]
    # The first value that has a share of i / b below it starts bin i.
    wanted = np.arange(1, n_bins) / n_bins
    starts = np.searchsorted(below, wanted - 1e-12, side="left") + 1
    starts = np.unique(starts[starts < len(values)])
    edges: Floats = values[starts]
    return edges


def _rate(hits: Bools, weights: Floats) -> float:
    """Return the observed rate of a bin, kept from 0 and 1."""
    least = 1 / (2 * (effective_rows(weights) + 1))
    return float(np.clip(np.average(hits, weights=weights), least, 1 - least))
