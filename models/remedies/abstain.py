"""Abstain: decide alone where the model is sure, and hand everyone else to a person."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.errors import SettingError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from analysis.marks import DEFERRED
from models.confidence import confidences, cut_at, deciding_for
from models.groupings import grouping_named
from models.probabilities import scores_of_logits
from models.remedies.base import (
    Around,
    Family,
    Kind,
    Layer,
    Needs,
    marks_of,
)
from models.remedies.calibration_rows import logits_of_scores, rows_to_fit
from models.remedies.calibrator_notes import FEW, MAX_LISTED
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    class_setting,
    setting,
)
from models.scorer import Scorer

MODELS, NAMED = "the model's decision", "a named class"


@dataclass(frozen=True)
class Abstain:
    """Hand the people with the lowest confidence to a person, and mark them.

    Confidence is the largest probability. The cut is where the wanted share of the
    calibration rows, by weight, lies above it; people of equal confidence stay
    together, so a little more may be decided alone. With groups each has a cut of its
    own, so that none is handed over more often than another: one cut for everyone can
    hand over mostly one group, or help one group's accuracy and harm another's. A
    group with too few calibration rows, or none, takes everyone's cut.

    Until a person has decided, the model's decision stands, or that for a named
    class: its logit then changes places with the largest.

    References
    ----------
    Chow (1970), On Optimum Recognition Error and Reject Tradeoff, IEEE Transactions on
    Information Theory 16; Jones et al. (2021), Selective Classification Can Magnify
    Disparities Across Groups, ICLR. A cut for each group is ours.
    """

    title: ClassVar[str] = "Hand unsure decisions to a person (abstain)"
    name: ClassVar[str] = "abstain"
    mends: ClassVar[str] = "wrong decisions on people about whom the model is unsure"
    costs: ClassVar[str] = (
        "a person's work and time for everyone handed over; where confidence is not "
        "right in a group, those decided alone may fare no better"
    )
    source: ClassVar[str] = (
        "Chow (1970), IEEE Transactions on Information Theory; Jones et al. (2021), "
        "Selective Classification Can Magnify Disparities Across Groups, ICLR"
    )
    needs: ClassVar[tuple[Needs, ...]] = ()
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Guardrails"
    layer: ClassVar[Layer] = "guardrail"
    slowness: ClassVar[float] = 0.0

    coverage: float = setting(
        0.9, 0.05, 1.0, "Share of people that the model decides on alone.", is_dial=True
    )
    attribute: str = attribute_setting(
        "Groups of which the same share is handed over; empty for one cut.",
        is_required=False,
    )
    meanwhile: str = choice_setting(
        MODELS, (MODELS, NAMED), "What stands until a person has decided."
    )
    decision: str = class_setting(
        "The class that stands meanwhile, if it is a named one; empty for the last."
    )
    min_rows: int = setting(
        50, 2, 1_000_000, "A group with fewer calibration rows takes everyone's cut."
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Abstaining":
        """Find the cuts on calibration rows.

        Raises
        ------
        DataError
            The rows have no labels or all the same, or the frame lacks the attribute.
        SettingError
            The named class does not exist.
        """
        return next(self.along(scorer, calibration, (self.coverage,)))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator["Abstaining"]:
        """Give what `fit` would at each coverage; rows are scored once.

        Raises
        ------
        DataError, SettingError
            As `fit`.
        """
        frame, labels = rows_to_fit(calibration)
        stands = self._stands(frame.classes)
        logits = logits_of_scores(scorer.score(frame))
        right = logits.argmax(axis=1) == labels
        rows = _Judged(confidences(logits), right, frame.weights)
        for coverage in strengths:
            yield Abstaining(scorer, self._found(frame, rows, coverage, stands))

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Abstaining":
        """Wrap a scorer with the cuts that `fit` found."""
        return Abstaining(scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say who is handed over, and how right the others' decisions are."""
        in_force = parameters.get("in_force", parameters["everyone"])
        whose = ", each with the cut of their group" if parameters["by_group"] else ""
        said = [f"Of everyone{whose}, {_words(in_force)}."]
        fell_back = parameters["fell_back"]
        told = [f"{name} {_words(one)}" for name, one in parameters["by_group"].items()]
        if told and set(hidden or ()) & {*parameters["by_group"], *fell_back}:
            # What is left of everyone would tell the numbers of a hidden group.
            said.append("Numbers by group are withheld, as some groups are small.")
        elif told:
            more = f" and {len(told) - MAX_LISTED} more" * (len(told) > MAX_LISTED)
            said.append(f"By group: {'; '.join(told[:MAX_LISTED])}{more}.")
        for name, n in list(fell_back.items())[:MAX_LISTED]:
            few = FEW if name in (hidden or ()) else f"has {n:,} calibration rows"
            said.append(f"'{name}' {few}. It takes everyone's cut.")
        if parameters["stands"] is not None:
            said.append(
                "Until a person has decided, the decision is "
                f"'{parameters['stands_name']}' for those handed over."
            )
        return tuple(said)

    def _stands(self, classes: tuple[str, ...]) -> int | None:
        """Return the class that stands meanwhile; None for the model's decision."""
        if self.meanwhile == MODELS:
            return None
        if self.decision and self.decision not in classes:
            raise SettingError(
                f"The label has no class '{self.decision}'; it has "
                f"{', '.join(classes)}. Choose one of these."
            )
        return classes.index(self.decision) if self.decision else len(classes) - 1

    def _found(
        self, frame: AuditFrame, rows: "_Judged", coverage: float, stands: int | None
    ) -> dict[str, Any]:
        by_group, fell_back = dict[str, Any](), dict[str, int]()
        cut = cut_at(rows.confidence, rows.weights, coverage)
        cuts = np.full(len(rows.right), -np.inf if cut is None else cut)
        if self.attribute:
            grouping = grouping_named(frame, self.attribute)
            for g, name in enumerate(grouping.names):
                members = np.flatnonzero(grouping.codes == g)
                own = rows.take(members)
                if len(own.confidence) >= self.min_rows:
                    own_cut = cut_at(own.confidence, own.weights, coverage)
                    by_group[name] = {"cut": own_cut} | own.told(own_cut)
                    cuts[members] = _cut(by_group[name])
                elif len(own.confidence):
                    fell_back[name] = len(own.confidence)
        return {
            "method": self.name,
            "coverage": coverage,
            "attribute": self.attribute,
            "everyone": {"cut": cut} | rows.told(cut),
            "in_force": rows.told(cuts),
            "by_group": by_group,
            "fell_back": fell_back,
            "stands": stands,
            "stands_name": None if stands is None else frame.classes[stands],
        }


