"""A minimum rate for every group, reached by moving only those who fall short."""

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.costs import Costs
from analysis.errors import SettingError
from analysis.parity.programme import EXACT
from analysis.parity.roc import GroupRates

LEVELS = (
    "true_positive_rate",
    "true_negative_rate",
    "selection_rate",
    "precision",
    "accuracy",
)
"""Rates of which more is better for a group."""


def with_article(rate: str) -> str:
    """Return a rate in words, such as 'a true positive rate' or 'an accuracy'."""
    article = "an" if rate[0] in "aeiou" else "a"
    return f"{article} {rate.replace('_', ' ')}"


def levelled_up(
    tables: Sequence[GroupRates],
    positions: Ints,
    rate: str,
    minimum: float,
    costs: Costs,
) -> Ints:
    """Return the position of each group's cut, int[g], so that all reach a minimum.

    A group that reaches it where it stands stays there; the others take the cheapest
    cut that reaches it.

    Parameters
    ----------
    tables : sequence of GroupRates, length g
    positions : int[g]
        Where each group's cut stands before.
    rate : str
        One of `LEVELS`.
    minimum : float
    costs : Costs

    Raises
    ------
    SettingError
        Some group reaches the minimum at no cut.

    References
    ----------
    Mittelstadt, Wachter & Russell (2023), The Unfairness of Fair Machine Learning:
    Levelling Down and Strict Egalitarianism by Default, Michigan Technology Law Review;
    Delaney et al. (2024), OxonFair: A Flexible Toolkit for Algorithmic Fairness,
    NeurIPS.
    """
    rates = [np.nan_to_num(table.rate(rate), nan=-1.0) for table in tables]
    reach = min((float(r.max()) for r in rates), default=1.0)
    if reach < minimum - EXACT:
        raise SettingError(
            f"No thresholds give every group {with_article(rate)} of "
            f"{minimum:.3g}; the highest that all can reach is {_floored(reach)}. "
            "Lower the minimum to that, or choose another rate."
        )
    pairs = zip(tables, rates, positions, strict=True)
    return np.array(
        [
            _cheapest(table.cost(costs), reached >= minimum - EXACT, int(position))
            for table, reached, position in pairs
        ]
    )


def _cheapest(cost: Floats, reaches: Bools, position: int) -> int:
    """Return the cheapest position that reaches the minimum; this one if it does."""
    if reaches[position]:
        return position
    return int(np.where(reaches, cost, np.inf).argmin())


def _floored(value: float) -> str:
    """Return a rate in three digits, never above what it is."""
    return f"{np.floor(value * 1000 + 1e-9) / 1000:.3f}"
