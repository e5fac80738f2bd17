"""How much likelier a row is in the target than in the source, from a classifier.

A classifier that tells two balanced domains apart has the log density ratio as its
logit (Bickel, Brückner & Scheffer 2009, Discriminative Learning Under Covariate
Shift, JMLR 10). It is cross-fitted: no row's ratio comes from a model that saw it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from analysis.arrays import Floats, Ints
from analysis.basis import Basis

FOLDS = 5
RIDGE = 1.0
MAX_STEPS = 30


@dataclass(frozen=True, eq=False)
class _Fold:
    """One model, fitted without the rows of its fold."""

    coefficients: Floats  # [d]
    factor: tuple[np.ndarray, bool]  # Cholesky factor of the Hessian at the optimum


@dataclass(frozen=True, eq=False)
class RatioModel:
    """A cross-fitted model of log p_target / p_source.

    Parameters
    ----------
    basis : Basis
    weights : float[n_s + n_t]
        Row weights, each domain summing to half the number of rows.
    fold : int[n_s + n_t]
    fits : tuple
        One fit per fold.
    """

    basis: Basis
    weights: Floats
    fold: Ints
    fits: tuple[_Fold, ...]

    def log_ratio(self, copies: Floats | None = None) -> tuple[Floats, Floats]:
        """Return the log ratio at every source row and every target row.

        Parameters
        ----------
        copies : float[n_s + n_t] or None
            How often each row stands in a bootstrap replicate. The models are then
            refitted by one Newton step from the full fit, with the full fit's
            curvature.

        Returns
        -------
        (float[n_s], float[n_t])
            Smoothed towards 0 by the ridge where the domains cannot be told apart.
        """
        logits = np.empty(len(self.fold))
        for k, fit in enumerate(self.fits):
            beta = fit.coefficients
            if copies is not None:
                beta = beta - self._step(k, copies)
            rows = self.fold == k
            logits[rows] = self.basis.columns[rows] @ beta[1:] + beta[0]
        return logits[: self.basis.n_source], logits[self.basis.n_source :]

    def _step(self, k: int, copies: Floats) -> Floats:
        weights = _balanced(self.weights * copies, self.basis.n_source)
        weights = np.where(self.fold == k, 0.0, weights)
        fit = self.fits[k]
        gradient, _ = _gradient(self.basis, fit.coefficients, weights)
        return linalg.cho_solve(fit.factor, gradient)


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
    weights = np.concatenate([source_weights, target_weights])
    weights = _balanced(weights, basis.n_source)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(np.arange(len(weights)) % FOLDS)
    fits = tuple(_fit(basis, np.where(fold == k, 0.0, weights)) for k in range(FOLDS))
    return RatioModel(basis, weights, fold, fits)


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


def _balanced(weights: Floats, n_source: int) -> Floats:
    """Scale the two domains to the same total, half the number of rows each."""
    balanced = np.empty_like(weights)
    for part in (slice(0, n_source), slice(n_source, None)):
        balanced[part] = weights[part] * (len(weights) / 2 / weights[part].sum())
    return balanced


def _fit(basis: Basis, weights: Floats) -> _Fold:
    beta = np.zeros(basis.shape[1] + 1)
    for _ in range(MAX_STEPS):
        gradient, curvature = _gradient(basis, beta, weights)
        factor = linalg.cho_factor(_hessian(basis, curvature))
        step = linalg.cho_solve(factor, gradient)
        # a long first step on separable domains overshoots; the ridge bounds the rest
        beta = beta - step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return _Fold(beta, factor)


def _gradient(basis: Basis, beta: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the gradient of the penalised loss, and each row's curvature."""
    is_target = np.arange(len(weights)) >= basis.n_source
    p = special.expit(basis.columns @ beta[1:] + beta[0])
    residual = weights * (p - is_target)
    slope = basis.columns.T @ residual + RIDGE * beta[1:]
    return np.concatenate([[residual.sum()], slope]), weights * p * (1 - p)


def _hessian(basis: Basis, curvature: Floats) -> np.ndarray:
    x = basis.columns
    weighted = x.multiply(curvature[:, None]).tocsr()
    inner = (x.T @ weighted).toarray()
    edge = np.asarray(weighted.sum(axis=0)).ravel()
    hessian = np.empty((len(edge) + 1, len(edge) + 1))
    hessian[0, 0], hessian[0, 1:], hessian[1:, 0] = curvature.sum(), edge, edge
    hessian[1:, 1:] = inner + RIDGE * np.eye(len(edge))
    return hessian
