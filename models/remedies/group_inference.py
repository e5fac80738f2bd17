"""A small model that infers a person's group from features, and says how badly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.errors import DataError
from analysis.thresholds.halves import row_hashes
from models.names import split
from models.preprocess import Preprocessor, fit_preprocessor

FOLDS = 5

RIDGE = 1e-3
"""Added to the variance of every input, in which standardised numbers have about 1."""


@dataclass(frozen=True, eq=False)
class Inference:
    """Linear discriminants of the groups.

    Parameters
    ----------
    names : tuple of str, length g
    preprocessor : Preprocessor
        Of the features used; the attribute's own columns are not among them.
    weights : float[d + 1, g]
        The last row is the constant.
    """

    names: tuple[str, ...]
    preprocessor: Preprocessor
    weights: Floats

    def codes(self, features: pd.DataFrame) -> Ints:
        """Return the likeliest group of each row, int[n]."""
        return likeliest(design(self.preprocessor, features), self.weights)

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        return {
            "names": list(self.names),
            "preprocessor": self.preprocessor.to_json(),
            "weights": self.weights.tolist(),
        }


def inference_from_json(data: Mapping[str, Any]) -> Inference:
    """Return the inference that `to_json` wrote."""
    weights = np.asarray(data["weights"], np.float64)
    preprocessor = Preprocessor.from_json(data["preprocessor"])
    return Inference(tuple(data["names"]), preprocessor, weights)


def inferred(
    features: pd.DataFrame,
    codes: Ints,
    weights: Floats,
    names: Sequence[str],
    attribute: str,
) -> tuple[Inference, Ints]:
    """Return the model of all rows, and each row's group by a model of other rows.

    Linear discriminant analysis with one covariance for all groups: its sums are taken
    once, and a fold's are subtracted. Rows of equal features are in one fold.

    Parameters
    ----------
    features : DataFrame [n, d]
    codes : int[n]
        Group of each row, -1 for those that are not to be learnt from.
    weights : float[n]
    names : sequence of str, length g
    attribute : str
        The attributes that make the groups; columns of these names are left out.

    Raises
    ------
    DataError
        No other column is left.
    """
    own = set(split(attribute)) | {attribute}
    used = features.drop(columns=[c for c in features.columns if c in own])
    if not used.shape[1]:
        raise DataError(
            f"There is no column beside '{attribute}' from which it could be inferred. "
            "Choose a remedy that is given the group, or a table with more columns."
        )
    preprocessor = fit_preprocessor(used)
    x = design(preprocessor, used)
    folds = (row_hashes(used) >> np.uint64(8)) % np.uint64(FOLDS)
    parts = [
        _Sums.of(x[rows], codes[rows], weights[rows], len(names))
        for rows in (np.flatnonzero(folds == fold) for fold in range(FOLDS))
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    found = np.zeros(len(x), np.int64)
    for fold, part in enumerate(parts):
        rows = np.flatnonzero(folds == fold)
        found[rows] = likeliest(x[rows], (whole - part).discriminants())
    return Inference(tuple(names), preprocessor, whole.discriminants()), found


def design(preprocessor: Preprocessor, features: pd.DataFrame) -> Floats:
    """Return standardised numbers, a column for each category, and a constant."""
    encoded = preprocessor.transform(features)
    centre = np.array([c.centre for c in preprocessor.numeric])
    scale = np.array([c.scale for c in preprocessor.numeric])
    numbers = (encoded.positions - centre) / np.where(scale > 0, scale, 1.0)
    hot = [
        encoded.codes[:, [j]] == np.arange(1, count + 1)
        for j, count in enumerate(preprocessor.code_counts)
    ]
    n = len(features)
    return np.column_stack([numbers.reshape(n, len(scale)), *hot, np.ones(n)]).astype(
        np.float64
    )


def likeliest(x: Floats, weights: Floats) -> Ints:
    """Return the group of the highest discriminant, int[n]."""
    return np.asarray((x @ weights).argmax(axis=1), np.int64)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Weighted sums of rows: by group float[g] and float[g, d], squares float[d, d]."""

    count: Floats
    total: Floats
    squares: Floats

    @classmethod
    def of(cls, x: Floats, codes: Ints, weights: Floats, g: int) -> "_Sums":
        member = (codes[:, None] == np.arange(g)) * weights[:, None]  # [n, g]
        inputs = x[:, :-1]
        weighted = inputs * member.sum(axis=1)[:, None]
        return cls(member.sum(axis=0), member.T @ inputs, weighted.T @ inputs)

    def __add__(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
        )

    def __sub__(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.count - other.count,
            self.total - other.total,
            self.squares - other.squares,
        )

    def discriminants(self) -> Floats:
        """Return weights of inputs and the constant, float[d + 1, g]."""
        n = np.maximum(self.count, 1e-9)
        means = self.total / n[:, None]  # [g, d]
        within = self.squares - (means * n[:, None]).T @ means
        covariance = within / n.sum() + RIDGE * np.eye(len(within))
        slopes = np.linalg.solve(covariance, means.T)  # [d, g]
        constant = np.log(n / n.sum()) - (means.T * slopes).sum(axis=0) / 2
        return np.vstack([slopes, constant])
