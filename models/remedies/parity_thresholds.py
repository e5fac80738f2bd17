"""The base of remedies that hold rates together over groups within a tolerance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from analysis.frame import AuditFrame
from analysis.parity.constraints import rates_of
from analysis.parity.frontier import Frontier, GroupRules
from analysis.parity.realised import Realised, against_draws
from models.remedies.base import Around
from models.remedies.decided import BEYOND, Decided, as_json
from models.remedies.group_thresholds import People, cheapest_cut, lotteries_now
from models.remedies.priced import PricedThresholds
from models.remedies.settings import choice_setting, setting
from models.remedies.threshold_notes import DRAWN, ONE_EACH
from models.scorer import Scorer

HARDT = "Hardt, Price & Srebro (2016), Equality of Opportunity, NeurIPS"

CRUZ = "Cruz & Hardt (2024), Unprocessing Seven Years of Algorithmic Fairness, ICLR"


@dataclass(frozen=True)
class ParityThresholds(PricedThresholds):
    """Decide at the least cost with some rates no further apart than a tolerance.

    The optimum of a linear programme over the corners of the groups' ROC hulls. Where
    it lies between thresholds, a draw decides for people whose score lies between the
    lowest and the highest of them, and for nobody else; the draw is a hash of the
    person's features and score, so that the same person is always decided alike. Or
    each group takes one threshold, at a higher cost or with a gap that remains; so too
    where draws are too few to come near their chances.
    """

    constraint: ClassVar[str]

    tolerance: float = setting(
        0.05,
        0.0,
        1.0,
        "How far apart the groups' rates may stay, on the rows it is fitted on.",
        is_dial=True,
    )
    decisions: str = choice_setting(
        DRAWN,
        (DRAWN, ONE_EACH),
        "Whether a draw may decide for people between two thresholds, or each group "
        "has one threshold.",
        is_shown=True,
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> Decided:
        """Find the thresholds on the calibration rows.

        Raises
        ------
        DataError, SettingError
            As `people` says.
        """
        return next(self.along(scorer, calibration, [self.tolerance]))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator[Decided]:
        """Give what `fit` would at each tolerance; all share the tables.

        Raises
        ------
        DataError, SettingError
            As `fit`.
        """
        people = self.people(scorer, calibration)
        if not people.names:
            for tolerance in strengths:
                yield Decided(scorer, self._found(people) | {"tolerance": tolerance})
            return
        frontier = Frontier(people.tables, self.constraint, self.prices)
        by_lot, everybody = frontier.by_lot(strengths), people.with_draws()
        for tolerance, drawn in zip(strengths, by_lot, strict=True):
            both = {DRAWN: drawn, ONE_EACH: frontier.one_each(tolerance)}
            realised = everybody.outcome(drawn.lotteries, frontier.rates, self.prices)
            against = ""
            if self.decisions == DRAWN:
                single = both[ONE_EACH].gaps, both[ONE_EACH].cost
                against = against_draws(tolerance, drawn.gaps, realised, *single)
            taken = ONE_EACH if against else self.decisions
            found = self._found(people, both[taken])
            found |= self._outcome(people, frontier, both, realised)
            found |= {"taken": taken, "against_draws": against}
            yield Decided(scorer, found | {"tolerance": float(tolerance)})

    def _found(self, people: People, rules: GroupRules | None = None) -> dict[str, Any]:
        lotteries = () if rules is None else rules.lotteries
        cuts = dict(zip(people.names, map(as_json, lotteries), strict=True))
        otherwise = cheapest_cut(people.everyone, self.prices)
        otherwise = min(max(otherwise, -BEYOND), BEYOND)
        return self.parameters_of(people, cuts, otherwise, "everyone's threshold") | {
            "decisions": self.decisions,
            "rates": list(rates_of(self.constraint)),
        }

    def _outcome(
        self,
        people: People,
        frontier: Frontier,
        both: dict[str, GroupRules],
        realised: Realised,
    ) -> dict[str, Any]:
        """Return what the choice gives, beside the decisions before and the other."""
        before = frontier.rules(lotteries_now(people.names))
        return {
            "before": _told(before),
            "drawn": _told(both[DRAWN]) | {"as_drawn": told_as_drawn(realised)},
            "one_each": _told(both[ONE_EACH]),
            "drawn_by_group": dict(
                zip(people.names, both[DRAWN].drawn.tolist(), strict=True)
            ),
        }


def told_as_drawn(realised: Realised) -> dict[str, Any]:
    """Return what draws come to as JSON types."""
    return {
        "gaps": realised.gaps.tolist(),
        "cost": realised.cost,
        "fewest": realised.fewest,
    }


def _told(rules: GroupRules) -> dict[str, Any]:
    return {
        "gaps": rules.gaps.tolist(),
        "cost": float(rules.cost),
        "by_lot": rules.drawn_overall,
        "is_within": rules.is_within,
    }
