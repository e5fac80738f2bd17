"""Worlds in which some mechanisms of a causal graph have moved."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.attribution.overlap import (
    Overlap,
    Sided,
    outside_share,
    overlap_of,
    together,
)
from analysis.attribution.shapley import Game
from analysis.attribution.valued import valued
from analysis.attribution.weighing import values_of
from analysis.attribution.worlds import (
    Quantities,
    Values,
    alike,
    own_weights,
    shared_layout,
    split_copies,
)
from analysis.causes.graph import LABEL_NODE, Graph, Mechanism
from analysis.density.basis import (
    Basis,
    basis,
    codes_basis,
    interacted,
    joined,
    label_basis,
)
from analysis.density.density_ratio import LARGEST_LOG_RATIO, RatioModel, fitted
from analysis.density.folds import Layout
from analysis.density.pairs import with_pairs
from analysis.density.row_blocks import Rows
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.shifts.domain import Domain

NOTHING = np.zeros(1, np.int64)
"""The one set that holds no component."""


@dataclass(frozen=True, eq=False)
class MechanismWorlds:
    """One component per mechanism of a graph, all valued on weighted source rows."""

    source: Domain
    target: Domain
    graph: Graph
    seed: int

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the mechanisms."""
        return tuple(map(str, self.graph.mechanisms))

    @property
    def rows(self) -> int:
        """Rows of both tables."""
        return len(self.source) + len(self.target)

    @property
    def lean(self) -> float:
        """How often the mean error of replicates is to be taken off the parts.

        A ratio divides by the source's density: where few rows tell it, the ratio is
        too large on average, by the variance v of its logarithm, and rare rows, such as
        the model's errors, get too much weight. What the target's rows add, w, does no
        such harm. Replicates see (v + w) / 2, as their logarithms move in a line; this
        share of it is v - w: all the harm where target rows abound, and nothing where
        there are no more than source rows, as intervals hold the truth there.
        """
        sides = own_weights(self.source, self.target)
        first, second = (float(w.sum() ** 2 / (w**2).sum()) for w in sides)
        return max(0.0, 2 * (second - first) / (first + second))

    @cached_property
    def _layout(self) -> Layout:
        return shared_layout(self.source, self.target, self.seed)

    @cached_property
    def _nodes(self) -> dict[str, Basis]:
        """The columns of each node, in the order of the folds."""
        order = self._layout.order
        return {n.name: self._node_basis(n.name).take(order) for n in self.graph.nodes}

    @cached_property
    def _models(self) -> dict[tuple[str, ...], RatioModel]:
        return {}

    def models(self, mechanism: Mechanism) -> tuple[RatioModel, RatioModel | None]:
        """Return the model of a node with its parents, and that of the parents."""
        node, parents = mechanism.node, tuple(sorted(mechanism.parents))
        if not parents:
            return self._fitted((node,), self._nodes[node]), None
        together = joined([self._nodes[p] for p in parents])
        before = self._fitted(parents, together)
        both = interacted(before.rows.basis, self._nodes[node])
        return self._fitted((*parents, "|", node), both), before

    def _fitted(self, key: tuple[str, ...], columns: Basis) -> RatioModel:
        """Return the model of some columns, fitted once."""
        if key not in self._models:
            own = own_weights(self.source, self.target)
            rows = Rows(columns, self._layout)
            rows = rows if "|" in key else with_pairs(rows, *own)
            self._models[key] = fitted(rows, *own)
        return self._models[key]

    def _node_basis(self, name: str) -> Basis:
        s, t = self.source, self.target
        node = self.graph.node(name)
        if node.is_label:
            k = len(s.evaluation.classes)
            return label_basis(s.evaluation.y_true, t.evaluation.y_true, k)
        return joined([self._column(column) for column in node.columns])

    def _column(self, name: str) -> Basis:
        """Return a feature's columns, or the groups of a sensitive attribute."""
        s, t = self.source, self.target
        if name in s.columns.columns:
            own = alike(*own_weights(s, t))
            return basis(s.columns[[name]], t.columns[[name]], own)
        if name in s.evaluation.groups and name in t.evaluation.groups:
            return codes_basis(s.evaluation.groups[name], t.evaluation.groups[name])
        known = [*s.columns, *(g for g in s.evaluation.groups if g not in s.columns)]
        raise SettingError(
            f"The graph names '{name}', which is not a column here; use {LABEL_NODE} "
            f"for the label and these for the rest: {', '.join(map(str, known))}."
        )

    @cached_property
    def _lying(self) -> tuple[Ints, Ints]:
        """Which rows of source and of target follow each other in the folds."""
        layout = self._layout
        sides = (~layout.is_target, layout.is_target)
        first, second = (layout.order[side] for side in sides)
        return first, second - layout.n_source

    @cached_property
    def _evaluated(self) -> Evaluation:
        """The source rows in the order of the folds."""
        return self.source.evaluation.take(self._lying[0])

    def _log_ratios(self, copies: Floats | None, side: bool) -> dict[str, Floats]:
        """Return each mechanism's log ratio on a side, as its rows lie, float[r, n].

        Parameters
        ----------
        copies : float[n, r] or None
        side : bool
            False is the source, True the target.
        """
        drawn = None if copies is None else copies[self._layout.order]
        made: dict[int, Floats] = {}

        def of(model: RatioModel) -> Floats:
            if id(model) not in made:
                made[id(model)] = model.in_order(drawn, side)
            return made[id(model)]

        found, limit = {}, LARGEST_LOG_RATIO
        for mechanism in self.graph.mechanisms:
            joint, parents = self.models(mechanism)
            ratio = of(joint) if parents is None else of(joint) - of(parents)
            found[str(mechanism)] = np.clip(ratio, -limit, limit)
        return found

    def values(
        self, quantities: Quantities, game: Game, copies: Floats | None
    ) -> Values:
        """Value every set of the mechanisms that can be told on the source rows."""
        first, second = split_copies(copies, len(self.source))
        s = valued(self._evaluated, quantities)
        t = valued(self.target.evaluation, quantities)
        own = self._evaluated.weights, self.target.evaluation.weights
        found = self._log_ratios(copies, False)
        r = 1 if copies is None else copies.shape[1]
        ratios = [found[name] for name in self.kept()] or [np.zeros((r, len(own[0])))]
        lying = None if first is None else first[self._lying[0]]
        of_set = values_of(s, own[0], ratios, game.sets, lying)
        none = [np.zeros((r, len(own[1])))]
        return Values(of_set, values_of(t, own[1], none, NOTHING, second)[:, 0])

    @cached_property
    def _overlaps(self) -> dict[str, Overlap]:
        """Refuse what does not overlap, alone or, worst first, together with others."""
        first, second = (self._log_ratios(None, side) for side in (False, True))
        own = self._evaluated.weights
        other = self.target.evaluation.weights[self._lying[1]]
        overlaps = {}
        for mechanism in self.graph.mechanisms:
            joint, parents = self.models(mechanism)
            beyond = joint.in_order(None, True)[0]
            outside, weights = outside_share(beyond, other), own
            if parents is not None:
                before = parents.in_order(None, False)[0]
                outside = max(outside, outside_share(-before, own))
                weights = weights * np.exp(before - before.max())
            name = str(mechanism)
            sided = Sided(first[name][0], second[name][0], weights, other, outside)
            overlaps[name] = overlap_of(sided, own)
        return together(overlaps, {n: r[0] for n, r in first.items()}, own)

    def overlaps(self) -> dict[str, Overlap]:
        """Return the overlap of each mechanism when it alone has moved."""
        return self._overlaps

    def kept(self) -> tuple[str, ...]:
        """Return the mechanisms that are not refused."""
        return tuple(name for name, o in self._overlaps.items() if not o.reason)
