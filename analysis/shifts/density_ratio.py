"""How much likelier a row is in the target than in the source, from a classifier.

A classifier that tells two balanced domains apart has the log density ratio as its
logit (Bickel, Brückner & Scheffer 2009, Discriminative Learning Under Covariate
Shift, JMLR 10). It is cross-fitted: no row's ratio comes from a model that saw it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, sparse, special

from analysis.arrays import Bools, Floats, Ints
from analysis.shifts.basis import Basis

FOLDS = 5
RIDGE = 1.0
MAX_STEPS = 50
TOLERANCE = 1e-5
LONGEST_STEP = 5.0
"""Domains that can be told apart surely would send the first steps to infinity."""

HESSIAN_ROWS = 8_192
"""Rows made dense at a time: the product stays in the processor's cache."""

Factor = tuple[np.ndarray, bool]


@dataclass(frozen=True, eq=False)
class RatioModel:
    """A cross-fitted model of log p_target / p_source.

    Parameters
    ----------
    columns : sparse [n, d]
        The basis with a leading column of ones; source rows first.
    n_source : int
    weights : float[n]
        Row weights, each domain with the same sum.
    fold : int[n]
    coefficients : float[d, f]
        One model per fold, fitted without its rows.
    factor : Cholesky factor
        Of the curvature at the fit to all rows, scaled to one fold's share of rows.
    """

    columns: sparse.csr_matrix
    n_source: int
    weights: Floats
    fold: Ints
    coefficients: Floats
    factor: Factor

    def log_ratio(self, copies: Floats | None = None) -> tuple[Floats, Floats]:
        """Return the log ratio at every source row and every target row.

        Parameters
        ----------
        copies : float[n] or None
            How often each row stands in a bootstrap replicate. The models are then
            refitted by one Newton step from the full fit, with the full fit's
            curvature.

        Returns
        -------
        (float[n_s], float[n_t])
            Smoothed towards 0 by the ridge where the domains cannot be told apart.
        """
        beta = self.coefficients
        if copies is not None:
            total = float(self.weights[: self.n_source].sum())
            weights = _balanced(self.weights * copies, self.n_source, total)
            gradient = self.columns.T @ (self._residuals * weights[:, None])
            gradient += _penalty(len(beta))[:, None] * beta
            beta = beta - linalg.cho_solve(self.factor, gradient)
        logits = np.empty(len(self.fold))
        for k, (rows, columns) in enumerate(self._by_fold):
            logits[rows] = columns @ beta[:, k]
        return logits[: self.n_source], logits[self.n_source :]

    @cached_property
    def _residuals(self) -> Floats:
        """Each fold's prediction less the truth, 0 on the fold itself, [n, f]."""
        residuals = special.expit(self.columns @ self.coefficients)
        residuals[self.n_source :] -= 1
        residuals[np.arange(len(self.fold)), self.fold] = 0
        return residuals

    @cached_property
    def _by_fold(self) -> list[tuple[Ints, sparse.csr_matrix]]:
        rows = [np.flatnonzero(self.fold == k) for k in range(FOLDS)]
        return [(mine, self.columns[mine]) for mine in rows]


def fit_density_ratio(
    basis: Basis, source_weights: Floats, target_weights: Floats, *, seed: int = 0
) -> RatioModel:
    """Fit the ratio model with a ridge logistic regression per fold.

    Parameters
    ----------
    basis : Basis
        Source rows first.
    source_weights, target_weights : float[n_s], float[n_t]
    seed : int
        Of the assignment of rows to folds.
    """
    n = basis.shape[0]
    columns = sparse.hstack([np.ones((n, 1)), basis.columns], format="csr")
    weights = np.concatenate([source_weights, target_weights])
    total = _effective_rows(source_weights, target_weights)
    weights = _balanced(weights, basis.n_source, total)
    is_target = np.arange(n) >= basis.n_source
    fold = np.random.default_rng(seed).permutation(np.arange(n) % FOLDS)

    whole, hessian = _newton(columns, is_target, weights, np.zeros(columns.shape[1]))
    factor = linalg.cho_factor(hessian * (1 - 1 / FOLDS))
    fits = [
        _refit(columns, is_target, np.where(fold == k, 0.0, weights), whole, factor)
        for k in range(FOLDS)
    ]
    return RatioModel(
        columns, basis.n_source, weights, fold, np.column_stack(fits), factor
    )


