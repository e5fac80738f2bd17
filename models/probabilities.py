"""Softmax and its logarithm in float64."""

import numpy as np

from analysis.arrays import Floats
from analysis.evaluation import Scores


def log_softmax(logits: Floats) -> Floats:
    """Return the logarithm of the softmax of each row, float[n, k]."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def scores_of_logits(logits: Floats) -> Scores:
    """Return probabilities with the logits they are the softmax of."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Scores(exponents / exponents.sum(axis=1, keepdims=True), logits=logits)
