"""Scores counted in bins by group: what every binned calibration error is made from."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Floats, Ints, frozen
from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping

N_BINS = 10

FEW_EDGES = 40
"""Up to so many edges, comparing all scores with each is faster than searching."""

BLOCK = 2**16
"""Rows counted at a time: what is made of them on the way stays in the cache."""

ROUNDED = 1e-9
"""Share of a bin by which sums of weights may miss where a bin ends."""


SUMS = ("count", "weight", "w2", "score", "label", "noise", "squares")
"""The sums of `Bins`, in its order."""


@dataclass(frozen=True)
class Binning:
    """How scores are dealt into bins.

    Parameters
    ----------
    number : int
        Number of bins, b.
    kind : 'width' or 'mass'
        Bins of equal width over [0, 1], the same for every group; or bins of equal
        weight, each group by its own scores. Of equal mass, equal scores stay in one
        bin, the one in which the first of them falls: a bin may then hold more than
        its share, and the next ones less or nothing.
    closed : 'left' or 'right'
        Which end belongs to a bin of equal width. On the left a score on an edge goes
        to the bin above it, as in netcal; on the right to the bin below it, as in
        scikit-learn's `calibration_curve`. Bins of equal mass are the same either way.
    """

    number: int = N_BINS
    kind: Literal["width", "mass"] = "width"
    closed: Literal["left", "right"] = "left"

    def __post_init__(self) -> None:
        if self.number < 1:
            raise SettingError(f"{self.number} bins hold nothing; give 1 or more.")


USUAL = Binning()
"""Ten bins of equal width, closed on the left."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Scores counted in bins by group; bins of two parts of a table add up.

    Parameters
    ----------
    edges : float[g, b + 1]
        Of equal mass, an inner edge is the lowest score of the bins above it.
    count, weight, w2 : float[g, b]
        Rows, their weight, and its squares.
    score, label : float[g, b]
        Weighted sums of the score and of the positive label.
    noise : float[g, b]
        Variance of the weighted sum of labels if every score were true: the sum of
        w^2 s (1 - s).
    squares : float[g, b]
        The same as observed: the sum of w^2 (y - s)^2.
    """

    edges: Floats
    count: Floats
    weight: Floats
    w2: Floats
    score: Floats
    label: Floats
    noise: Floats
    squares: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def rest(self) -> "Bins":
        """Return everyone outside each group, in its place; for bins of equal width."""
        sums = (getattr(self, name) for name in SUMS)
        return Bins(self.edges, *(table.sum(0) - table for table in sums))

    def pooled(self) -> "Bins":
        """Return each group in a single bin, [g, 1]."""
        sums = (getattr(self, name).sum(1, keepdims=True) for name in SUMS)
        return Bins(self.edges[:, [0, -1]], *sums)


def bins_of(
    evaluation: Evaluation, grouping: Grouping, binning: Binning = USUAL
) -> Bins:
    """Count the scores of the class in view in bins, by group.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    return bins(*columns(evaluation), grouping, binning)


def bins(
    y_true: Floats,
    scores: Floats,
    w: Floats,
    grouping: Grouping,
    binning: Binning = USUAL,
) -> Bins:
    """Count scores in bins by group, in one pass over the rows.

    Parameters
    ----------
    y_true, scores, w : float[n]
        Label 0 or 1, probability in [0, 1], weight of each row.
    grouping : Grouping
    binning : Binning
    """
    g, b = len(grouping.names), binning.number
    w = np.asarray(w, dtype=np.float64)
    if binning.kind == "mass":
        cells, edges = _equal_mass(scores, w, grouping, b)
    else:
        cells, edges = None, _equal_width(g, b)
    sums = np.zeros((len(SUMS), g * b))
    for start in range(0, len(scores), BLOCK):
        rows = slice(start, start + BLOCK)
        if cells is None:
            at = _width_cells(scores[rows], grouping.codes[rows], edges[0], binning)
        else:
            at = cells[rows]
        _add(sums, at, (y_true[rows], scores[rows], w[rows]))
    return Bins(edges, *sums.reshape(len(SUMS), g, b))


