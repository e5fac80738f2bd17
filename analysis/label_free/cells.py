"""Target rows dealt into cells by decision and score, and sums over each cell."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.evaluation import Evaluation

ROWS_A_BIN = 25
"""Effective reference rows that a bin of scores needs, about."""

MOST_BINS = 60

TENTHS = 10
"""Equal-width bins of the expected calibration error."""

UNIT = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Cells:
    """Where a row belongs: its decision, and a bin of its score.

    Rates of decisions are sums over cells of either decision, so a calibrator that is
    constant within cells, and free to jump at the threshold, does not smooth a rate
    across it.

    Parameters
    ----------
    edges : float[b - 1]
        Inner edges of the bins, rising; a score on an edge belongs above it.
    """

    edges: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", frozen(self.edges, np.float64))

    @property
    def bins(self) -> int:
        """Bins of the score; there are twice as many cells."""
        return len(self.edges) + 1

    def of(self, scores: Floats, decisions: Bools) -> Ints:
        """Return each row's cell, int[n], those decided positive last."""
        at = np.searchsorted(self.edges, scores, side="right")
        return np.asarray(at + self.bins * decisions, dtype=np.int64)


def cells_for(scores: Floats, positive: Bools, weights: Floats) -> Cells:
    """Choose bins from weighted reference rows, both labels counting alike.

    Where one label is rare, most rows have scores at which hardly anything is
    decided; counting labels alike puts half of the bins where the rarer one is.

    Parameters
    ----------
    scores : float[n]
    positive : bool[n]
    weights : float[n]
        Importance weights times the rows' own.
    """
    rows = effective(weights)
    b = int(np.clip(rows / ROWS_A_BIN, 1, MOST_BINS))
    hits, rest = weights * positive, weights * ~positive
    balanced = np.zeros(len(scores))
    for part in (hits, rest):
        balanced += part / part.sum() if part.sum() > 0 else 0.0
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum(balanced[order])
    mass /= mass[-1] if mass[-1] > 0 else 1.0
    at = np.searchsorted(mass, np.arange(1, b) / b)
    edges = np.unique(scores[order[np.minimum(at, len(order) - 1)]])
    return Cells(edges[edges > scores.min()])


def effective(weights: Floats) -> float:
    """Return (sum w)^2 / sum w^2; 0 without weight."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over the target rows of each cell, float[c].

    Parameters
    ----------
    weight, squares : float[c]
        Of the rows' weights, and of their squares.
    score, score2 : float[c]
        Of weight times the score, and times its square.
    surprise, relief : float[c]
        Of weight times -log score and -log(1 - score); 0 for raw scores.
    tenths : float[c, 10]
        Weight by equal-width bin of the score; empty for raw scores.
    tenth_scores : float[10]
        Weight times the score by such a bin.
    n : int
    """

    weight: Floats
    squares: Floats
    score: Floats
    score2: Floats
    surprise: Floats
    relief: Floats
    tenths: Floats
    tenth_scores: Floats
    n: int


def sums_of(cells: Cells, target: Evaluation) -> Sums:
    """Return the sums of target rows over cells; labels are not read."""
    at = cells.of(target.score, target.decisions)
    w, s, size = target.weights, target.score, 2 * cells.bins

    def summed(values: Floats) -> Floats:
        found: Floats = np.bincount(at, values, size).astype(np.float64)
        return found

    logs = (np.zeros(size), np.zeros(size))
    tenths, tenth_scores = np.zeros((size, 0)), np.zeros(0)
    if target.is_probability:
        kept = np.clip(s, UNIT, 1 - UNIT)
        logs = summed(-w * np.log(kept)), summed(-w * np.log1p(-kept))
        inner = np.linspace(0, 1, TENTHS + 1)[1:-1]
        tenth = np.searchsorted(inner, s, side="right")
        flat = np.bincount(at * TENTHS + tenth, w, size * TENTHS)
        tenths = flat.astype(np.float64).reshape(size, TENTHS)
        tenth_scores = np.bincount(tenth, w * s, TENTHS).astype(np.float64)
    return Sums(
        summed(w),
        summed(w * w),
        summed(w * s),
        summed(w * s * s),
        *logs,
        tenths,
        tenth_scores,
        len(target),
    )
