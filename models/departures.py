"""Which sets of people the scores are off for, beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from analysis.arrays import Floats, Ints
from models.probabilities import log_softmax

BINS = 10
"""Bins of the score, of equal mass over everyone."""

EXPECTED = 5.0
"""Variance, in rows, that a bin needs for its departure to follow chi-squared."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with the scores they have so far.

    Parameters
    ----------
    logits : float64[n, k]
    labels : int[n]
    weights : float64[n]
        Above zero.
    """

    logits: Floats
    labels: Ints
    weights: Floats

    def take(self, rows: Ints) -> "Labelled":
        """Return some rows, given by position."""
        return Labelled(self.logits[rows], self.labels[rows], self.weights[rows])


def departures(rows: Labelled, members: Sequence[Ints]) -> Floats:
    """Return the p-value of each set's departure from its scores, float[s].

    Parameters
    ----------
    rows : Labelled
    members : sequence of int[m]
        Positions of each set's rows.

    Returns
    -------
    float[s]
        Over k classes the smallest of them times their number; of two classes only
        one is asked. 1 for a set whose scores are too sure for a departure to show.
    """
    scores = np.exp(log_softmax(rows.logits))  # [n, k]
    k = scores.shape[1]
    classes = (1,) if k == 2 else range(k)
    found = [_departures_of(rows, scores[:, c], c, members) for c in classes]
    smallest: Floats = np.minimum(np.min(found, axis=0) * len(classes), 1.0)
    return smallest


def _departures_of(
    rows: Labelled, scores: Floats, c: int, members: Sequence[Ints]
) -> Floats:
    """Return the p-value of each set for one class against the rest, float[s]."""
    w = rows.weights
    residuals = w * ((rows.labels == c) - scores)
    variances = w**2 * scores * (1 - scores)
    bins = _bins(scores)
    sums = np.array(
        [np.bincount(bins[m], residuals[m], minlength=BINS) for m in members]
    ).reshape(-1, BINS)  # [s, b]
    spreads = np.array(
        [np.bincount(bins[m], variances[m], minlength=BINS) for m in members]
    ).reshape(-1, BINS)  # [s, b]
    # What one row weighs in a set: its mean squared over its mean weight, squared.
    unit = np.array([np.average(w[m], weights=w[m]) ** 2 for m in members])
    return _tail(sums, spreads, EXPECTED * unit)


def _tail(sums: Floats, spreads: Floats, needed: Floats) -> Floats:
    """Return the chi-squared tail of each set, neighbouring thin bins joined.

    Parameters
    ----------
    sums, spreads : float[s, b]
    needed : float[s]
        Least spread of a bin.
    """
    statistic, freedom = np.zeros(len(sums)), np.zeros(len(sums))
    held, spread = np.zeros(len(sums)), np.zeros(len(sums))
    for b in range(sums.shape[1]):
        held, spread = held + sums[:, b], spread + spreads[:, b]
        is_full = spread >= needed
        statistic[is_full] += held[is_full] ** 2 / spread[is_full]
        freedom[is_full] += 1
        held, spread = np.where(is_full, 0, held), np.where(is_full, 0, spread)
    # The thin remainder at the top is left out: it cannot be told from chance.
    return np.where(freedom > 0, chdtrc(np.maximum(freedom, 1), statistic), 1.0)


def binned_error(rows: Labelled) -> float:
    """Return the calibration error in equal-mass bins of these rows' own scores.

    Of two classes that of the last one, of more the mean over classes.
    """
    scores = np.exp(log_softmax(rows.logits))
    k = scores.shape[1]
    found = []
    for c in (1,) if k == 2 else range(k):
        off = rows.weights * ((rows.labels == c) - scores[:, c])
        sums = np.bincount(_bins(scores[:, c]), off)
        found.append(np.abs(sums).sum() / rows.weights.sum())
    return float(np.mean(found))


def _bins(scores: Floats) -> Ints:
    """Return each score's bin among `BINS` of equal mass, int[n]; ties together."""
    edges = np.quantile(scores, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, scores, side="right")
