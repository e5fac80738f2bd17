"""Isotonic regression: the best curve that never falls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import logit

from analysis.arrays import Bools, Floats
from models.remedies.one_vs_rest import OneVsRest, probabilities
from models.remedies.weighing import effective_rows


@dataclass(frozen=True)
class Isotonic(OneVsRest):
    """Map scores by the rising steps that fit the labels best, joined by lines.

    The fit is scikit-learn's. A first step of rate 0 over n effective rows is raised to
    1 / (2 (n + 1)), though not above the next step, and a last one of rate 1 is lowered
    likewise, so that nothing is called impossible. Scores beyond those seen take the
    nearest one's.

    References
    ----------
    Zadrozny & Elkan (2002), Transforming Classifier Scores into Accurate Multiclass
    Probability Estimates, KDD, section 3.3.
    """

    title: ClassVar[str] = "Isotonic regression"
    name: ClassVar[str] = "isotonic"
    mends: ClassVar[str] = "scores that are off in any way but their order"
    costs: ClassVar[str] = (
        "ties, where scores fall on one step, and rows: below about a thousand it "
        "follows their noise; by group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Zadrozny & Elkan (2002), KDD"

    def fitted_odds(self, x: Floats, hits: Bools, weights: Floats) -> dict[str, Any]:
        """Return the ends of the steps and their rates."""
        from sklearn.isotonic import IsotonicRegression

        scores = probabilities(x)
        curve = IsotonicRegression(out_of_bounds="clip")
        curve.fit(scores, hits, sample_weight=weights / weights.mean())
        ends, rates = curve.X_thresholds_, curve.y_thresholds_
        return {
            "scores": ends.tolist(),
            "rates": _inside(ends, rates, scores, weights).tolist(),
        }

    def mapped_odds(self, found: Mapping[str, Any], x: Floats) -> Floats:
        """Return the log odds of the curve's rate."""
        rates = np.interp(probabilities(x), found["scores"], found["rates"])
        result: Floats = logit(rates)
        return result

    @classmethod
    def said_odds(cls, found: Mapping[str, Any]) -> str:
        """Return the number of steps."""
        steps = len(np.unique(found["rates"]))
        return f"{steps} {'step' if steps == 1 else 'steps'}"


def _inside(ends: Floats, rates: Floats, scores: Floats, weights: Floats) -> Floats:
    """Return rates strictly between 0 and 1, still rising, float[b]."""
    kept = np.array(rates)
    lowest, highest = rates == rates[0], rates == rates[-1]
    if rates[0] <= 0:
        n = effective_rows(weights[scores <= ends[lowest][-1]])
        kept[lowest] = min(1 / (2 * (n + 1)), _next(rates[~lowest], 0))
    if rates[-1] >= 1:
        n = effective_rows(weights[scores >= ends[highest][0]])
        kept[highest] = max(1 - 1 / (2 * (n + 1)), _next(rates[~highest], -1))
    return kept


def _next(rates: Floats, end: int) -> float:
    """Return the neighbouring rate, where that is neither 0 nor 1; else one half."""
    found = float(rates[end]) if len(rates) else 0.5
    return found if 0 < found < 1 else 0.5
