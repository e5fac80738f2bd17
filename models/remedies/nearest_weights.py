"""The nonnegative weights nearest to 1 under linear conditions on their moments."""

import numpy as np
from scipy.optimize import linprog, minimize

from analysis.arrays import Floats
from analysis.errors import DataError

LEAST_SQUARES, ENTROPY = "least squares", "entropy"
DISTANCES = (LEAST_SQUARES, ENTROPY)

SLACK = 1e-7
"""How far a condition may be missed by rounding."""

MAX_EXPONENT = 50.0


def nearest_weights(
    moments: Floats, mass: Floats, distance: str, tolerance: float, cap: float
) -> Floats:
    """Return the weights q that minimise a distance to 1 under conditions.

    The distance is sum m (q - 1)^2 / 2, or the relative entropy sum m q log q. The
    conditions: |sum m a_j q| <= tolerance for every j, sum m q = 1 and 0 <= q <= cap.
    Solved through the dual, whose variables are one number per side of a condition:
    q = h(-sum_j lambda_j a_j) cut to its bounds, with h(z) = 1 + z or exp(z).

    Parameters
    ----------
    moments : float[j, c]
        The values a of each condition on each cell.
    mass : float[c]
        Share of the rows in each cell; they sum to 1.
    distance : str
        One of `DISTANCES`.
    tolerance : float
    cap : float
        0 for none.

    Returns
    -------
    float[c]
        1 on cells without mass.

    Raises
    ------
    DataError
        No weights satisfy the conditions.
    """
    filled = mass > 0
    a, m = moments[:, filled], mass[filled]
    top = max(cap, 1.0) if cap > 0 else np.inf
    _refuse_infeasible(a, m, tolerance, top)
    every = np.vstack([a, np.ones(len(m))])  # the last one: weights average 1
    aims = np.append(np.zeros(len(a)), 1.0)
    slack = np.append(np.full(len(a), tolerance), 0.0)
    found = np.ones(len(mass))
    found[filled] = _solved(every, m, distance, aims, slack, top)
    off = np.abs(every @ (m * found[filled]) - aims) - slack
    if off.max() > 10 * SLACK:
        raise _infeasible()
    return found


def _solved(
    a: Floats, m: Floats, distance: str, aims: Floats, slack: Floats, top: float
) -> Floats:
    """Maximise the dual over lambda = up - down, both zero or more."""
    j = len(a)

    def weights(multipliers: Floats) -> Floats:
        z = -(multipliers[:j] - multipliers[j:]) @ a
        raw = (
            1 + z if distance == LEAST_SQUARES else np.exp(np.minimum(z, MAX_EXPONENT))
        )
        return np.clip(raw, 0, top)

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        q = weights(multipliers)
        difference = multipliers[:j] - multipliers[j:]
        missed = a @ (m * q) - aims  # [j]
        cost = (q - 1) ** 2 / 2 if distance == LEAST_SQUARES else _entropy(q)
        value = (
            m @ cost + difference @ missed - slack @ (multipliers[:j] + multipliers[j:])
        )
        return -float(value), -np.concatenate([missed - slack, -missed - slack])

    answer = minimize(
        dual,
        np.zeros(2 * j),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * (2 * j),
        options={"maxiter": 5000, "maxfun": 20_000, "ftol": 1e-16, "gtol": 1e-10},
    )
    return weights(answer.x)


def _entropy(q: Floats) -> Floats:
    """Return q log q - q + 1, 1 at 0; its slope is log q, so that h is exp."""
    return q * np.log(np.maximum(q, np.finfo(float).tiny)) - q + 1


def _refuse_infeasible(a: Floats, m: Floats, tolerance: float, top: float) -> None:
    rows = a * m
    answer = linprog(
        np.zeros(len(m)),
        A_ub=np.vstack([rows, -rows]),
        b_ub=np.full(2 * len(rows), tolerance + SLACK / 10),
        A_eq=m[None],
        b_eq=[1.0],
        bounds=(0, None if np.isinf(top) else top),
    )
    if answer.status != 0:
        raise _infeasible()


def _infeasible() -> DataError:
    return DataError(
        "No weights bring these groups and labels to their targets at once. Raise the "
        "tolerance or the cap, or choose fewer attributes."
    )
