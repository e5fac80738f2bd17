"""How a group fares beside the groups it resembles."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.estimates import Estimate, Estimates, Quantile, Z
from analysis.evaluation import Evaluation
from analysis.intervals import q_values
from analysis.lookalikes.similar import Similar, place_among
from analysis.metrics.bands import Band, band
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast

SURE = 0.05
"""A difference counts as sure when its q-value is below this."""


@dataclass(frozen=True, eq=False)
class Fares:
    """A metric of a group and of its neighbours, in their order.

    Parameters
    ----------
    metric : str
    own : Estimate
    others : Estimates [m]
    difference : Estimates [m]
        Neighbour minus the group.
    q_value : float[m]
        Benjamini-Hochberg over the neighbours.
    """

    metric: str
    own: Estimate
    others: Estimates
    difference: Estimates
    q_value: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "q_value", frozen(self.q_value, np.float64))

    @property
    def is_sure(self) -> Bools:
        """Whether each difference is larger than chance, bool[m]."""
        with np.errstate(invalid="ignore"):
            sure: Bools = self.q_value < SURE
        return sure


def fares(evaluation: Evaluation, similar: Similar, metric: str) -> Fares:
    """Compare a group's metric with that of each of its neighbours.

    Neighbours were chosen by their features only, so the comparison is the first look
    at the outcome.

    Parameters
    ----------
    evaluation : Evaluation
        Of the rows that the neighbours were found among, or of some of them.
    similar : Similar
    metric : str

    Raises
    ------
    SettingError, NeedsProbabilitiesError
        The metric is unknown, or the scores cannot give it.
    """
    attributes = tuple(similar.group)
    at = band(metric_named(metric), evaluation, attributes)
    parts = [evaluation.groups[name].names for name in attributes]
    chosen = place_among(similar.group, parts)
    places = [place_among(n.group, parts) for n in similar.neighbours]
    others = _placed(at, np.asarray(places, dtype=np.int64))
    own = _placed(at, np.full(len(places), chosen))
    compared = contrast(others, own, is_quick=False)
    return Fares(
        metric=metric,
        own=at(Z).finite().at(chosen),
        others=others(Z).finite(),
        difference=compared.difference,
        q_value=q_values(compared.p_value),
    )


def _placed(at: Band, places: np.ndarray) -> Band:
    """Return a band over some of its groups, in a given order."""

    def placed(z: Quantile) -> Estimates:
        known = at(z)
        arrays = (known.value, known.low, known.high, known.n)
        return Estimates(*(a[places] for a in arrays))

    return placed
