"""The rate of positives at each score, from weighted reference rows, with its noise.

Rates are constant within a cell and rise with the score among rows of one decision.
Their noise is that of bootstrap replicates over the reference rows in which the
weights' model is refitted by one Newton step: such a replicate is linear in how often
each row was drawn, so the covariance that an endless number of replicates would have
is known in closed form, and normal draws from it take their place.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, sparse

from analysis.arrays import Bools, Floats, Ints
from analysis.label_free.weighing import Weighing


@dataclass(frozen=True, eq=False)
class Rates:
    """Rates of positives by cell.

    Parameters
    ----------
    value : float[c]
        As observed, NaN in a cell without reference rows.
    weight : float[c]
        Weight of the reference rows.
    covariance : float[c, c]
        Of `value` over replicates; 0 where unknown.
    """

    value: Floats
    weight: Floats
    covariance: Floats

    @property
    def rising(self) -> Floats:
        """The rates with neighbours pooled until they rise, float[c], none unknown."""
        return _rising(self.value, self.weight)

    def drawn(self, draws: int, rng: np.random.Generator) -> Floats:
        """Return rising rates of replicates, float[r, c]."""
        known = np.flatnonzero(self.weight > 0)
        spread, axes = np.linalg.eigh(self.covariance[np.ix_(known, known)])
        root = axes * np.sqrt(np.maximum(spread, 0))
        made = np.tile(self.value, (draws, 1))
        made[:, known] += rng.standard_normal((draws, len(known))) @ root.T
        return np.array([_rising(row, self.weight) for row in made])


def rates(
    cells: Ints, positive: Bools, weighing: Weighing, size: int, model: Weighing
) -> Rates:
    """Return the weighted rate of positives of each cell.

    Parameters
    ----------
    cells : int[n_r]
    positive : bool[n_r]
    weighing : Weighing
        Of the same rows.
    size : int
        Number of cells, c.
    model : Weighing
        Whose ratio model the weights come from: `weighing` itself, or everyone's.
    """
    u = weighing.weights
    total = np.bincount(cells, u, size).astype(np.float64)
    hits = np.bincount(cells, u * positive, size).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = hits / total
    known = total > 0
    scale = np.where(known, total, 1.0)
    off = u * (positive - np.where(known, value, 0.0)[cells]) / scale[cells]
    squares = np.bincount(cells, u * u, size).astype(np.float64)
    alone = np.bincount(cells, off * off, size)
    covariance = np.diag(np.maximum(alone, _least(value, total, squares)))
    if weighing.columns is not None and model.factor is not None:
        covariance = covariance + _of_model(cells, off, weighing, model, size)
    return Rates(value, total, covariance)


def _least(value: Floats, total: Floats, squares: Floats) -> Floats:
    """Return the variance of rates with one hit and one miss more, float[c].

    A cell of few rows that agree shows no spread, but its rate is not known exactly.
    """
    rows = np.divide(total**2, squares, out=np.ones(len(total)), where=squares > 0)
    p = (np.nan_to_num(value) * rows + 1) / (rows + 2)
    return np.where(total > 0, p * (1 - p) / (rows + 2), 0.0)


def _of_model(
    cells: Ints, off: Floats, weighing: Weighing, model: Weighing, size: int
) -> Floats:
    """Return what refitting the weights adds to the covariance, [c, c].

    With x a row's columns, a pull of one more copy moves the coefficients by
    -H^-1 x pull, and a rate by `slopes` times that.
    """
    if model.factor is None or model.columns is None or model.pulls is None:
        return np.zeros((size, size))
    slopes = _by_cell(cells, off, size) @ weighing.columns
    slopes = np.asarray(slopes.todense())  # [c, d]
    turned = linalg.cho_solve(model.factor, slopes.T)  # [d, c]
    moved = model.columns @ turned  # [n, c]
    moved *= model.pulls[:, None]
    own = moved.T @ moved
    if model is weighing:
        both = _by_cell(cells, off, size) @ moved
        own = own - both - both.T
    if model.left_out is not None and model.left_out.size:
        own = own + turned.T @ model.left_out @ turned
    return np.asarray(own, dtype=np.float64)


def _by_cell(cells: Ints, values: Floats, size: int) -> sparse.csr_matrix:
    n = len(cells)
    return sparse.csr_matrix((values, (cells, np.arange(n))), shape=(size, n))


def _rising(value: Floats, weight: Floats) -> Floats:
    """Pool neighbours of one decision until rates rise; fill cells without rows."""
    b = len(value) // 2
    parts = [_side(value[s], weight[s]) for s in (slice(0, b), slice(b, None))]
    overall = _mean(value, weight)
    filled = [np.where(np.isnan(p), overall, p) for p in parts]
    return np.clip(np.concatenate(filled), 0.0, 1.0)


def _side(value: Floats, weight: Floats) -> Floats:
    known = np.flatnonzero(weight > 0)
    if not len(known):
        return np.full(len(value), np.nan)
    fit = optimize.isotonic_regression(value[known], weights=weight[known])
    return np.interp(np.arange(len(value)), known, fit.x)


def _mean(value: Floats, weight: Floats) -> float:
    known = weight > 0
    if not known.any():
        return 0.5
    return float(np.average(value[known], weights=weight[known]))
