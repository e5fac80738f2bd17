"""What a fix gives at each strength against what it costs."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.estimates import UNDEFINED, Estimate
from analysis.frontier import undominated
from analysis.marks import DEFERRED
from analysis.paths.measuring import ALONE
from analysis.paths.record import Measured, Path

Against = Literal["gap", "deferred", "strength"]
"""What accuracy is held against: a rate's largest gap, the share of people handed to a
person, or, where there are no groups to tell apart, the strength itself."""


@dataclass(frozen=True)
class Tradeoff:
    """Every strength of a path as a pair of numbers.

    Parameters
    ----------
    against : Against
    strengths : tuple of float, length p
    cost, accuracy : tuple of Estimate, length p
        Less of the first and more of the second is better. Accuracy is over everyone,
        or over those whom the model decides alone where people are handed over.
    is_best : tuple of bool, length p
        Whether no other strength is at least as good in both and better in one; all
        are, against the strength itself.
    before : (Estimate, Estimate)
        The model before; its first number is undefined against the strength itself.
    """

    against: Against
    strengths: tuple[float, ...]
    cost: tuple[Estimate, ...]
    accuracy: tuple[Estimate, ...]
    is_best: tuple[bool, ...]
    before: tuple[Estimate, Estimate]


def tradeoff(path: Path, metric: str, *, fitted: bool) -> Tradeoff:
    """Hold every strength's accuracy against its gap, or against whom it hands over.

    Parameters
    ----------
    path : Path
    metric : str
        The rate whose gap counts.
    fitted : bool
        Of the rows it was fitted on, or of those it was not.
    """
    against = _against(path)
    sides = [point.on(fitted=fitted).measured for point in path.points]
    strengths = tuple(point.strength for point in path.points)
    before = path.before(fitted=fitted)
    if against == "strength":
        cost = tuple(Estimate(s, np.nan, np.nan, np.nan) for s in strengths)
        first = UNDEFINED
    else:
        cost = tuple(_cost(side, metric, against) for side in sides)
        first = _cost(before, metric, against)
    accuracy = tuple(_accuracy(side) for side in sides)
    best = undominated(
        np.array([c.value for c in cost]), -np.array([a.value for a in accuracy])
    )
    is_best = [against == "strength"] * len(sides) if against == "strength" else best
    return Tradeoff(
        against=against,
        strengths=strengths,
        cost=cost,
        accuracy=accuracy,
        is_best=tuple(bool(b) for b in is_best),
        before=(first, _accuracy(before)),
    )


def _against(path: Path) -> Against:
    hands_over = any(ALONE in point.fitted.measured.columns for point in path.points)
    if hands_over:
        return "deferred"
    return "gap" if path.attributes else "strength"


def _cost(side: Measured, metric: str, against: Against) -> Estimate:
    if against == "gap":
        return side.gaps.get(metric, UNDEFINED)
    found = side.columns.get(DEFERRED)
    rows = side.columns["accuracy"].n[0]
    return Estimate(0.0, 0.0, 0.0, rows) if found is None else found.at(0)


def _accuracy(side: Measured) -> Estimate:
    return side.columns.get(ALONE, side.columns["accuracy"]).at(0)
