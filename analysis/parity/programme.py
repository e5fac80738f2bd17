"""The linear programme of least cost under rates that agree within a tolerance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from analysis.arrays import Floats, Ints
from analysis.errors import DataError

EXACT = 1e-12
"""Costs and gaps that differ by less are the same."""

PRECISION = 1e-10
"""How far the solver may miss a constraint; its finest setting."""


@dataclass(frozen=True, eq=False)
class Programme:
    """Thresholds that blocks of people may mix, and what each of them gives.

    Minimise cost' x over x >= 0 that sums to 1 in every block, such that for each rate
    r there is a low bound L_r with L_r <= rates[r] x <= L_r + tolerance for every
    group. With groups known a block is a group; with groups inferred a block holds
    people of several groups.

    Parameters
    ----------
    blocks : int[c]
        Block of each column, from 0, rising.
    cost : float[c]
        Expected cost per person, over everyone, if a block uses the column alone.
    rates : tuple of sparse float[g, c], length r
        What a column adds to each rate of each group.

    References
    ----------
    Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning,
    NeurIPS, section 4; Cruz & Hardt (2024), Unprocessing Seven Years of Algorithmic
    Fairness, ICLR, for the relaxed form.
    """

    blocks: Ints
    cost: Floats
    rates: tuple[sparse.csr_array, ...]

    def gaps(self, x: Floats) -> Floats:
        """Return the largest minus the smallest of each rate over groups, float[r]."""
        reached = [rate @ x for rate in self.rates]  # r of [g]
        return np.array([np.ptp(one) if len(one) else 0.0 for one in reached])

    @cached_property
    def cheapest(self) -> Floats:
        """Each block's column of least cost, of several the first, as x float[c]."""
        x = np.zeros(len(self.cost))
        for block in np.unique(self.blocks):
            own = np.flatnonzero(self.blocks == block)
            least = self.cost[own].min()
            x[own[np.flatnonzero(self.cost[own] <= least + EXACT)[0]]] = 1.0
        return x

    def solutions(self, tolerances: Sequence[float]) -> Iterator[Floats]:
        """Give the optimum x, float[c], at each tolerance.

        All tolerances share the tables; only the right-hand sides differ. Where the
        columns of least cost agree already, they are the answer, exactly.

        Raises
        ------
        DataError
            The solver finds no optimum.
        """
        for tolerance in tolerances:
            if (self.gaps(self.cheapest) <= tolerance + EXACT).all():
                yield self.cheapest
            else:
                yield self._solved(tolerance)

    def _solved(self, tolerance: float) -> Floats:
        r, (g, c) = len(self.rates), self.rates[0].shape
        size = max(float(np.abs(self.cost).max(initial=0.0)), np.finfo(float).tiny)
        found = linprog(
            np.concatenate([self.cost / size, np.zeros(r)]),
            A_ub=self._within,
            b_ub=np.repeat([tolerance, 0.0], r * g),
            A_eq=self._whole,
            b_eq=np.ones(self._whole.shape[0]),
            bounds=(0, 1),
            method="highs-ds",  # simplex: vertices, which mix the fewest thresholds
            options={
                "primal_feasibility_tolerance": PRECISION,
                "dual_feasibility_tolerance": PRECISION,
            },
        )
        if found.x is None:
            raise DataError(
                f"No thresholds were found whose rates agree within {tolerance:g} (the "
                f"solver says: {found.message.strip()}). Choose a larger tolerance, or "
                "merge small groups."
            )
        return self._cleaned(found.x[:c])

    def _cleaned(self, x: Floats) -> Floats:
        """Return x without the solver's noise below zero; each block sums to 1."""
        kept = np.where(x > EXACT, x, 0.0)
        result: Floats = kept / np.bincount(self.blocks, kept)[self.blocks]
        return result

    @cached_property
    def _within(self) -> sparse.csr_array:
        """Rows of rate - L <= tolerance, then of L - rate <= 0."""
        r, (g, _) = len(self.rates), self.rates[0].shape
        low = sparse.csr_array(np.repeat(np.eye(r), g, axis=0))  # [r g, r]
        above = sparse.hstack([sparse.vstack(self.rates), -low])
        return sparse.csr_array(sparse.vstack([above, -above]))

    @cached_property
    def _whole(self) -> sparse.csr_array:
        """Rows of sum of x over each block = 1."""
        r, c = len(self.rates), len(self.cost)
        blocks = self.blocks
        shape = (int(blocks.max(initial=-1)) + 1, c + r)
        return sparse.csr_array((np.ones(c), (blocks, np.arange(c))), shape=shape)
