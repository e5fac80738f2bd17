"""The base of calibrators of one probability: of several classes, each in turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from analysis.arrays import Bools, Floats, Ints
from models.probabilities import log_softmax
from models.remedies.calibration_rows import EPSILON
from models.remedies.calibrator import Calibrator

MOST = float(np.log((1 - EPSILON) / EPSILON))
"""Log odds of a probability as near to 1 as a float is; none goes further."""


@dataclass(frozen=True)
class OneVsRest(Calibrator):
    """Map the log odds of the last of two classes, or of each class against the rest.

    Of more than two classes the mapped probabilities are divided by their sum, so that
    each is right against the rest only nearly.

    References
    ----------
    Zadrozny & Elkan (2002), Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates, KDD, section 5.2, for the sum.
    """

    def fitted_odds(self, x: Floats, hits: Bools, weights: Floats) -> dict[str, Any]:
        """Return what maps these log odds, as JSON types.

        Parameters
        ----------
        x : float64[n]
            Log odds, within plus or minus `MOST`.
        hits : bool[n]
            Whether the label is the class; some are and some are not.
        weights : float64[n]
            Above zero.
        """
        raise NotImplementedError

    def mapped_odds(self, found: Mapping[str, Any], x: Floats) -> Floats:
        """Return log odds, float64[n], for log odds."""
        raise NotImplementedError

    def fitted(self, logits: Floats, labels: Ints, weights: Floats) -> dict[str, Any]:
        """Return a fit for each class; of two, one."""
        return {
            "classes": [
                self.fitted_odds(_log_odds(logits, c), labels == c, weights)
                for c in _asked(logits)
            ]
        }

    def mapped(self, found: Mapping[str, Any], logits: Floats) -> Floats:
        """Return logits of the mapped probabilities."""
        odds = [
            _within(self.mapped_odds(fit, _log_odds(logits, c)))
            for fit, c in zip(found["classes"], _asked(logits), strict=True)
        ]
        if len(odds) == 1:
            return np.column_stack([np.zeros(len(logits)), odds[0]])
        return np.column_stack([-np.logaddexp(0, -x) for x in odds])

    @classmethod
    def said_odds(cls, found: Mapping[str, Any]) -> str:
        """Return what was found for one class; empty where numbers would not tell."""
        return ""

    @classmethod
    def said(cls, found: Mapping[str, Any]) -> str:
        """Return what was found for two classes, or for how many there is a curve."""
        if len(found["classes"]) == 1:
            return cls.said_odds(found["classes"][0])
        return f"a curve for each of {len(found['classes'])} classes against the rest"


def probabilities(x: Floats) -> Floats:
    """Return the probability of each log odds, float64[n]."""
    result: Floats = expit(x)
    return result


def _asked(logits: Floats) -> tuple[int, ...]:
    k = logits.shape[1]
    return (1,) if k == 2 else tuple(range(k))


def _log_odds(logits: Floats, c: int) -> Floats:
    """Return log p_c - log(1 - p_c), float64[n]."""
    log_scores = log_softmax(logits)
    others = np.delete(log_scores, c, axis=1)
    return _within(log_scores[:, c] - np.logaddexp.reduce(others, axis=1))


def _within(x: Floats) -> Floats:
    return np.clip(x, -MOST, MOST)
