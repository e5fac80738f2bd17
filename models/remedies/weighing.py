"""The base of remedies that find a weight for each training row."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.cohorts import parse
from analysis.errors import DataError
from analysis.frame import AuditFrame
from analysis.matching import matches
from models.recipe import Recipe
from models.remedies.base import Family, Kind
from models.remedies.settings import choice_setting, cohort_setting, setting
from models.row_changes import RowWeights, row_weights

WEIGHTS, DRAWS = "weights", "draws"


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
        current = weights_in_force(recipe, train)
        inside = rows_in(train, self.cohort)
        reached = replace(train.take(inside), weights=current[inside])
        found = capped(self.weights(reached, recipe.seed), reached.weights, self.cap)
        if self.keeps_mass:
            found = found * _safe_ratio(
                reached.weights.sum(), float(found @ reached.weights)
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
    inside = matches(cohort, train.features, train.groups)
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


def capped(factors: Floats, weights: Floats, cap: float) -> Floats:
    """Return factors of which none exceeds `cap` times their weighted mean; 0: any.

    Cutting at T lowers the mean, so T = cap * mean(min(f, T)) is solved for T: with
    the largest factors cut, T (W - cap W_cut) = cap * (sum of w f over the others).
    Where so few rows have a factor that no T will do, all of those get the same.

    Parameters
    ----------
    factors : float[n]
        Zero or more.
    weights : float[n]
        What the rows weigh without them.
    cap : float
        At least 1, or 0 for none.

    Raises
    ------
    DataError
        A factor is not a number, or all are zero.
    """
    if not np.isfinite(factors).all() or float(factors @ weights) <= 0:
        raise DataError(
            "This remedy leaves no weight on any row it reaches, or an infinite one. "
            "Choose a milder setting, a coarser attribute or a wider cohort."
        )
    if cap <= 0:
        return factors
    limit = max(cap, 1.0)
    falling = np.argsort(-factors, kind="stable")
    f, w = factors[falling], weights[falling]
    total = float(w.sum())
    cut = np.concatenate([[0.0], np.cumsum(w)])  # weight of the j largest
    rest = np.concatenate([np.cumsum((w * f)[::-1])[::-1], [0.0]])  # of the others
    with np.errstate(divide="ignore", invalid="ignore"):
        tops = limit * rest / (total - limit * cut)  # [n + 1], T if j are cut
    # j are cut if T lies below the j-th largest factor and not below the next.
    above, below = np.concatenate([[np.inf], f]), np.concatenate([f, [0.0]])
    fits = (total - limit * cut > 0) & (tops < above) & (tops >= below)
    top = tops[np.argmax(fits)] if fits.any() else f[f > 0].min()
    return np.minimum(factors, top)


def effective_rows(weights: Floats) -> float:
    """Return the effective number of rows, (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _safe_ratio(total: float, part: float) -> float:
    return total / part if part > 0 else 1.0
