"""Vector scaling: a factor and a shift for each class's logit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize

from analysis.arrays import Floats, Ints
from models.probabilities import log_softmax
from models.remedies.calibrator import Calibrator
from models.remedies.calibrator_notes import line
from models.remedies.temperature import HIGHEST, LOWEST

FURTHEST = 100.0
"""Largest shift of a logit, in nats."""

MAX_SAID = 4
"""Classes whose parameters a sentence holds."""


@dataclass(frozen=True)
class VectorScaling(Calibrator):
    """Map logits z to w z + b, a factor and a shift for each class, by least log loss.

    The problem is convex, and its optimum is found by L-BFGS from w = 1, b = 0.
    Factors are kept between the inverses of the highest and the lowest temperature, as
    separated rows would push them beyond any bound, and shifts within 100 nats.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks,
    ICML, section 4.2. Our bounds are a departure.
    """

    title: ClassVar[str] = "Vector scaling"
    name: ClassVar[str] = "vector_scaling"
    mends: ClassVar[str] = (
        "scores of some classes that promise too much and of others too little"
    )
    costs: ClassVar[str] = (
        "decisions where one class is favoured over another, and rows: it has two "
        "parameters for each class; by group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Guo, Pleiss, Sun & Weinberger (2017), ICML"

    def fitted(self, logits: Floats, labels: Ints, weights: Floats) -> dict[str, Any]:
        """Return the factors and the shifts."""
        k, share = logits.shape[1], weights / weights.sum()
        is_label = np.eye(k)[labels]  # [n, k]
        # Each class's logits on a like scale: a step goes equally far for all.
        spread = np.maximum(np.abs(logits).max(axis=0), 1e-9)
        scaled = logits / spread

        def loss(wb: Floats) -> tuple[float, Floats]:
            log_scores = log_softmax(scaled * wb[:k] + wb[k:])
            off = share[:, None] * (np.exp(log_scores) - is_label)
            slope = np.concatenate([(off * scaled).sum(axis=0), off.sum(axis=0)])
            return float(-share @ (log_scores * is_label).sum(axis=1)), slope

        start = np.concatenate([spread, np.zeros(k)])
        bounds = [(s / HIGHEST, s / LOWEST) for s in spread]
        bounds += [(-FURTHEST, FURTHEST)] * k
        options = {"gtol": 1e-9, "ftol": 1e-15, "maxiter": 2000, "maxfun": 5000}
        best = minimize(
            loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
        ).x
        return {"factors": (best[:k] / spread).tolist(), "shifts": best[k:].tolist()}

    def mapped(self, found: Mapping[str, Any], logits: Floats) -> Floats:
        """Return w z + b."""
        return np.asarray(found["factors"]) * logits + np.asarray(found["shifts"])

    @classmethod
    def said(cls, found: Mapping[str, Any]) -> str:
        """Return factor and shift of each class, where these are few."""
        pairs = list(zip(found["factors"], found["shifts"], strict=True))
        if len(pairs) > MAX_SAID:
            return f"a factor and a shift for each of {len(pairs)} classes"
        return ", ".join(f"logit {c} {line(*p)}" for c, p in enumerate(pairs, 1))
