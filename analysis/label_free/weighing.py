"""Reference rows weighted until they look like the target, and the weights' noise."""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse, special

from analysis.arrays import Floats, Ints
from analysis.density.basis import Basis
from analysis.density.density_ratio import (
    RIDGE,
    fit_density_ratio,
    importance_weights,
)
from analysis.label_free.cells import effective

OUTSIDE = 50.0
"""A target row this many times as common there as at the reference is outside of what
the reference shows: on average, one like it stands among fifty times as many rows."""


ROWS_AT_ONCE = 4_096
"""Rows made dense at a time: the product stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Weighing:
    """Importance weights of reference rows, with what moves them.

    Parameters
    ----------
    weights : float[n_r]
        Importance weights times the rows' own weights.
    outside : float
        Share of the target's weight that is outside the reference.
    largest : float
        Share of all weight on the heaviest hundredth of the reference rows.
    clipped : float
        Share of weight cut off.
    columns : sparse [n_r, d] or None
        The ratio model's columns at reference rows; None where nothing was fitted.
    pulls : float[n_r]
        A row's pull on the ratio model: weight times probability of being a target row.
    factor : Cholesky factor of float[d, d]
        Of the ratio model's curvature.
    left_out : float[d, d]
        Variance of the score of the target rows that were not drawn; zeros where all
        were.
    """

    weights: Floats
    outside: float
    largest: float
    clipped: float
    columns: sparse.csr_matrix | None = None
    pulls: Floats | None = None
    factor: tuple[np.ndarray, bool] | None = None
    left_out: np.ndarray | None = None

    @property
    def rows(self) -> float:
        """Effective rows that the weights leave."""
        return effective(self.weights)

    def take(self, rows: Ints) -> "Weighing":
        """Return the weights of some reference rows; the model stays everyone's."""
        columns = None if self.columns is None else self.columns[rows]
        part = self.weights[rows]
        return Weighing(part, self.outside, heaviest(part), self.clipped, columns)


def unweighted(weights: Floats) -> Weighing:
    """Return reference rows as they are."""
    return Weighing(weights, np.nan, heaviest(weights), 0.0)


def weighing(
    basis: Basis, weights: tuple[Floats, Floats], *, share: float = 1.0, seed: int = 0
) -> Weighing:
    """Fit the density ratio and weight the reference rows by it.

    Parameters
    ----------
    basis : Basis
        Reference rows first.
    weights : (float[n_r], float[n_t])
        The rows' own weights.
    share : float
        Share of the target's rows that stand in the basis.
    seed : int
    """
    own, there = weights
    model = fit_density_ratio(basis, own, there, seed=seed)
    at_reference, at_target = model.log_ratio()
    found = importance_weights(at_reference, own)
    outside = np.average(at_target > np.log(OUTSIDE), weights=there)
    p = special.expit(np.concatenate([at_reference, at_target]))  # of being a target
    total = min(effective(own), effective(there))
    balanced = np.concatenate([w * (total / w.sum()) for w in weights])
    n = len(own)
    curvature, columns = _gram(basis, balanced * p * (1 - p), n)
    left_out = np.zeros((0, 0))
    if share < 1:
        spread = (balanced * (1 - p)) ** 2 * (1 - share)
        spread[:n] = 0.0
        left_out, _ = _gram(basis, spread, 0)
    ridge = np.full(len(curvature), RIDGE)
    ridge[0] = 1e-9  # the intercept has none
    return Weighing(
        weights=own * found.factor,
        outside=float(outside),
        largest=heaviest(own * found.factor),
        clipped=found.clipped_share,
        columns=columns,
        pulls=(balanced * p)[:n],
        factor=linalg.cho_factor(curvature + np.diag(ridge)),
        left_out=left_out,
    )


def heaviest(weights: Floats) -> float:
    """Return the share of weight on the heaviest hundredth of rows, at least one."""
    kept = max(len(weights) // 100, 1)
    total = float(weights.sum())
    if not total > 0:
        return float("nan")
    return float(np.partition(weights, len(weights) - kept)[-kept:].sum()) / total


def _gram(
    basis: Basis, weights: Floats, kept: int
) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Return X' diag(w) X, [d, d], and the first rows of X."""
    d, root = basis.shape[1] + 1, np.sqrt(weights)
    found, rows = np.zeros((d, d)), [sparse.csr_matrix((0, d))]
    for start in range(0, len(weights), ROWS_AT_ONCE):
        part = slice(start, min(start + ROWS_AT_ONCE, len(weights)))
        block = basis.block(part)
        if start < kept:
            rows.append(sparse.csr_matrix(block[: kept - start]))
        block *= root[part, None]
        found += block.T @ block
    return found, sparse.vstack(rows, format="csr")
