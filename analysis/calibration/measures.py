"""The registry of calibration measures, and all of them by group in one call.

To add one, write a function of `Graded` that returns a `Measured`, and a line in
`MEASURES`: pages and the tests of the registry pick it up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

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

Kind = Literal["error", "signed", "test", "score", "part"]


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
