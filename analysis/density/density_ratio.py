"""How much likelier a row is in the target than in the source, from a classifier.

A classifier that tells two balanced domains apart has the log density ratio as its
logit (Bickel, Brückner & Scheffer 2009, Discriminative Learning Under Covariate
Shift, JMLR 10). It is cross-fitted: no row's ratio comes from a model that saw it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import linalg, special

from analysis.arrays import Bools, Floats, Ints
from analysis.density.basis import Basis
from analysis.density.folds import FOLDS, layout_of
from analysis.density.row_blocks import Rows

RIDGE = 1.0
MAX_STEPS = 50
TOLERANCE = 1e-4

LOSS_TOLERANCE = 1e-4
"""A fold's model is fitted when its step is a hundredth of a standard error, as the
Newton decrement tells it (Boyd & Vandenberghe 2004, section 9.5)."""

CHEAP_STEPS = 6
"""Steps with the whole's curvature before each fold's own is used."""

MAX_PRODUCTS = 40
ACCURACY = 1e-4
"""Of a Newton step: share of the preconditioned residual's square that is left."""

LONGEST_STEP = 5.0
"""Domains that can be told apart surely would send the first steps to infinity."""

LARGEST_LOG_RATIO = 30.0
"""Where tables do not overlap at all the ratio is endless; this stands for it."""

Factor = tuple[np.ndarray, bool]


@dataclass(frozen=True, eq=False)
class RatioModel:
    """A cross-fitted model of log p_target / p_source.

    Parameters
    ----------
    rows : Rows
    weights : float[n]
        Row weights in the order of the folds, each domain with the same sum.
    coefficients : float[d, f]
        One model per fold, fitted without its rows.
    factor : Cholesky factor
        Of the curvature at the fit to all rows, scaled to one fold's share of rows.
    """

    rows: Rows
    weights: Floats
    coefficients: Floats
    factor: Factor

    def log_ratio(self, copies: Floats | None = None) -> tuple[Floats, Floats]:
        """Return the log ratio at every source row and every target row.

        Parameters
        ----------
        copies : float[n] or float[n, r] or None
            How often each row stands in a bootstrap replicate. The models are then
            refitted by one Newton step from the full fit, with the full fit's
            curvature.

        Returns
        -------
        (float[n_s], float[n_t]) or (float[n_s, r], float[n_t, r])
            Smoothed towards 0 by the ridge where the domains cannot be told apart.
        """
        layout = self.rows.layout
        if copies is None:
            return layout.by_side(self.in_order(None)[0])
        drawn = np.atleast_2d(np.asarray(copies, np.float64).T).T[layout.order]
        found = layout.by_side(self.in_order(drawn).T)
        return (found[0][:, 0], found[1][:, 0]) if np.ndim(copies) == 1 else found

    def in_order(self, copies: Floats | None, side: bool | None = None) -> Floats:
        """Return the log ratio of rows as they lie in the folds, float[r, n].

        Parameters
        ----------
        copies : float[n, r] or None
            Of all rows in that order; None for the fit itself, with r = 1.
        side : bool or None
            Of the source only (False), the target only (True), or of both.
        """
        if copies is None:
            return self._logits(self.coefficients[:, :, None], side)
        return self._logits(self._stepped(copies), side)

    def _stepped(self, copies: Floats) -> Floats:
        """Return each replicate's coefficients, float[d, f, r]."""
        is_target, beta = self.rows.layout.is_target, self.coefficients
        total = float(self.weights @ is_target)
        sides = (self.weights * ~is_target, self.weights * is_target)
        # of one precision: else the copies would be copied
        drawn = [side.astype(copies.dtype) @ copies for side in sides]
        scale = [total / np.maximum(weight, 1e-9 * total) for weight in drawn]
        d, f, r = *beta.shape, copies.shape[1]
        gradient = np.zeros((d, f, r))
        for k, rows, x in self.rows.blocks(np.float32):
            residual = self._residuals[rows]
            weight = copies[rows] * np.where(is_target[rows, None], scale[1], scale[0])
            weight = (weight * self.weights[rows, None]).astype(x.dtype)
            for j in range(f):
                if j != k:
                    gradient[:, j] += x.T @ (residual[:, j, None] * weight)
        gradient += (_penalty(d)[:, None] * beta)[:, :, None]
        step = linalg.cho_solve(self.factor, gradient.reshape(d, f * r))
        return beta[:, :, None] - step.reshape(d, f, r)

    def _logits(self, beta: Floats, side: bool | None) -> Floats:
        """Return the own fold's logit of each row, float[r, n] of [d, f, r]."""
        # many replicates: half the memory and time, exact to six digits
        kind: type[Any] = np.float64 if beta.shape[2] == 1 else np.float32
        stretches = self.rows.layout.stretches(side)
        n = sum(last - first for first, last in stretches)
        logits: Floats = np.empty((beta.shape[2], n), kind)
        at = 0
        for k, _, x in self.rows.blocks(kind, side):
            logits[:, at : at + len(x)] = beta[:, k].T.astype(x.dtype) @ x.T
            at += len(x)
        np.clip(logits, -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO, out=logits)
        return logits

    @cached_property
    def _residuals(self) -> Floats:
        """Each fold's prediction less the truth, 0 on the fold itself, [n, f]."""
        kind: type[Any] = np.float32
        residuals: Floats = np.empty((self.rows.basis.n, FOLDS), kind)
        for k, rows, x in self.rows.blocks():
            residuals[rows] = special.expit(x @ self.coefficients)
            residuals[rows] -= self.rows.layout.is_target[rows, None]
            residuals[rows, k] = 0
        return residuals


