"""Prior correction: move scores to the class shares of other people, without labels."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.cohorts import parse
from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.class_shares import ClassShares, SourceRows, black_box_shares, em_shares
from models.cohort_sets import CohortSet, members_of
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.base import Around, Family, Kind, Layer, Needs
from models.remedies.calibration_rows import logits_of_scores, rows_to_fit
from models.remedies.settings import (
    choice_setting,
    cohort_setting,
    refuse_no_target,
    table_setting,
)
from models.scorer import Scorer

EM, BLACK_BOX = "EM", "black-box"

FURTHEST = 100.0
"""Condition number above which shares are said to be hardly known."""


@dataclass(frozen=True)
class PriorCorrection:
    """Add log(q / p) to the logits of a target's people.

    p are the class shares of the calibration rows outside the target, q those of the
    target, estimated from scores: its labels are never read. It is right if people are
    as they were given their label, and only classes became rarer or commoner. Whoever
    matches the target's rule is moved, in whatever table; all others keep their scores.
    A q of 0 counts as half a person among the target's, 1 / (2 (n + 1)); a class
    without calibration rows is not moved.

    References
    ----------
    Saerens, Latinne & Decaestecker (2002), Adjusting the Outputs of a Classifier to
    New a Priori Probabilities, Neural Computation 14; Lipton, Wang & Smola (2018),
    Detecting and Correcting for Label Shift with Black Box Predictors, ICML.
    """

    title: ClassVar[str] = "Correct for changed class shares"
    name: ClassVar[str] = "prior_correction"
    mends: ClassVar[str] = (
        "scores for people among whom a class is rarer or commoner than among those "
        "the model was made with"
    )
    costs: ClassVar[str] = (
        "decisions at one half wherever shares moved; it misleads if people of one "
        "label have changed as well, and by EM if scores were not calibrated before"
    )
    source: ClassVar[str] = (
        "Saerens, Latinne & Decaestecker (2002), Neural Computation; Lipton, Wang & "
        "Smola (2018), ICML"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("target data",)
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Scores"
    layer: ClassVar[Layer] = "scores"
    slowness: ClassVar[float] = 0.0
    looks_for: ClassVar[str] = "people of the target, without their labels"

    target: str = cohort_setting(
        "Whose class shares have changed, such as year = 1995; their labels are not "
        "read. With another table it may be empty: then everyone is corrected."
    )
    estimate: str = choice_setting(
        EM,
        (EM, BLACK_BOX),
        "Whether shares follow from the scores, if these are calibrated (EM), or from "
        "how often each class is decided for.",
    )
    table: str = table_setting(
        "Another table that holds the target's people; empty for this one.",
        is_required=False,
    )

    def __post_init__(self) -> None:
        refuse_no_target(self.target, self.table)

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Shifted":
        """Refuse: scores and labels of calibration rows are not enough.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError(
            f"'{self.title}' needs {self.looks_for}. Choose a trained run or a table "
            "with the target's rows."
        )

    def fit_with(
        self, scorer: Scorer, calibration: AuditFrame, around: Around
    ) -> "Shifted":
        """Estimate the target's shares.

        Raises
        ------
        DataError
            All calibration rows belong to the target, fewer than two classes are
            left, or the target has no rows.
        """
        target = around.unlabelled(self.target, self.table)
        # Rows of another table must not be looked up by their place in this one.
        target_scores = (around.model() if self.table else scorer).score(target)
        frame = calibration if self.table else self._outside(calibration)
        frame, labels = rows_to_fit(frame)
        scores = _probabilities(scorer.score(frame))
        source = SourceRows(scores, labels, frame.weights)
        estimate = em_shares if self.estimate == EM else black_box_shares
        found = estimate(source, _probabilities(target_scores), target.weights)
        return Shifted(scorer, self._parameters(found, frame.classes))

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Shifted":
        """Wrap a scorer with shares that were estimated."""
        return Shifted(scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say the shares before and after, and how well they are known."""
        if hidden is not None:
            return ("Class shares of the target were estimated without its labels.",)
        listed = "; ".join(_share_words(one) for one in parameters["classes"])
        said = [
            f"Estimated without labels for {parameters['n']:,.0f} effective rows of "
            f"'{parameters['target'] or parameters['table']}' "
            f"({parameters['estimate']}), and before for the "
            f"calibration rows outside it: {listed}."
        ]
        condition = parameters["condition"]
        if condition is None or condition > FURTHEST:
            said.append(
                "The model hardly tells some classes apart, so their shares are hardly "
                "known; do not rely on this correction."
            )
        if parameters["is_clipped"]:
            said.append(
                "A share came out below 0 or above 100 % and was moved to the nearest "
                "possible one: more than class shares may have changed."
            )
        return tuple(said)

    def _outside(self, calibration: AuditFrame) -> AuditFrame:
        inside = _in_target(self.target, calibration)
        if inside.all():
            raise DataError(
                f"All calibration rows belong to the target '{self.target}', so there "
                "are no others from which it could differ. Narrow the rule, or name "
                "another table."
            )
        return calibration.take(np.flatnonzero(~inside))

    def _parameters(
        self, found: ClassShares, classes: tuple[str, ...]
    ) -> dict[str, Any]:
        is_known = found.source > 0
        floor = 1 / (2 * (found.n + 1))
        moved = np.maximum(found.shares, floor) / np.where(is_known, found.source, 1)
        shifts = np.where(is_known, np.log(moved), 0.0)
        columns = (found.source, found.shares, found.low, found.high)
        return {
            "method": self.name,
            "target": self.target,
            "table": self.table,
            "estimate": self.estimate,
            "shifts": shifts.tolist(),
            "classes": [
                {
                    "name": name,
                    **{
                        key: _number(column[c])
                        for key, column in zip(
                            ("before", "share", "low", "high"), columns, strict=True
                        )
                    },
                }
                for c, name in enumerate(classes)
            ],
            "n": found.n,
            "steps": found.steps,
            "condition": _number(found.condition),
            "is_clipped": found.is_clipped,
        }


@dataclass(frozen=True)
class Shifted:
    """A scorer whose logits are shifted for the people of a target.

    Parameters
    ----------
    base : Scorer
    found : mapping
    """

    base: Scorer
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, shifted where the rule matches."""
        logits = logits_of_scores(self.base.score(frame))
        inside = _in_target(self.found["target"], frame)
        moved = inside[:, None] * np.asarray(self.found["shifts"])
        return scores_of_logits(logits + moved)

    def parameters(self) -> dict[str, Any]:
        """Return the shares and the shifts as JSON types."""
        return dict(self.found)


def _in_target(rule: str, frame: AuditFrame) -> Bools:
    return members_of(CohortSet({}, (str(parse(rule)),)), frame)


def _probabilities(scores: Scores) -> Floats:
    found: Floats = np.exp(log_softmax(logits_of_scores(scores)))
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _share_words(one: Mapping[str, Any]) -> str:
    interval = ""
    if one["low"] is not None:
        interval = f" [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"
    before = f"{100 * one['before']:.1f} %"
    return f"{one['name']} {100 * one['share']:.1f} %{interval}, before {before}"
