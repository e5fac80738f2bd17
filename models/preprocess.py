"""Preprocessing fitted on training rows: columns become codes and bin positions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.arrays import Floats
from analysis.errors import DataError

MAX_EDGES = 48
"""Edges drawn from the quantiles of rows, and as many from those of distinct values."""

MAX_LEVELS = 512
"""Of a column with more categories the most frequent ones are kept."""

MIN_LEVEL_ROWS = 10
"""Rarer categories share the code of unknown ones, so that this code is learnt."""

INPUT_BUDGET = 8_192
"""Inputs shared out among a wide table's columns, for edges and for levels each."""


@dataclass(frozen=True)
class NumericColumn:
    """A numeric column cut at training quantiles.

    Parameters
    ----------
    name : str
    edges : tuple of float, length m + 1
        Strictly increasing. A value's position runs from 0 at the first edge to m at
        the last, linearly in between and cut off beyond.
    median : float
        Stands in for a missing value.
    centre, scale : float
        Mean and standard deviation of the training positions.
    has_missing : bool
        Whether training rows lacked it, so that being missing is an input of its own.
    """

    name: str
    edges: tuple[float, ...]
    median: float
    centre: float
    scale: float
    has_missing: bool

    @property
    def bins(self) -> int:
        """Number of bins, m."""
        return len(self.edges) - 1


@dataclass(frozen=True)
class CategoricalColumn:
    """A categorical column; code 0 is any value that is not one of its levels.

    Parameters
    ----------
    name : str
    levels : tuple of str
        Text of each category, most frequent first; code i + 1 stands for level i.
    missing_code : int
        Code of a missing value; 0 when training rows hardly lacked it.
    """

    name: str
    levels: tuple[str, ...]
    missing_code: int

    @property
    def codes(self) -> int:
        """Number of codes beside 0."""
        return len(self.levels) + (self.missing_code > 0)


