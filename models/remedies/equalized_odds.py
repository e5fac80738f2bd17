"""Equalised odds: true and false positive rates that agree over groups."""

from dataclasses import dataclass
from typing import ClassVar

from models.remedies.parity_thresholds import CRUZ, HARDT, ParityThresholds


@dataclass(frozen=True)
class EqualizedOdds(ParityThresholds):
    """Hold both the true and the false positive rate together over groups.

    References
    ----------
    Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning,
    NeurIPS, section 4; Cruz & Hardt (2024), Unprocessing Seven Years of Algorithmic
    Fairness, ICLR, for the tolerance. They mix a threshold with a coin that may concern
    anybody; we mix neighbouring thresholds.
    """

    title: ClassVar[str] = "Equalised odds by thresholds"
    name: ClassVar[str] = "equalized_odds"
    constraint: ClassVar[str] = "equalized_odds"
    mends: ClassVar[str] = (
        "groups in which people of the same label are decided positive more or less "
        "often, for either label"
    )
    costs: ClassVar[str] = (
        "accuracy, most of all in the group that was decided best, and for some people "
        "a decision by lot; it needs the group of whoever is decided"
    )
    source: ClassVar[str] = f"{HARDT}; {CRUZ}"
