"""Worlds in which only some parts of a distribution have moved, and what they score."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from analysis.arrays import Floats
from analysis.attribution.overlap import (
    Overlap,
    Sided,
    outside_share,
    overlap_of,
)
from analysis.attribution.quantity import Quantity
from analysis.attribution.shapley import Game
from analysis.attribution.valued import valued
from analysis.attribution.weighing import values_of
from analysis.density.basis import (
    basis,
)
from analysis.density.density_ratio import (
    RatioModel,
    fitted,
)
from analysis.density.folds import Layout, layout_of
from analysis.density.pairs import with_pairs
from analysis.density.row_blocks import Rows
from analysis.shifts.domain import Domain

Quantities = tuple[Quantity, ...]


@dataclass(frozen=True, eq=False)
class Values:
    """The quantities when each set of components has moved, and on the real target.

    Parameters
    ----------
    of_set : float[r, s, q]
    target : float[r, q]
    """

    of_set: Floats
    target: Floats


class Worlds(Protocol):
    """A way to value every set of moved components."""

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the components."""

    @property
    def rows(self) -> int:
        """Rows of both tables."""

    @property
    def lean(self) -> float:
        """How often the mean error of replicates is to be taken off the parts."""

    def overlaps(self) -> Mapping[str, Overlap]:
        """Return how well the weights of each component can be known."""

    def kept(self) -> tuple[str, ...]:
        """Return the components that can be told, in their order."""

    def values(
        self, quantities: Quantities, game: Game, copies: Floats | None
    ) -> Values:
        """Return the values on the data, or on replicates with these copies [n, r]."""


@dataclass(frozen=True, eq=False)
class CovariateWorlds:
    """Two components, P(X) and P(Y|X), with labels known on both tables."""

    source: Domain
    target: Domain
    seed: int
    players: tuple[str, ...] = ("P(X)", "P(Y|X)")
    lean: float = 0.0  # there is no residual that could take what parts are mended by

    @property
    def rows(self) -> int:
        """Rows of both tables."""
        return len(self.source) + len(self.target)

    @cached_property
    def model(self) -> RatioModel:
        """The model of both tables' features."""
        own = own_weights(self.source, self.target)
        x = basis(self.source.columns, self.target.columns, alike(*own))
        layout = shared_layout(self.source, self.target, self.seed)
        return fitted(with_pairs(Rows(x.take(layout.order), layout), *own), *own)

    def values(
        self, quantities: Quantities, game: Game, copies: Floats | None
    ) -> Values:
        """Value the two tables as they are and weighted to each other's features.

        The set {P(Y|X)} is the target weighted back, so that no ratio of labels needs
        to be estimated and the parts sum to the change.
        """
        at_source, at_target = (
            np.atleast_2d(ratio.T) for ratio in self.model.log_ratio(copies)
        )
        n, alone = len(self.source), np.arange(2)
        first, second = split_copies(copies, n)
        s, t = (valued(d.evaluation, quantities) for d in (self.source, self.target))
        own = own_weights(self.source, self.target)
        there = values_of(s, own[0], [at_source], alone, first)  # [r, 2, q]
        back = values_of(t, own[1], [-at_target], alone, second)
        four = (there[:, 0], there[:, 1], back[:, 1], back[:, 0])
        return Values(np.stack(four, axis=1)[:, game.sets], back[:, 0])

    def overlaps(self) -> dict[str, Overlap]:
        """Return the overlap of the source's weights and of the target's."""
        at_source, at_target = self.model.log_ratio()
        own = own_weights(self.source, self.target)
        out = outside_share(at_target, own[1]), outside_share(-at_source, own[0])
        there = overlap_of(Sided(at_source, at_target, *own, out[0]), own[0])
        back = overlap_of(Sided(-at_target, -at_source, *own[::-1], out[1]), own[1])
        return dict(zip(self.players, (there, back), strict=True))

    def kept(self) -> tuple[str, ...]:
        """Return both components, or neither: each needs the other's weights."""
        refused = any(o.reason for o in self.overlaps().values())
        return () if refused else self.players


def shared_layout(source: Domain, target: Domain, seed: int) -> Layout:
    """Deal the people of both tables to folds; one person is in one fold."""
    ids = np.concatenate([d.evaluation.row_ids for d in (source, target)])
    return layout_of(ids, len(source), seed)


def split_copies(
    copies: Floats | None, n_source: int
) -> tuple[Floats | None, Floats | None]:
    """Return the copies of source rows and of target rows."""
    return (None, None) if copies is None else (copies[:n_source], copies[n_source:])


def own_weights(source: Domain, target: Domain) -> tuple[Floats, Floats]:
    """Return the rows' weights on both sides."""
    return source.evaluation.weights, target.evaluation.weights


def alike(*sides: Floats) -> Floats:
    """Scale both sides' weights to the same total, so that their scale says nothing."""
    return np.concatenate([w / w.sum() for w in sides])
