"""Confidence: how sure a model is of each row, and the cut below which it is not."""

import numpy as np

from analysis.arrays import Floats

AHEAD = 1e-6
"""Logits by which a named class is ahead where it would tie."""


def confidences(logits: Floats) -> Floats:
    """Return the log odds of the likeliest class against all others, float[n].

    They order rows as the largest probability does, and go on doing so where that is
    rounded to 1.
    """
    n = np.arange(len(logits))
    best = logits.argmax(axis=1)
    others = logits.copy()
    others[n, best] = -np.inf
    top: Floats = logits[n, best] - np.logaddexp.reduce(others, axis=1)
    return top


def cut_at(confidence: Floats, weights: Floats, coverage: float) -> float | None:
    """Return the cut above which at least a share of the weight lies.

    Halfway to the next confidence below, so that rounding moves nobody across it; None
    if nobody is below.
    """
    order = np.argsort(-confidence, kind="stable")
    above = np.cumsum(weights[order]) / weights.sum()
    last = min(int(np.searchsorted(above, coverage - 1e-9)), len(order) - 1)
    kept = confidence[order[last]]
    below = confidence[confidence < kept]
    return float((kept + below.max()) / 2) if len(below) else None


def deciding_for(logits: Floats, c: int) -> Floats:
    """Return logits [n, k] in which class c has the largest, by changing places."""
    n = np.arange(len(logits))
    best = logits.argmax(axis=1)
    moved = logits.copy()
    moved[n, best], moved[:, c] = logits[:, c], logits[n, best]
    others = np.delete(moved, c, axis=1).max(axis=1)
    moved[:, c] = np.where(moved[:, c] > others, moved[:, c], others + AHEAD)
    return moved