def _add(sums: Floats, at: Ints, rows: tuple[Floats, Floats, Floats]) -> None:
    """Add rows, given as label, score and weight, to the sums of their cells."""
    y_true, scores, w = rows
    noise, squares = scores * (1 - scores), (y_true - scores) ** 2
    is_plain = bool((w == 1).all())
    if is_plain:
        columns: tuple[Floats, ...] = (scores, y_true, noise, squares)
    else:
        w2 = w * w
        columns = (w, w2, w * scores, w * y_true, w2 * noise, w2 * squares)
    cells = sums.shape[1]
    count = np.bincount(at, minlength=cells)
    sums[: 3 if is_plain else 1] += count
    for place, column in enumerate(columns, 3 if is_plain else 1):
        sums[place] += np.bincount(at, column, cells)


def cells_of(
    scores: Floats, w: Floats, grouping: Grouping, binning: Binning
) -> tuple[Ints, Floats]:
    """Return each row's group and bin as one number, int[n]; and the edges, [g, b + 1].

    The number is the group's code times b plus the bin.
    """
    b, g = binning.number, len(grouping.names)
    if binning.kind == "mass":
        return _equal_mass(scores, w, grouping, b)
    edges = _equal_width(g, b)
    return _width_cells(scores, grouping.codes, edges[0], binning), edges


def _equal_width(g: int, b: int) -> Floats:
    return np.broadcast_to(np.linspace(0, 1, b + 1), (g, b + 1))


def _width_cells(scores: Floats, codes: Ints, edges: Floats, binning: Binning) -> Ints:
    position = _between(edges[1:-1], scores, binning.closed)
    return codes * binning.number + position


def columns(evaluation: Evaluation) -> tuple[Floats, Floats, Floats]:
    """Return label, score and weight of the class in view, float[n] each.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    score = evaluation.score
    if not evaluation.is_probability:
        low, high = float(score.min()), float(score.max())
        raise NeedsProbabilitiesError("expected_calibration_error", low, high)
    return evaluation.is_positive.astype(np.float64), score, evaluation.weights


def _between(edges: Floats, scores: Floats, closed: str) -> Ints:
    """Return the position of each score among inner edges, int[n]."""
    if len(edges) > FEW_EDGES:
        side: Literal["left", "right"] = "right" if closed == "left" else "left"
        return np.searchsorted(edges, scores, side=side)
    position = np.zeros(len(scores), np.int8)
    for edge in edges:
        position += scores >= edge if closed == "left" else scores > edge
    return position.astype(np.int64)


def _equal_mass(
    scores: Floats, w: Floats, grouping: Grouping, b: int
) -> tuple[Ints, Floats]:
    """Return each row's cell, int[n], and the edges of each group's bins, [g, b + 1].

    A score falls in bin floor(b c), c the share of the group's weight below it.
    """
    order = np.lexsort((scores, grouping.codes))
    codes, s, g = grouping.codes[order], scores[order], len(grouping.names)
    start = np.searchsorted(codes, np.arange(g + 1))
    before = np.concatenate([[0.0], np.cumsum(w[order])])  # [n + 1]
    first = np.ones(len(s), dtype=bool)
    first[1:] = (s[1:] != s[:-1]) | (codes[1:] != codes[:-1])
    run = np.maximum.accumulate(np.where(first, np.arange(len(s)), 0))
    total = before[start[1:]] - before[start[:-1]]  # [g]
    below = before[run] - before[start[codes]]
    share = np.divide(below * b, total[codes], out=np.zeros(len(s)), where=below > 0)
    position = np.minimum((share + ROUNDED).astype(np.int64), b - 1)
    cells = np.empty(len(s), np.int64)
    cells[order] = codes * b + position
    edges = np.ones((g, b + 1))
    edges[:, 0] = 0
    # the lowest score of each bin; of an empty one, that of the next one filled
    np.minimum.at(edges[:, :-1], (codes, position), np.where(position > 0, s, 0))
    edges = np.minimum.accumulate(edges[:, ::-1], axis=1)[:, ::-1]
    return cells, edges
