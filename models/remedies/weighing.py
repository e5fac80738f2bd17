"""The base of remedies that find a weight for each training row."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.cohorts import parse
from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame
from analysis.matching import matches
from models.recipe import Recipe
from models.remedies.base import Family, Kind
from models.remedies.settings import choice_setting, cohort_setting, setting
from models.row_changes import RowWeights, row_weights

WEIGHTS, DRAWS = "weights", "draws"

SMALLEST_CAP = 1.1
"""Just above 1, where all weights would have to be equal."""


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """Train with a factor on each row's weight; a subclass says which.

    The same mix of rows can be reached by weighing them or by drawing them in
    proportion: equal in expectation and, under full-batch descent, in fact, but drawn
    rows repeat and so are overfitted sooner, while large weights make single steps
    erratic.

    References
    ----------
    Li et al. (2025), Upsample or Upweight? Balanced Training on Heavily Imbalanced
    Datasets, NAACL, sections 3 and 4.
    """

    kind: ClassVar[Kind] = "retraining"
    family: ClassVar[Family] = "Weights and sampling"
    slowness: ClassVar[float] = 1.0
    keeps_mass: ClassVar[bool] = True
    """Whether the aimed rows keep their total weight, so that others keep theirs."""

    cohort: str = cohort_setting()
    by: str = choice_setting(
        WEIGHTS,
        (WEIGHTS, DRAWS),
        "Whether rows are weighed, or drawn more or less often for the same mix.",
    )
    cap: float = setting(
        0.0, 0.0, 1000.0, "Largest weight, in multiples of the mean one; 0 for no cap."
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return a factor for each row, float[n], zero or more, on any scale.

        Parameters
        ----------
        train : AuditFrame
            The labelled training rows in reach; their weights are those in force.
        seed : int
            The recipe's.
        """
        raise NotImplementedError

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with this factor on top of those it has.

        Raises
        ------
        DataError
            The rows have no labels, no such attribute, or none is in the cohort.
        """
        labels_of(train)
        self._check_cap()
        current = weights_in_force(recipe, train)
        inside = rows_in(train, self.cohort)
        reached = replace(train.take(inside), weights=current[inside])
        found = self.weights(reached, recipe.seed) * reached.weights
        others = np.delete(current, inside)
        if self.keeps_mass:
            # Measured among themselves, as they are scaled back to their weight.
            found = capped(found, self.cap, np.empty(0))
            found = found * (reached.weights.sum() / found.sum())
        else:
            found = capped(found, self.cap, others)
        has_weight = reached.weights > 0
        found = np.divide(
            found, reached.weights, out=np.ones_like(found), where=has_weight
        )
        factors = np.ones(len(train))
        factors[inside] = found
        if recipe.row_weights is not None:
            factors = factors * recipe.row_weights.factors(train)
        return replace(
            recipe,
            row_weights=row_weights(train, factors),
            draws=recipe.draws or self.by == DRAWS,
        )

    def _check_cap(self) -> None:
        if 0 < self.cap < SMALLEST_CAP:
            raise SettingError(
                f"The largest weight is to be {self.cap:g} times the mean one; that "
                f"leaves no room for weights. Give {SMALLEST_CAP:g} or more, or 0 for "
                "no cap."
            )


def weights_in_force(recipe: Recipe, train: AuditFrame) -> Floats:
    """Return what each training row weighs so far, float[n]."""
    weights = train.weights if recipe.survey_weights else np.ones(len(train))
    factors: RowWeights | None = recipe.row_weights
    return weights if factors is None else weights * factors.factors(train)


def labels_of(train: AuditFrame) -> Ints:
    """Return the labels of training rows.

    Raises
    ------
    DataError
        There are none.
    """
    if train.y_true is None:
        raise DataError(
            "This remedy needs labels to train on. Choose a labelled table on the "
            "Data page."
        )
    return train.y_true


def inside_of(train: AuditFrame, rule: str) -> Bools:
    """Return which rows a cohort's rule reaches, bool[n]; all for an empty one.

    Raises
    ------
    SettingError
        The rule cannot be read, or names neither a feature nor a sensitive attribute.
    DataError
        No training row matches.
    """
    cohort = parse(rule)
    if not cohort.conditions:
        return np.ones(len(train), dtype=bool)
    inside = matches(cohort, train.features, train.named_groups)
    if not inside.any():
        raise DataError(
            f"No training row matches the cohort '{rule}'. Widen the rule, or aim the "
            "remedy at everyone."
        )
    return inside


def rows_in(train: AuditFrame, rule: str) -> Ints:
    """Return the positions of the rows a cohort's rule reaches, int[m]."""
    rows: Ints = np.flatnonzero(inside_of(train, rule))
    return rows


def capped(weights: Floats, cap: float, others: Floats) -> Floats:
    """Return weights of which none exceeds `cap` times everyone's mean; 0: any.

    Cutting at T lowers the mean, so T = cap * mean(min(w, T)) is solved for T: with
    the j largest cut, T (n - cap j) = cap * (sum of all the others). Where so few rows
    have any weight that no T will do, all of those get the same.

    Parameters
    ----------
    weights : float[m]
        In force after the remedy, zero or more.
    cap : float
        At least `SMALLEST_CAP`, or 0 for none.
    others : float[n - m]
        Weights that count in the mean and are left as they are.

    Raises
    ------
    DataError
        A weight is not a number, or all are zero.
    """
    if not np.isfinite(weights).all() or float(weights.sum()) <= 0:
        raise DataError(
            "This remedy leaves no weight on any row it reaches, or an infinite one. "
            "Choose a milder setting, a coarser attribute or a wider cohort."
        )
    if cap <= 0:
        return weights
    falling = np.sort(weights)[::-1]
    cut = np.arange(len(weights) + 1)  # j
    rest = np.concatenate([np.cumsum(falling[::-1])[::-1], [0.0]]) + others.sum()
    room = len(weights) + len(others) - cap * cut
    with np.errstate(divide="ignore", invalid="ignore"):
        tops = cap * rest / room  # [m + 1], T if j are cut
    # j are cut if T lies below the j-th largest weight and not below the next.
    above, below = np.concatenate([[np.inf], falling]), np.append(falling, 0.0)
    fits = (room > 0) & (tops > 0) & (tops < above) & (tops >= below)
    top = tops[np.argmax(fits)] if fits.any() else falling[falling > 0].min()
    return np.minimum(weights, top)


def effective_rows(weights: Floats) -> float:
    """Return the effective number of rows, (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights**2).sum())
