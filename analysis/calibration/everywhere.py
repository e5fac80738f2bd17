"""Miscalibration of every group of every crossing of attributes, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.calibration.binned import MEAN, distance
from analysis.calibration.graded import Measured
from analysis.calibration.signed import signed
from analysis.estimates import Estimates, joined
from analysis.evaluation import Evaluation
from analysis.intervals import q_values
from analysis.metrics.bins import USUAL, Binning, Bins, bins, columns
from analysis.privacy.withheld import Published
from analysis.subgroups.listing import Group, Listing, told_apart

FEW = 10
"""Of groups of fewer people nothing is said, and they do not count in the family."""

SURE = 0.05
"""A group is surely off when its q-value is below this."""


@dataclass(frozen=True, eq=False)
class MiscalibrationMap:
    """Every group of a listing with how far its scores are off.

    Parameters
    ----------
    names : tuple of str, length g
        With the attributes where two attributes share a name.
    groups : tuple of Group, length g
    difference : Estimates [g]
        Mean score minus observed rate; above 0 the group is promised too much. NaN for
        empty groups, and for groups withheld for privacy, whose n is NaN too.
    q_value : float[g]
        Benjamini-Hochberg over all groups of `FEW` people or more.
    error : Measured [g]
        Expected calibration error, debiased, with its null range.
    error_q : float[g]
        As `q_value`, of the error: scores may be off though right on average.
    hidden : bool[g]
    """

    names: tuple[str, ...]
    groups: tuple[Group, ...]
    difference: Estimates
    q_value: Floats
    error: Measured
    error_q: Floats
    hidden: Bools

    def __post_init__(self) -> None:
        object.__setattr__(self, "q_value", frozen(self.q_value, np.float64))
        object.__setattr__(self, "error_q", frozen(self.error_q, np.float64))
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))

    @property
    def is_few(self) -> Bools:
        """Groups of some people, but too few to say anything of, bool[g]."""
        n = np.nan_to_num(self.difference.n)
        return (n > 0) & (n < FEW)

    @property
    def is_sure(self) -> Bools:
        """Groups whose scores are surely off on average, all groups considered."""
        found, away = self.difference, np.zeros(len(self.names), dtype=bool)
        with np.errstate(invalid="ignore"):
            away = (found.low > 0) | (found.high < 0)
            return away & (self.q_value < SURE)

    @property
    def is_off_somewhere(self) -> Bools:
        """Groups whose scores are surely off at some scores, bool[g]."""
        with np.errstate(invalid="ignore"):
            return self.error_q < SURE

    @property
    def worst_first(self) -> Ints:
        """Groups of enough people, those surely off on average first, then somewhere.

        Among these by how far they are off on average at least.
        """
        n = np.nan_to_num(self.difference.n)
        held = np.flatnonzero(n >= FEW)
        found = self.difference.taken(held)
        nearer = np.maximum(found.low, -found.high)
        somewhere, sure = self.is_off_somewhere[held], self.is_sure[held]
        order = np.lexsort((-n[held], -nearer, ~somewhere, ~sure))
        return held[order]


def miscalibration_map(
    evaluation: Evaluation,
    listed: Listing,
    binning: Binning = USUAL,
    hidden: Published | None = None,
) -> MiscalibrationMap:
    """Measure every group of a listing, in one pass over the rows for each crossing.

    Parameters
    ----------
    evaluation : Evaluation
    listed : Listing
        See `listing`: all crossings of some attributes up to a depth.
    binning : Binning
        Of the calibration error.
    hidden : Published or None
        What must not be shown of the crossings that readers see together.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    rows = columns(evaluation)
    groupings = [evaluation.grouping(crossed) for crossed in listed.crossed]
    parts = [bins(*rows, grouping, binning) for grouping in groupings]
    is_hidden = np.zeros(sum(len(g.names) for g in groupings), dtype=bool)
    if hidden is not None:
        is_hidden = hidden.listed(listed)
    groups = listed.groups(evaluation)
    found = [_difference(part) for part in parts]
    n = np.concatenate([part.count.sum(1) for part in parts])
    is_silent = is_hidden | (n < FEW)
    p_value = np.concatenate([p for _, p in found])
    error = _stacked([distance([part], MEAN) for part in parts])
    difference = joined([estimates for estimates, _ in found])
    kept = [np.where(is_hidden, np.nan, getattr(difference, f)) for f in _ESTIMATE]
    return MiscalibrationMap(
        names=told_apart([name for g in groupings for name in g.names], groups),
        groups=groups,
        difference=Estimates(*kept),
        q_value=q_values(np.where(is_silent, np.nan, p_value)),
        error=error.without(is_hidden),
        error_q=q_values(np.where(is_silent, np.nan, error.p_value)),
        hidden=is_hidden,
    )


_ESTIMATE = ("value", "low", "high", "n")


def _difference(part: Bins) -> tuple[Estimates, Floats]:
    """Return mean score minus rate of each group, and its p-value."""
    found = signed(part.pooled())
    columns = (getattr(found, field)[:, 0] for field in _ESTIMATE)
    return Estimates(*columns), found.p_value[:, 0]


def _stacked(parts: Sequence[Measured]) -> Measured:
    fields = Measured.__dataclass_fields__
    return Measured(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))
