"""Fit a post-hoc remedy without a store, and say what was fitted."""

from collections.abc import Collection, Mapping
from typing import Any, cast

from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.remedies import REMEDIES
from models.remedies.base import Around, FittedScorer, LooksAround, PosthocRemedy
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
