"""Cost-sensitive thresholds: decide where a wrong decision costs least."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.costs import Costs
from analysis.frame import AuditFrame
from models.remedies.base import Around
from models.remedies.decided import BEYOND, Decided
from models.remedies.group_thresholds import (
    GroupThresholds,
    People,
    cheapest_cut,
    one_cut,
)
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.scorer import Scorer

FOUND, FORMULA = "found on calibration rows", "from scores as they are"


@dataclass(frozen=True)
class CostThresholds(GroupThresholds):
    """Decide positive where that costs less in expectation than deciding negative.

    With a share c of the cost on missed people, and 1 - c on people wrongly decided
    positive, scores that come true decide at p >= 1 - c, Elkan's formula. Where they do
    not, the threshold of least cost is found on the calibration rows.

    References
    ----------
    Elkan (2001), The Foundations of Cost-Sensitive Learning, IJCAI, equation 2.
    """

    title: ClassVar[str] = "Thresholds of least expected cost"
    name: ClassVar[str] = "cost_thresholds"
    mends: ClassVar[str] = (
        "decisions at one half where missing somebody costs more, or less, than "
        "deciding positive wrongly"
    )
    costs: ClassVar[str] = (
        "accuracy, as errors of the cheaper kind become more; no rate is made equal "
        "over groups"
    )
    source: ClassVar[str] = (
        "Elkan (2001), The Foundations of Cost-Sensitive Learning, IJCAI"
    )

    attribute: str = attribute_setting(
        "Groups with thresholds of their own; empty for one threshold for everyone.",
        is_required=False,
    )
    missed: float = setting(
        0.5,
        0.0,
        1.0,
        "Share of the cost that lies on missed people; the rest lies on people wrongly "
        "decided positive.",
        is_dial=True,
        label="Cost of missing somebody",
    )
    estimate: str = choice_setting(
        FOUND,
        (FOUND, FORMULA),
        "Whether thresholds are found on calibration rows, or follow from the scores, "
        "if these are calibrated.",
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> Decided:
        """Find the thresholds on the calibration rows.

        Raises
        ------
        DataError, SettingError
            As `people` says.
        """
        return next(self.along(scorer, calibration, [self.missed]))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator[Decided]:
        """Give what `fit` would at each share of cost; all share the tables.

        Raises
        ------
        DataError, SettingError
            As `fit`.
        """
        people = self.people(scorer, calibration)
        for missed in strengths:
            costs = Costs(false_positive=1 - missed, false_negative=missed)
            yield Decided(scorer, self._found(people, costs))

    def _found(self, people: People, costs: Costs) -> dict[str, Any]:
        if self.estimate == FORMULA:
            otherwise, own = _formula(costs), dict[str, float]()
        else:
            otherwise = cheapest_cut(people.everyone, costs)
            pairs = zip(people.names, people.tables, strict=True)
            own = {name: cheapest_cut(table, costs) for name, table in pairs}
        if not self.attribute:
            own = {}
        cuts = {n: one_cut(np.clip(cut, -BEYOND, BEYOND)) for n, cut in own.items()}
        otherwise = float(np.clip(otherwise, -BEYOND, BEYOND))
        found = self.parameters_of(people, cuts, otherwise, "everyone's threshold")
        return found | {"missed": costs.false_negative}


def _formula(costs: Costs) -> float:
    """Return the margin at which both decisions cost the same."""
    if costs.false_negative == 0:
        return BEYOND
    if costs.false_positive == 0:
        return -BEYOND
    return float(np.log(costs.false_positive / costs.false_negative))
