"""Which products of two columns a model of a difference needs.

Products with the node in question are always there (`basis.interacted`). Of the others,
few are simply taken in; of many, only those whose lack surely shows. Without them a
change in how two features go together would be laid on what comes after them.
"""

import numpy as np
from scipy import special

from analysis.arrays import Floats, Ints
from analysis.density.basis import Basis
from analysis.density.density_ratio import balanced_weights, newton
from analysis.density.row_blocks import Rows

FEW_PAIRS = 40
"""Up to so many products are taken in unseen."""

MAX_PAIRS = 40
"""Most products that are taken in after a test."""

MAX_TESTED = 400
"""Most columns whose products are tested; of more, only the first ones are."""

PAIR_LEVEL = 0.01
"""Chance of taking in any product where none is needed (Bonferroni)."""


def with_pairs(rows: Rows, source_weights: Floats, target_weights: Floats) -> Rows:
    """Return the rows with the products of columns that a model of them needs.

    Each product of columns of two different parts gets a score test against the model
    without products (Rao 1948); its variance leaves out that the model was fitted,
    which makes it a little too large, and the test careful.

    Parameters
    ----------
    rows : Rows
    source_weights, target_weights : float[n_s], float[n_t]
    """
    pairs = candidates(rows.basis)
    if len(pairs) <= FEW_PAIRS:
        return Rows(rows.basis.with_products(pairs), rows.layout)
    seen = (rows.thinned() or (rows, None))[0]
    weights = np.concatenate([source_weights, target_weights])[seen.layout.order]
    z = _scores(seen, balanced_weights(weights, seen.layout.is_target))
    found = np.abs(z[pairs[:, 0], pairs[:, 1]])
    needed = -special.ndtri(PAIR_LEVEL / (2 * len(pairs)))
    best = np.argsort(-found, kind="stable")[:MAX_PAIRS]
    kept = pairs[np.sort(best[found[best] > needed])]
    return Rows(rows.basis.with_products(kept), rows.layout)


def candidates(basis: Basis) -> Ints:
    """Return pairs of short columns of different parts without a product, [p, 2]."""
    short = basis.short_columns[:MAX_TESTED]
    part = np.searchsorted(basis.starts, short, side="right")
    left, right = np.nonzero(part[:, None] < part[None, :])
    pairs = np.stack([short[left], short[right]], axis=1)
    size = basis.main
    known = basis.products @ [size, 1]
    fresh: Ints = pairs[~np.isin(pairs @ [size, 1], known)]
    return fresh


def _scores(rows: Rows, weights: Floats) -> Floats:
    """Return the score test of each product of main columns, float[d, d]."""
    beta = newton(rows, weights, np.zeros(1 + rows.basis.shape[1]))[0]
    main = rows.basis.main
    score, variance = np.zeros((main, main)), np.zeros((main, main))
    for _, block, x in rows.blocks():
        p = special.expit(x @ beta) - rows.layout.is_target[block]
        residual, z = weights[block] * p, x[:, 1 : 1 + main]
        score += z.T @ (residual[:, None] * z)
        variance += (z**2).T @ (residual[:, None] ** 2 * z**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(score / np.sqrt(variance))
