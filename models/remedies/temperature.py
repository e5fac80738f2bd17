"""Temperature scaling: divide logits by one number, or one number per group."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import brentq

from analysis.arrays import Floats, Ints
from models.remedies.calibrator import Calibrated, Calibrator
from models.scorer import Scorer

LOWEST, HIGHEST = 0.02, 50.0
"""Range of temperatures; perfectly separated rows would push one beyond any bound."""


@dataclass(frozen=True)
class Temperature(Calibrator):
    """Divide logits by the temperature that minimises log loss on calibration rows.

    No two scores within a group change their order (logits that differ by no more
    than a rounding may become equal), so AUROC stays and, for argmax or a threshold of
    one half, decisions do. A class without calibration rows is divided like the others.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks,
    ICML, section 4.2. One temperature per group is the same fit within each group.
    """

    title: ClassVar[str] = "Temperature scaling"
    name: ClassVar[str] = "temperature"
    mends: ClassVar[str] = (
        "scores that promise too much or too little, overall or by group"
    )
    costs: ClassVar[str] = (
        "nothing in ranking within a group, and decisions at one half stay as they "
        "are; by group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Guo, Pleiss, Sun & Weinberger (2017), ICML"
    takes_absent_classes: ClassVar[bool] = True

    def fitted(self, logits: Floats, labels: Ints, weights: Floats) -> dict[str, Any]:
        """Return the temperature."""
        return {"temperature": fit_temperature(logits, labels, weights)}

    def mapped(self, found: Mapping[str, Any], logits: Floats) -> Floats:
        """Return the logits divided by the temperature."""
        result: Floats = logits / found["temperature"]
        return result

    @classmethod
    def said(cls, found: Mapping[str, Any]) -> str:
        """Return the temperature."""
        return f"{found['temperature']:.2f}"

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> Calibrated:
        """Wrap a scorer with temperatures that `fit` found, now or in older runs."""
        return super().restored(scorer, _as_now(parameters))

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say the temperatures and what they move."""
        first, *others = super().notes(_as_now(parameters), hidden)
        return (
            first.replace("Fitted", "Temperature", 1),
            "Above 1 the scores become less confident, below 1 more. This moves how "
            "well scores fit the outcome (calibration error, Brier score, log loss); "
            "decisions at one half stay as they are.",
            *others,
        )


def _as_now(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters in today's layout; older runs have bare temperatures."""
    if "everyone" in parameters:
        return parameters
    by_group = parameters.get("by_group", {})
    return {
        "everyone": {"temperature": parameters["temperature"]},
        "attribute": parameters.get("attribute", ""),
        "by_group": {name: {"temperature": t} for name, t in by_group.items()},
    }


def fit_temperature(logits: Floats, labels: Ints, weights: Floats) -> float:
    """Return the temperature that minimises the weighted log loss.

    The log loss is convex in the inverse temperature b, so its derivative, the mean of
    (expected logit - logit of the label) under the softmax of b times the logits, is
    increasing: its root is found by bracketing.

    Parameters
    ----------
    logits : float64[n, k]
        Float32 would underflow in the derivative.
    labels : int[n]
    weights : float[n]

    Returns
    -------
    float
        Between `LOWEST` and `HIGHEST`, an end where the optimum lies beyond; 1 where
        all classes have the same score in every row.
    """
    centred = logits - logits.max(axis=1, keepdims=True)  # [n, k]
    if not centred.any():
        return 1.0  # scores that tell nothing are the same at any temperature
    of_label = centred[np.arange(len(labels)), labels]  # [n]
    share = weights / weights.sum()

    def slope(log_b: float) -> float:
        exponents = np.exp(np.exp(log_b) * centred)
        expected = (exponents * centred).sum(axis=1) / exponents.sum(axis=1)
        return float(share @ (expected - of_label))

    low, high = -np.log(HIGHEST), -np.log(LOWEST)
    if slope(low) >= 0:
        return HIGHEST
    if slope(high) <= 0:
        return LOWEST
    return float(np.exp(-brentq(slope, low, high, xtol=1e-10)))
