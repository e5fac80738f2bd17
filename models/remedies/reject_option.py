"""Reject option: where the model is unsure, decide for the group that is worse off."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.errors import SettingError
from analysis.frame import AuditFrame
from analysis.parity.programme import EXACT
from analysis.parity.roc import GroupRates
from models.remedies.base import Around
from models.remedies.decided import BEYOND, Decided
from models.remedies.group_thresholds import GroupThresholds, People, one_cut
from models.remedies.settings import class_setting, setting
from models.remedies.threshold_notes import listed
from models.scorer import Scorer


@dataclass(frozen=True)
class RejectOption(GroupThresholds):
    """Within a band around one half, favour the groups that are favoured less often.

    A group is worse off if it is given the favourable class less often than everyone
    is, on the calibration rows and as decided before. Its people in the band get that
    class, and those of the other groups in the band do not; nobody outside the band is
    touched, nor anybody of a group with too few rows to tell. Where no group is worse
    off, nothing changes.

    References
    ----------
    Kamiran, Karim & Zhang (2012), Decision Theory for Discrimination-Aware
    Classification, ICDM, section III.A. They have one deprived group, named by the
    user; here it may be several, found by their rates.
    """

    title: ClassVar[str] = "Reject option in favour of the worse off"
    name: ClassVar[str] = "reject_option"
    mends: ClassVar[str] = (
        "groups that are given the favourable class less often, where the model is "
        "unsure anyway"
    )
    costs: ClassVar[str] = (
        "accuracy within the band, and people of the better-off groups near one half, "
        "who are refused; how far the gap closes is not controlled"
    )
    source: ClassVar[str] = (
        "Kamiran, Karim & Zhang (2012), Decision Theory for Discrimination-Aware "
        "Classification, ICDM"
    )

    half_width: float = setting(
        0.1,
        0.0,
        0.5,
        "How far from one half a score may lie for the band to reach it.",
        is_dial=True,
        label="Half-width of the band",
    )
    favourable: str = class_setting(
        "The class that is good to be given; empty for the second."
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> Decided:
        """Find who is worse off on the calibration rows.

        Raises
        ------
        SettingError
            The favourable class is not one of the table's, or nobody matches the aim.
        DataError
            As `people` says.
        """
        return next(self.along(scorer, calibration, [self.half_width]))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator[Decided]:
        """Give what `fit` would at each width; who is worse off stays.

        Raises
        ------
        DataError, SettingError
            As `fit`.
        """
        people = self.people(scorer, calibration)
        sign = self._sign(calibration.classes)
        overall = sign * _selected(people.everyone)
        pairs = zip(people.names, people.tables, strict=True)
        worse = {n: sign * _selected(table) < overall - EXACT for n, table in pairs}
        if not any(worse.values()):
            worse = {}
        for half_width in strengths:
            reach = _margin(half_width)
            cuts = {
                name: one_cut(-sign * reach if is_worse else sign * reach)
                for name, is_worse in worse.items()
            }
            found = self._parameters(people, cuts, worse)
            yield Decided(scorer, found | {"half_width": float(half_width)})

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say who is favoured in the band, but for hidden groups."""
        shown = [name for name in parameters["worse_off"] if name not in (hidden or ())]
        low, high = (f"{0.5 + side * parameters['half_width']:.3f}" for side in (-1, 1))
        said = f"Between scores of {low} and {high}, favoured are: {listed(shown)}."
        if not shown:
            said = "No group that may be shown is worse off and so favoured."
        if not hidden and not parameters["by_group"]:
            said = (
                "No group is given the favourable class less often than everyone is, "
                "so nobody is favoured and nothing changes."
            )
        return (said, *super().notes(parameters, hidden))

    def _parameters(
        self, people: People, cuts: dict[str, Any], worse: dict[str, bool]
    ) -> dict[str, Any]:
        stays = "the decisions it had"
        named = [name for name, is_worse in worse.items() if is_worse]
        return self.parameters_of(people, cuts, 0.0, stays) | {"worse_off": named}

    def _sign(self, classes: tuple[str, ...]) -> int:
        """Return 1 if the second class is favourable, and -1 if the first is."""
        if self.favourable and self.favourable not in classes:
            raise SettingError(
                f"'{self.favourable}' is not a class of this table; it has "
                f"{', '.join(classes)}. Choose one of these."
            )
        return -1 if self.favourable == classes[0] else 1


def _selected(table: GroupRates) -> float:
    """Return the share decided positive before."""
    return float(table.rate("selection_rate")[table.position(0.0)])


def _margin(half_width: float) -> float:
    """Return the log odds of one half plus a width, within `BEYOND`."""
    if half_width >= 0.5:
        return BEYOND
    return float(np.log((0.5 + half_width) / (0.5 - half_width)))
