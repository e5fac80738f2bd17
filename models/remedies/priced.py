"""What a wrong decision of each kind costs, as settings of a remedy."""

from dataclasses import dataclass

from analysis.costs import Costs
from models.remedies.group_thresholds import GroupThresholds
from models.remedies.settings import setting


@dataclass(frozen=True)
class PricedThresholds(GroupThresholds):
    """Thresholds by group of least expected cost under some condition."""

    false_positive_cost: float = setting(
        1.0, 0.01, 100.0, "Cost of deciding positive for a person who is not."
    )
    false_negative_cost: float = setting(
        1.0, 0.01, 100.0, "Cost of deciding negative for a person who is positive."
    )

    @property
    def prices(self) -> Costs:
        """Return the costs of all outcomes; right decisions cost nothing."""
        return Costs(
            false_positive=self.false_positive_cost,
            false_negative=self.false_negative_cost,
        )
