"""The registry of calibration measures, and all of them by group in one call.

To add one, write a function of `Graded` that returns a `Measured`, and a line in
`MEASURES`: pages and the tests of the registry pick it up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.calibration.binned import (
    classwise_error,
    equal_mass_error,
    equal_width_error,
    largest_error,
    squared_error,
    top_label_error,
)
from analysis.calibration.brier import (
    brier,
    negative_log_likelihood,
    reliability_part,
    resolution_part,
    uncertainty_part,
    within_bins_part,
)
from analysis.calibration.graded import Graded, Measured, measured
from analysis.calibration.kolmogorov import kolmogorov_smirnov
from analysis.calibration.recalibration import intercept, slope
from analysis.calibration.signed import signed
from analysis.calibration.smooth_error import smooth_error
from analysis.calibration.spiegelhalter import spiegelhalter
from analysis.evaluation import Evaluation
from analysis.frame import everyone
from analysis.intervals import q_values
from analysis.metrics.bins import USUAL, Binning, columns
from analysis.privacy.withheld import hidden_groups
from analysis.subgroups.listing import Crossings, Listing

Kind = Literal["error", "signed", "test", "score", "part"]

SURE = 0.05
"""A group is surely off when its q-value over the groups is below this."""


@dataclass(frozen=True)
class CalibrationMeasure:
    """One way to say how far scores are from what comes true.

    Parameters
    ----------
    name : str
    title : str
        In plain words, the term in brackets.
    kind : 'error', 'signed', 'test', 'score' or 'part'
        An error is never negative and stands beside its null range; a signed measure
        has an interval around a true value; a test a p-value; a score, and a part of
        it, says more than calibration alone.
    unit : 'points' or 'number'
        Points of percentage, or the measure's own scale.
    words : str
        What it says, and what it hides.
    function : callable
    true : float
        Value of perfectly calibrated scores; NaN where there is none.
    best : 'low' or 'high'
        Where the best group lies, of measures that are no signed ones.
    many_classes : bool
        Whether it is for more than two classes only.
    shows_one : bool
        Whether a single person can decide it; not made while small groups are hidden.
    """

    name: str
    title: str
    kind: Kind
    unit: Literal["points", "number"]
    words: str
    function: Callable[[Graded], Measured]
    true: float = 0.0
    best: Literal["low", "high"] = "low"
    many_classes: bool = False
    shows_one: bool = False


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


def mean_difference(graded: Graded) -> Measured:
    """Return mean score minus observed rate, with its interval; see `signed`."""
    found = signed(graded.view.pooled())
    return measured(
        found.value[:, 0],
        graded.n,
        low=found.low[:, 0],
        high=found.high[:, 0],
        p_value=found.p_value[:, 0],
    )


_ALL = (
    CalibrationMeasure(
        "mean_difference",
        "Mean score minus rate",
        "signed",
        "points",
        "Whether the group is promised too much (above 0) or too little on average. "
        "Too much here and too little there cancel out.",
        mean_difference,
    ),
    CalibrationMeasure(
        "equal_width_error",
        "Mean distance, equal width (ECE)",
        "error",
        "points",
        "How far score and rate lie apart, on average over people, in bins of equal "
        "width. Depends on the number of bins; noise makes it larger than 0.",
        equal_width_error,
    ),
    CalibrationMeasure(
        "equal_mass_error",
        "Mean distance, equal mass (ECE)",
        "error",
        "points",
        "The same in bins of as many people each (adaptive): crowded scores are seen "
        "finer, rare ones coarser.",
        equal_mass_error,
    ),
    CalibrationMeasure(
        "squared_error",
        "Root mean square distance (L2)",
        "error",
        "points",
        "Large distances count more. Its debiased value is the one whose noise can be "
        "taken off exactly.",
        squared_error,
    ),
    CalibrationMeasure(
        "largest_error",
        "Largest distance of any bin (MCE)",
        "error",
        "points",
        "The worst bin, however few people are in it: noisy in small groups.",
        largest_error,
        shows_one=True,
    ),
    CalibrationMeasure(
        "classwise_error",
        "Mean distance over classes (classwise)",
        "error",
        "points",
        "The mean over classes of each one's distance against the rest.",
        classwise_error,
        many_classes=True,
    ),
    CalibrationMeasure(
        "top_label_error",
        "Distance of the top class (top-label)",
        "error",
        "points",
        "Whether the class with the highest score comes true as often as that score "
        "says; the other classes are not looked at.",
        top_label_error,
        many_classes=True,
    ),
    CalibrationMeasure(
        "kolmogorov_smirnov",
        "Largest cumulated distance (KS)",
        "error",
        "points",
        "The largest excess of promised over true, or the reverse, below any score "
        "(Kolmogorov-Smirnov). "
        "No bins to choose.",
        kolmogorov_smirnov,
    ),
    CalibrationMeasure(
        "smooth_error",
        "Smooth distance (smECE)",
        "error",
        "points",
        "The mean distance after smoothing over as many points as the error is large. "
        "No bins to choose, and it does not jump when scores move a little.",
        smooth_error,
    ),
    CalibrationMeasure(
        "intercept",
        "Calibration intercept, log odds",
        "signed",
        "number",
        "What to add to every score's log odds to mend the mean: above 0 the score "
        "promises too little.",
        intercept,
    ),
    CalibrationMeasure(
        "slope",
        "Calibration slope",
        "signed",
        "number",
        "Below 1 the scores are too extreme, above 1 too cautious.",
        slope,
        true=1.0,
    ),
    CalibrationMeasure(
        "spiegelhalter",
        "Spiegelhalter's z",
        "test",
        "number",
        "Whether all scores can be true together: beyond 1.96 they are too sure of "
        "themselves, below -1.96 too cautious. Grows with the number of people.",
        spiegelhalter,
    ),
    CalibrationMeasure(
        "brier",
        "Squared error of the score (Brier)",
        "score",
        "number",
        "Calibration and ranking together. A rate near one half is harder to predict, "
        "so groups of different rates do not compare.",
        brier,
        true=np.nan,
    ),
    CalibrationMeasure(
        "reliability_part",
        "Brier: reliability",
        "part",
        "number",
        "What wrong scores add to the squared error; 0 is best.",
        reliability_part,
    ),
    CalibrationMeasure(
        "resolution_part",
        "Brier: resolution",
        "part",
        "number",
        "What telling people apart takes off the squared error. High is good; the "
        "range by chance is that of scores that tell nobody apart.",
        resolution_part,
        true=np.nan,
        best="high",
    ),
    CalibrationMeasure(
        "uncertainty_part",
        "Brier: uncertainty",
        "part",
        "number",
        "The squared error of giving everyone the group's rate.",
        uncertainty_part,
        true=np.nan,
    ),
    CalibrationMeasure(
        "within_bins_part",
        "Brier: within bins",
        "part",
        "number",
        "What differs inside bins. Reliability - resolution + uncertainty + this is "
        "the squared error.",
        within_bins_part,
        true=np.nan,
    ),
    CalibrationMeasure(
        "negative_log_likelihood",
        "Surprise (NLL), nats",
        "score",
        "number",
        "Minus the log of the score of what came true, over all classes: sure and "
        "wrong scores cost most.",
        negative_log_likelihood,
        true=np.nan,
    ),
)

MEASURES: dict[str, CalibrationMeasure] = {m.name: m for m in _ALL}


def measures_for(evaluation: Evaluation, k: int = 0) -> tuple[str, ...]:
    """Return the names of the measures that an evaluation can have.

    Parameters
    ----------
    evaluation : Evaluation
    k : int
        While groups of fewer people are hidden, no measure shows a single person.
    """
    is_many = len(evaluation.classes) > 2
    return tuple(
        m.name
        for m in _ALL
        if (is_many or not m.many_classes) and not (k > 1 and m.shows_one)
    )


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
