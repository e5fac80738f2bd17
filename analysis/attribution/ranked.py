"""Areas under curves for many weightings of rows that are sorted once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats, Ints

RANKINGS = ("auroc", "average_precision")

Chosen = Callable[[Floats], Floats]
"""From a metric by group, float[s, g], to quantities, float[s, q]."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """Areas under curves by group, from rows sorted once.

    Parameters
    ----------
    score : float[n]
    is_positive : bool[n]
    members : tuple of int[m]
        The rows of each group.
    metric : str
        One of `RANKINGS`.
    chosen : callable
    """

    score: Floats
    is_positive: np.ndarray
    members: tuple[Ints, ...]
    metric: str
    chosen: Chosen
    is_summed: bool = False

    @cached_property
    def _sorted(self) -> list[tuple[Ints, Ints, np.ndarray]]:
        """Per group: rows by score, first row of each tie, and the labels."""
        found = []
        for rows in self.members:
            order = rows[np.argsort(self.score[rows], kind="stable")]
            score = self.score[order]
            first = np.ones(len(order), dtype=bool)
            first[1:] = score[1:] != score[:-1]
            found.append((order, np.flatnonzero(first), self.is_positive[order]))
        return found

    def sums(self, weights: Floats, rows: slice) -> Floats:
        """Return the area of each group, float[s, g], of weights float[s, n]."""
        curve = _area if self.metric == RANKINGS[0] else _precision
        areas = []
        for order, first, positive in self._sorted:
            if not len(order):
                areas.append(np.full(len(weights), np.nan))
                continue
            mine = weights[:, order]
            hits = np.add.reduceat(mine * positive, first, axis=1)
            others = np.add.reduceat(mine * ~positive, first, axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                areas.append(curve(hits, others))
        return np.column_stack(areas)

    def of_sums(self, sums: Floats) -> Floats:
        """Return the quantities of areas by group."""
        return self.chosen(sums)


def _area(hits: Floats, others: Floats) -> Floats:
    """Return the AUROC of weights by score, ties counting one half, float[s]."""
    below = np.cumsum(others, axis=1)
    total = below[:, -1].copy()
    below -= others / 2
    return (hits * below).sum(axis=1) / (hits.sum(axis=1) * total)


def _precision(hits: Floats, others: Floats) -> Floats:
    """Return the average precision of weights by rising score, float[s]."""
    found = np.cumsum(hits[:, ::-1], axis=1)
    selected = found + np.cumsum(others[:, ::-1], axis=1)
    terms = np.where(selected > 0, hits[:, ::-1] * found / selected, 0.0)
    return terms.sum(axis=1) / found[:, -1]
