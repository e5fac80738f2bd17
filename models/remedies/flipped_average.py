"""Flipped average: a person's score, averaged with those of alike people elsewhere."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.evaluation import Scores, of_sane_scale
from analysis.frame import AuditFrame
from models.matches import Kept, kept_from_json, kept_rows
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.base import Around, Family, Kind, Layer, Needs
from models.remedies.calibration_rows import EPSILON, logits_of_scores
from models.remedies.calibrator_notes import HIDDEN, MAX_LISTED
from models.remedies.settings import attribute_setting, setting
from models.scorer import Scorer


@dataclass(frozen=True)
class FlippedAverage:
    """Average each person's probabilities with those of alike people of other groups.

    For each other group the mean probability of its calibration rows that are nearest
    by all features but the attribute's own stands in for "the same person, of that
    group". At strength 1 the person and each other group count the same; at s the
    result is (1 - s) times the score as it was plus s times that mean.

    Features that tell the group without being named after it still have a say in who
    is near, as they have in the model. A group with fewer calibration rows than
    matches is left out; a person of a group that is not among them is averaged with
    all of them.

    References
    ----------
    Cohen-Inger, Cohen, Rabaev, Rokach & Shapira (2025), BiasGuard: Guardrailing
    Fairness in Machine Learning Production Systems. There a conditional generative
    network (CTGAN) invents the people with the other attribute and the model scores
    them, and only if its decision depends on the attribute. We take calibration rows
    that exist, with the scores they have, for everyone: nothing is invented, nothing
    trained, and no label is read.
    """

    title: ClassVar[str] = "Average with alike people of other groups"
    name: ClassVar[str] = "flipped_average"
    mends: ClassVar[str] = (
        "decisions that would be others for a person who is alike but of another group"
    )
    costs: ClassVar[str] = (
        "sharpness, as scores move towards those of other people, and calibration "
        "where groups differ in their rates; the group must be known when deciding"
    )
    source: ClassVar[str] = (
        "Cohen-Inger et al. (2025), BiasGuard: Guardrailing Fairness in Machine "
        "Learning Production Systems"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("group at prediction",)
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Guardrails"
    layer: ClassVar[Layer] = "scores"
    slowness: ClassVar[float] = 0.0

    attribute: str = attribute_setting(
        "Groups over which a person's score is averaged.", is_required=True
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves scores as they are, 1 gives every group the same say.",
        is_dial=True,
    )
    matches: int = setting(5, 1, 100, "Nearest rows of each other group.")

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Averaged":
        """Keep calibration rows to match with, and their scores.

        Raises
        ------
        DataError
            The frame lacks the attribute, fewer than two groups have the rows, no
            other feature is left, or scores are raw.
        """
        return next(self.along(scorer, calibration, (self.strength,)))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator["Averaged"]:
        """Give what `fit` would at each strength; matches are found once.

        Raises
        ------
        DataError
            As `fit`.
        """
        before = _probabilities(scorer.score(calibration))
        kept = kept_rows(calibration, before, self.attribute, self.matches)
        mean = even_mean(before, kept, calibration, self.matches)
        weights = of_sane_scale(calibration.weights)
        found = {
            "method": self.name,
            "matches": self.matches,
            "n": int((weights > 0).sum()),
            "kept": kept.to_json(),
        }
        for strength in strengths:
            after = (1 - strength) * before + strength * mean
            moved = np.abs(after - before).sum(axis=1) / 2
            flips = after.argmax(axis=1) != before.argmax(axis=1)
            told = {
                "strength": strength,
                "moved": float(np.average(moved, weights=weights)),
                "flips": float(np.average(flips, weights=weights)),
            }
            yield Averaged(scorer, found | told)

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Averaged":
        """Wrap a scorer with the rows that `fit` kept."""
        return Averaged(scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say how many rows each group is matched with, and how far scores moved."""
        kept = parameters["kept"]
        told = [
            f"{name} {HIDDEN if name in (hidden or ()) else f'{n:,}'}"
            for name, n in zip(kept["names"], kept["counts"], strict=True)
        ]
        more = f" and {len(told) - MAX_LISTED} more" * (len(told) > MAX_LISTED)
        # The number of all rows would tell that of a hidden group.
        rows = "" if hidden is not None else f"{parameters['n']:,} "
        return (
            f"Averaged with the {parameters['matches']} nearest rows of each other "
            f"group of '{kept['attribute']}', out of so many that were kept: "
            f"{', '.join(told[:MAX_LISTED])}{more}.",
            f"On {rows}calibration rows probabilities moved by "
            f"{100 * parameters['moved']:.1f} percentage points on average, and the "
            f"likeliest class changed for {100 * parameters['flips']:.1f} %.",
        )


@dataclass(frozen=True)
class Averaged:
    """A scorer whose probabilities are averaged with those of alike people.

    Parameters
    ----------
    base : Scorer
    found : mapping
    """

    base: Scorer
    found: Mapping[str, Any]

    @cached_property
    def _kept(self) -> Kept:
        return kept_from_json(self.found["kept"])

    def score(self, frame: AuditFrame) -> Scores:
        """Return the averaged scores; at strength 0 those of the base scorer."""
        strength = self.found["strength"]
        scores = self.base.score(frame)
        if strength == 0:
            return scores_of_logits(logits_of_scores(scores))
        before = _probabilities(scores)
        mean = even_mean(before, self._kept, frame, self.found["matches"])
        after = (1 - strength) * before + strength * mean
        return scores_of_logits(np.log(np.maximum(after, EPSILON)))

    def parameters(self) -> dict[str, Any]:
        """Return the kept rows as JSON types."""
        return dict(self.found)


def even_mean(own: Floats, kept: Kept, frame: AuditFrame, matches: int) -> Floats:
    """Return the mean over a person and their matches in each other group.

    Parameters
    ----------
    own : float64[n, k]
        Probabilities of the frame's rows.
    kept : Kept
    frame : AuditFrame
    matches : int

    Returns
    -------
    float64[n, k]
    """
    place = kept.own_group(frame)
    total = kept.others_scores(frame, matches) + own
    count = len(kept.names) + (place < 0)
    mean: Floats = total / count[:, None]
    return mean


def _probabilities(scores: Scores) -> Floats:
    found: Floats = np.exp(log_softmax(logits_of_scores(scores)))
    return found
