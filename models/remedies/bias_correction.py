"""Bias correction: two parameters that lift the logits of under-represented classes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize

from analysis.arrays import Bools, Floats, Ints
from analysis.errors import SettingError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.names import split
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.base import Family, Kind, Layer, Needs
from models.remedies.calibration_rows import logits_of_scores, rows_to_fit
from models.remedies.calibrator_notes import line
from models.remedies.settings import classes_setting
from models.remedies.temperature import HIGHEST, LOWEST
from models.scorer import Scorer

FURTHEST = 100.0
"""Largest shift of a logit, in nats."""


@dataclass(frozen=True)
class BiasCorrection:
    """Map the logits z of rare classes to a z + b, by least log loss over even classes.

    Every class counts the same on the calibration rows, however many have it; all
    other logits stay. The scores then suit people among whom classes are equally
    common, so they promise too much for rare classes where these stay rare: it is a
    remedy of decisions, not of calibration. Classes without calibration rows are not
    touched.

    References
    ----------
    Wu et al. (2019), Large Scale Incremental Learning, CVPR, section 3.3, where the
    classes are those that were learnt last, and the rows a small balanced set. We
    balance by weights, and keep the factor within bounds.
    """

    title: ClassVar[str] = "Lift rare classes (bias correction)"
    name: ClassVar[str] = "bias_correction"
    mends: ClassVar[str] = "a model that hardly ever decides for a rare class"
    costs: ClassVar[str] = (
        "accuracy over all, more false alarms for the rare classes, and calibration: "
        "their scores promise too much"
    )
    source: ClassVar[str] = "Wu et al. (2019), Large Scale Incremental Learning, CVPR"
    needs: ClassVar[tuple[Needs, ...]] = ()
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Scores"
    layer: ClassVar[Layer] = "scores"
    slowness: ClassVar[float] = 0.0

    classes: str = classes_setting(
        "Classes to lift; empty for those with a smaller share than all would have if "
        "equally common."
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Lifted":
        """Fit factor and shift on calibration rows.

        Raises
        ------
        DataError
            The rows have no labels or all the same, or the scores are raw.
        SettingError
            A class does not exist, or all are named.
        """
        frame, labels = rows_to_fit(calibration)
        logits = logits_of_scores(scorer.score(frame))
        mass = np.bincount(labels, frame.weights, logits.shape[1])
        lifted = self._lifted(frame.classes, mass / mass.sum())
        even = frame.weights / mass[labels]
        lifted_now = lifted & (mass > 0)
        factor, shift = _fit_lift(logits, labels, even, lifted_now)
        return Lifted(
            scorer,
            {
                "method": self.name,
                "classes": [
                    n for n, i in zip(frame.classes, lifted_now, strict=True) if i
                ],
                "positions": np.flatnonzero(lifted_now).tolist(),
                "factor": factor,
                "shift": shift,
            },
        )

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Lifted":
        """Wrap a scorer with the factor and shift that `fit` found."""
        return Lifted(scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say which classes are lifted, and by how much."""
        if not parameters["classes"]:
            return ("No class is rarer than the others, so nothing was changed.",)
        return (
            f"Logits of {', '.join(parameters['classes'])} "
            f"{line(parameters['factor'], parameters['shift'])}: decisions as if all "
            "classes were equally common.",
        )

    def _lifted(self, classes: tuple[str, ...], shares: Floats) -> Bools:
        """Return which classes are lifted, bool[k]."""
        chosen = split(self.classes)
        unknown = [name for name in chosen if name not in classes]
        if unknown:
            raise SettingError(
                f"The label has no class '{unknown[0]}'; it has {', '.join(classes)}."
            )
        if len(chosen) == len(classes):
            raise SettingError(
                "All classes are to be lifted; at least one must stay as it is. Leave "
                "out the commonest."
            )
        if not chosen:
            rare: Bools = shares < 1 / len(classes) - 1e-12
            return rare
        return np.isin(np.asarray(classes, dtype=object), chosen)


@dataclass(frozen=True)
class Lifted:
    """A scorer with some classes' logits lifted.

    Parameters
    ----------
    base : Scorer
    found : mapping
    """

    base: Scorer
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, lifted."""
        logits = logits_of_scores(self.base.score(frame)).copy()
        at = self.found["positions"]
        logits[:, at] = self.found["factor"] * logits[:, at] + self.found["shift"]
        return scores_of_logits(logits)

    def parameters(self) -> dict[str, Any]:
        """Return the classes, the factor and the shift as JSON types."""
        return dict(self.found)


def _fit_lift(
    logits: Floats, labels: Ints, weights: Floats, lifted: Bools
) -> tuple[float, float]:
    """Return factor and shift of least weighted log loss; 1 and 0 for no classes.

    Parameters
    ----------
    logits : float64[n, k]
    labels : int[n]
    weights : float[n]
    lifted : bool[k]
    """
    if not lifted.any():
        return 1.0, 0.0
    share = (weights / weights.sum())[:, None]
    is_label = np.eye(logits.shape[1])[labels]  # [n, k]
    lifted_logits = np.where(lifted, logits, 0.0)

    def loss(ab: Floats) -> tuple[float, Floats]:
        factors = np.where(lifted, ab[0], 1.0)
        log_scores = log_softmax(factors * logits + ab[1] * lifted)
        off = share * (np.exp(log_scores) - is_label) * lifted
        slope = np.array([(off * lifted_logits).sum(), off.sum()])
        return float(-(share * log_scores * is_label).sum()), slope

    bounds = [(1 / HIGHEST, 1 / LOWEST), (-FURTHEST, FURTHEST)]
    options = {"gtol": 1e-9, "ftol": 1e-15, "maxiter": 1000}
    best = minimize(
        loss, [1.0, 0.0], jac=True, method="L-BFGS-B", bounds=bounds, options=options
    ).x
    return float(best[0]), float(best[1])
