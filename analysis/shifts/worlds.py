"""Worlds in which only some parts of a distribution have moved, and what they score.

A world is never drawn: the rows of one table are weighted until they look like it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.errors import DataError, SettingError
from analysis.estimates import Z
from analysis.evaluation import Evaluation
from analysis.metrics.bands import band
from analysis.metrics.kinds import CountMetric, Metric, Rate
from analysis.shifts.basis import Basis, basis, interacted, joined, label_basis
from analysis.shifts.density_ratio import (
    ImportanceWeights,
    RatioModel,
    fit_density_ratio,
    importance_weights,
)
from analysis.shifts.graph import Mechanism

LABEL_NODE = "Y"
"""How a graph writes the label."""


@dataclass(frozen=True, eq=False)
class Domain:
    """One side of a comparison: an evaluated table and the columns that may shift."""

    evaluation: Evaluation
    columns: pd.DataFrame

    def __post_init__(self) -> None:
        if len(self.evaluation) != len(self.columns):
            raise DataError("Columns and evaluation have different rows.")

    def __len__(self) -> int:
        return len(self.evaluation)

    def of_group(self, group: Mapping[str, str]) -> "Domain":
        """Return the rows of one group, given as attribute and name.

        Raises
        ------
        DataError
            The group has no row on this side.
        """
        mine = np.ones(len(self), dtype=bool)
        for attribute, name in group.items():
            grouping = self.evaluation.groups[attribute]
            code = grouping.names.index(name) if name in grouping.names else -1
            mine &= grouping.codes == code
        rows = np.flatnonzero(mine)
        if not len(rows):
            raise DataError(
                f"No row is in the group {', '.join(group.values())} on one side. "
                "Choose a coarser attribute."
            )
        return Domain(self.evaluation.take(rows), self.columns.iloc[rows])


def metric_value(evaluation: Evaluation, weights: Floats, metric: Metric) -> float:
    """Return a metric over all rows of an evaluation under other weights."""
    weighted = replace(evaluation, weights=weights)
    if not isinstance(metric, Rate | CountMetric):
        return float(band(metric, weighted, ())(Z).value[0])
    cells = 2 * evaluation.is_positive + evaluation.decisions
    table = np.bincount(cells, weights, 4).astype(np.float64).reshape(2, 2)
    return float(metric.value(table))


@dataclass(frozen=True, eq=False)
class Values:
    """The metric when each set of components has moved, and on the real target."""

    of_set: Mapping[frozenset[str], float]
    target: float


class Worlds(Protocol):
    """A way to value every set of moved components."""

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the components."""

    def values(self, copies: Floats | None) -> Values:
        """Return the values on the data, or on a replicate with these row copies."""

    def importance_weights(self) -> Mapping[str, ImportanceWeights]:
        """Return the weights behind each component that uses any."""


@dataclass(frozen=True, eq=False)
class CovariateWorlds:
    """Two components, P(X) and P(Y|X), with labels known on both tables."""

    source: Domain
    target: Domain
    metric: Metric
    seed: int
    players: tuple[str, ...] = ("P(X)", "P(Y|X)")

    @cached_property
    def _model(self) -> RatioModel:
        x = basis(self.source.columns, self.target.columns)
        weights = (d.evaluation.weights for d in (self.source, self.target))
        return fit_density_ratio(x, *weights, seed=self.seed)

    def values(self, copies: Floats | None) -> Values:
        """Value the two tables as they are and weighted to each other's features."""
        own = _own_weights(self.source, self.target, copies)
        at_source, at_target = self._model.log_ratio(copies)
        there = importance_weights(at_source, own[0]).factor
        back = importance_weights(-at_target, own[1]).factor
        s, t = self.source.evaluation, self.target.evaluation
        x, y = self.players
        target = metric_value(t, own[1], self.metric)
        of_set = {
            frozenset[str](): metric_value(s, own[0], self.metric),
            frozenset({x}): metric_value(s, own[0] * there, self.metric),
            frozenset({y}): metric_value(t, own[1] * back, self.metric),
            frozenset({x, y}): target,
        }
        return Values(of_set, target)

    def importance_weights(self) -> dict[str, ImportanceWeights]:
        """Return the source's weights for P(X) and the target's for P(Y|X)."""
        own = _own_weights(self.source, self.target, None)
        at_source, at_target = self._model.log_ratio()
        x, y = self.players
        return {
            x: importance_weights(at_source, own[0]),
            y: importance_weights(-at_target, own[1]),
        }


@dataclass(frozen=True, eq=False)
class MechanismWorlds:
    """One component per mechanism of a graph, all valued on weighted source rows."""

    source: Domain
    target: Domain
    metric: Metric
    mechanisms: tuple[Mechanism, ...]
    seed: int

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the mechanisms."""
        return tuple(map(str, self.mechanisms))

    @cached_property
    def _models(self) -> dict[str, tuple[RatioModel, RatioModel | None]]:
        """Per mechanism, the model of node with parents and that of the parents."""
        weights = [d.evaluation.weights for d in (self.source, self.target)]

        def fit(columns: Basis) -> RatioModel:
            return fit_density_ratio(columns, *weights, seed=self.seed)

        models: dict[str, tuple[RatioModel, RatioModel | None]] = {}
        for m in self.mechanisms:
            node = self._node_basis(m.node)
            if not m.parents:
                models[str(m)] = (fit(node), None)
                continue
            parents = joined([self._node_basis(p) for p in m.parents])
            models[str(m)] = (fit(interacted(parents, node)), fit(parents))
        return models

    def _node_basis(self, node: str) -> Basis:
        s, t = self.source, self.target
        if node == LABEL_NODE:
            k = len(s.evaluation.classes)
            return label_basis(s.evaluation.y_true, t.evaluation.y_true, k)
        if node not in s.columns.columns:
            raise SettingError(
                f"The graph names '{node}', which is not a column here; use Y for the "
                f"label and these for the rest: {', '.join(map(str, s.columns))}."
            )
        return basis(s.columns[[node]], t.columns[[node]])

    def _log_ratios(self, copies: Floats | None) -> dict[str, Floats]:
        return {
            name: joint.log_ratio(copies)[0]
            - (0.0 if parents is None else parents.log_ratio(copies)[0])
            for name, (joint, parents) in self._models.items()
        }

    def values(self, copies: Floats | None) -> Values:
        """Value every set of mechanisms on the source rows."""
        own, own_target = _own_weights(self.source, self.target, copies)
        ratios = self._log_ratios(copies)
        of_set = {}
        for size in range(len(self.players) + 1):
            for moved in combinations(self.players, size):
                total = sum((ratios[name] for name in moved), np.zeros(len(own)))
                weights = own * importance_weights(total, own).factor
                value = metric_value(self.source.evaluation, weights, self.metric)
                of_set[frozenset(moved)] = value
        target = metric_value(self.target.evaluation, own_target, self.metric)
        return Values(of_set, target)

    def importance_weights(self) -> dict[str, ImportanceWeights]:
        """Return the source's weights when one mechanism alone has moved."""
        own = self.source.evaluation.weights
        ratios = self._log_ratios(None)
        return {name: importance_weights(r, own) for name, r in ratios.items()}


def _own_weights(
    source: Domain, target: Domain, copies: Floats | None
) -> tuple[Floats, Floats]:
    s, t = source.evaluation.weights, target.evaluation.weights
    if copies is None:
        return s, t
    return s * copies[: len(s)], t * copies[len(s) :]
