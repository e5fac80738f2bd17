"""What a step on a blend of two kinds of people does for an objective of recalls."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Bools, Floats, Ints

WORST, GEOMETRIC, COVERAGE = "worst recall", "geometric mean", "mean with coverage"

OBJECTIVES = (WORST, GEOMETRIC, COVERAGE)

SOFTNESS = 0.05
"""Of the smooth minimum of recalls."""

COVERED = 0.95
"""Least share of predictions that a class must have, in multiples of 1 / k."""

STRICTNESS, KNEE = 10.0, 0.02
"""Price of a missing share of predictions, and over what range it sets in."""


def objective(recalls: Floats, labels: Ints, kind: str) -> float:
    """Return an objective of how cells are predicted; larger is better.

    Parameters
    ----------
    recalls : float[c, k]
        Share of each cell's rows predicted as each class, above 0.
    labels : int[c]
        The class of each cell.
    kind : str
        One of `OBJECTIVES`: a smooth minimum of the cells' recalls, their geometric
        mean, or their mean with a price on classes that are predicted too rarely.
    """
    own = recalls[np.arange(len(labels)), labels]
    if kind == WORST:
        lowest = own.min()
        soft = np.exp(-(own - lowest) / SOFTNESS).mean()
        return float(lowest - SOFTNESS * np.log(soft))
    if kind == GEOMETRIC:
        return float(np.exp(np.log(own).mean()))
    missing = (COVERED / recalls.shape[1] - recalls.mean(axis=0)) / KNEE
    return float(own.mean() - STRICTNESS * KNEE * np.logaddexp(0, missing).sum())


def slopes(recalls: Floats, labels: Ints, kind: str) -> Floats:
    """Return the derivative of `objective` by `recalls`, float[c, k]."""
    c, k = recalls.shape
    rows = np.arange(c)
    own = recalls[rows, labels]
    found = np.zeros((c, k))
    if kind == WORST:
        each = np.exp(-(own - own.min()) / SOFTNESS)
        found[rows, labels] = each / each.sum()
    elif kind == GEOMETRIC:
        found[rows, labels] = objective(recalls, labels, kind) / (c * own)
    else:
        missing = (COVERED / k - recalls.mean(axis=0)) / KNEE
        found += STRICTNESS / c / (1 + np.exp(-missing))
        found[rows, labels] += 1 / c
    return found


def gains(
    prototypes: Floats, mixed_p: Floats, recalls: Floats, labels: Ints, kind: str
) -> Floats:
    """Return the rate at which a step on each blend raises the objective, float[c, c].

    Theorem 3.1: a gradient step on the loss of the blend m of cells (i, j) with the
    label of i moves the last layer by V = (e_y - p) (m, 1)', and so the logits of cell
    q by V (z_q, 1). Recalls follow as R_q = softmax(log R_q + change), the
    unconstrained confusion matrix, and the gain is the derivative of the objective
    along that, sum_ql dpsi / dlogit_ql (<m, z_q> + 1) (e_y - p)_l.

    The authors' code takes <z_i, z_q> for the label's own part, where we take
    <m, z_q>, as the gradient has it; and our last layer has a bias, hence the 1.

    Parameters
    ----------
    prototypes : float[c, d]
        Mean last-layer input of each cell, z.
    mixed_p : float[c, c, k]
        Probabilities that the last layer gives the blend of (i, j).
    recalls, labels, kind
        As `objective` takes them.

    References
    ----------
    Ramasubramanian et al. (2024), Selective Mixup Fine-Tuning for Optimizing
    Non-Decomposable Objectives, ICLR, definition 3.2 and theorem 3.1, from memory and
    from the authors' code.
    """
    raw = slopes(recalls, labels, kind)
    logit_slopes = recalls * (raw - (raw * recalls).sum(axis=1, keepdims=True))
    inner = blends(prototypes) @ prototypes.T + 1  # [c, c, q]
    step = np.eye(recalls.shape[1])[labels][:, None] - mixed_p  # [c, c, k]
    found: Floats = ((inner @ logit_slopes) * step).sum(axis=2)
    return found


def size_of(prototypes: Floats) -> float:
    """Return the mean of |z|^2 + 1 over cells, which gains grow with.

    Dividing by it lets one sharpness serve any network, as the paper tunes it by table.
    Gains still vanish as the objective is reached, and all pairs are drawn alike.
    """
    return float((prototypes**2).sum(axis=1).mean() + 1)


LEAST = 0.6
"""Least share of the first row in a blend; shares are uniform from here to 1."""


def blends(prototypes: Floats) -> Floats:
    """Return the mean blend of each pair of cells, float[c, c, d]."""
    mean = (1 + LEAST) / 2
    found: Floats = mean * prototypes[:, None] + (1 - mean) * prototypes[None]
    return found


def shares_of(found: Floats, is_known: Bools, sharpness: float) -> Floats:
    """Return how often each pair is drawn, float[c, c] that sums to 1.

    softmax(s G), as in the paper's section 4.

    Parameters
    ----------
    found : float[c, c]
        Gains, in units of `size_of` the prototypes.
    is_known : bool[c]
        Cells with rows to draw.
    sharpness : float
        s; 0 draws all pairs alike.
    """
    allowed = np.outer(is_known, is_known).astype(float)
    scaled = np.where(allowed > 0, sharpness * found, -np.inf)
    each = np.exp(scaled - scaled.max())
    shares: Floats = each / each.sum()
    return shares
