"""Oversampler: synthetic rows of a table's numbers and categories, by SMOTE."""

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from analysis.arrays import Floats, Ints

BUDGET = 2e7
"""Numbers that imbalanced-learn may hold for the neighbours of new rows at a time."""

MAX_REAL = 8_000
"""Real rows of one cell that new ones are made from: all pairs of them are compared."""


class Oversampler:
    """Makes rows like some of a table's.

    Parameters
    ----------
    features : DataFrame [n, d]
        float64 and `category` columns, missing values allowed.
    neighbours : int
        k.
    """

    def __init__(self, features: pd.DataFrame, neighbours: int) -> None:
        self.features, self.neighbours = features, neighbours
        self.is_number = np.array(
            [pd.api.types.is_numeric_dtype(kind) for kind in features.dtypes]
        )
        columns = [_numbers(features[name]) for name in features]
        self.table = np.column_stack(columns)  # [n, d]
        self.centre = np.where(self.is_number, self.table.mean(axis=0), 0)
        spread = self.table.std(axis=0)
        self.scale = np.where(self.is_number & (spread > 0), spread, 1)

    def made(self, rows: Ints, count: int, seed: int) -> tuple[pd.DataFrame, Ints]:
        """Return new rows, and which of `rows` is nearest to each, int[count].

        Of many rows some are drawn at random to be the real ones.

        Parameters
        ----------
        rows : int[m]
            More than there are neighbours.
        count : int
        seed : int
        """
        if len(rows) > MAX_REAL:
            rng = np.random.default_rng(seed)
            rows = np.sort(rng.choice(rows, MAX_REAL, replace=False))
        real = (self.table[rows] - self.centre) / self.scale
        # The neighbours of all new rows are held at once, with a column per category.
        levels = sum(len(np.unique(c)) for c in real.T[~self.is_number])
        width = int(self.is_number.sum()) + levels
        step = max(100, int(BUDGET / (width * self.neighbours)))
        parts = [
            self._sampled(real, min(step, count - start), seed + 7919 * start)
            for start in range(0, count, step)
        ]
        new = np.vstack(parts)
        nearest = rows[_nearest(real, new, self.is_number)]
        return self._framed(new * self.scale + self.centre), nearest

    def _sampled(self, real: Floats, count: int, seed: int) -> Floats:
        """Return count synthetic rows of a cell alone."""
        settings = {
            "sampling_strategy": {0: len(real) + count},
            "k_neighbors": self.neighbours,
            "random_state": seed % 2**32,
        }
        categories = np.flatnonzero(~self.is_number)
        if not len(categories):
            sampler = SMOTE(**settings)
        elif len(categories) < len(self.is_number):
            sampler = SMOTENC(categories.tolist(), **settings)
        else:
            sampler = SMOTEN(**settings)
        # It wants two classes; one row stands for the other.
        table, kind = np.vstack([real, real[:1]]), np.append(np.zeros(len(real)), 1)
        made, _ = sampler.fit_resample(table, kind.astype(int))
        new: Floats = np.asarray(made[len(table) :], dtype=np.float64)
        return new

    def _framed(self, new: Floats) -> pd.DataFrame:
        columns = {}
        for i, name in enumerate(self.features):
            column = self.features[name]
            if self.is_number[i]:
                is_whole = bool((column.dropna() % 1 == 0).all())
                columns[name] = np.round(new[:, i]) if is_whole else new[:, i]
            else:
                codes = np.round(new[:, i]).astype(int)
                columns[name] = pd.Categorical.from_codes(codes, dtype=column.dtype)
        return pd.DataFrame(columns)


def _numbers(column: pd.Series) -> Floats:
    """Return a column's numbers, the median where missing; or codes, -1 if missing."""
    if not pd.api.types.is_numeric_dtype(column):
        codes: Floats = column.cat.codes.to_numpy().astype(np.float64)
        return codes
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.where(np.isfinite(values), values, np.nan)
    known = values[~np.isnan(values)]
    return np.nan_to_num(values, nan=float(np.median(known)) if len(known) else 0.0)


def _nearest(real: Floats, new: Floats, is_number: NDArray[np.bool_]) -> Ints:
    """Return the position of the real row nearest to each new one, int[count].

    Two rows that differ in a category are as far apart in it as SMOTE-NC has them: the
    median standard deviation of the numbers, or 1 without any.
    """
    spread = (
        float(np.median(real[:, is_number].std(axis=0))) if is_number.any() else 1.0
    )
    apart = max(spread, 1e-6) / np.sqrt(2)

    def encoded(table: Floats) -> Floats:
        lit = [
            (table[:, [i]] == np.unique(real[:, i])) * apart
            for i in np.flatnonzero(~is_number)
        ]
        return np.column_stack([table[:, is_number], *lit])

    found = NearestNeighbors(n_neighbors=1).fit(encoded(real))
    nearest: Ints = found.kneighbors(encoded(new), return_distance=False)[:, 0]
    return nearest
