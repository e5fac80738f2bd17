"""The threshold under which a 0/1 loss stays at a level for the next person.

Each fitted row has a critical value: its loss is 1 below it and 0 from it on. Sets of
answers and the control of misses are both this, with other critical values.
"""

import math

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.errors import SettingError

ROUNDING = 1e-9
"""Share of a sum that may be rounding: (n + 1) (1 - alpha) is often meant whole."""


def smallest_threshold(critical: Floats, mass: Floats, alpha: float) -> float:
    """Return the smallest threshold at which the next person's loss is at most alpha.

    It is inf {t: (sum m_i 1[c_i > t] + 1) / (sum m_i + 1) <= alpha}; the 1 is the next
    person, whose loss is not known and counts in full. With masses of 1 it is the
    ceil((n + 1) (1 - alpha))-th smallest critical value.

    Parameters
    ----------
    critical : float[n]
    mass : float[n]
        How much each row counts beside the next person, who counts 1; see `masses`.
    alpha : float
        In (0, 1).

    Returns
    -------
    float
        Infinite when the rows are too few for the level: no threshold will do.

    References
    ----------
    Angelopoulos, Bates, Fisch, Lei & Schuster (2024), Conformal Risk Control, ICLR,
    equation 4 with B = 1; with masses below 1 Farinhas, Zerva, Ulmer & Martins
    (2024), Non-Exchangeable Conformal Risk Control, ICLR, section 3.
    """
    order = np.argsort(critical, kind="stable")
    reached = np.cumsum(mass[order])
    total = float(reached[-1]) + 1 if len(order) else 1.0
    needed = (1 - alpha) * total
    at = int(np.searchsorted(reached, needed - ROUNDING * total))
    if at >= len(order):
        return math.inf
    return float(critical[order[at]])


def thresholds_by_cell(
    critical: Floats, mass: Floats, codes: Ints, cells: int, alpha: float
) -> Floats:
    """Return `smallest_threshold` of each cell's rows by itself, float[c]."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=cells))
    parts = np.split(order, ends[:-1])
    return np.array([smallest_threshold(critical[p], mass[p], alpha) for p in parts])


def masses(
    weights: Floats, codes: Ints, cells: int, row_weights: Floats | None = None
) -> Floats:
    """Return how much each row counts beside the next person, float[n].

    A person drawn from the population that survey weights stand for weighs
    sum w^2 / sum w on average; divided by that, the rows of a cell count for
    (sum w)^2 / sum w^2 people, their effective number, whatever the weights' scale.
    Tibshirani et al. take each new person's own weight, so that everyone has a
    threshold of their own; one for all is ours.

    Parameters
    ----------
    weights : float[n]
        Survey weights.
    codes : int[n]
        The rows' cells, each with a threshold of its own.
    cells : int
    row_weights : float[n] or None
        How much a row resembles the people who are coming, from 0 to 1.

    References
    ----------
    Tibshirani, Foygel Barber, Candès & Ramdas (2019), Conformal Prediction Under
    Covariate Shift, NeurIPS, lemma 3.
    """
    total = np.bincount(codes, weights, cells)
    squares = np.bincount(codes, weights**2, cells)
    unit = np.divide(squares, total, out=np.ones(cells), where=total > 0)
    mass: Floats = weights / unit[codes]
    return mass if row_weights is None else mass * row_weights


def check_level(alpha: float) -> None:
    """Accept a level strictly between 0 and 1.

    Raises
    ------
    SettingError
        It is none.
    """
    if not 0 < alpha < 1:
        raise SettingError(
            f"A level of {alpha:g} promises nothing; choose one between 0 and 1, such "
            "as 0.1."
        )


def rows_needed(alpha: float) -> int:
    """Return the fewest rows from which a level can be promised."""
    return math.ceil(1 / alpha - 1 - ROUNDING)


def is_too_few(effective: Floats, alpha: float) -> Bools:
    """Whether cells of so many effective rows cannot promise a level, bool[c]."""
    too_few: Bools = (effective + 1) * alpha < 1 - ROUNDING
    return too_few
