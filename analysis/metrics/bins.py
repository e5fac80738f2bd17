"""Scores counted in bins by group: what every calibration error is made from."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.errors import NeedsProbabilitiesError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping

N_BINS = 10


@dataclass(frozen=True, eq=False)
class Bins:
    """Scores counted in bins by group; bins of two parts of a table add up.

    Parameters
    ----------
    edges : float[b + 1]
    count, weight, w2 : float[g, b]
        Rows, their weight, and its squares.
    score, label : float[g, b]
        Weighted sums of the score and of the positive label.
    """

    edges: Floats
    count: Floats
    weight: Floats
    w2: Floats
    score: Floats
    label: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def rest(self) -> "Bins":
        """Return everyone outside each group, in its place."""
        names = ("count", "weight", "w2", "score", "label")
        tables = (getattr(self, name) for name in names)
        return Bins(self.edges, *(table.sum(0) - table for table in tables))


def bins_of(evaluation: Evaluation, grouping: Grouping, n_bins: int = N_BINS) -> Bins:
    """Count the scores of the class in view in equal-width bins, by group.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    return bins(*_columns(evaluation), grouping, n_bins)


def bins(
    y_true: Floats, scores: Floats, w: Floats, grouping: Grouping, n_bins: int
) -> Bins:
    """Count scores in equal-width bins by group, each closed on the left."""
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.searchsorted(edges[1:-1], scores, side="right")  # [n]
    cells = grouping.codes * n_bins + bins
    shape = (len(grouping.names), n_bins)

    def total(values: Floats | None = None) -> Floats:
        sums = np.bincount(cells, values, shape[0] * n_bins)
        return sums.reshape(shape).astype(np.float64)

    return Bins(
        edges, total(), total(w), total(w * w), total(w * scores), total(w * y_true)
    )


def _columns(evaluation: Evaluation) -> tuple[Floats, Floats, Floats]:
    score = evaluation.score
    if not evaluation.is_probability:
        low, high = float(score.min()), float(score.max())
        raise NeedsProbabilitiesError("expected_calibration_error", low, high)
    return evaluation.is_positive.astype(np.float64), score, evaluation.weights
