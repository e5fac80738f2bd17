"""What an estimate without labels rests on, and whether the rows speak for it."""

import numpy as np

from analysis.calibration.reliability import reliability_by_group
from analysis.evaluation import Evaluation
from analysis.label_free.drift import POINTS
from analysis.label_free.records import Drift, Light
from analysis.label_free.weighing import OUTSIDE, Weighing

LEAST_ROWS = 30.0
"""Fewer effective reference rows than this give no estimate."""

MOST_OUTSIDE = 0.5
"""With a larger share of the target outside the reference nothing is estimated."""

FEW = 0.1
"""Below this share of effective rows the overlap is doubtful."""

SOME_OUTSIDE = 0.01
HEAVY = 0.5


def calibrated_light(reference: Evaluation) -> Light:
    """Say whether the scores came true at the reference."""
    name = "Scores come true at the source"
    if not reference.is_probability:
        words = (
            "The score is raw and promises nothing; rates are read from the source "
            "at each score instead."
        )
        return Light(name, "unknown", float("nan"), words)
    error = reliability_by_group(reference, ())[0].error
    size, chance = error.value.value, error.null_high
    said = f"Scores are off by {_points(size)} on average over ten bins"
    if error.p_value >= 0.05:
        words = f"{said}, which chance alone would show (up to {_points(chance)})."
        return Light(name, "good", size, words)
    words = (
        f"{said}; chance alone would show up to {_points(chance)}. The estimate does "
        "not take them at their word: it reads rates from the weighted source."
    )
    return Light(name, "doubt", size, words)


def overlap_light(weighing: Weighing, n: int, few: tuple[str, ...] = ()) -> Light:
    """Say whether the reference holds enough rows like the target's.

    Parameters
    ----------
    weighing : Weighing
    n : int
        Reference rows.
    few : tuple of str
        Sentences on decisions and labels that too few of them have.
    """
    name, rows = "The source holds rows like the target's", weighing.rows
    why = refusal(weighing)
    if why:  # of outside rows, counts would contradict it: no weight makes up for them
        return Light(name, "bad", rows, why)
    said = (
        f"{n:,} source rows count as {rows:,.0f} once they are weighted to the "
        f"target; the heaviest hundredth carries {_share(weighing.largest)} of the "
        f"weight. {_share(weighing.outside)} of the target is outside: over "
        f"{OUTSIDE:.0f} times as common there."
    )
    if few:
        words = f"{said} {' '.join(few)} What leans on them is not estimated."
        return Light(name, "doubt", rows, words)
    is_thin = rows < FEW * n or weighing.largest > HEAVY
    if is_thin or weighing.outside > SOME_OUTSIDE:
        words = f"{said} What is said of those rows is borrowed from few others."
        return Light(name, "doubt", rows, words)
    return Light(name, "good", rows, said)


def refusal(weighing: Weighing) -> str:
    """Say why nothing can be estimated; empty where something can."""
    if weighing.rows < LEAST_ROWS:
        return (
            f"Only {weighing.rows:,.0f} source rows, as they count once weighted, "
            f"are like the target's; {LEAST_ROWS:.0f} are needed. Choose a source "
            "that is more like the target, or label some of its rows."
        )
    if weighing.outside > MOST_OUTSIDE:
        return (
            f"{_share(weighing.outside)} of the target's rows are unlike anything at "
            "the source, so nobody can say how the model does there. Label some of "
            "them."
        )
    return ""


def drift_light(found: Drift, title: str) -> Light:
    """Say how much the labels themselves would have to change."""
    name = "The same people have the same outcome as at the source"
    limit = "2 points" if found.limit == POINTS else f"{found.limit:.3g}"
    cannot = "No row without a label can show whether P(Y|X) has drifted."
    if np.isnan(found.enough):
        words = (
            f"{cannot} {title} would not change by {limit} even if the odds of the "
            "label were seven times as high or as low for everyone."
        )
        return Light(name, "unknown", float("nan"), words)
    times = float(np.exp(found.enough))
    words = (
        f"{cannot} {title} would change by {limit} if the odds of the label were "
        f"{times:.2f} times what they are estimated to be, for everyone, which changes "
        f"{_share(found.enough_flipped)} of all labels."
    )
    return Light(name, "unknown", found.enough, words)


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _share(share: float) -> str:
    return f"{100 * share:.1f} %" if np.isfinite(share) else "an unknown share"