def fit_density_ratio(
    basis: Basis,
    source_weights: Floats,
    target_weights: Floats,
    *,
    seed: int = 0,
    ids: Ints | None = None,
) -> RatioModel:
    """Fit the ratio model with a ridge logistic regression per fold.

    Parameters
    ----------
    basis : Basis
        Source rows first.
    source_weights, target_weights : float[n_s], float[n_t]
    seed : int
        Of the assignment of rows to folds.
    ids : int[n], optional
        Rows with the same number come into the same fold; by default their positions.
    """
    ids = np.arange(basis.n) if ids is None else ids
    layout = layout_of(ids, basis.n_source, seed)
    return fitted(
        Rows(basis.take(layout.order), layout), source_weights, target_weights
    )


def fitted(rows: Rows, source_weights: Floats, target_weights: Floats) -> RatioModel:
    """Fit the ratio model to rows that lie in the order of their folds."""
    layout = rows.layout
    weights = np.concatenate([source_weights, target_weights])[layout.order]
    weights = balanced_weights(weights, layout.is_target)
    start, thinned = np.zeros(1 + rows.basis.shape[1]), rows.thinned()
    if thinned is None:
        start, hessian = newton(rows, weights, start)
    else:
        few, at = thinned
        start, _ = newton(few, weights[at] * (len(weights) / len(at)), start)
        start, hessian = newton(rows, weights, start, steps=1)
    factor = linalg.cho_factor(hessian * (1 - 1 / FOLDS))
    return RatioModel(rows, weights, _by_fold(rows, weights, start, factor), factor)


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


def balanced_weights(weights: Floats, is_target: Bools) -> Floats:
    """Scale the two domains' weights to the same total, float[n].

    It is the smaller domain's effective number of rows: scaled to the larger one, the
    few rows of the smaller would outweigh the ridge many times over, and the ratio
    follow their noise.
    """
    sides = [weights[~is_target], weights[is_target]]
    total = min(w.sum() ** 2 / (w**2).sum() for w in sides)
    sums = [float(w.sum()) for w in sides]
    balanced: Floats = weights * np.where(is_target, total / sums[1], total / sums[0])
    return balanced


