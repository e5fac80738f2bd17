"""How often each class occurs among people without labels, from a model's scores.

Two estimates for the case that only the class shares have changed: given their label,
people are as they were (label shift). Both come with an interval from counts.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints, frozen
from models.remedies.weighing import effective_rows
from models.share_limits import Z_95, FoundShares

MAX_STEPS = 2_000

TOLERANCE = 1e-8
"""EM ends when no share moves by more."""


@dataclass(frozen=True, eq=False)
class ClassShares:
    """Estimated shares of classes among the target's rows.

    Parameters
    ----------
    source : float[k]
        Shares among the labelled rows.
    shares : float[k]
        Shares among the target's, summing to 1.
    low, high : float[k]
        95 % interval of each, within 0 and 1; NaN where none can be told.
    n : float
        Effective rows of the target.
    steps : int
        Of EM; 0 for the black-box estimate.
    condition : float
        Condition number of what had to be inverted: large where scores hardly tell
        the classes apart, and the shares are then hardly known.
    is_clipped : bool
        Whether a share came out below 0 or above 1 and was moved to the nearest that
        sum to 1.
    """

    source: Floats
    shares: Floats
    low: Floats
    high: Floats
    n: float
    steps: int
    condition: float
    is_clipped: bool

    def __post_init__(self) -> None:
        for name in ("source", "shares", "low", "high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, eq=False)
class SourceRows:
    """Labelled rows with the scores of the model.

    Parameters
    ----------
    scores : float[n, k]
        Probabilities.
    labels : int[n]
    weights : float[n]
    """

    scores: Floats
    labels: Ints
    weights: Floats

    @property
    def shares(self) -> Floats:
        """Weighted share of each class, float[k]."""
        mass = np.bincount(self.labels, self.weights, self.scores.shape[1])
        result: Floats = mass / mass.sum()
        return result


def em_shares(source: SourceRows, scores: Floats, weights: Floats) -> ClassShares:
    """Return the shares of maximum likelihood, found by EM.

    Shares q and posteriors are updated in turn until q settles: a row's posterior is
    its score times q / p, divided by its sum, and q the mean posterior. It takes the
    scores at their word: where they are not calibrated on the source, q is off. A
    class without source rows keeps the share 0.

    Parameters
    ----------
    source : SourceRows
    scores : float[n, k]
        Of the target's rows.
    weights : float[n]

    References
    ----------
    Saerens, Latinne & Decaestecker (2002), Adjusting the Outputs of a Classifier to
    New a Priori Probabilities, Neural Computation 14, section 2.2. The interval is
    ours: the inverse information about q (a sandwich, for weights), with the noise
    of p, at each share that could be the true one; see `FoundShares.limits`.
    """
    p = source.shares
    known = np.flatnonzero(p > 0)
    w = weights / weights.sum()
    ratios = scores[:, known] / p[known]  # [n, known]; likelihoods up to a row's factor
    ratios = ratios / np.maximum(ratios.max(axis=1, keepdims=True), 1e-300)
    q, steps = _settled(ratios, w, p[known])
    found = FoundShares(ratios, w, q, p[known], effective_rows(source.weights))
    told = _Estimate(q, *found.limits(), found.condition)
    return _shares(source, known, told, effective_rows(weights), steps)


def _settled(ratios: Floats, w: Floats, q: Floats) -> tuple[Floats, int]:
    """Return the shares at which EM settles, and the steps it took."""
    for step in range(1, MAX_STEPS + 1):
        posteriors = ratios * q
        new = w @ (posteriors / posteriors.sum(axis=1, keepdims=True))
        moved, q = float(np.abs(new - q).max()), new
        if moved < TOLERANCE:
            return q, step
    return q, MAX_STEPS


@dataclass(frozen=True, eq=False)
class _Estimate:
    shares: Floats
    low: Floats
    high: Floats
    condition: float
    is_clipped: bool = False


def black_box_shares(
    source: SourceRows, scores: Floats, weights: Floats
) -> ClassShares:
    """Return the shares that explain how often the model decides for each class.

    With A[i, j] the source's rate of decisions for class i among those of class j, and
    m the target's rates of decisions, q solves A q = m. It asks nothing of the scores
    but that they tell classes apart. A q outside 0 and 1 is moved to the nearest shares
    that sum to 1. A class without source rows keeps the share 0.

    Parameters
    ----------
    source : SourceRows
    scores : float[n, k]
        Of the target's rows.
    weights : float[n]

    References
    ----------
    Lipton, Wang & Smola (2018), Detecting and Correcting for Label Shift with Black Box
    Predictors, ICML, section 3. The interval is ours: the delta method over the counts
    of A and of m.
    """
    known = np.flatnonzero(source.shares > 0)
    n_known = len(known)
    decided = source.scores[:, known].argmax(axis=1)
    rates, counted = np.empty((n_known, n_known)), np.empty(n_known)
    for j, c in enumerate(known):
        own = source.labels == c
        rates[:, j] = np.bincount(decided[own], source.weights[own], n_known)
        counted[j] = effective_rows(source.weights[own])
    rates /= rates.sum(axis=0)
    n = effective_rows(weights)
    seen = np.bincount(scores[:, known].argmax(axis=1), weights, n_known)
    seen = seen / seen.sum()
    condition = float(np.linalg.cond(rates))
    if not np.isfinite(condition) or condition > 1e12:
        nothing = np.full(n_known, np.nan)
        found = _Estimate(source.shares[known], nothing, nothing, np.inf)
        return _shares(source, known, found, n, 0)
    inverse = np.linalg.inv(rates)
    q = inverse @ seen
    noise = (np.diag(seen) - np.outer(seen, seen)) / n
    for j in range(n_known):
        one = rates[:, j]
        noise += q[j] ** 2 * (np.diag(one) - np.outer(one, one)) / counted[j]
    spread = np.sqrt(np.maximum(np.diag(inverse @ noise @ inverse.T), 0))
    is_clipped = bool((q < 0).any() or (q > 1).any())
    nearest, half = on_simplex(q), Z_95 * spread
    found = _Estimate(nearest, nearest - half, nearest + half, condition, is_clipped)
    return _shares(source, known, found, n, 0)


def on_simplex(values: Floats) -> Floats:
    """Return the nearest shares, none below 0 and summing to 1, float[k].

    References
    ----------
    Duchi, Shalev-Shwartz, Singer & Chandra (2008), Efficient Projections onto the
    l1-Ball for Learning in High Dimensions, ICML, figure 1.
    """
    falling = np.sort(values)[::-1]
    over = (np.cumsum(falling) - 1) / np.arange(1, len(values) + 1)
    cut = over[np.flatnonzero(falling > over)[-1]]
    return np.maximum(values - cut, 0.0)


def _shares(
    source: SourceRows, known: Ints, found: _Estimate, n: float, steps: int
) -> ClassShares:
    """Return the record over all classes, absent ones with share 0."""
    k = source.scores.shape[1]
    shares, low, high = np.zeros(k), np.full(k, np.nan), np.full(k, np.nan)
    shares[known] = found.shares
    low[known] = np.clip(found.low, 0, 1)
    high[known] = np.clip(found.high, 0, 1)
    return ClassShares(
        source.shares, shares, low, high, n, steps, found.condition, found.is_clipped
    )
