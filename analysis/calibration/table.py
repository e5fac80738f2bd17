"""All measures of calibration by group in one call, and who is furthest off."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.calibration.graded import Graded, Measured
from analysis.calibration.measures import MEASURES, CalibrationMeasure, measures_for
from analysis.evaluation import Evaluation
from analysis.frame import everyone
from analysis.intervals import q_values
from analysis.metrics.bins import USUAL, Binning, columns
from analysis.privacy.withheld import hidden_groups
from analysis.subgroups.listing import Crossings, Listing

SURE = 0.05
"""A group is surely off when its q-value over the groups is below this."""


@dataclass(frozen=True, eq=False)
class Worst:
    """The group that a measure finds furthest off.

    Parameters
    ----------
    group : int
        Its position; -1 where no group has a value.
    is_sure : bool
        Whether it is off beyond chance, its q-value over all groups below `SURE`.
    """

    group: int
    is_sure: bool


@dataclass(frozen=True, eq=False)
class CalibrationTable:
    """Measures of calibration by group.

    Parameters
    ----------
    names : tuple of str, length g
    hidden : bool[g]
        Groups withheld for privacy; all their numbers are NaN.
    by_group : mapping of str to Measured [g]
    q_value : mapping of str to float[g]
        Benjamini-Hochberg over the groups, by measure.
    overall : mapping of str to Measured [1]
    worst : mapping of str to Worst
        By what stays of an error without its noise, by the distance of a signed
        measure's nearer end from its true value, by the p-value of a test, by the
        value of a score. A group that is surely off comes before one that is not.
    """

    names: tuple[str, ...]
    hidden: Bools
    by_group: Mapping[str, Measured]
    q_value: Mapping[str, Floats]
    overall: Mapping[str, Measured]
    worst: Mapping[str, Worst]

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))
        for name in ("by_group", "q_value", "overall", "worst"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def calibration_table(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    binning: Binning = USUAL,
    k: int = 0,
    beside: Crossings = (),
) -> CalibrationTable:
    """Return every measure of calibration for every group, and for everyone.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Crossed in full; none for everyone.
    binning : Binning
        For the measures that bin; those that ask for a kind of bin keep theirs.
    k : int
        Groups of fewer people are withheld, see `hidden_groups`.
    beside : tuple of tuple of str
        Crossings of attributes that readers see together with these groups.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    columns(evaluation)  # refuses raw scores
    graded = Graded(evaluation, evaluation.grouping(attributes), binning)
    whole = Graded(evaluation, everyone(len(evaluation)), binning)
    names = measures_for(evaluation, k)
    hidden = hidden_groups(evaluation, Listing((attributes, *beside)), k)
    hidden = hidden[: len(graded.grouping.names)]
    by_group = {m: MEASURES[m].function(graded).without(hidden) for m in names}
    q_value = {m: q_values(by_group[m].p_value) for m in names}
    return CalibrationTable(
        names=graded.grouping.names,
        hidden=hidden,
        by_group=by_group,
        q_value=q_value,
        overall={m: MEASURES[m].function(whole) for m in names},
        worst={m: _worst(MEASURES[m], by_group[m], q_value[m]) for m in names},
    )


def _worst(spec: CalibrationMeasure, found: Measured, q: Floats) -> Worst:
    """Return the group furthest off; those surely off first."""
    off = _how_far(spec, found)
    if np.isnan(off).all():
        return Worst(-1, is_sure=False)
    with np.errstate(invalid="ignore"):
        # what has no true value tests something else than calibration
        sure = (q < SURE) & ~np.isnan(spec.true)
    among = np.where(sure, off, np.nan) if sure.any() else off
    if np.isnan(among).all():
        among = off
    return Worst(int(np.nanargmax(among)), is_sure=bool(sure.any()))


def _how_far(spec: CalibrationMeasure, found: Measured) -> Floats:
    """Return how far each group is from what is best, float[g]; NaN for no value."""
    if spec.kind == "signed":
        nearer = np.maximum(found.low - spec.true, spec.true - found.high)
        unknown = np.isnan(nearer) & ~np.isnan(found.value)
        return np.where(unknown, -np.inf, nearer)
    if spec.kind == "test":
        return np.abs(found.value)
    is_debiased = not np.isnan(found.debiased).all()
    value = found.debiased if is_debiased else found.value
    return -value if spec.best == "high" else value