def _by_fold(rows: Rows, weights: Floats, start: Floats, factor: Factor) -> Floats:
    """Fit every fold's model to the other folds, by steps with the whole's curvature.

    The curvature of four fifths of the rows is nearly four fifths of it, so a few
    cheap steps arrive. Where they do not (rare categories, small tables), Newton steps
    follow that are solved by conjugate gradients with that curvature as preconditioner:
    a few odd directions cost a few products, not a Hessian per fold.
    """
    beta = np.repeat(start[:, None], FOLDS, axis=1)
    for _ in range(CHEAP_STEPS):
        gradient = _slopes(rows, weights, beta)[0]
        step = linalg.cho_solve(factor, gradient)
        beta = beta - _shortened(step)
        if _is_there(gradient, step):
            return beta
    for _ in range(MAX_STEPS):
        gradient, curvature = _slopes(rows, weights, beta)
        step = _solved(rows, curvature, gradient, factor)
        beta = beta - _shortened(step)
        if _is_there(gradient, step):
            break
    return beta


def _is_there(gradient: Floats, step: Floats, loss: float = LOSS_TOLERANCE) -> bool:
    """Whether no coefficient moves, or no loss can fall by what matters, [d, f]."""
    still = np.abs(step).max(axis=0) < TOLERANCE
    done: Bools = still | ((gradient * step).sum(axis=0) < loss)
    return bool(done.all())


def _slopes(rows: Rows, weights: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Return each fold model's gradient, float[d, f], and rows' curvature, [n, f].

    Rows of a fold have no say in its own model.
    """
    gradient = _penalty(len(beta))[:, None] * beta
    curvature = np.empty((rows.basis.n, FOLDS))
    for k, block, x in rows.blocks():
        p = special.expit(x @ beta)
        slope = (p - rows.layout.is_target[block, None]) * weights[block, None]
        p *= (1 - p) * weights[block, None]
        slope[:, k] = p[:, k] = 0
        gradient += x.T @ slope
        curvature[block] = p
    return gradient, curvature


def _solved(rows: Rows, curvature: Floats, gradient: Floats, factor: Factor) -> Floats:
    """Return each fold's Newton step by preconditioned conjugate gradients, [d, f].

    References
    ----------
    Hestenes & Stiefel (1952), Methods of Conjugate Gradients for Solving Linear
    Systems, Journal of Research of the National Bureau of Standards 49.
    """
    penalty = _penalty(len(gradient))[:, None] + 1e-9
    step, residual = np.zeros_like(gradient), gradient.copy()
    direction = linalg.cho_solve(factor, residual)
    size = first = (residual * direction).sum(axis=0)
    for _ in range(MAX_PRODUCTS):
        product = penalty * direction
        for _, block, x in rows.blocks():
            product += x.T @ (curvature[block] * (x @ direction))
        length = size / np.maximum((direction * product).sum(axis=0), 1e-300)
        step += length * direction
        residual -= length * product
        turned = linalg.cho_solve(factor, residual)
        before, size = size, (residual * turned).sum(axis=0)
        if (size <= ACCURACY * first).all():
            break
        direction = turned + size / np.maximum(before, 1e-300) * direction
    return step


def newton(
    rows: Rows, weights: Floats, start: Floats, steps: int = MAX_STEPS
) -> tuple[Floats, np.ndarray]:
    """Minimise the penalised loss; return the coefficients and the last Hessian."""
    beta = start
    penalty = _penalty(len(beta))
    for _ in range(steps):
        gradient, hessian = penalty * beta, np.diag(penalty + 1e-9)
        for _, block, x in rows.blocks():
            p = special.expit(x @ beta)
            w = weights[block]
            gradient += x.T @ (w * (p - rows.layout.is_target[block]))
            scaled = x * np.sqrt(w * p * (1 - p))[:, None]
            hessian += scaled.T @ scaled
        step = linalg.cho_solve(linalg.cho_factor(hessian), gradient)
        beta = beta - _shortened(step)
        if np.abs(step).max() < TOLERANCE:
            break
    return beta, hessian


def _shortened(step: Floats) -> Floats:
    longest = np.maximum(np.abs(step).max(axis=0), LONGEST_STEP)
    return step * (LONGEST_STEP / longest)


def _penalty(d: int) -> Floats:
    """Return the ridge on each coefficient; the intercept has none."""
    return np.concatenate([[0.0], np.full(d - 1, RIDGE)])