@dataclass(frozen=True, eq=False)
class ImportanceWeights:
    """Weights that make one table look like another.

    Parameters
    ----------
    factor : float[n]
        What to multiply the rows' own weights by; their total stays.
    effective_sample_size : float
        (sum w)^2 / sum w^2, of the rows' own weights times these.
    clipped_share : float
        Share of the weight that clipping took away.
    """

    factor: Floats
    effective_sample_size: float
    clipped_share: float


def importance_weights(log_ratio: Floats, own_weights: Floats) -> ImportanceWeights:
    """Return self-normalised, truncated weights exp(log_ratio).

    Parameters
    ----------
    log_ratio : float[n]
    own_weights : float[n]
        Weights that the rows have anyway.

    References
    ----------
    Ionides (2008), Truncated Importance Sampling, JCGS 17: weights are cut at sqrt(n)
    times their mean.
    """
    ratio = np.exp(log_ratio - log_ratio.max())
    limit = np.sqrt(len(ratio)) * np.average(ratio, weights=own_weights)
    clipped = np.minimum(ratio, limit)
    total = float(own_weights @ ratio)
    kept = float(own_weights @ clipped)
    factor = clipped * own_weights.sum() / kept
    both = own_weights * factor
    return ImportanceWeights(
        factor=factor,
        effective_sample_size=float(both.sum() ** 2 / (both**2).sum()),
        clipped_share=1 - kept / total,
    )


def _balanced(weights: Floats, n_source: int, total: float) -> Floats:
    """Scale the two domains to the same total."""
    balanced = np.empty_like(weights)
    for part in (slice(0, n_source), slice(n_source, None)):
        balanced[part] = weights[part] * (total / weights[part].sum())
    return balanced


def _effective_rows(*domains: Floats) -> float:
    """Return the smaller domain's effective number of rows.

    Both domains are scaled to it: scaled to the larger one, the few rows of the
    smaller would outweigh the ridge many times over, and the ratio follow their noise.
    """
    return float(min(w.sum() ** 2 / (w**2).sum() for w in domains))


def _refit(
    columns: sparse.csr_matrix,
    is_target: Bools,
    weights: Floats,
    start: Floats,
    factor: Factor,
) -> Floats:
    """Fit to some of the rows by steps with the curvature of all of them.

    The curvature of four fifths of the rows is nearly four fifths of it, so a few
    cheap steps arrive; on small tables they may not, and full Newton steps follow.
    """
    beta = start
    for _ in range(MAX_STEPS // 2):
        step = linalg.cho_solve(factor, _gradient(columns, is_target, weights, beta)[0])
        beta = beta - _shortened(step)
        if np.abs(step).max() < TOLERANCE:
            return beta
    return _newton(columns, is_target, weights, start)[0]


def _newton(
    columns: sparse.csr_matrix, is_target: Bools, weights: Floats, start: Floats
) -> tuple[Floats, np.ndarray]:
    """Minimise the penalised loss; return the coefficients and the last Hessian."""
    beta = start
    for _ in range(MAX_STEPS):
        gradient, curvature = _gradient(columns, is_target, weights, beta)
        hessian = _hessian(columns, curvature)
        step = linalg.cho_solve(linalg.cho_factor(hessian), gradient)
        beta = beta - _shortened(step)
        if np.abs(step).max() < TOLERANCE:
            break
    return beta, hessian


def _shortened(step: Floats) -> Floats:
    return step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), LONGEST_STEP))


def _gradient(
    columns: sparse.csr_matrix, is_target: Bools, weights: Floats, beta: Floats
) -> tuple[Floats, Floats]:
    """Return the gradient of the penalised loss, and each row's curvature."""
    p = special.expit(columns @ beta)
    gradient = columns.T @ (weights * (p - is_target)) + _penalty(len(beta)) * beta
    return gradient, weights * p * (1 - p)


def _hessian(columns: sparse.csr_matrix, curvature: Floats) -> np.ndarray:
    hessian = np.diag(_penalty(columns.shape[1]) + 1e-9)
    root = np.sqrt(curvature)
    for start in range(0, len(curvature), HESSIAN_ROWS):
        part = slice(start, start + HESSIAN_ROWS)
        rows = columns[part].toarray() * root[part, None]
        hessian += rows.T @ rows
    return hessian


def _penalty(d: int) -> Floats:
    """Return the ridge on each coefficient; the intercept has none."""
    return np.concatenate([[0.0], np.full(d - 1, RIDGE)])
