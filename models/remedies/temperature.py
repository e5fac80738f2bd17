"""Temperature scaling: divide logits by one number, or one number per group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import brentq

from analysis.arrays import Floats, Ints
from analysis.errors import DataError, GroupTooSmallError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.probabilities import scores_of_logits
from models.remedies.base import Family, Kind, Needs
from models.remedies.settings import attribute_setting, setting
from models.scorer import Scorer

LOWEST, HIGHEST = 0.02, 50.0
"""Range of temperatures; perfectly separated rows would push one beyond any bound."""


@dataclass(frozen=True)
class Temperature:
    """Divide logits by the temperature that minimises log loss on calibration rows.

    The order of scores within a group is unchanged, and so are its AUROC and, for
    argmax or a threshold of one half, its decisions.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks,
    ICML, section 4.2. One temperature per group is the same fit within each group.
    """

    title: ClassVar[str] = "Temperature scaling"
    mends: ClassVar[str] = (
        "scores that promise too much or too little, overall or by group"
    )
    costs: ClassVar[str] = (
        "nothing in ranking within a group, and decisions at one half stay as they "
        "are; by group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Guo, Pleiss, Sun & Weinberger (2017), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("group at prediction",)
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Scores"
    slowness: ClassVar[float] = 0.0

    attribute: str = attribute_setting(
        "Groups with a temperature of their own; empty for one temperature.",
        is_required=False,
    )
    min_rows: int = setting(
        50, 2, 100_000, "Calibration rows that each group must have at least."
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Rescaled":
        """Fit on calibration rows; a group without any takes the overall temperature.

        Raises
        ------
        DataError
            The rows have no labels, or the scorer gives no logits.
        GroupTooSmallError
            A group has some rows, but fewer than `min_rows`.
        """
        if calibration.y_true is None:
            raise DataError(
                "Temperature scaling needs labels on the calibration rows. Choose a "
                "labelled table on the Data page."
            )
        logits = logits_of_scores(scorer.score(calibration))
        weights, labels = calibration.weights, calibration.y_true
        overall = fit_temperature(logits, labels, weights)
        if not self.attribute:
            return Rescaled(scorer, overall, "", {})
        grouping = grouping_named(calibration, self.attribute)
        by_group = {}
        for g, name in enumerate(grouping.names):
            rows = np.flatnonzero(grouping.codes == g)
            if 0 < len(rows) < self.min_rows:
                raise GroupTooSmallError(name, len(rows), self.min_rows)
            if len(rows):
                by_group[name] = fit_temperature(
                    logits[rows], labels[rows], weights[rows]
                )
        return Rescaled(scorer, overall, self.attribute, by_group)

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Rescaled":
        """Wrap a scorer with temperatures that `fit` found."""
        return Rescaled(scorer, **parameters)


@dataclass(frozen=True)
class Rescaled:
    """A scorer whose logits are divided by a temperature.

    Parameters
    ----------
    base : Scorer
    temperature : float
        Of everyone, and of groups that are not named.
    attribute : str
        Empty for one temperature.
    by_group : mapping of str to float
    """

    base: Scorer
    temperature: float
    attribute: str
    by_group: Mapping[str, float]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, rescaled."""
        logits = logits_of_scores(self.base.score(frame))
        if not self.attribute:
            return scores_of_logits(logits / self.temperature)
        grouping = grouping_named(frame, self.attribute)
        by_code = [self.by_group.get(n, self.temperature) for n in grouping.names]
        return scores_of_logits(logits / np.array(by_code)[grouping.codes, None])

    def parameters(self) -> dict[str, Any]:
        """Return the temperatures as JSON types."""
        return {
            "temperature": self.temperature,
            "attribute": self.attribute,
            "by_group": dict(self.by_group),
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
        Between `LOWEST` and `HIGHEST`, an end where the optimum lies beyond.
    """
    centred = logits - logits.max(axis=1, keepdims=True)  # [n, k]
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


def logits_of_scores(scores: Scores) -> Floats:
    """Return logits, or the logarithms of probabilities that came without.

    Raises
    ------
    DataError
        The scores are raw: they have no class for each column.
    """
    if scores.logits is not None:
        return scores.logits
    if scores.scale == "raw":
        raise DataError(
            "Temperature scaling needs probabilities or logits, and this score is on "
            "a scale of its own. Choose a trained run."
        )
    tiny = np.finfo(np.float64).tiny
    logits: Floats = np.log(np.maximum(scores.values, tiny))
    return logits
