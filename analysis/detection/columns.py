"""What is missing more often on one side, and values that only one side has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.detection.shares import Shares, in_family, shares

MOST_LISTED = 100
"""Values listed at most, the commonest first."""


@dataclass(frozen=True)
class OneSided:
    """A value of a column that stands on one side only.

    Parameters
    ----------
    feature, value : str
    side : str
        'target' for a new value, 'source' for one that vanished.
    n : int
        Rows that have it.
    share : float
        Of that side's weight.
    """

    feature: str
    value: str
    side: str
    n: int
    share: float


def missingness(
    source: pd.DataFrame,
    target: pd.DataFrame,
    weights: tuple[Floats, Floats],
    k: int = 0,
) -> tuple[Shares, ...]:
    """Return the share missing of every column that has a missing value.

    Parameters
    ----------
    source, target : DataFrame
        The same columns.
    weights : (float[n_s], float[n_t])
    k : int
        Columns missing for fewer people, but somebody, on a side are left out.
    """
    found = []
    for name in source.columns:
        holds = source[name].isna().to_numpy(), target[name].isna().to_numpy()
        rows = [int(h.sum()) for h in holds]
        if any(rows) and not any(0 < n < k for n in rows):
            found.append(shares(str(name), holds, weights))
    return tuple(sorted(in_family(found), key=lambda s: -abs(s.change.value)))


def one_sided(
    source: pd.DataFrame,
    target: pd.DataFrame,
    weights: tuple[Floats, Floats],
    k: int = 0,
) -> tuple[OneSided, ...]:
    """Return the categories that only one side has, the commonest first.

    Parameters
    ----------
    source, target : DataFrame
        The same columns; numbers are left out, as a new number is none in itself.
    weights : (float[n_s], float[n_t])
    k : int
        Values of fewer people are left out.
    """
    found: list[OneSided] = []
    for name in source.columns:
        first, second = source[name], target[name]
        if all(pd.api.types.is_numeric_dtype(c) for c in (first, second)):
            continue
        found += _only_in(str(name), second, weights[1], set(_words(first)), "target")
        found += _only_in(str(name), first, weights[0], set(_words(second)), "source")
    kept = [value for value in found if value.n >= k]
    return tuple(sorted(kept, key=lambda v: (-v.share, v.feature)))[:MOST_LISTED]


def _words(column: pd.Series) -> Sequence[str]:
    return [str(value) for value in column.dropna().unique()]


def _only_in(
    feature: str, column: pd.Series, weights: Floats, other: set[str], side: str
) -> list[OneSided]:
    codes, values = pd.factorize(column)
    seen = np.flatnonzero(codes >= 0)
    n = np.bincount(codes[seen], minlength=len(values))
    w = np.bincount(codes[seen], weights[seen], len(values)) / weights.sum()
    return [
        OneSided(feature, str(value), side, int(n[i]), float(w[i]))
        for i, value in enumerate(values)
        if str(value) not in other
    ]
