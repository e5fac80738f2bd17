"""Thresholds that hold a chosen risk at a chosen level."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.conformal.learn_then_test import controlled_threshold
from analysis.conformal.quantile import check_level, masses, thresholds_by_cell
from analysis.conformal.scores import nonconformity, require_probabilities
from analysis.errors import DataError, SettingError
from analysis.evaluation import Evaluation
from analysis.metrics.score_metrics import effective_rows

Guarantee = Literal["mean", "probability"]


@dataclass(frozen=True)
class Risk:
    """A risk that can be held.

    Parameters
    ----------
    title, words : str
        A short name, and what it is a share of.
    guarantee : 'mean' or 'probability'
        Whether the level holds on average over fitted rows and new people, or for new
        people with probability 1 - delta over fitted rows.
    is_of_sets : bool
        Whether sets are made; else people of the class in view are flagged.
    source : str
    """

    title: str
    words: str
    guarantee: Guarantee
    is_of_sets: bool
    source: str


RISKS = {
    "false_negatives": Risk(
        "People missed (false negatives)",
        "of the people who should be flagged, those who are not",
        "mean",
        False,
        "Angelopoulos, Bates, Fisch, Lei & Schuster (2024), ICLR",
    ),
    "miscoverage": Risk(
        "Sets that miss the truth (miscoverage)",
        "of all people, those whose set of answers does not hold the truth",
        "mean",
        True,
        "Angelopoulos, Bates, Fisch, Lei & Schuster (2024), ICLR",
    ),
    "f1": Risk(
        "Flags that are wrong or missing (1 − F1)",
        "one minus F1 of the flags, which counts wrong and missing ones alike",
        "probability",
        False,
        "Angelopoulos, Bates, Candès, Jordan & Lei (2021), Learn Then Test",
    ),
}


@dataclass(frozen=True)
class Dial:
    """What is to be held.

    Parameters
    ----------
    risk : str
        Name of a risk.
    alpha : float
        Its level, in (0, 1).
    attributes : tuple of str
        Groups that each get a threshold of their own; empty for one for everyone.
    delta : float
        How often the level may fail, for a risk held with probability.
    seed : int
        Of the halves that such a risk draws.
    """

    risk: str
    alpha: float
    attributes: tuple[str, ...] = ()
    delta: float = 0.1
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Control:
    """Thresholds that hold a risk.

    Parameters
    ----------
    dial : Dial
    names : tuple of str, length c
        Everyone, or the groups with a threshold each.
    thresholds : float[c]
        For sets, a class is in when one minus its probability is at most this; for
        flags, people are flagged from this score on. Infinite (all classes in, minus
        infinite: everyone flagged) where rows are too few, NaN where no threshold
        passes and nothing can be promised.
    n : float[c]
        Rows fitted on, those alone that the risk is a share of.
    effective : float[c]
        How many rows of equal weight they are worth, (sum m)^2 / sum m^2.
    """

    dial: Dial
    names: tuple[str, ...]
    thresholds: Floats
    n: Floats
    effective: Floats

    def __post_init__(self) -> None:
        for name in ("thresholds", "n", "effective"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def risk(self) -> Risk:
        """What is held."""
        return RISKS[self.dial.risk]

    @property
    def is_open(self) -> Bools:
        """Cells of too few rows, where all is flagged or in the set, bool[c]."""
        return np.isinf(self.thresholds)

    @property
    def is_impossible(self) -> Bools:
        """Cells in which no threshold could be promised, bool[c]."""
        return np.isnan(self.thresholds)


def control_risk(
    fit: Evaluation, dial: Dial, row_weights: Floats | None = None
) -> Control:
    """Return thresholds that hold a risk for people like the fitted rows.

    Misses are held among those who should be flagged: they alone are fitted on, as
    they alone are exchangeable with a new such person. Of all thresholds that hold
    the level, the one that flags fewest, or makes the smallest sets, is taken.

    Parameters
    ----------
    fit : Evaluation
        Rows that no model was trained on.
    dial : Dial
    row_weights : float[n] or None
        How much each row resembles the people who are coming, from 0 to 1; the level
        then holds without exchangeable rows, up to their distance. See `row_weights`.

    Raises
    ------
    SettingError
        There is no such risk or level, or 1 - F1 is asked for with weights.
    DataError
        Weights are outside 0 to 1 or of other rows.
    """
    _check(fit, dial, row_weights)
    grouping = fit.grouping(dial.attributes)
    codes, cells = grouping.codes, len(grouping.names)
    counts = _counting(fit, dial)
    mass = np.zeros(len(fit))
    mass[counts] = masses(
        fit.weights[counts],
        codes[counts],
        cells,
        None if row_weights is None else row_weights[counts],
    )
    if dial.risk == "f1":
        thresholds = _tested(fit, dial, codes, cells, mass)
    else:
        critical = _critical(fit, dial)[counts]
        thresholds = thresholds_by_cell(
            critical, mass[counts], codes[counts], cells, dial.alpha
        )
        # flags go up with the score, so that their critical values are its negatives
        thresholds = thresholds if RISKS[dial.risk].is_of_sets else -thresholds
    return Control(
        dial=dial,
        names=grouping.names,
        thresholds=thresholds,
        n=np.bincount(codes[counts], minlength=cells).astype(np.float64),
        effective=effective_rows(mass, grouping),
    )


def _check(fit: Evaluation, dial: Dial, row_weights: Floats | None) -> None:
    if dial.risk not in RISKS:
        raise SettingError(
            f"'{dial.risk}' is not a risk that can be held; choose one of "
            f"{', '.join(RISKS)}."
        )
    check_level(dial.alpha)
    check_level(dial.delta)
    require_probabilities(fit, "risk control")
    if row_weights is None:
        return
    if dial.risk == "f1":
        raise SettingError(
            "1 − F1 is held by tests, which have no version with weights. Choose "
            "another risk, or no weights."
        )
    is_known = len(row_weights) == len(fit) and np.isfinite(row_weights).all()
    if not is_known or (row_weights < 0).any() or (row_weights > 1).any():
        raise DataError(
            "Weights of fitted rows must be numbers from 0 to 1, one for each row; "
            "scale the largest to 1."
        )


def _counting(fit: Evaluation, dial: Dial) -> Bools:
    """Return which rows the risk is a share of, as far as no threshold decides it."""
    if dial.risk == "false_negatives":
        return fit.is_positive
    return np.ones(len(fit), dtype=bool)


def _critical(fit: Evaluation, dial: Dial) -> Floats:
    """Return from which threshold on each row's loss is 0, float[n]."""
    if dial.risk == "false_negatives":
        return -fit.score
    rows = np.arange(len(fit))
    critical: Floats = nonconformity(fit, "lac")[rows, fit.y_true]
    return critical


def _tested(
    fit: Evaluation, dial: Dial, codes: Ints, cells: int, mass: Floats
) -> Floats:
    rng = np.random.default_rng(dial.seed)
    levels = (dial.alpha, dial.delta)
    found = []
    for cell in range(cells):
        rows = np.flatnonzero((codes == cell) & (mass > 0))
        found.append(
            controlled_threshold(
                fit.score[rows], fit.is_positive[rows], mass[rows], levels, rng
            )
        )
    return np.array(found, dtype=np.float64)
