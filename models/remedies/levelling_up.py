"""Levelling up: a minimum rate for every group, at nobody else's expense."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.frame import AuditFrame
from analysis.parity.levels import LEVELS, levelled_up, with_article
from models.remedies.base import Around
from models.remedies.decided import BEYOND, Decided
from models.remedies.group_thresholds import People, one_cut
from models.remedies.priced import PricedThresholds
from models.remedies.settings import choice_setting, setting
from models.remedies.threshold_notes import listed, notes_naming_no_group, percent
from models.scorer import Scorer


@dataclass(frozen=True)
class LevellingUp(PricedThresholds):
    """Lift every group to a minimum rate, and leave those that reach it alone.

    A group that falls short on the calibration rows takes the cheapest threshold that
    reaches the minimum there. All others, and groups with too few rows to tell, keep
    the decisions they have.

    References
    ----------
    Mittelstadt, Wachter & Russell (2023), The Unfairness of Fair Machine Learning:
    Levelling Down and Strict Egalitarianism by Default, Michigan Technology Law Review;
    Delaney et al. (2024), OxonFair: A Flexible Toolkit for Algorithmic Fairness,
    NeurIPS.
    """

    title: ClassVar[str] = "Levelling up to a minimum rate"
    name: ClassVar[str] = "levelling_up"
    mends: ClassVar[str] = (
        "groups that fall short of a rate that everybody should have, without changing "
        "a decision in any other group"
    )
    costs: ClassVar[str] = (
        "more errors of the other kind in the groups that are lifted, where for "
        "precision, accuracy and the true negative rate some people lose a positive "
        "decision, and a gap that may remain above the minimum"
    )
    source: ClassVar[str] = (
        "Mittelstadt, Wachter & Russell (2023), The Unfairness of Fair Machine "
        "Learning; Delaney et al. (2024), OxonFair, NeurIPS"
    )

    rate: str = choice_setting(LEVELS[0], LEVELS, "The rate that all are to reach.")
    minimum: float = setting(
        0.5, 0.0, 1.0, "What every group is to reach at least.", is_dial=True
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> Decided:
        """Find the thresholds on the calibration rows.

        Raises
        ------
        SettingError
            No thresholds reach the minimum in every group, or nobody matches the aim.
        DataError
            As `people` says.
        """
        return next(self.along(scorer, calibration, [self.minimum]))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator[Decided]:
        """Give what `fit` would at each minimum; all share the tables.

        Raises
        ------
        DataError, SettingError
            As `fit`, at the first minimum that is out of reach.
        """
        people = self.people(scorer, calibration)
        now = np.array([table.position(0.0) for table in people.tables], np.int64)
        for minimum in strengths:
            then = levelled_up(people.tables, now, self.rate, minimum, self.prices)
            lifted = np.flatnonzero(then != now)
            cuts = {
                people.names[g]: one_cut(
                    np.clip(people.tables[g].cuts[then[g]], -BEYOND, BEYOND)
                )
                for g in lifted
            }
            stays = "the decisions it had"
            found = self.parameters_of(people, cuts, 0.0, stays)
            found |= {"rate": self.rate, "minimum": float(minimum)}
            yield Decided(scorer, found | self._levels(people, now, then))

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say who was lifted, without numbers of hidden groups."""
        rate = with_article(parameters["rate"])
        least = f"{rate} of at least {percent(parameters['minimum'])}"
        if hidden:
            said = (
                f"Every group that fell short is lifted to {least}; which ones is not "
                "shown, as a group that is too small to be shown is among the groups."
            )
            return (said, *notes_naming_no_group(parameters, hidden))
        levels = parameters["levels"]
        lifted = [f"{name} {_lift(*reached)}" for name, reached in levels.items()]
        said = f"Lifted to {least}: {listed(lifted)}."
        if not lifted:
            said = f"Every group has {least} already."
        return (said, *_losing(parameters), *super().notes(parameters, hidden))

    def _levels(self, people: People, now: Any, then: Any) -> dict[str, Any]:
        """Return the rate of each lifted group before and after."""
        rates: list[Floats] = [table.rate(self.rate) for table in people.tables]
        return {
            "levels": {
                name: [_known(rate[a]), _known(rate[b])]
                for name, rate, a, b in zip(people.names, rates, now, then, strict=True)
                if a != b
            }
        }


def _losing(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in which lifted groups the threshold rose, so that some people lose."""
    fits = parameters["by_group"]
    risen = [n for n in parameters["levels"] if fits[n]["cuts"][0] > 0]
    if not risen:
        return ()
    return (
        "To lift them, positive decisions are taken from some people of "
        f"{listed(risen)}; nobody of another group is affected.",
    )


def _lift(before: float | None, after: float) -> str:
    """Return a rate before and after in a few words."""
    was = "undefined" if before is None else percent(before)
    return f"from {was} to {percent(after)}"


def _known(rate: float) -> float | None:
    """Return a rate, or None where nobody is asked about."""
    return None if np.isnan(rate) else float(rate)
