"""What a quantity is worth when the rows of a table weigh something else.

Many weightings are valued at once. What is a function of weighted sums (rates and
other counts, means of losses, binned errors) needs one matrix product of weights and
cells; rankings need the rows in the order of their scores; anything else is computed
anew for each weighting.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.attribution.quantity import Quantity
from analysis.attribution.ranked import RANKINGS, Chosen, Ranked
from analysis.errors import DataError
from analysis.estimates import Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.metrics.averages import AVERAGES
from analysis.metrics.bands import band
from analysis.metrics.bins import N_BINS, USUAL, cells_of
from analysis.metrics.kinds import (
    BinnedMetric,
    ClassMetric,
    CountMetric,
    Metric,
    Rate,
    ScoreMetric,
)
from analysis.metrics.registry import metric_named

MEANS = ("brier_score", "log_loss", "mean_score")


class Valued(Protocol):
    """Quantities of one table as functions of the weights of its rows."""

    @property
    def is_summed(self) -> bool:
        """Whether sums over parts of the rows are enough."""

    def sums(self, weights: Floats, rows: slice) -> Floats:
        """Return sums over some rows, float[s, c] of weights float[s, b]."""

    def of_sums(self, sums: Floats) -> Floats:
        """Return the quantities of sums over all rows, float[s, q] of float[s, c]."""


@dataclass(frozen=True, eq=False)
class Summed:
    """Quantities that are functions of weighted sums of `features`.

    Parameters
    ----------
    cells : int[n]
        Cell of each row; -1 for rows that count nowhere.
    n_cells : int
    columns : tuple of float[n]
        Summed within each cell, beside the weights themselves.
    function : callable
        From sums float[s, 1 + columns, cells] to a metric by group float[s, g].
    chosen : callable
    """

    cells: Ints
    n_cells: int
    columns: tuple[Floats, ...]
    function: Callable[[Floats], Floats]
    chosen: Chosen
    is_summed: bool = True

    def sums(self, weights: Floats, rows: slice) -> Floats:
        """Return sums over some rows, float[s, c] of weights float[s, b]."""
        cells = self.cells[rows]
        inside = np.flatnonzero(cells >= 0)
        features = np.zeros((len(cells), (1 + len(self.columns)) * self.n_cells))
        features[inside, cells[inside]] = 1.0
        for j, column in enumerate(self.columns, start=1):
            at = cells[inside] + j * self.n_cells
            features[inside, at] = column[rows][inside]
        return weights @ features

    def of_sums(self, sums: Floats) -> Floats:
        """Return the quantities of sums over all rows, float[s, q] of float[s, c]."""
        shaped = sums.reshape(len(sums), 1 + len(self.columns), self.n_cells)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.chosen(self.function(shaped))


@dataclass(frozen=True, eq=False)
class Anew:
    """Any metric, computed for each weighting from the rows.

    Parameters
    ----------
    evaluation : Evaluation
        With the grouping of interest as its only attribute.
    metric : Metric
    chosen : callable
    """

    evaluation: Evaluation
    metric: Metric
    chosen: Chosen
    is_summed: bool = False

    def sums(self, weights: Floats, rows: slice) -> Floats:
        """Return the metric of each group, float[s, g], of weights float[s, n]."""
        names = tuple(self.evaluation.groups)
        return np.array(
            [
                band(self.metric, replace(self.evaluation, weights=w), names)(Z).value
                for w in weights
            ]
        )

    def of_sums(self, sums: Floats) -> Floats:
        """Return the quantities of metrics by group."""
        return self.chosen(sums)


def valued(evaluation: Evaluation, quantities: tuple[Quantity, ...]) -> Valued:
    """Return how some quantities follow from the weights of an evaluation's rows.

    Parameters
    ----------
    evaluation : Evaluation
    quantities : tuple of Quantity
        Of one metric and one attribute.

    Raises
    ------
    DataError
        The attribute or the group does not exist.
    """
    first = quantities[0]
    metric = metric_named(first.metric)
    grouping = evaluation.grouping(attributes_of(first))
    chosen = _choice(quantities, grouping.names)
    if isinstance(metric, Rate | CountMetric):
        cells = (2 * grouping.codes + evaluation.is_positive) * 2 + evaluation.decisions
        return Summed(cells, 4 * len(grouping.names), (), _of_counts(metric, 2), chosen)
    if isinstance(metric, ClassMetric):
        k = len(evaluation.classes)
        cells = (k * grouping.codes + evaluation.y_true) * k
        cells = cells + evaluation.decided_classes
        size = k * k * len(grouping.names)
        return Summed(cells, size, (), _of_counts(metric, k), chosen)
    if first.metric in MEANS:
        loss = losses(evaluation, first.metric)
        size = len(grouping.names)
        return Summed(grouping.codes, size, (loss,), _mean, chosen)
    if isinstance(metric, BinnedMetric):
        return _binned(evaluation, grouping, chosen)
    if first.metric in RANKINGS:
        members = tuple(
            np.flatnonzero(grouping.codes == g) for g in range(len(grouping.names))
        )
        return Ranked(
            evaluation.score, evaluation.is_positive, members, first.metric, chosen
        )
    return Anew(replace(evaluation, groups={"group": grouping}), metric, chosen)


def attributes_of(quantity: Quantity) -> tuple[str, ...]:
    """Return the attributes that a quantity crosses; none for everyone."""
    named = (name.strip() for name in quantity.attribute.split(","))
    return tuple(name for name in named if name)


def losses(evaluation: Evaluation, metric: str) -> Floats:
    """Return the values of single rows whose mean is a metric, float[n]."""
    chosen = metric_named(metric)
    if not isinstance(chosen, ScoreMetric):
        raise TypeError(f"{metric} is no mean of losses")
    found = chosen.function(evaluation, evaluation.grouping(()))
    rows: Floats = found.value[0] + found.rows
    return rows


def is_slow(metric: str) -> bool:
    """Whether each weighting of the rows costs a pass of its own over all of them."""
    return any(metric.endswith(f"_{a}") for a in AVERAGES) and metric.startswith(
        RANKINGS
    )


def _binned(evaluation: Evaluation, grouping: Grouping, chosen: Chosen) -> Summed:
    cells = cells_of(evaluation.score, evaluation.weights, grouping, USUAL)[0]
    off = evaluation.score - evaluation.is_positive

    def error(sums: Floats) -> Floats:
        weight, distance = sums.reshape(len(sums), 2, -1, N_BINS).transpose(1, 0, 2, 3)
        return np.abs(distance).sum(-1) / weight.sum(-1)

    return Summed(cells, N_BINS * len(grouping.names), (off,), error, chosen)


def _of_counts(
    metric: Rate | CountMetric | ClassMetric, k: int
) -> Callable[[Floats], Floats]:
    return lambda sums: metric.value(sums[:, 0].reshape(len(sums), -1, k, k))


def _mean(sums: Floats) -> Floats:
    return sums[:, 1] / sums[:, 0]


def _choice(quantities: tuple[Quantity, ...], names: tuple[str, ...]) -> Chosen:
    each = [_chosen(q, names) for q in quantities]
    return lambda by_group: np.column_stack([choose(by_group) for choose in each])


def _chosen(quantity: Quantity, names: tuple[str, ...]) -> Chosen:
    if not quantity.attribute:
        return lambda by_group: by_group[:, 0]
    if not quantity.group:
        kept = [names.index(name) for name in quantity.among or names if name in names]
        return lambda by_group: _gap(by_group[:, kept])
    first = _place(quantity.group, names, quantity)
    if not quantity.against:
        return lambda by_group: by_group[:, first]
    second = _place(quantity.against, names, quantity)
    return lambda by_group: by_group[:, first] - by_group[:, second]


def _place(group: str, names: tuple[str, ...], quantity: Quantity) -> int:
    if group not in names:
        raise DataError(
            f"'{group}' is not a group of {quantity.attribute} on both sides; it has "
            f"{', '.join(names)}. Choose one of these."
        )
    return names.index(group)


def _gap(values: Floats) -> Floats:
    """Return largest minus smallest over groups, float[s]; NaN where one has none."""
    if values.shape[1] < 2:
        return np.full(len(values), np.nan)
    return values.max(axis=1) - values.min(axis=1)