@dataclass(frozen=True)
class Abstaining:
    """A scorer that marks the people it is unsure about.

    Parameters
    ----------
    base : Scorer
    found : mapping
    """

    base: Scorer
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, with the decision that stands meanwhile."""
        logits = logits_of_scores(self.base.score(frame))
        stands = self.found["stands"]
        if stands is not None:
            rows = np.flatnonzero(self._deferred(frame, logits))
            logits = logits.copy()
            logits[rows] = deciding_for(logits[rows], stands)
        return scores_of_logits(logits)

    def marks(self, frame: AuditFrame) -> dict[str, Bools]:
        """Return who is handed to a person, and what the base marks."""
        below = marks_of(self.base, frame)
        deferred = self._deferred(frame, logits_of_scores(self.base.score(frame)))
        return below | {DEFERRED: deferred | below.get(DEFERRED, False)}

    def _deferred(self, frame: AuditFrame, logits: Floats) -> Bools:
        """Return whose confidence is below their cut, bool[n]."""
        everyone = _cut(self.found["everyone"])
        cuts = np.full(len(frame), everyone)
        by_group = self.found["by_group"]
        if by_group:
            grouping = grouping_named(frame, self.found["attribute"])
            table = [
                _cut(by_group[name]) if name in by_group else everyone
                for name in grouping.names
            ]
            cuts = np.asarray(table)[grouping.codes]
        deferred: Bools = confidences(logits) < cuts
        return deferred

    def parameters(self) -> dict[str, Any]:
        """Return the cuts as JSON types."""
        return dict(self.found)


@dataclass(frozen=True, eq=False)
class _Judged:
    """Confidence of rows, whether they are decided rightly, and what they weigh."""

    confidence: Floats
    right: Bools
    weights: Floats

    def take(self, rows: Ints) -> "_Judged":
        return _Judged(self.confidence[rows], self.right[rows], self.weights[rows])

    def told(self, cut: float | Floats | None) -> dict[str, Any]:
        """Return what a cut, or one of each row, does on these rows, as JSON types."""
        alone = self.confidence >= (-np.inf if cut is None else cut)
        return {
            "n": len(self.right),
            "n_alone": int(alone.sum()),
            "deferred": float(self.weights[~alone].sum() / self.weights.sum()),
            "accuracy": float(np.average(self.right, weights=self.weights)),
            "accuracy_alone": float(
                np.average(self.right[alone], weights=self.weights[alone])
            ),
        }


def _cut(one: Mapping[str, Any]) -> float:
    return -np.inf if one["cut"] is None else float(one["cut"])


def _words(one: Mapping[str, Any]) -> str:
    if one["n_alone"] == one["n"]:
        return (
            f"nobody is handed over; {100 * one['accuracy']:.1f} % of {one['n']:,} "
            "calibration rows are decided rightly"
        )
    return (
        f"{100 * one['deferred']:.1f} % are handed over; of those decided alone "
        f"{100 * one['accuracy_alone']:.1f} % are decided rightly (n = "
        f"{one['n_alone']:,}), of all {100 * one['accuracy']:.1f} % (n = {one['n']:,}, "
        "calibration rows)"
    )
