"""What a split is asked of, checked before anything is fitted."""

from analysis.attribution.quantity import Quantity, quantity_of
from analysis.attribution.quantity_estimates import comparable, quantity_estimate
from analysis.attribution.shapley import MAX_PLAYERS
from analysis.errors import DataError, NeedsProbabilitiesError, OverlapError
from analysis.metrics.registry import metric_named
from analysis.shifts.domain import Domain

MIN_ROWS = 30
"""Rows that either side needs."""


def checked(source: Domain, target: Domain, quantity: Quantity | str) -> Quantity:
    """Return what is asked for, or refuse plainly."""
    asked = quantity_of(quantity)
    _check_sides(source, target, asked)
    asked = comparable(source, target, asked, MIN_ROWS)
    for side, domain in (("source", source), ("target", target)):
        if quantity_estimate(domain.evaluation, asked).is_undefined:
            raise OverlapError(
                f"'{asked.metric}' is undefined on the {side}: its rows lack one of "
                "the classes or groups it needs. Choose another metric or a larger "
                "part of the table."
            )
    return asked


def check_players(players: int) -> None:
    """Refuse a graph of too many nodes, or of none."""
    if not 1 <= players <= MAX_PLAYERS:
        raise DataError(
            f"The graph has {players} nodes; between 1 and {MAX_PLAYERS} can be "
            "split. Merge nodes or leave some out."
        )


def _check_sides(source: Domain, target: Domain, quantity: Quantity) -> None:
    metric = metric_named(quantity.metric)
    for side, domain in (("source", source), ("target", target)):
        if len(domain) < MIN_ROWS:
            raise OverlapError(
                f"The {side} has {len(domain):,} rows; a split of the change needs at "
                f"least {MIN_ROWS} on either side. Choose a larger part of the table."
            )
        if domain.evaluation.weights.sum() <= 0:
            raise DataError(
                f"All weights of the {side} are 0. Choose another column of weights."
            )
        if metric.needs_probability and not domain.evaluation.is_probability:
            score = domain.evaluation.scores.values
            low, high = float(score.min()), float(score.max())
            raise NeedsProbabilitiesError(quantity.metric, low, high)
    if list(source.columns.columns) != list(target.columns.columns):
        only = set(source.columns.columns) ^ set(target.columns.columns)
        raise DataError(
            "Source and target have different columns"
            f"{': ' + ', '.join(sorted(map(str, only))) if only else ' order'}. "
            "Compare the columns that both have, in the same order."
        )
