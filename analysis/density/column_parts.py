"""One column of two tables as curves of a number, or indicators of categories."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints

KNOTS = (0.25, 0.5, 0.75)
"""Quantiles at which the slope of a numeric column may change."""

TAILS = (0.01, 0.99)
"""Quantiles beyond which numbers are pulled in: one extreme value would otherwise get
a ratio by extrapolation, and carry all the weight."""

MIN_CATEGORY_ROWS = 20
"""Rarer categories share one column: too few rows to tell their share apart."""

HUGE = 1e100
"""Beyond it, and below its inverse, squares leave what a computer can hold."""

LEVELS_IN_PRODUCTS = 10
"""Categories that enter products by themselves; the others enter as one."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Curves of one numeric column, float[c, n]; the first is the number itself."""

    values: np.ndarray

    @property
    def width(self) -> int:
        """Columns it takes."""
        return len(self.values)

    @property
    def short(self) -> int:
        """Leading columns that enter large products."""
        return 1

    def write(self, rows: slice | Ints, out: Floats) -> None:
        """Fill a block's columns, float[c, b], with some rows."""
        out[:] = self.values[:, rows]

    def take(self, rows: Ints) -> "Numbers":
        """Return some rows."""
        return Numbers(self.values[:, rows])


@dataclass(frozen=True, eq=False)
class Codes:
    """Indicators of one categorical column, int[n] below `width`.

    Codes fall with the number of rows, so that the first ones are the commonest.
    """

    codes: Ints
    width: int

    @property
    def short(self) -> int:
        """Leading columns that enter products."""
        return min(self.width, LEVELS_IN_PRODUCTS)

    def write(self, rows: slice | Ints, out: Floats) -> None:
        """Fill a block's columns, float[width, b], with some rows."""
        out[:] = 0.0
        codes = self.codes[rows]
        out[codes, np.arange(len(codes))] = 1.0

    def take(self, rows: Ints) -> "Codes":
        """Return some rows."""
        return Codes(self.codes[rows], self.width)


Part = Numbers | Codes


def is_numeric(column: pd.Series) -> bool:
    """Whether a column holds numbers; truth values are categories."""
    is_number = pd.api.types.is_numeric_dtype(column)
    return bool(is_number and not pd.api.types.is_bool_dtype(column))


def numbers(values: Floats, weights: Floats) -> Numbers:
    """Return the curves of a number; those that are the same everywhere are left out.

    Parameters
    ----------
    values : float[n]
        NaN where missing.
    weights : float[n]
    """
    missing = np.isnan(values)
    known, own = values[~missing], weights[~missing]
    if not known.size or known.min() == known.max():
        curves = [missing] if 0 < missing.sum() < len(values) else []
        shape = (len(curves), len(values))
        return Numbers(np.array(curves, dtype=np.float32).reshape(shape))
    if own.sum() <= 0:
        own = np.ones(len(known))
    values, known = _held(values, known), _held(known, known)
    # a value that occurs, so that a row of weight 2 gives the knots of two rows
    asked = [TAILS[0], *KNOTS, TAILS[1]]
    ends = np.quantile(known, asked, method="inverted_cdf", weights=own)
    low, *knots, high = ends
    if low == high:  # nearly all rows agree, as of a rare event
        low, high = known.min(), np.quantile(known, 1 - 1e-3)
        high = high if high > low else known.max()
    filled = np.clip(np.where(missing, knots[len(knots) // 2], values), low, high)
    hinges = (np.maximum(filled - knot, 0) for knot in sorted(set(knots)))
    curves = [_standardised(c, weights) for c in (filled, *hinges)]
    curves = [c for c in curves if c.any()]
    if missing.any():
        curves.append(missing.astype(np.float64))
    return Numbers(np.array(curves, dtype=np.float32))


def _held(values: Floats, known: Floats) -> Floats:
    """Return values on a scale whose squares can be held; all curves ignore the scale.

    Parameters
    ----------
    values : float[n]
        What to scale, by a power of 2 and so exactly.
    known : float[m]
        What the scale comes from: the same values without those missing.
    """
    largest = float(np.abs(known).max())
    if not np.isfinite(largest) or 1 / HUGE < largest < HUGE:
        return values
    return np.ldexp(values, -int(np.frexp(largest)[1]))


def _standardised(values: Floats, weights: Floats) -> Floats:
    if weights.sum() <= 0 or values.min() == values.max():
        return np.zeros(len(values))
    away = values - np.average(values, weights=weights)
    spread = np.sqrt(np.average(away**2, weights=weights))
    return away / spread if spread > 0 else np.zeros(len(values))


def coded(first: pd.Series, second: pd.Series) -> tuple[Ints, int]:
    """Return each row's category over both columns, int[n], 0 for missing."""
    words: dict[str, int] = {}
    codes = []
    for column in (first, second):
        of_row, values = pd.factorize(column, use_na_sentinel=True)
        at = [words.setdefault(str(v), len(words) + 1) for v in values]
        codes.append(np.array([*at, 0], np.int64)[of_row])
    return np.concatenate(codes), len(words) + 1


def indicators(codes: Ints, k: int) -> Codes:
    """Join rare categories, and number the rest from the commonest on."""
    rare = np.bincount(codes, minlength=k) < MIN_CATEGORY_ROWS
    codes = np.where(rare[codes], k, codes)
    size = np.bincount(codes, minlength=k + 1)
    order = np.argsort(-size, kind="stable")
    place = np.empty(k + 1, np.int64)
    place[order] = np.arange(k + 1)
    return Codes(place[codes], int((size > 0).sum()))
