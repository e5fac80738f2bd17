"""Counts: the table of weighted counts from which every rate by group is made.

One pass over integer codes builds it, whatever the number of metrics; counts of two
parts of a table add up to the counts of the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.errors import DataError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping


@dataclass(frozen=True, eq=False)
class Counts:
    """Rows counted by group, label and decision.

    Parameters
    ----------
    names : tuple of str, length g
        Group names.
    n : float[g, k, l]
        Number of rows with label k that were decided l.
    w, w2 : float[g, k, l]
        Sum of the rows' weights, and of their squares.
    """

    names: tuple[str, ...]
    n: Floats
    w: Floats
    w2: Floats

    def __post_init__(self) -> None:
        for name in ("n", "w", "w2"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        if len({self.n.shape, self.w.shape, self.w2.shape}) != 1:
            raise DataError("The three tables of counts have different shapes.")
        if len(self.names) != len(self.n):
            raise DataError(f"{len(self.names)} names for {len(self.n)} groups.")

    def __add__(self, other: "Counts") -> "Counts":
        """Return the counts of two disjoint sets of rows taken together."""
        if self.names != other.names or self.n.shape != other.n.shape:
            raise DataError("Counts of different groups or classes cannot be added.")
        return Counts(
            self.names, self.n + other.n, self.w + other.w, self.w2 + other.w2
        )

    @property
    def is_weighted(self) -> bool:
        """Whether any row weighs other than 1."""
        return not (np.array_equal(self.n, self.w) and np.array_equal(self.n, self.w2))

    def total(self, name: str = "Overall") -> "Counts":
        """Return all groups merged into one."""
        return Counts(
            (name,),
            self.n.sum(0, keepdims=True),
            self.w.sum(0, keepdims=True),
            self.w2.sum(0, keepdims=True),
        )

    def versus_rest(self, view: int) -> "Counts":
        """Return the 2 x 2 tables of class `view` against all others, for k = l."""
        tables = [_collapsed(table, view) for table in (self.n, self.w, self.w2)]
        return Counts(self.names, *tables)

    def to_json(self) -> dict[str, Any]:
        """Return JSON types; the weights only where there are any."""
        data: dict[str, Any] = {"names": list(self.names), "n": self.n.tolist()}
        if self.is_weighted:
            data |= {"w": self.w.tolist(), "w2": self.w2.tolist()}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Counts":
        """Rebuild counts from `to_json`."""
        n = np.asarray(data["n"], dtype=np.float64)
        w = np.asarray(data.get("w", n), dtype=np.float64)
        w2 = np.asarray(data.get("w2", n), dtype=np.float64)
        return cls(tuple(data["names"]), n, w, w2)


def count(
    labels: Any,
    decisions: Any,
    grouping: Grouping,
    weights: Floats | None = None,
    shape: tuple[int, int] = (2, 2),
) -> Counts:
    """Count rows by group, label and decision in one pass.

    Parameters
    ----------
    labels, decisions : int[n] or bool[n]
        Codes below `shape[0]` and `shape[1]`.
    grouping : Grouping
        Groups of the same rows; a group without rows keeps its place, with zeros.
    weights : float[n] or None
        Row weights; None counts each row as 1.
    shape : (int, int)
        Number of labels and of decisions.

    Returns
    -------
    Counts
        Tables of shape [g, *shape].
    """
    n_labels, n_decisions = shape
    cells = _cell_codes(labels, decisions, grouping, shape)
    size = len(grouping.names) * n_labels * n_decisions
    full = (len(grouping.names), n_labels, n_decisions)
    n = np.bincount(cells, minlength=size).reshape(full).astype(np.float64)
    if weights is None or bool((weights == 1).all()):
        return Counts(grouping.names, n, n, n)
    w = np.bincount(cells, weights, size).reshape(full)
    w2 = np.bincount(cells, weights * weights, size).reshape(full)
    return Counts(grouping.names, n, w.astype(np.float64), w2.astype(np.float64))


def counts_of(evaluation: Evaluation, attributes: tuple[str, ...]) -> Counts:
    """Count an evaluation's rows for the class in view, by the named attributes."""
    return count(
        evaluation.is_positive,
        evaluation.decisions,
        evaluation.grouping(attributes),
        evaluation.weights,
    )


def _cell_codes(
    labels: Any, decisions: Any, grouping: Grouping, shape: tuple[int, int]
) -> np.ndarray:
    # bincount casts to intp; building in intp once saves that second copy
    cells = np.multiply(grouping.codes, shape[0] * shape[1], dtype=np.intp)
    cells += np.multiply(labels, shape[1], dtype=np.intp)
    cells += np.asarray(decisions)
    return cells


def _collapsed(table: Floats, view: int) -> Floats:
    hit = table[:, view, view]
    missed = table[:, view].sum(-1) - hit
    flagged = table[:, :, view].sum(-1) - hit
    rest = table.sum((-2, -1)) - hit - missed - flagged
    return np.stack([np.stack([rest, flagged], -1), np.stack([missed, hit], -1)], -2)
