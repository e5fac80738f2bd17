"""What a remedy of scores is fitted to: logits and labels of calibration rows."""

from dataclasses import replace

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.errors import DataError
from analysis.evaluation import Scores, of_sane_scale
from analysis.frame import AuditFrame

EPSILON = float(np.finfo(np.float64).eps)
"""Probabilities without logits are kept this far from 0, as a float is from 1."""


SMALLEST = 1e-100
"""Share of the largest weight under which a row counts for nothing."""


def logits_of_scores(scores: Scores) -> Floats:
    """Return logits, or the logarithms of probabilities that came without.

    Scores of exactly 0 have no logarithm; they count as `EPSILON`, which is also how
    far a score just below 1 is from it.

    Raises
    ------
    DataError
        The scores are raw: they have no class for each column.
    """
    if scores.logits is not None:
        return scores.logits
    if scores.scale == "raw":
        raise DataError(
            "Calibration needs probabilities or logits, and this score is on a scale "
            "of its own. Choose a trained run, or map ranks to probabilities first."
        )
    logits: Floats = np.log(np.maximum(scores.values, EPSILON))
    return logits


def rows_to_fit(calibration: AuditFrame) -> tuple[AuditFrame, Ints]:
    """Return the calibration rows that have weight, and their labels.

    Weights whose squares would overflow or vanish are scaled: scale says nothing.

    Raises
    ------
    DataError
        There are no labels, or all are the same.
    """
    if calibration.y_true is None:
        raise DataError(
            "Calibration needs labels on the calibration rows. Choose a labelled table "
            "on the Data page."
        )
    weights = of_sane_scale(calibration.weights)
    rows = np.flatnonzero(weights > SMALLEST * weights.max(initial=0.0))
    frame = replace(calibration, weights=weights).take(rows)
    labels = calibration.y_true[rows]
    found = np.unique(labels)
    if len(found) < 2:
        whose = f"all are '{calibration.classes[found[0]]}'" if len(found) else "none"
        raise DataError(
            f"Of the labels of {len(labels):,} calibration rows with weight, {whose}; "
            "a fit needs rows of two classes at least. Choose another split or seed, "
            "or a larger table."
        )
    return frame, labels
