"""The rows that a calibration tab fits on, tries on, and reports."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from analysis.calibration.ranks import ranked
from analysis.datasets.load import Dataset
from analysis.errors import DataError
from analysis.evaluation import Evaluation
from analysis.subgroups.finding import score_words
from analysis.thresholds.halves import halves
from pages.ui import cache, needs, state
from pages.ui.messages import note

RANKS = "calibration.ranks"
OF_RANKS = (
    "Ranks are no probabilities: the numbers say how far ranks lie from how often the "
    "outcome happens, which is not a fault of the score. Fit a calibrator under Fix "
    "first to ask whether scores are true."
)


@dataclass(frozen=True, eq=False)
class Rows:
    """What every tab is drawn from.

    Parameters
    ----------
    shown : Evaluation
        What the page shows: test rows of a run, or all rows of a score.
    data : Dataset
    by : tuple of str
        Attributes grouped by; empty where the table has none.
    fit : Evaluation
        Rows that anything is fitted on: calibration rows, or a random half. There are
        none where a cohort has none, and so with `report`.
    report : Evaluation
        Rows to try things on: validation rows, which nothing here is fitted on, or
        the other half.
    words : str
        What the rows to try things on are called.
    is_ranked : bool
        Whether ranks stand in place of a raw score.
    """

    shown: Evaluation
    data: Dataset
    by: tuple[str, ...]
    fit: Evaluation
    report: Evaluation
    words: str
    is_ranked: bool = False

    @property
    def lack(self) -> str:
        """Why nothing can be fitted or tried; empty where it can be."""
        view = state.view()
        names = FITTED_AND_TRIED if view.is_trained else HALVES
        sides = zip((self.fit, self.report), names, strict=True)
        missing = [name for side, name in sides if not len(side)]
        if not missing:
            return ""
        few = f"Fewer than {view.k:,} rows" if view.k > 1 else "No row"
        return (
            f"Something is fitted here and tried on other rows. {few} of the cohort "
            f"can be found among the {' or the '.join(missing)}. Widen its rule, or "
            "clear it in the sidebar."
        )


FITTED_AND_TRIED = "calibration rows", "validation rows"
HALVES = "half to fit on", "half to try on"


def probabilities(shown: Evaluation) -> tuple[Evaluation, bool]:
    """Return what is shown as probabilities, and whether they are ranks.

    A raw score promises none: without the reader's consent to ranks the page stops.
    """
    if shown.is_probability:
        return shown, False
    people = cache.dataset(state.view().data).task.rows_are
    if not st.toggle(
        "Put each score’s rank in its place",
        key=RANKS,
        bind="query-params",
        help=f"A rank is the share of {people} with a lower score, between 0 and 1.",
    ):
        needs.refuse_raw(shown)
    low, high = (score_words(float(s)) for s in (shown.score.min(), shown.score.max()))
    note(
        f"The score runs from {low} to {high}; each value is shown as the share of "
        f"{people} below it. Order, ties and decisions stay. Lost: the distances "
        "between scores, and any meaning outside this table; a rank says nothing of "
        "how often the outcome happens until a calibrator is fitted to it, under Fix."
    )
    whole = _ranked(cache.evaluation(replace(state.view(), cohort="")))
    return _within(whole, shown), True


def rows_of(
    shown: Evaluation, data: Dataset, by: tuple[str, ...], *, is_ranked: bool = False
) -> Rows:
    """Return the rows that stand behind what the page shows.

    A trained run is tried on its validation rows, so that test rows stay unseen until
    something is accepted; a score that came with the table on a random half. Halves
    are drawn before a cohort is taken, so that they are the same for every cohort.
    """
    people = data.task.rows_are
    if state.view().is_trained:
        fit, report = (_split(shown, name) for name in ("calibration", "validation"))
        words = f"{len(report):,} validation rows"
        words += "" if people == "rows" else f" ({people})"
        return Rows(shown, data, by, fit, report, words)
    whole = cache.evaluation(replace(state.view(), cohort=""))
    fit, report = (
        _within(half, shown) for half in _halves(_ranked(whole) if is_ranked else whole)
    )
    words = f"{len(report):,} {people}, a random half"
    return Rows(shown, data, by, fit, report, words, is_ranked)


def _split(shown: Evaluation, name: str) -> Evaluation:
    """Return the rows of a split in view; none where the cohort has too few there."""
    try:
        return cache.evaluation(state.view(), name)
    except DataError:
        if not state.view().cohort:
            raise
        return shown.take(np.arange(0))


@cache.shared(8)
def _ranked(whole: Evaluation) -> Evaluation:
    return ranked(whole)


@cache.shared(8)
def _halves(whole: Evaluation) -> tuple[Evaluation, Evaluation]:
    return halves(whole)


@cache.shared(16)
def _within(whole: Evaluation, shown: Evaluation) -> Evaluation:
    """Return the rows of an evaluation that another one has, too."""
    kept = np.isin(whole.row_ids, shown.row_ids)
    return whole if kept.all() else whole.take(np.flatnonzero(kept))
