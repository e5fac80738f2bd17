"""Platt scaling: a logistic curve over the log odds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Bools, Floats
from models.remedies.calibrator_notes import line
from models.remedies.one_vs_rest import OneVsRest
from models.remedies.weighing import effective_rows


@dataclass(frozen=True)
class Platt(OneVsRest):
    """Stretch and shift log odds, x to a x + b, so that the log loss is lowest.

    Labels count as (n1 + 1) / (n1 + 2) and 1 / (n0 + 2), with n1 and n0 the effective
    rows of each class, so that separated rows give no infinite slope. The fit is
    scikit-learn's logistic regression without penalty, each row counted under both
    labels: its own sigmoid calibrator, which has the same objective, is only reached
    through a classifier and stops sooner. A score that ranks backwards is turned round.

    References
    ----------
    Platt (1999), Probabilistic Outputs for Support Vector Machines and Comparisons to
    Regularized Likelihood Methods, Advances in Large Margin Classifiers, section 2.
    """

    title: ClassVar[str] = "Platt scaling"
    name: ClassVar[str] = "platt"
    mends: ClassVar[str] = (
        "scores that promise too much or too little, or are too high or too low for all"
    )
    costs: ClassVar[str] = (
        "decisions at one half where scores are shifted; the order within a group "
        "stays for two classes, and by group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Platt (1999), Advances in Large Margin Classifiers"

    def fitted_odds(self, x: Floats, hits: Bools, weights: Floats) -> dict[str, Any]:
        """Return the slope and the intercept."""
        goals = np.where(
            hits, 1 - _smoothing(weights[hits]), _smoothing(weights[~hits])
        )
        centre = float(np.average(x, weights=weights))
        spread = float(np.sqrt(np.average((x - centre) ** 2, weights=weights)))
        if spread < 1e-9:  # constant scores: everyone gets the base rate
            share = float(np.average(goals, weights=weights))
            return {"slope": 0.0, "intercept": float(np.log(share / (1 - share)))}
        slope, intercept = _logistic((x - centre) / spread, goals, weights)
        slope /= spread
        return {"slope": slope, "intercept": intercept - slope * centre}

    def mapped_odds(self, found: Mapping[str, Any], x: Floats) -> Floats:
        """Return the line's value at the log odds."""
        return found["slope"] * x + found["intercept"]

    @classmethod
    def said_odds(cls, found: Mapping[str, Any]) -> str:
        """Return the line."""
        return f"log odds {line(found['slope'], found['intercept'])}"


def _smoothing(weights: Floats) -> float:
    """Return how far the goal of a class stands from its label."""
    return 1 / (effective_rows(weights) + 2)


def _logistic(x: Floats, goals: Floats, weights: Floats) -> tuple[float, float]:
    """Return slope and intercept for goals between 0 and 1."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    twice, labels = np.concatenate([x, x])[:, None], np.repeat([1, 0], len(x))
    counted = np.concatenate([weights * goals, weights * (1 - goals)])
    line.fit(twice, labels, sample_weight=counted / weights.mean())
    return float(line.coef_[0, 0]), float(line.intercept_[0])
