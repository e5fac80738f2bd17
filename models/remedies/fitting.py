"""Fit a post-hoc remedy without a store, and say what was fitted."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame
from models.remedies import REMEDIES
from models.remedies.base import (
    Around,
    FittedScorer,
    Graded,
    LooksAround,
    PosthocRemedy,
)
from models.remedies.settings import dial_of
from models.scorer import Scorer


def fitted_on(
    remedy: PosthocRemedy,
    scorer: Scorer,
    calibration: AuditFrame,
    around: Around | None = None,
) -> FittedScorer:
    """Fit a post-hoc remedy on calibration rows.

    Parameters
    ----------
    remedy : PosthocRemedy
    scorer : Scorer
        Not touched.
    calibration : AuditFrame
    around : Around, optional
        Rows without labels and the model itself, for the remedies that ask for them.

    Raises
    ------
    DataError
        The rows do not do, or the remedy asks for what is not there.
    """
    if not isinstance(remedy, LooksAround):
        return remedy.fit(scorer, calibration)
    if around is None:
        raise DataError(
            f"'{remedy.title}' needs more than scores and labels: {remedy.looks_for}. "
            "Choose a trained run in place of a score column."
        )
    return remedy.fit_with(scorer, calibration, around)


def fitted_along(
    remedy: PosthocRemedy,
    scorer: Scorer,
    calibration: AuditFrame,
    strengths: Sequence[float],
    around: Around | None = None,
) -> Iterator[FittedScorer]:
    """Fit a remedy with a dial at several strengths, in the order given.

    Raises
    ------
    SettingError
        The remedy has no dial.
    DataError
        As `fitted_on`.
    """
    dial = dial_of(type(remedy))
    if dial is None:
        raise SettingError(
            f"'{remedy.title}' has no strength to go along. Fit it as it is."
        )
    if isinstance(remedy, Graded):
        yield from remedy.along(scorer, calibration, strengths, around)
        return
    for strength in strengths:
        value = int(strength) if dial.kind == "integer" else float(strength)
        at = replace(cast("Any", remedy), **{dial.name: value})
        yield fitted_on(at, scorer, calibration, around)


def notes_of(
    parameters: Mapping[str, Any], hidden: Collection[str] | None = None
) -> tuple[str, ...]:
    """Say in plain sentences what was fitted.

    Parameters
    ----------
    parameters : mapping
        As `FittedScorer.parameters` returns and the store keeps them.
    hidden : collection of str, optional
        Names of groups whose numbers are withheld. Give an empty one where small
        groups are hidden though none of these is: cohorts are then not named either.
    """
    # Runs fitted before there were other calibrators have a temperature and no name.
    method = REMEDIES[parameters.get("method", "temperature")]
    return cast("type[PosthocRemedy]", method).notes(parameters, hidden)