@dataclass(frozen=True, eq=False)
class Encoded:
    """A frame's features as a network takes them.

    Parameters
    ----------
    positions : float32[n, p]
        Position of each numeric value among its column's edges.
    codes : int32[n, c]
        Codes of the categorical columns, then 0 / 1 for each numeric column that may
        be missing.
    """

    positions: NDArray[np.float32]
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class Preprocessor:
    """What was fitted on training rows; JSON in, JSON out.

    Parameters
    ----------
    numeric : tuple of NumericColumn
    categorical : tuple of CategoricalColumn
    """

    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]

    @property
    def code_counts(self) -> tuple[int, ...]:
        """Number of codes beside 0 for each column of `Encoded.codes`."""
        indicators = sum(column.has_missing for column in self.numeric)
        return (*(column.codes for column in self.categorical), *(1,) * indicators)

    def transform(self, features: pd.DataFrame) -> Encoded:
        """Encode rows.

        Raises
        ------
        DataError
            A column is missing, or holds numbers where categories were fitted, or
            the other way round.
        """
        self._check(features)
        n = len(features)
        values = [_values(features[column.name]) for column in self.numeric]
        positions = [
            _positions(x, column)
            for x, column in zip(values, self.numeric, strict=True)
        ]
        codes = [_codes(features[column.name], column) for column in self.categorical]
        codes += [
            np.isnan(x).astype(np.int32)
            for x, column in zip(values, self.numeric, strict=True)
            if column.has_missing
        ]
        return Encoded(
            np.column_stack([np.empty((n, 0), np.float32), *positions]),
            np.column_stack([np.empty((n, 0), np.int32), *codes]),
        )

    def _check(self, features: pd.DataFrame) -> None:
        is_number = {c.name: True for c in self.numeric}
        is_number |= {c.name: False for c in self.categorical}
        absent = [name for name in is_number if name not in features.columns]
        other_kind = [
            f"'{name}' must hold {'numbers' if needed else 'categories'}. "
            for name, needed in is_number.items()
            if name not in absent and needed != _is_numeric(features[name])
        ]
        if absent or other_kind:
            raise DataError(
                "This table does not fit the model: "
                + (f"it lacks {', '.join(absent)}. " if absent else "")
                + "".join(other_kind)
                + "Rename or convert these columns, or train a model on this table."
            )

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a preprocessor from `to_json`."""
        return cls(
            tuple(
                NumericColumn(**{**c, "edges": tuple(c["edges"])})
                for c in data["numeric"]
            ),
            tuple(
                CategoricalColumn(**{**c, "levels": tuple(c["levels"])})
                for c in data["categorical"]
            ),
        )


def fit_preprocessor(features: pd.DataFrame) -> Preprocessor:
    """Fit every column on training rows.

    Numeric columns are encoded piecewise linearly over bins, which lets a small
    network follow steps and spikes.

    References
    ----------
    Gorishniy, Rubachev & Babenko (2022), On Embeddings for Numerical Features in
    Tabular Deep Learning, NeurIPS, section 3.2.
    """
    columns = [features[name] for name in features.columns]
    numeric = [c for c in columns if _is_numeric(c)]
    text = [c for c in columns if not _is_numeric(c)]
    edges = min(MAX_EDGES, INPUT_BUDGET // (2 * max(1, len(numeric))) + 1)
    levels = min(MAX_LEVELS, INPUT_BUDGET // max(1, len(text)) + 1)
    return Preprocessor(
        tuple(_fit_numeric(column, edges) for column in numeric),
        tuple(_fit_categorical(column, levels) for column in text),
    )


def _fit_numeric(column: pd.Series, n_edges: int) -> NumericColumn:
    values = _values(column)
    known = values[~np.isnan(values)]
    edges = _edges(known if len(known) else np.zeros(1), n_edges)
    known = known if len(known) else edges[:1]
    median = float(np.median(known))
    positions = np.interp(
        np.nan_to_num(values, nan=median), edges, np.arange(len(edges))
    )
    return NumericColumn(
        name=str(column.name),
        edges=tuple(float(e) for e in edges),
        median=median,
        centre=float(positions.mean()),
        scale=float(positions.std()) or 1.0,
        has_missing=bool(np.isnan(values).any()),
    )


def _edges(values: Floats, n_edges: int) -> Floats:
    """Return strictly increasing edges where rows are, and where values are.

    Quantiles of rows alone see nothing but zeros in a column such as capital gain;
    those of distinct values resolve its tail.
    """
    steps = np.linspace(0, 1, n_edges + 1)
    by_rows = np.quantile(values, steps)
    by_values = np.quantile(np.unique(values), steps)
    edges = np.unique(np.concatenate([by_rows, by_values]))
    # A constant: any second edge gives it position 0.
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1])


def _fit_categorical(column: pd.Series, n_levels: int) -> CategoricalColumn:
    counts = _as_category(column).value_counts(sort=False)
    # Ties in frequency are broken by name, so that row order does not matter.
    ranked = sorted(((-int(n), str(name)) for name, n in counts.items()))
    levels = [name for n, name in ranked if -n >= MIN_LEVEL_ROWS][:n_levels]
    has_missing = int(column.isna().sum()) >= MIN_LEVEL_ROWS
    return CategoricalColumn(
        str(column.name), tuple(levels), len(levels) + 1 if has_missing else 0
    )


def _positions(values: Floats, column: NumericColumn) -> NDArray[np.float32]:
    known = np.nan_to_num(values, nan=column.median)
    return np.interp(known, column.edges, np.arange(column.bins + 1)).astype(np.float32)


def _codes(column: pd.Series, fitted: CategoricalColumn) -> NDArray[np.int32]:
    code_of = {level: i + 1 for i, level in enumerate(fitted.levels)}
    category = _as_category(column)
    by_category = [code_of.get(str(name), 0) for name in category.cat.categories]
    lookup = np.array([*by_category, fitted.missing_code], np.int32)
    return lookup[category.cat.codes.to_numpy()]  # pandas' code -1 is missing: the last


def _values(column: pd.Series) -> Floats:
    values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isinf(values), np.nan, values)


def _as_category(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return column.astype("category")


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column)
