"""Rows before and after a change of time or place."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.conformal.row_weights import density_ratio, recency, similarity
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.frame import AuditFrame


@dataclass(frozen=True)
class Weighing:
    """How fitted rows are weighed.

    Parameters
    ----------
    name : str
        One of `WEIGHTINGS`, or empty for none.
    half_life : float
        Of recency, in periods.
    """

    name: str = ""
    half_life: float = 1.0


def is_after(
    frame: AuditFrame, evaluation: Evaluation, value: str, *, is_time: bool
) -> Bools:
    """Return which rows come after the change, bool[n].

    Parameters
    ----------
    frame : AuditFrame
        Of the whole table, with a domain.
    evaluation : Evaluation
        Of some of its rows.
    value : str
        The first period after the change, or the other domain.
    is_time : bool
        Whether the domain is a time, whose later periods all come after.
    """
    if frame.domain is None or value not in frame.domain.names:
        raise SettingError(
            f"'{value}' is no time or domain of this table; choose another change."
        )
    at = frame.domain.names.index(value)
    codes = frame.domain.codes[positions(frame, evaluation)]
    after: Bools = codes >= at if is_time else codes == at
    return after


def weights_towards(
    frame: AuditFrame,
    fit: Evaluation,
    target: Evaluation,
    features: tuple[str, ...],
    weighing: Weighing,
) -> Floats | None:
    """Return how much each fitted row resembles the target rows; None for no weights.

    Parameters
    ----------
    frame : AuditFrame
        Of the whole table.
    fit, target : Evaluation
        Of some of its rows.
    features : tuple of str
        Columns that are compared.
    weighing : Weighing

    Raises
    ------
    SettingError
        There is no such weighting, or recency is asked for without a time.
    """
    if not weighing.name:
        return None
    mine = positions(frame, fit)
    if weighing.name == "recency":
        if frame.domain is None:
            raise SettingError(
                "Recency needs a time. Declare one on the Data page, or choose other "
                "weights."
            )
        codes = frame.domain.codes[mine].astype(np.float64)
        return recency(codes, weighing.half_life)
    columns = list(features)
    source = frame.features[columns].iloc[mine]
    coming = frame.features[columns].iloc[positions(frame, target)]
    if weighing.name == "similarity":
        return similarity(source, coming)
    if weighing.name == "density_ratio":
        return density_ratio(source, coming, fit.weights, target.weights)
    raise SettingError(
        f"'{weighing.name}' is no way to weigh rows; choose recency, similarity or "
        "density_ratio."
    )


def positions(frame: AuditFrame, evaluation: Evaluation) -> Ints:
    """Return where an evaluation's rows stand in a frame, int[n]."""
    order = np.argsort(frame.row_ids, kind="stable")
    at = np.searchsorted(frame.row_ids, evaluation.row_ids, sorter=order)
    found: Ints = order[np.minimum(at, len(order) - 1)]
    return found
