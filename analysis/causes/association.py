"""How strongly columns hang together, and small numbers that stand for each of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import cluster, linalg, spatial, special

from analysis.arrays import Floats

MOST_CATEGORIES = 5
"""Categories of a column told apart; the rarer ones share what is left."""

FEW_VALUES = 3
"""A number with at most this many values is taken as categories."""

RIDGE = 1e-6
MISSING_SHARE = 0.01


def coded(values: pd.Series) -> Floats:
    """Return numbers that stand for a column, float[n, d], each centred.

    A number becomes its normal score (of its ranks) and that one's square, so that
    neither scale nor outliers matter; anything else indicators of its commonest
    categories. Missing has an indicator where it is not rare.
    """
    missing = values.isna().to_numpy()
    is_number = pd.api.types.is_numeric_dtype(values)
    is_number = is_number and not pd.api.types.is_bool_dtype(values)
    if is_number and values.nunique() > FEW_VALUES:
        columns = _scores(values.to_numpy(dtype=np.float64, na_value=np.nan))
        if missing.mean() > MISSING_SHARE:
            columns.append(missing.astype(np.float64))
    else:
        codes, _ = pd.factorize(values.astype(object).map(str).where(~missing))
        columns = _indicators(codes + 1)
    table = np.column_stack(columns) if columns else np.zeros((len(values), 1))
    return np.asarray(table - table.mean(axis=0), dtype=np.float64)


def association(codes: Mapping[str, Floats]) -> Floats:
    """Return the strength between all pairs of columns, float[c, c] in [0, 1].

    The mean squared canonical correlation, over the side with fewer numbers: 1 if one
    column follows from the other, 0 if neither says anything of the other.

    Parameters
    ----------
    codes : mapping of str to float[n, d]
        As `coded` returns them.
    """
    names = list(codes)
    whitened = [_whitened(codes[name]) for name in names]
    strength = np.eye(len(names))
    for i, first in enumerate(whitened):
        for j, second in enumerate(whitened[:i]):
            fewer = max(min(first.shape[1], second.shape[1]), 1)
            strength[i, j] = float(((first.T @ second) ** 2).sum()) / fewer
            strength[j, i] = strength[i, j]
    return np.clip(strength, 0, 1)


def bundled(table: pd.DataFrame, at_most: int) -> tuple[tuple[str, ...], ...]:
    """Join columns that hang together until few bundles are left.

    Parameters
    ----------
    table : DataFrame [n, d]
    at_most : int
        Bundles wanted.

    Returns
    -------
    tuple of tuple of str
        Every column once; bundles and their columns in the table's order.

    References
    ----------
    Sørensen (1948), A Method of Establishing Groups of Equal Amplitude in Plant
    Sociology: complete linkage, of 1 - `association`.
    """
    names = [str(name) for name in table.columns]
    if len(names) <= max(at_most, 1):
        return tuple((name,) for name in names)
    codes = {str(name): coded(table[name]) for name in table.columns}
    distance = 1 - association(codes)
    np.fill_diagonal(distance, 0)
    tree = cluster.hierarchy.complete(
        spatial.distance.squareform(distance, checks=False)
    )
    labels = cluster.hierarchy.fcluster(tree, at_most, criterion="maxclust")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), []).append(name)
    return tuple(tuple(group) for group in groups.values())


def sampled(table: pd.DataFrame, at_most: int) -> pd.DataFrame:
    """Return rows spread evenly over a table, at most so many."""
    if len(table) <= at_most:
        return table
    return table.iloc[np.linspace(0, len(table) - 1, at_most).astype(int)]


def _scores(values: Floats) -> list[Floats]:
    known = ~np.isnan(values)
    score = np.zeros(len(values))
    ranks = pd.Series(values[known]).rank().to_numpy()
    score[known] = special.ndtri((ranks - 0.5) / max(len(ranks), 1))
    square = np.where(known, score**2, (score[known] ** 2).mean() if known.any() else 0)
    return [score, square]


def _indicators(codes: np.ndarray) -> list[Floats]:
    """Return one indicator per common category but the commonest of all."""
    counts = np.bincount(codes)
    common = np.argsort(-counts, kind="stable")[: MOST_CATEGORIES + 1]
    return [(codes == c).astype(np.float64) for c in common[1:] if counts[c]]


def _whitened(codes: Floats) -> Floats:
    """Return orthonormal columns of the same span, without those that say nothing."""
    left, sizes, _ = linalg.svd(codes, full_matrices=False)
    return np.asarray(left[:, sizes > RIDGE * max(float(sizes.max(initial=0)), 1e-300)])


def joined(columns: Sequence[str]) -> str:
    """Return what a bundle of columns is called: two in full, of more the first."""
    if len(columns) <= 2:
        return "+".join(columns)
    return f"{columns[0]} (+{len(columns) - 1})"
