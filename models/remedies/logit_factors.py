"""Logit factors: raise the logits of rare classes by how rare they are."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtri

from analysis.arrays import Floats, Ints
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.probabilities import scores_of_logits
from models.remedies.base import Around, Family, Kind, Layer, Needs
from models.remedies.calibration_rows import logits_of_scores, rows_to_fit
from models.remedies.calibrator_notes import FEW, HIDDEN, MAX_LISTED
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.scorer import Scorer

LEAST = 1e-6
"""Rows that a class with any weight counts as at least, so that factors are finite."""

ADDED, MULTIPLIED = "added", "multiplied"

FACTORS: dict[str, Callable[[Floats, float], Floats]] = {
    "inverse": lambda n, total: np.log(total / n),
    "smooth": lambda n, total: np.log((total + 1) / (n + 1)) + 1,
    "relative": lambda n, total: np.log((total - n) / n),
    "normit": lambda n, total: -ndtri(n / total),
    "gombit": lambda n, total: -np.log(-np.log1p(-n / total)),
    "base 2": lambda n, total: np.log2(total / n),
    "base 10": lambda n, total: np.log10(total / n),
}
"""Factors of classes with n of N rows, by variant; they fall as n grows."""

LOWEST = 0.05
"""Of a factor that logits are multiplied by: below 0 it would turn them round."""


@dataclass(frozen=True)
class LogitFactors:
    """Add to each class's logit, or multiply it by, how rare the class is.

    Of n_c calibration rows with class c among N, by weight, the factor f_c is

        inverse   log(N / n_c)                relative  log((N - n_c) / n_c)
        smooth    log((N + 1) / (n_c + 1)) + 1    normit    -Phi^-1(n_c / N)
        base 2, base 10  log_b(N / n_c)       gombit    -log(-log(1 - n_c / N))

    Added, at strength s, z'_c = z_c + s f_c: with 'inverse' that is post-hoc logit
    adjustment, which at s = 1 turns the odds of right scores into those of even
    classes. Multiplied, z'_c = z_c ((1 - s) + s f_c), as in the paper on images.

    The two differ in what they can do. Scores do not change if one number is added to
    all logits, but what a product makes of them does; it lifts a rare class only where
    its logit is above 0, and with two opposite logits it changes no decision at all. So
    'added' is the default, and 'multiplied' is for networks of many classes. If all
    classes are equally common, neither changes the class decided for. With groups, a
    class counts as rare within each person's group.

    References
    ----------
    Alexandridis, Luo, Nguyen, Deng & Zafeiriou (2023), Inverse Image Frequency for
    Long-tailed Image Recognition, IEEE Transactions on Image Processing 32, where the
    factors also take part in training; Menon et al. (2021), Long-tail Learning via
    Logit Adjustment, ICLR, section 4.2. We keep factors that multiply at 0.05 at least,
    as those of the last three variants are below 0 for a class of most people; a class
    without rows takes the smallest factor; groups are ours.
    """

    title: ClassVar[str] = "Raise rare classes by their frequency (logit factors)"
    name: ClassVar[str] = "logit_factors"
    mends: ClassVar[str] = (
        "a model that hardly ever decides for a rare class, without a fit"
    )
    costs: ClassVar[str] = (
        "accuracy over all, more false alarms for the rare classes, and calibration: "
        "their scores promise too much"
    )
    source: ClassVar[str] = (
        "Menon et al. (2021), Long-tail Learning via Logit Adjustment, ICLR; "
        "Alexandridis et al. (2023), Inverse Image Frequency for Long-tailed Image "
        "Recognition, IEEE Transactions on Image Processing"
    )
    needs: ClassVar[tuple[Needs, ...]] = ()
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Heads and weights"
    layer: ClassVar[Layer] = "scores"
    slowness: ClassVar[float] = 0.0

    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves logits as they are, 1 takes whole factors.",
        is_dial=True,
    )
    form: str = choice_setting(
        ADDED,
        (ADDED, MULTIPLIED),
        "Whether factors are added to logits, or multiply them.",
    )
    variant: str = choice_setting(
        "inverse", tuple(FACTORS), "How a factor follows from a class's frequency."
    )
    attribute: str = attribute_setting(
        "Groups within which a class counts as rare; empty for everyone together.",
        is_required=False,
    )
    min_rows: int = setting(
        50,
        2,
        1_000_000,
        "A group with fewer calibration rows takes everyone's factors.",
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Factored":
        """Count the classes of calibration rows.

        Raises
        ------
        DataError
            The rows have no labels or all the same, or the frame lacks the attribute.
        """
        return next(self.along(scorer, calibration, (self.strength,)))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator["Factored"]:
        """Give what `fit` would at each strength; classes are counted once.

        Raises
        ------
        DataError
            As `fit`.
        """
        frame, labels = rows_to_fit(calibration)
        found = self._found(frame, labels)
        for strength in strengths:
            yield Factored(scorer, found | {"strength": strength})

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Factored":
        """Wrap a scorer with the factors that `fit` found."""
        return Factored(scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say the factors of everyone and by group, and which groups have none."""
        names = parameters["classes"]
        done = "multiplied by" if parameters["form"] == MULTIPLIED else "raised by"
        everyone = _listed(names, parameters["everyone"])
        said = [
            f"Logits are {done} {100 * parameters['strength']:.0f} % of these factors "
            f"({parameters['variant']}): {everyone}."
        ]
        told = [
            f"{group} {HIDDEN if group in (hidden or ()) else _listed(names, own)}"
            for group, own in parameters["by_group"].items()
        ]
        if told:
            more = f" and {len(told) - MAX_LISTED} more" * (len(told) > MAX_LISTED)
            said.append(f"By group: {'; '.join(told[:MAX_LISTED])}{more}.")
        for group, why in list(parameters["fell_back"].items())[:MAX_LISTED]:
            reason = FEW if group in (hidden or ()) else why
            said.append(f"'{group}' {reason}. It takes everyone's factors.")
        return tuple(said)

    def _found(self, frame: AuditFrame, labels: Ints) -> dict[str, Any]:
        everyone = self._factors(labels, frame.weights, len(frame.classes))
        by_group, fell_back = self._by_group(frame, labels)
        return {
            "method": self.name,
            "form": self.form,
            "variant": self.variant,
            "attribute": self.attribute,
            "classes": list(frame.classes),
            "everyone": everyone.tolist(),
            "by_group": by_group,
            "fell_back": fell_back,
        }

    def _by_group(
        self, frame: AuditFrame, labels: Ints
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the factors of each group that has the rows; why others have none."""
        by_group, fell_back = dict[str, Any](), dict[str, str]()
        if not self.attribute:
            return by_group, fell_back
        grouping = grouping_named(frame, self.attribute)
        for g, name in enumerate(grouping.names):
            own = np.flatnonzero(grouping.codes == g)
            reason = _reason_against(labels[own], self.min_rows)
            if reason and len(own):
                fell_back[name] = reason
            elif not reason:
                found = self._factors(
                    labels[own], frame.weights[own], len(frame.classes)
                )
                by_group[name] = found.tolist()
        return by_group, fell_back

    def _factors(self, labels: Ints, weights: Floats, k: int) -> Floats:
        """Return the classes' factors, float64[k]; the scale of weights has no say."""
        total = float(len(labels))
        counts = np.bincount(labels, weights, k) * (total / weights.sum())
        has_row = counts > 0
        within = np.clip(counts[has_row], LEAST, total - LEAST)
        factors = np.zeros(k)
        factors[has_row] = FACTORS[self.variant](within, total)
        factors[~has_row] = factors[has_row].min()
        return np.maximum(factors, LOWEST) if self.form == MULTIPLIED else factors


@dataclass(frozen=True)
class Factored:
    """A scorer whose logits are moved by factors.

    Parameters
    ----------
    base : Scorer
    found : mapping
    """

    base: Scorer
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, moved; unseen groups as everyone."""
        scores = self.base.score(frame)
        strength = self.found["strength"]
        if strength == 0:
            return scores_of_logits(logits_of_scores(scores))
        logits, factors = logits_of_scores(scores), self._of_rows(frame)
        if self.found["form"] == MULTIPLIED:
            return scores_of_logits(logits * ((1 - strength) + strength * factors))
        return scores_of_logits(logits + strength * factors)

    def _of_rows(self, frame: AuditFrame) -> Floats:
        """Return each row's factors, float64[n, k]."""
        everyone = np.asarray(self.found["everyone"])
        by_group = self.found["by_group"]
        if not by_group:
            return np.broadcast_to(everyone, (len(frame), len(everyone)))
        grouping = grouping_named(frame, self.found["attribute"])
        table = np.array([by_group.get(name, everyone) for name in grouping.names])
        rows: Floats = table[grouping.codes]
        return rows

    def parameters(self) -> dict[str, Any]:
        """Return the factors as JSON types."""
        return dict(self.found)


def _listed(names: Sequence[str], factors: Sequence[float]) -> str:
    pairs = zip(names, factors, strict=True)
    return ", ".join(f"{name} {factor:.2f}" for name, factor in pairs)


def _reason_against(labels: Ints, min_rows: int) -> str:
    """Say why a group has no factors of its own; empty if it has."""
    if len(labels) < min_rows:
        return f"has {len(labels):,} calibration rows, and {min_rows:,} are needed"
    if len(np.unique(labels)) < 2:
        return "has calibration rows of one class only"
    return ""
