"""The base of calibrators: one fit for everyone, one by group, or patches by cohort.

A newcomer is one file with a subclass that gives two pure functions, `fitted` and
`mapped`, and the words for what they found.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.errors import SettingError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.cohort_sets import listed_sets, members_of, rules_of, set_from_json
from models.departures import Labelled
from models.groupings import grouping_named
from models.multicalibration import Patching, multicalibrated
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.base import Family, Kind, Layer, Needs
from models.remedies.calibration_rows import logits_of_scores, rows_to_fit
from models.remedies.calibrator_notes import notes
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    cohorts_setting,
    setting,
)
from models.scorer import Scorer

ALONE, MULTICALIBRATED = "each group alone", "multicalibrated"


@dataclass(frozen=True)
class Calibrator:
    """Map logits so that scores come true as often as they say.

    All arithmetic is in float64, and what comes out are finite logits. A class without
    calibration rows keeps its probability, and the others share the rest as they are
    mapped among themselves. Rows without weight do not count.

    Raises
    ------
    SettingError
        The settings contradict each other, or name nobody to multicalibrate for.
    """

    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Scores"
    layer: ClassVar[Layer] = "scores"
    needs: ClassVar[tuple[Needs, ...]] = ("group at prediction",)
    slowness: ClassVar[float] = 0.0
    name: ClassVar[str]
    takes_absent_classes: ClassVar[bool] = False
    """Whether `fitted` can do with a class that no row has."""
    takes_weights: ClassVar[bool] = True

    attribute: str = attribute_setting(
        "Groups with a fit of their own; empty for one fit for everyone.",
        is_required=False,
    )
    min_rows: int = setting(
        50,
        2,
        100_000,
        "Calibration rows that a group needs for a fit of its own; with fewer it takes "
        "the fit of everyone.",
    )
    scope: str = choice_setting(
        ALONE,
        (ALONE, MULTICALIBRATED),
        "Whether each group is fitted by itself, or everyone first and then, one after "
        "the other, whichever group, cohort or intersection is still off.",
        is_shown=True,
    )
    cohorts: str = cohorts_setting(
        "When multicalibrated: rules of further people to get right, separated by "
        "semicolons."
    )
    level: float = setting(
        0.05,
        0.0001,
        0.5,
        "When multicalibrated: chance of patching anybody if nobody is off.",
        label="Level of the test",
    )
    rounds: int = setting(50, 1, 1000, "When multicalibrated: patches to try at most.")

    def fitted(self, logits: Floats, labels: Ints, weights: Floats) -> dict[str, Any]:
        """Return what maps these logits, as JSON types.

        Parameters
        ----------
        logits : float64[n, k]
        labels : int[n]
            Every class has a row, unless `takes_absent_classes`; two have at least.
        weights : float64[n]
            Above zero.
        """
        raise NotImplementedError

    def mapped(self, found: Mapping[str, Any], logits: Floats) -> Floats:
        """Return finite logits, float64[n, k], for logits and what `fitted` found."""
        raise NotImplementedError

    @classmethod
    def said(cls, found: Mapping[str, Any]) -> str:
        """Return what was found in a few words; empty where numbers would not tell."""
        return ""

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Calibrated":
        """Fit on calibration rows alone.

        Raises
        ------
        DataError
            The rows have no labels or all the same, the scores are raw, or an
            attribute is not one of the frame's.
        SettingError
            A cohort matches nobody, or there are too many sets to multicalibrate for.
        """
        frame, labels = rows_to_fit(calibration)
        logits = logits_of_scores(scorer.score(frame))
        found: dict[str, Any] = {"method": self.name}
        found["everyone"] = self.fit_of(logits, labels, frame.weights)
        if not self.takes_weights and np.ptp(frame.weights) > 0:
            found["weights_ignored"] = True
        if self.scope == MULTICALIBRATED:
            found |= self._patched(
                frame, Labelled(logits, labels, frame.weights), found
            )
        elif self.attribute:
            found |= self._by_group(frame, Labelled(logits, labels, frame.weights))
        return Calibrated(scorer, self, found)

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Calibrated":
        """Wrap a scorer with what `fit` found."""
        return Calibrated(scorer, self, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say in sentences what was fitted, without numbers of hidden groups."""
        return notes(cls.said, parameters, hidden)

    def fit_of(self, logits: Floats, labels: Ints, weights: Floats) -> dict[str, Any]:
        """Return one fit, over the classes that have rows; two have at least."""
        has_row = np.bincount(labels, minlength=logits.shape[1]) > 0
        if has_row.all() or self.takes_absent_classes:
            return self.fitted(logits, labels, weights)
        present = np.flatnonzero(has_row)
        among = np.searchsorted(present, labels)
        return {
            "present": present.tolist(),
            "of_present": self.fitted(logits[:, present], among, weights),
        }

    def applied(self, found: Mapping[str, Any], logits: Floats) -> Floats:
        """Return the logits that one fit gives, absent classes as they were."""
        if "present" not in found:
            return self.mapped(found, logits)
        log_scores = log_softmax(logits)  # [n, k]
        present = np.asarray(found["present"])
        mapped = log_softmax(self.mapped(found["of_present"], logits[:, present]))
        kept = np.logaddexp.reduce(log_scores[:, present], axis=1, keepdims=True)
        result = log_scores.copy()
        result[:, present] = mapped + kept
        return result

    def __post_init__(self) -> None:
        if self.scope == ALONE and self.cohorts:
            raise SettingError(
                f"Cohorts are named ('{self.cohorts}'), but they count only when "
                "multicalibrated. Choose that under 'Scope', or leave the cohorts out."
            )
        if self.scope == MULTICALIBRATED and not (self.attribute or self.cohorts):
            raise SettingError(
                "Nobody is named to multicalibrate for. Choose groups under 'Groups "
                "of', or name cohorts such as age >= 60."
            )

    def _by_group(self, frame: AuditFrame, rows: Labelled) -> dict[str, Any]:
        """Return a fit for each group that has the rows, and why others have none."""
        grouping = grouping_named(frame, self.attribute)
        by_group, fell_back = dict[str, Any](), dict[str, str]()
        for g, name in enumerate(grouping.names):
            own = rows.take(np.flatnonzero(grouping.codes == g))
            reason = _reason_against(own.labels, self.min_rows)
            if reason and len(own.labels):
                fell_back[name] = reason
            elif not reason:
                by_group[name] = self.fit_of(own.logits, own.labels, own.weights)
        return {
            "attribute": self.attribute,
            "by_group": by_group,
            "fell_back": fell_back,
        }

    def _patched(
        self, frame: AuditFrame, rows: Labelled, found: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the patches by cohort, in order, and their history."""
        sets = listed_sets(frame, self.attribute, rules_of(self.cohorts), self.min_rows)
        patching = Patching(self.fit_of, self.applied, self.level, self.rounds)
        start = self.applied(found["everyone"], rows.logits)
        return multicalibrated(patching, replace(rows, logits=start), sets)


@dataclass(frozen=True)
class Calibrated:
    """A scorer whose logits are mapped as a calibrator found.

    Parameters
    ----------
    base : Scorer
    calibrator : Calibrator
    found : mapping
        The calibrator's parameters.
    """

    base: Scorer
    calibrator: Calibrator
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, mapped; unseen groups as everyone."""
        logits = logits_of_scores(self.base.score(frame))
        mapped = self.calibrator.applied(self.found["everyone"], logits)
        if self.found.get("by_group"):
            mapped = self._by_group(frame, logits, mapped)
        for patch in self.found.get("patches", ()):
            rows = np.flatnonzero(members_of(set_from_json(patch), frame))
            changed = mapped.copy()
            changed[rows] = self.calibrator.applied(patch["fit"], mapped[rows])
            mapped = changed
        return scores_of_logits(mapped)

    def _by_group(self, frame: AuditFrame, logits: Floats, everyone: Floats) -> Floats:
        grouping = grouping_named(frame, self.found["attribute"])
        mapped = everyone.copy()
        for g, name in enumerate(grouping.names):
            if name in self.found["by_group"]:
                rows = np.flatnonzero(grouping.codes == g)
                fit = self.found["by_group"][name]
                mapped[rows] = self.calibrator.applied(fit, logits[rows])
        return mapped

    def parameters(self) -> dict[str, Any]:
        """Return what was fitted, as JSON types."""
        return dict(self.found)


def _reason_against(labels: Ints, min_rows: int) -> str:
    """Say why a group cannot have a fit of its own; empty if it can."""
    if len(labels) < min_rows:
        return f"has {len(labels):,} calibration rows, and {min_rows:,} are needed"
    if len(np.unique(labels)) < 2:
        return "has calibration rows of one class only"
    return ""
