"""Limits of class shares found by EM: which shares would have shown what was seen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.intervals import student

Z_95 = 1.959963984540054

HALVINGS = 22
"""Halvings in search of a limit: to a four-millionth."""

LEAST = 1e-12
"""Smallest share that a limit is sought among, as no row may become impossible."""


@dataclass(frozen=True, eq=False)
class FoundShares:
    """Shares of maximum likelihood with what their errors follow from.

    Parameters
    ----------
    ratios : float[n, k]
        Score over source share, up to a factor of each row.
    weights : float[n]
        Of the target's rows, summing to 1.
    shares : float[k]
        As found.
    source : float[k]
        The source's, each above 0.
    n_source : float
        Effective rows that those rest on.
    """

    ratios: Floats
    weights: Floats
    shares: Floats
    source: Floats
    n_source: float

    @property
    def condition(self) -> float:
        """Condition number of the information; infinite where it has no inverse."""
        slopes = self.ratios / self._density(self.shares)[:, None]
        found = float(np.linalg.cond(slopes.T @ (self.weights[:, None] * slopes)))
        return found if np.isfinite(found) and found <= 1e12 else np.inf

    def limits(self) -> tuple[Floats, Floats]:
        """Return the 95 % interval of each share, float[k] each; NaN if not known.

        As in Wilson's interval a share is inside if it is not further from the one
        found than its own error allows, not the found one's: few people of a rare class
        in sight say little of how uncertain their number is. Student's quantile serves
        the target's effective rows. In simulations with 100 to 400 rows of the target,
        weighted or not, it held in 94 to 97 %, and was missed on either side alike for
        shares from 5 % on; a rarer share is missed below the interval alone. Where
        nobody of a class is in sight its upper end is too high rather than too low.

        References
        ----------
        Wilson (1927), Probable Inference, JASA 22, of which this is the form for shares
        that are not counted but estimated from scores.
        """
        k = len(self.shares)
        if np.isinf(self.condition):
            return np.full(k, np.nan), np.full(k, np.nan)
        around = self._covariance(self.shares)
        ends = [self._limits_of(c, around[:, c]) for c in range(k if k > 2 else 1)]
        if k == 2:  # what one has, the other has not
            ends.append((1 - ends[0][1], 1 - ends[0][0]))
        low, high = np.array(ends).T
        return low, high

    def _limits_of(self, c: int, along: Floats) -> tuple[float, float]:
        """Return the limits of one share; others move along with it as they vary."""
        moves = along / along[c] if along[c] > 0 else np.zeros(len(along))
        z = float(student(Z_95, np.array(self._n - 1)))
        found = float(self.shares[c])

        def is_inside(share: float) -> bool:
            shares = np.maximum(self.shares + (share - found) * moves, LEAST)
            others = np.delete(shares, c)
            shares *= (1 - share) / others.sum() if len(others) else 1.0
            shares[c] = share
            return abs(share - found) <= z * np.sqrt(self._covariance(shares)[c, c])

        return _last_inside(is_inside, found, 0.0), _last_inside(is_inside, found, 1.0)

    def _covariance(self, shares: Floats) -> Floats:
        """Return the covariance of estimates if the shares were these, float[k, k].

        With r the ratios, the slope of the log likelihood in q is g = E[r / (r q)]; its
        derivative in q is -E[r r' / (r q)^2] = -H, and in log p the same with the sign
        turned and q beside it, as r is proportional to 1 / p. All are taken along
        shares that sum to 1. Rows are weighed by how much likelier such shares make
        them, (r q) / (r q_found), so that no rows need be drawn.
        """
        r, n = self.ratios, self._n
        seen, told = self._density(self.shares), self._density(shares)
        products = r * (self.weights / (seen * told))[:, None]
        hessian = r.T @ products
        noise = products.T @ (self.weights[:, None] * r) * (n / max(n - 1, 1e-3))
        basis = _basis(len(shares))  # [k, k - 1]
        mean_slope = self.weights @ (r / seen[:, None])
        by_log_p = basis.T @ (hessian * shares - np.diag(mean_slope))
        of_log_p = (np.diag(1 / self.source) - 1) / self.n_source  # covariance of log p
        inverse = np.linalg.inv(basis.T @ hessian @ basis)
        inner = basis.T @ noise @ basis + by_log_p @ of_log_p @ by_log_p.T
        found: Floats = basis @ inverse @ inner @ inverse @ basis.T
        return found

    def _density(self, shares: Floats) -> Floats:
        density: Floats = self.ratios @ np.maximum(shares, LEAST)
        return density

    @property
    def _n(self) -> float:
        return 1 / float((self.weights**2).sum())


def _last_inside(
    is_inside: Callable[[float], bool], inside: float, end: float
) -> float:
    """Return how far towards an end shares are inside; the end itself if all are."""
    if is_inside(end + (inside - end) / 2**HALVINGS):
        return end
    for _ in range(HALVINGS):
        middle = (inside + end) / 2
        if is_inside(middle):
            inside = middle
        else:
            end = middle
    return inside


def _basis(k: int) -> Floats:
    """Return an orthonormal basis of changes that leave the sum, float[k, k - 1]."""
    centring = np.eye(k) - 1 / k
    result: Floats = np.linalg.svd(centring)[0][:, : k - 1]
    return result
