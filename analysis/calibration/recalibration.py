"""Calibration intercept and slope: the logistic line that would mend the scores."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.arrays import Bools, Floats
from analysis.calibration.graded import Graded, Measured, measured
from analysis.estimates import Z
from analysis.intervals import student

CLIP = 1e-6
"""Scores nearer to 0 or 1 than this count as that far from them: 0 has no log odds."""

ROUNDS = 50
CLOSE = 1e-9
FURTHEST = 50.0
"""Log odds beyond which a line is taken for endless: labels that a score parts."""


@dataclass(frozen=True, eq=False)
class _Line:
    """Rows of a logistic line by group: label, weight, columns [n, c], known part."""

    graded: Graded
    y: Floats
    w: Floats
    x: Floats
    offset: Floats

    def sums(self, rows: Floats) -> Floats:
        """Return sums by group of columns, float[g, c]."""
        return np.column_stack([self.graded.sums(column) for column in rows.T])

    def products(self, rows: Floats) -> Floats:
        """Return sums by group of rows times products of columns, float[g, c, c]."""
        c = self.x.shape[1]
        tables = [
            self.graded.sums(rows * self.x[:, i] * self.x[:, j])
            for i in range(c)
            for j in range(c)
        ]
        return np.array(tables).T.reshape(-1, c, c)


def intercept(graded: Graded) -> Measured:
    """Return the calibration intercept (calibration in the large), in log odds.

    What must be added to the log odds of every score so that the mean score is the
    rate; above 0 the score promises too little. The slope stays 1. NaN in a group of
    one class.

    References
    ----------
    Cox (1958), Two Further Applications of a Model for Binary Regression, Biometrika
    45; Van Calster et al. (2019), Calibration: the Achilles heel of predictive
    analytics, BMC Medicine 17.
    """
    y, s, w = graded.of_view
    line = _Line(graded, y, w, np.ones((len(s), 1)), _log_odds(s))
    return _measured(line, *_fitted(line, np.zeros(1)), 0.0)


def slope(graded: Graded) -> Measured:
    """Return the calibration slope: of the logistic line over the scores' log odds.

    Below 1 the scores are too extreme, above 1 too cautious. NaN in a group of one
    class, of one score, or whose labels a score parts.

    References
    ----------
    As for `intercept`. Intervals take the larger of the variance by the model and the
    one that holds without it (Huber 1967; White 1980), and Student's t; scores are
    kept 1e-6 away from 0 and 1.
    """
    y, s, w = graded.of_view
    x = np.column_stack([_log_odds(s), np.ones(len(s))])
    line = _Line(graded, y, w, x, np.zeros(len(s)))
    return _measured(line, *_fitted(line, np.array([1.0, 0.0])), 1.0)


def _log_odds(scores: Floats) -> Floats:
    kept: Floats = special.logit(np.clip(scores, CLIP, 1 - CLIP))
    return kept


def _fitted(line: _Line, start: Floats) -> tuple[Floats, Floats]:
    """Return coefficients by group, float[g, c], NaN where there are none; and p."""
    codes, g = line.graded.grouping.codes, len(line.graded.grouping.names)
    beta = np.tile(start, (g, 1))
    p, step = np.empty(0), np.full(g, np.inf)
    for _ in range(ROUNDS):
        p = special.expit((line.x * beta[codes]).sum(1) + line.offset)
        up = line.sums(line.x * (line.w * (line.y - p))[:, None])
        moved = _solved(line.products(line.w * p * (1 - p)), up)
        # a long step of Newton's may overshoot where p is nearly 0 or 1
        moved = np.clip(moved, -2, 2)
        beta, step = beta + moved, np.abs(moved).max(1)
        if not (step > CLOSE).any():
            break
    is_known = (step <= CLOSE) & (np.abs(beta) < FURTHEST).all(1) & _has_both(line)
    beta = np.where(is_known[:, None], beta, np.nan)
    return beta, p


def _has_both(line: _Line) -> Bools:
    positive, all_of = line.graded.sums(line.w * line.y), line.graded.sums(line.w)
    return (positive > 0) & (positive < all_of * (1 - 1e-12))


def _solved(tables: Floats, right: Floats) -> Floats:
    """Return each group's solution, float[g, c]; NaN of a table that has none."""
    known = np.isfinite(tables.sum((1, 2)))
    kept = np.where(known[:, None, None], tables, 0.0)
    scale = np.abs(np.einsum("gii->gi", kept)).max(1, initial=0)
    whole = np.abs(np.linalg.det(kept)) > 1e-12 * scale ** tables.shape[1]
    found = np.full(right.shape, np.nan)
    found[whole] = np.linalg.solve(tables[whole], right[whole][..., None])[..., 0]
    return found


def _measured(line: _Line, beta: Floats, p: Floats, true: float) -> Measured:
    """Return the first coefficient with its interval and its test."""
    graded, w = line.graded, line.w
    inner = line.products(w * p * (1 - p))
    by_model = line.products(w**2 * p * (1 - p))
    observed = line.products((w * (line.y - p)) ** 2)
    known = ~np.isnan(beta).any(1)
    inverse = np.full(inner.shape, np.nan)
    inverse[known] = np.linalg.inv(inner[known])
    variance = np.maximum(
        *((inverse @ middle @ inverse)[:, 0, 0] for middle in (by_model, observed))
    )
    total, squares = graded.sums(w), graded.sums(w**2)
    effective = np.divide(total**2, squares, out=np.zeros(len(total)), where=total > 0)
    freedom = effective - line.x.shape[1]
    error, value = np.sqrt(variance), beta[:, 0]
    with np.errstate(invalid="ignore"):
        half = student(Z, freedom) * error
        t = (value - true) / error
    p_value = 2 * special.stdtr(np.maximum(freedom, 1e-3), -np.abs(t))
    return measured(
        value, graded.n, low=value - half, high=value + half, p_value=p_value
    )
