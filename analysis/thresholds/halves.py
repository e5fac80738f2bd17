"""A scored table that has no splits, cut in two: one half to choose by, one to report.

A score that came with the table was fitted elsewhere, so any of its rows may serve; but
what is chosen on rows looks kinder on the same rows.
"""

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats, Ints
from analysis.evaluation import Evaluation


def half_rows(n: int, seed: int = 0) -> tuple[Ints, Ints]:
    """Return a random half of n rows and the other half, as ascending positions.

    Of an odd number the second half has one row more.
    """
    drawn = np.random.default_rng(seed).permutation(n)
    return np.sort(drawn[: n // 2]), np.sort(drawn[n // 2 :])


def may_be_learnt(features: pd.DataFrame) -> Bools:
    """Return which rows of a second table may be learnt from, bool[n]; about half.

    A table from elsewhere has no splits, so its rows are told apart by their content:
    equal rows are on one side, and a row stays there when others are left out.

    Parameters
    ----------
    features : DataFrame [n, d]
    """
    return np.asarray(row_hashes(features) % np.uint64(2) == 0)


def row_hashes(features: pd.DataFrame) -> np.ndarray:
    """Return a number for the content of each row, uint64[n]."""
    texts = features.select_dtypes("category").columns
    plain = features.astype(dict.fromkeys(texts, object))
    return pd.util.hash_pandas_object(plain, index=False).to_numpy(np.uint64)


def person_hashes(features: pd.DataFrame, scores: Floats) -> np.ndarray:
    """Return a number for each person's features and score, uint64[n].

    Neither the order of the columns nor how their numbers are stored matters.

    Parameters
    ----------
    features : DataFrame [n, d]
    scores : float[n]
    """
    order = np.argsort([str(name) for name in features.columns], kind="stable")
    columns = [_plain(features.iloc[:, place]) for place in order]
    told = dict(enumerate([*columns, np.asarray(scores, np.float64)]))
    return row_hashes(pd.DataFrame(told))


def _plain(column: pd.Series) -> np.ndarray:
    """Return numbers as float64, and anything else as objects."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan) + 0.0  # no minus zero
    return column.to_numpy(object)


def halves(evaluation: Evaluation, seed: int = 0) -> tuple[Evaluation, Evaluation]:
    """Return a random half of the rows and the other half, in the order they had."""
    first, second = half_rows(len(evaluation), seed)
    return evaluation.take(first), evaluation.take(second)
