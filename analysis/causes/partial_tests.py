"""Tests of independence given other variables, from one table of products."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import linalg, special

from analysis.arrays import Floats

RIDGE = 1e-7
"""Of a covariance's scale: columns that follow from others say nothing anew."""


@dataclass(frozen=True, eq=False)
class PartialTests:
    """All pairwise products of the numbers that stand for some variables.

    Parameters
    ----------
    products : float[p, p]
        Weighted covariances.
    own : tuple of slice
        Each variable's columns.
    crossed : mapping of (int, int) to int
        The column that holds the product of two variables' first columns, i < j.
    rows : float
        Effective number of rows.
    """

    products: Floats
    own: tuple[slice, ...]
    crossed: dict[tuple[int, int], int]
    rows: float

    def p_value(self, i: int, j: int, given: Sequence[int]) -> float:
        """Return how often independent variables would look so dependent.

        Both are freed of a linear fit to the numbers of the given variables and the
        products of their first ones. What is left is tested by the sum of its squared
        canonical correlations (Pillai's trace), n times which is chi-squared.

        Parameters
        ----------
        i, j : int
        given : sequence of int
            Conditioned on.

        References
        ----------
        Pillai (1955), Some New Test Criteria in Multivariate Analysis; Shah & Peters
        (2020), The Hardness of Conditional Independence Testing and the Generalised
        Covariance Measure, Annals of Statistics 48, for testing residuals.
        """
        pair = [*_columns(self.own[i]), *_columns(self.own[j])]
        left = self.products[np.ix_(pair, pair)]
        if given:
            z = self._conditioning(given)
            inner = self.products[np.ix_(z, z)]
            scale = float(np.trace(inner)) / len(z)
            inner = inner + RIDGE * scale * np.eye(len(z))
            across = self.products[np.ix_(z, pair)]
            left = left - across.T @ linalg.solve(inner, across, assume_a="pos")
        first = self.own[i].stop - self.own[i].start
        whole = np.diag(self.products)[pair]
        root_i = _inverse_root(left[:first, :first], whole[:first])
        root_j = _inverse_root(left[first:, first:], whole[first:])
        freedom = root_i.shape[1] * root_j.shape[1]
        if not freedom:
            return 1.0
        trace = float(((root_i.T @ left[:first, first:] @ root_j) ** 2).sum())
        return float(special.chdtrc(freedom, self.rows * trace))

    def _conditioning(self, given: Sequence[int]) -> list[int]:
        own = [c for v in given for c in _columns(self.own[v])]
        return own + [self.crossed[pair] for pair in combinations(sorted(given), 2)]


def partial_tests(variables: Sequence[Floats], weights: Floats) -> PartialTests:
    """Prepare the tests among variables.

    Parameters
    ----------
    variables : sequence of float[n, d]
        The numbers that stand for each, as `coded` returns them.
    weights : float[n]
    """
    share = weights / weights.sum()
    firsts = [_standard(v[:, 0], share) for v in variables]
    pairs = list(combinations(range(len(variables)), 2))
    crosses = [firsts[a] * firsts[b] for a, b in pairs]
    table = np.column_stack([*variables, *crosses])
    table = table - share @ table
    own, at = [], 0
    for v in variables:
        own.append(slice(at, at + v.shape[1]))
        at += v.shape[1]
    return PartialTests(
        products=table.T @ (table * share[:, None]),
        own=tuple(own),
        crossed={pair: at + k for k, pair in enumerate(pairs)},
        rows=float(1 / (share**2).sum()),
    )


def _columns(part: slice) -> range:
    return range(part.start, part.stop)


def _standard(values: Floats, share: Floats) -> Floats:
    centred = values - share @ values
    spread = float(np.sqrt(share @ centred**2))
    return centred / spread if spread > 0 else centred


def _inverse_root(covariance: Floats, whole: Floats) -> Floats:
    """Return what makes columns uncorrelated, without directions that have gone."""
    scale = np.where(whole > 0, 1 / np.sqrt(np.maximum(whole, 1e-300)), 0.0)
    sizes, vectors = linalg.eigh(covariance * np.outer(scale, scale))
    kept = sizes > 1e-4  # a column's variance counts 1: less is fitted by the given
    root: Floats = scale[:, None] * (vectors[:, kept] / np.sqrt(sizes[kept]))
    return root
