"""Split conformal sets: for each person all classes that are not ruled out."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.conformal.quantile import (
    check_level,
    masses,
    rows_needed,
    thresholds_by_cell,
)
from analysis.conformal.scores import nonconformity
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.metrics.score_metrics import effective_rows, rows_by_group

Condition = Literal["everyone", "class", "group"]
CONDITIONS: dict[Condition, str] = {
    "everyone": "Everyone together",
    "class": "Each class by itself",
    "group": "Each group by itself",
}
"""Among whom the promise holds: one threshold for each."""


@dataclass(frozen=True, eq=False)
class SetRule:
    """What puts classes into sets.

    Parameters
    ----------
    score : str
        Name of a nonconformity score.
    alpha : float
        Share of people whose set may miss the truth.
    condition : Condition
    attributes : tuple of str
        Crossed to groups where the condition is 'group', else empty.
    names : tuple of str, length c
        The cells that have a threshold each: everyone, classes or groups.
    thresholds : float[c]
        A class is in the set when its nonconformity is at most this. Infinite in a
        cell of too few rows: there everything is in the set.
    n : float[c]
        Rows fitted on.
    effective : float[c]
        Effective rows, which tell whether they suffice; see `rows_needed`.
    """

    score: str
    alpha: float
    condition: Condition
    attributes: tuple[str, ...]
    names: tuple[str, ...]
    thresholds: Floats
    n: Floats
    effective: Floats

    def __post_init__(self) -> None:
        for name in ("thresholds", "n", "effective"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def rows_needed(self) -> int:
        """The fewest rows from which a cell gets a threshold."""
        return rows_needed(self.alpha)

    @property
    def is_open(self) -> Bools:
        """Cells of too few rows, in which everything is in the set, bool[c]."""
        return np.isinf(self.thresholds)


def fit_sets(
    fit: Evaluation,
    alpha: float,
    score: str = "lac",
    by: Condition = "everyone",
    attributes: tuple[str, ...] = (),
    rng: np.random.Generator | None = None,
) -> SetRule:
    """Fit thresholds such that sets of new people hold the truth 1 - alpha of the time.

    Parameters
    ----------
    fit : Evaluation
        Rows that no model was trained on. Survey weights count, see `masses`; the
        promise itself is proved for exchangeable rows.
    alpha : float
    score : str
        Name of a nonconformity score.
    by : Condition
        Whether the promise holds for everyone together, for each true class, or for
        each group of `attributes` by itself (Mondrian).
    attributes : tuple of str
    rng : Generator or None
        Needed by a score that draws.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, sections
    2.2 and 4.5; Vovk (2012), Conditional Validity of Inductive Conformal Predictors,
    ACML.
    """
    check_level(alpha)
    if by not in get_args(Condition):
        raise SettingError(
            f"Sets are fitted for {', '.join(CONDITIONS)}; '{by}' is none of these."
        )
    cells = _cells(fit, by, attributes)
    rows = np.arange(len(fit))
    critical = nonconformity(fit, score, rng)[rows, fit.y_true]
    count = len(cells.names)
    mass = masses(fit.weights, cells.codes, count)
    return SetRule(
        score=score,
        alpha=alpha,
        condition=by,
        attributes=attributes if by == "group" else (),
        names=cells.names,
        thresholds=thresholds_by_cell(critical, mass, cells.codes, count, alpha),
        n=rows_by_group(cells),
        effective=effective_rows(fit.weights, cells),
    )


def sets_of(
    rule: SetRule, evaluation: Evaluation, rng: np.random.Generator | None = None
) -> Bools:
    """Return which classes are in each row's set, bool[n, k].

    A group that was not fitted has no threshold, so everything is in its sets, as in a
    group of too few rows.
    """
    badness = nonconformity(evaluation, rule.score, rng)  # [n, k]
    if rule.condition == "class":
        return badness <= rule.thresholds
    if rule.condition == "everyone":
        return badness <= rule.thresholds[0]
    at = positions_in(rule.names, evaluation.grouping(rule.attributes))
    own = np.append(rule.thresholds, np.inf)[at]  # -1, an unknown group, is the last
    is_in: Bools = badness <= own[:, None]
    return is_in


def positions_in(names: tuple[str, ...], grouping: Grouping) -> Ints:
    """Return where each row's group stands among names, int[n]; -1 for nowhere."""
    place = {name: i for i, name in enumerate(names)}
    at = np.array([place.get(name, -1) for name in grouping.names], dtype=np.int64)
    return at[grouping.codes]


def _cells(fit: Evaluation, by: Condition, attributes: tuple[str, ...]) -> Grouping:
    if by == "class":
        return Grouping(fit.y_true, fit.classes)
    return fit.grouping(attributes) if by == "group" else everyone(len(fit))
