"""Kernel mean matching: weights under which two tables have the same mean features."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import brentq

from analysis.arrays import Floats

FEATURES = 256
"""Random features, m; their error in the kernel is about 1 / sqrt(m)."""

UPPER = 1000.0
"""Largest source weight, B in the papers; a remedy's own cap is tighter."""

RIDGE = 1e-3
"""Of the squared distance of source weights from 1: with more rows than features the
match alone has many solutions, and this one has the most effective rows."""

STEPS = 300
TOLERANCE = 1e-7
"""Largest change of a weight in a step at which the weights stand still."""

PAIRS = 1000
"""Pairs of rows whose median distance is the kernel's width."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Weights of the rows of both tables, and how well they match.

    Parameters
    ----------
    source : float[n]
        Beta, zero or more, averaging 1 where nothing is trimmed.
    target : float[t]
        Alpha, in [0, 1]; all 1 without trimming.
    distance : float
        Of the two weighted means in the random features, at the end.
    """

    source: Floats
    target: Floats
    distance: float


def match_means(
    source: Floats,
    target: Floats,
    source_weights: Floats,
    target_weights: Floats,
    trimmed: float,
) -> Matching:
    """Minimise |mean(alpha phi) - mean(beta phi)|^2 over both weights.

    With a share `trimmed` of 0, alpha is 1 and this is kernel mean matching. Above 0
    the target's rows may count less where the source has no rows like them: alpha is in
    [0, 1] with mean (1 - alpha)^2 at most trimmed^2, and beta at most B (1 - trimmed).
    In the paper's letters trimmed is 1 - 1 / sqrt(D). Solved by accelerated projected
    gradient steps.

    Parameters
    ----------
    source, target : float[n, m], float[t, m]
        `random_features` of both tables.
    source_weights, target_weights : float[n], float[t]
        That the rows have anyway.
    trimmed : float
        In [0, 1).

    References
    ----------
    Huang, Smola, Gretton, Borgwardt & Schölkopf (2007), Correcting Sample Selection
    Bias by Unlabeled Data, NeurIPS, section 4; its bound on the mean of beta, which is
    loose, is replaced by a ridge. Segovia-Martín, Mazuelas & Liu (2023),
    Double-Weighting for Covariate Shift Adaptation, ICML, section 4 (DW-KMM).
    """
    p, t = (w / w.sum() for w in (source_weights, target_weights))
    step = 1 / (_largest(source, p) + _largest(target, t) + RIDGE)
    # One vector for both: beta, then what each target row is turned down, 1 - alpha.
    now = np.concatenate([np.ones(len(p)), np.zeros(len(t))])
    ahead, momentum = now, 1.0
    for _ in range(STEPS):
        beta, down = ahead[: len(p)], ahead[len(p) :]
        gap = (p * beta) @ source - (t * (1 - down)) @ target  # [m]
        # In the metric of the rows' own weights, in which all rows move alike.
        slope = np.concatenate([source @ gap + RIDGE * (beta - 1), target @ gap])
        moved = ahead - step * slope
        after = np.concatenate(
            [
                np.clip(moved[: len(p)], 0, UPPER * (1 - trimmed)),
                _within_ball(moved[len(p) :], t, trimmed),
            ]
        )
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = after + (momentum - 1) / faster * (after - now)
        change, now, momentum = float(np.abs(after - now).max()), after, faster
        if change < TOLERANCE:
            break
    beta, alpha = now[: len(p)], 1 - now[len(p) :]
    gap = (p * beta) @ source - (t * alpha) @ target
    return Matching(beta, alpha, float(np.sqrt(gap @ gap)))


def random_features(
    columns: sparse.csr_matrix, seed: int, features: int = FEATURES
) -> Floats:
    """Return features whose products are a Gaussian kernel of the rows, float[n, m].

    Its width is the median distance of some pairs of rows.

    References
    ----------
    Rahimi & Recht (2007), Random Features for Large-Scale Kernel Machines, NeurIPS,
    algorithm 1.
    """
    rng = np.random.default_rng(seed)
    n, d = columns.shape
    first, second = rng.integers(0, n, (2, PAIRS))
    apart = columns[first] - columns[second]
    distances = np.sqrt(np.asarray(apart.multiply(apart).sum(axis=1)).ravel())
    known = distances[distances > 0]
    width = float(np.median(known)) if len(known) else 1.0
    frequencies = rng.normal(size=(d, features)) / width
    phases = rng.uniform(0, 2 * np.pi, features)
    found: Floats = np.sqrt(2 / features) * np.cos(columns @ frequencies + phases)
    return found


def _largest(features: Floats, weights: Floats) -> float:
    """Return the largest eigenvalue of the features' second moments."""
    return float(np.linalg.eigvalsh(features.T @ (features * weights[:, None]))[-1])


def _within_ball(down: Floats, weights: Floats, radius: float) -> Floats:
    """Return the nearest point in [0, 1] whose weighted mean square is in reach."""

    def cut(multiplier: float) -> Floats:
        return np.clip(down / (1 + multiplier), 0, 1)

    def excess(multiplier: float) -> float:
        return float(weights @ cut(multiplier) ** 2) - radius**2

    if radius <= 0:
        return np.zeros_like(down)
    if excess(0.0) <= 0:
        return cut(0.0)
    high = float(np.abs(down).max()) / radius  # then every square is in reach
    return cut(brentq(excess, 0.0, high, xtol=1e-9))
