"""A column as time: the order of its values, and their names."""

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.datasets.groups import value_name
from analysis.errors import DataError
from analysis.frame import Grouping

MAX_PERIODS = 50
"""With more different times than this, rows are shown in `PERIODS` equal parts."""

PERIODS = 10


def time_order(column: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return each row's rank among the different times, and the names of the times.

    Numbers and timestamps keep their order. Text is read as ISO 8601 dates where every
    value is one, and is put in alphabetical order otherwise ("2019-Q1" < "2019-Q2").

    Raises
    ------
    DataError
        A row has no time.
    """
    missing = int(column.isna().sum())
    if missing:
        raise DataError(
            f"The time column '{column.name}' is missing in {missing:,} of "
            f"{len(column):,} rows; every row needs a time. Fill these cells, or "
            "choose 'No time column'."
        )
    ranks, values = pd.factorize(_comparable(column), sort=True)
    return ranks.astype(np.int64), tuple(value_name(v) for v in values)


def _comparable(column: pd.Series) -> pd.Series:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    words = pd.Series(column.cat.categories, dtype=object)
    dates = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=True)
    if len(words) and dates.notna().all():
        return dates.dt.tz_localize(None).iloc[column.cat.codes].reset_index(drop=True)
    return column.astype(object)


def periods(column: pd.Series) -> Grouping:
    """Return rows by time: each time a period, or `PERIODS` ranges of equal size.

    A range is named by its first and last time.
    """
    ranks, names = time_order(column)
    if len(names) <= MAX_PERIODS:
        return Grouping(ranks, names)
    shares = np.cumsum(np.bincount(ranks)) / len(ranks)  # of rows up to each time
    period = np.minimum((shares * PERIODS - 1e-9).astype(np.int64), PERIODS - 1)
    used, codes = np.unique(period, return_inverse=True)
    ranges = [np.flatnonzero(period == p) for p in used]
    titles = tuple(f"{names[r[0]]} to {names[r[-1]]}" for r in ranges)
    return Grouping(codes[ranks], titles)
