"""How far the classes overlap: where one temperature cannot mend the scores."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.errors import NeedsProbabilitiesError
from analysis.estimates import UNDEFINED, Estimate
from analysis.evaluation import Evaluation
from analysis.intervals import wilson

MUCH = 0.2
"""Overlap from which the warning stands: our choice, the paper gives no number."""


@dataclass(frozen=True)
class Overlap:
    """What the scores of two classes share.

    Parameters
    ----------
    classes : (str, str)
        The two that overlap most; of two classes, those.
    value : Estimate
        1 - (true positive rate - false positive rate) at the cut between the two that
        tells them best apart: 0 if the scores never cross, 1 if they tell nothing. n
        counts the people of both classes.
    """

    classes: tuple[str, str]
    value: Estimate

    @property
    def is_much(self) -> bool:
        """Whether the classes surely overlap by `MUCH` or more."""
        return self.value.low >= MUCH


def overlap(fit: Evaluation, report: Evaluation) -> Overlap:
    """Return the overlap of the two classes that the scores tell apart least.

    The cut is chosen on `fit` and its overlap read off `report`, so that it is not
    smaller by choice. Where the likelihood ratio rises with the score this is the area
    that both classes' distributions of scores share.

    Parameters
    ----------
    fit, report : Evaluation
        Of the same scorer on different rows.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.

    References
    ----------
    Chidambaram & Ge (2024), On the Limitations of Temperature Scaling for Distributions
    with Overlaps, ICLR: with overlap, temperature scaling gets worse as classes grow.
    The paper's overlap is one of distributions; this reading of it from scores, 1 less
    Youden's index (Youden 1950, Cancer 3), is ours.
    """
    if not fit.is_probability:
        low, high = float(fit.score.min()), float(fit.score.max())
        raise NeedsProbabilitiesError("overlap", low, high)
    k = len(fit.classes)
    pairs = [(a, b) for a in range(k) for b in range(a + 1, k)]
    found = [
        Overlap((fit.classes[a], fit.classes[b]), _of_pair(fit, report, a, b))
        for a, b in pairs
    ]
    return max(found, key=lambda o: -1 if o.value.is_undefined else o.value.value)


def _of_pair(fit: Evaluation, report: Evaluation, a: int, b: int) -> Estimate:
    cut = _best_cut(fit, a, b)
    first, second = report.y_true == a, report.y_true == b
    above = _odds(report, a, b) >= cut
    n = float((first | second).sum())
    false, true = (_share(above, rows, report.weights) for rows in (first, second))
    if np.isnan(cut) or false is None or true is None:
        return Estimate(UNDEFINED.value, UNDEFINED.low, UNDEFINED.high, n)
    value = min(1 - (true[0] - false[0]), 1.0)  # a cut that misleads is noise
    down = np.hypot(true[2] - true[0], false[0] - false[1])
    up = np.hypot(true[0] - true[1], false[2] - false[0])
    ends = (max(0.0, value - down), min(1.0, value + up))
    return Estimate(float(value), float(ends[0]), float(ends[1]), n)


def _odds(shown: Evaluation, a: int, b: int) -> Floats:
    """Return the share that class b has of both, float[n]; one half where neither."""
    p = shown.scores.values
    both = p[:, a] + p[:, b]
    return np.divide(p[:, b], both, out=np.full(len(p), 0.5), where=both > 0)


def _best_cut(fit: Evaluation, a: int, b: int) -> float:
    """Return the score at which most of b and least of a lie above; NaN without one."""
    rows = np.flatnonzero((fit.y_true == a) | (fit.y_true == b))
    values, at = np.unique(_odds(fit, a, b)[rows], return_inverse=True)
    w, is_b = fit.weights[rows], fit.y_true[rows] == b
    below = [np.bincount(at, w * of, len(values)) for of in (~is_b, is_b)]
    totals = [part.sum() for part in below]
    if min(totals, default=0) <= 0:
        return float("nan")
    # share of each class below every value; a cut at a value has it above
    shares = [
        np.concatenate([[0], np.cumsum(part)[:-1]]) / total
        for part, total in zip(below, totals, strict=True)
    ]
    return float(values[np.argmax(shares[0] - shares[1])])


def _share(
    above: Bools, rows: Bools, weights: Floats
) -> tuple[float, float, float] | None:
    """Return the weighted share of rows above with its interval; None without rows."""
    w = weights[rows]
    if w.sum() <= 0:
        return None
    rate = np.clip([w @ above[rows] / w.sum()], 0, 1)
    low, high = wilson(rate, np.array([w.sum() ** 2 / (w @ w)]))
    return float(rate[0]), float(low[0]), float(high[0])
