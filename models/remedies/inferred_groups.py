"""Thresholds by inferred group: the rates of true groups agree, none is asked for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.frame import AuditFrame, Grouping
from analysis.parity.constraints import CONSTRAINTS, rates_of
from analysis.parity.inferred import InferredProgramme, inferred_programme
from analysis.parity.programme import EXACT
from analysis.parity.realised import People as WithDraws
from analysis.parity.realised import against_draws
from models.groupings import grouping_named
from models.remedies.base import Around, Needs
from models.remedies.decided import BEYOND, Decided, as_json, margins
from models.remedies.group_inference import Inference, inference_from_json, inferred
from models.remedies.group_thresholds import People, cheapest_cut, codes_among
from models.remedies.parity_thresholds import told_as_drawn
from models.remedies.priced import PricedThresholds
from models.remedies.settings import choice_setting, setting
from models.remedies.threshold_notes import DRAWN, ONE_EACH, listed, percent
from models.scorer import Scorer


@dataclass(frozen=True)
class InferredGroups(PricedThresholds):
    """Decide by a group that a small model infers, so that nobody is asked for theirs.

    Each inferred group has thresholds of its own, and the rates that are held together
    are those of the true groups, known on the calibration rows: a linear programme over
    a grid of thresholds of each inferred group. For the programme the group of each row
    is inferred by a model of other rows. The attribute's own columns are not among what
    it is inferred from. How often it is inferred right, and what gap remains, is said.

    References
    ----------
    Delaney et al. (2024), OxonFair: A Flexible Toolkit for Algorithmic Fairness,
    NeurIPS, section 3. They search a grid of thresholds; here a linear programme mixes
    its points.
    """

    title: ClassVar[str] = "Thresholds by inferred group"
    name: ClassVar[str] = "inferred_groups"
    needs: ClassVar[tuple[Needs, ...]] = ("two classes",)
    mends: ClassVar[str] = (
        "rates that differ over groups, where a person's group may not be asked for or "
        "is not known when deciding"
    )
    costs: ClassVar[str] = (
        "more accuracy than thresholds by true group for the same gap, as groups are "
        "inferred with errors, and people are treated by what their features suggest"
    )
    source: ClassVar[str] = (
        "Delaney et al. (2024), OxonFair: A Flexible Toolkit for Algorithmic Fairness, "
        "NeurIPS"
    )

    constraint: str = choice_setting(
        "equal_opportunity", tuple(CONSTRAINTS), "The rates that are to agree."
    )
    tolerance: float = setting(
        0.05,
        0.0,
        1.0,
        "How far apart the true groups' rates may stay, on the rows it is fitted on.",
        is_dial=True,
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "DecidedByInference":
        """Fit the inference and the thresholds on the calibration rows.

        Raises
        ------
        DataError, SettingError
            There is nothing to infer groups from, or as `people` says.
        """
        return next(self.along(scorer, calibration, [self.tolerance]))

    def restored(
        self, scorer: Scorer, parameters: Mapping[str, Any]
    ) -> "DecidedByInference":
        """Wrap a scorer with the inference and cuts that `fit` found."""
        return DecidedByInference(scorer, parameters)

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator["DecidedByInference"]:
        """Give what `fit` would at each tolerance; all share inference and tables.

        Raises
        ------
        DataError, SettingError
            As `fit`.
        """
        people = self.people(scorer, calibration)
        frame = people.frame
        grouping = grouping_named(frame, self.attribute)
        names = people.names or tuple(grouping.names)
        codes = codes_among(grouping, names)
        model, guessed = inferred(
            frame.features, codes, frame.weights, names, self.attribute
        )
        held = codes if people.names else np.full(len(codes), -1)
        programme = inferred_programme(
            margins(scorer.score(frame)),
            np.asarray(frame.y_true) == 1,
            frame.weights,
            (held, guessed),
            rates_of(self.constraint),
            self.prices,
        )
        shared = {
            "inference": model.to_json(),
            "inferred_right": _right(codes, guessed, frame.weights, names),
        }
        everybody = replace(people.with_draws(), codes=held)
        ruled = np.searchsorted(programme.inferred, guessed)
        for tolerance, x in zip(strengths, programme.solutions(strengths), strict=True):
            outcome = self._outcome(programme, x, (everybody, ruled), tolerance)
            is_single = outcome["taken"] == ONE_EACH
            taken = programme.one_each(x, tolerance) if is_single else x
            found = self._found(people, programme, taken, names) | outcome | shared
            found["tolerance"] = float(tolerance)
            yield DecidedByInference(scorer, found)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say how often groups are inferred right, then what was fitted."""
        right = parameters["inferred_right"]
        own = [
            f"{name} {percent(share)}"
            for name, share in right["by_group"].items()
            if name not in (hidden or ())
        ]
        said = (
            f"The group is inferred right for {percent(right['overall'])} of people, "
            "against "
            f"{percent(right['largest'])} if the largest group were always guessed: "
            f"{listed(own)}. Thresholds are by inferred group, rates of true groups."
        )
        if hidden:
            said = "Thresholds are by inferred group, rates of true groups."
        return (said, *super().notes(parameters, hidden))

    def _found(
        self,
        people: People,
        programme: InferredProgramme,
        x: Floats,
        names: Sequence[str],
    ) -> dict[str, Any]:
        lotteries = programme.lotteries(x)
        cuts = {names[h]: as_json(lottery) for h, lottery in lotteries.items()}
        otherwise = cheapest_cut(people.everyone, self.prices)
        otherwise = min(max(otherwise, -BEYOND), BEYOND)
        fallback = "thresholds by inferred group, but its rates are not held to others'"
        found = self.parameters_of(people, cuts, otherwise, fallback)
        return found | {
            "one_sided": [],
            "decisions": DRAWN,
            "rates": list(rates_of(self.constraint)),
        }

    def _outcome(
        self,
        programme: InferredProgramme,
        x: Floats,
        people: tuple[WithDraws, Ints],
        tolerance: float,
    ) -> dict[str, Any]:
        """Return what draws promise and come to, and what is done instead, if so."""
        everybody, ruled = people
        lotteries = list(programme.lotteries(x).values())
        rates = rates_of(self.constraint)
        realised = everybody.outcome(lotteries, rates, self.prices, ruled)
        drawn = programme.outcome(x)
        outcome = {
            "before": programme.before(),
            "drawn": drawn | {"as_drawn": told_as_drawn(realised)},
        }
        single = programme.outcome(programme.one_each(x, tolerance))
        single["is_within"] = max(single["gaps"]) <= tolerance + EXACT
        other = np.array(single["gaps"]), single["cost"]
        expected = np.array(drawn["gaps"])
        against = against_draws(tolerance, expected, realised, *other)
        if against:
            outcome["one_each"] = single
        taken = ONE_EACH if against else DRAWN
        return outcome | {"taken": taken, "against_draws": against}


@dataclass(frozen=True)
class DecidedByInference(Decided):
    """A scorer decided by group, where the group is inferred from features."""

    def grouping(self, frame: AuditFrame) -> Grouping:
        """Return the inferred groups."""
        model: Inference = inference_from_json(self.found["inference"])
        return Grouping(model.codes(frame.features), model.names)


def _right(
    codes: Ints, guessed: Ints, weights: Floats, names: Sequence[str]
) -> dict[str, Any]:
    """Return the share inferred right: overall, by true group, and if guessed."""
    is_right = codes == guessed
    sizes = np.array([weights[codes == g].sum() for g in range(len(names))])
    by_group = {
        name: float(weights[is_right & (codes == g)].sum() / sizes[g])
        for g, name in enumerate(names)
        if sizes[g] > 0
    }
    return {
        "overall": float(weights[is_right].sum() / weights.sum()),
        "by_group": by_group,
        "largest": float(sizes.max() / weights.sum()),
    }
