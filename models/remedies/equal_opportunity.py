"""Equal opportunity: true positive rates that agree over groups."""

from dataclasses import dataclass
from typing import ClassVar

from models.remedies.parity_thresholds import CRUZ, HARDT, ParityThresholds


@dataclass(frozen=True)
class EqualOpportunity(ParityThresholds):
    """Hold the true positive rate together over groups.

    References
    ----------
    Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning,
    NeurIPS, section 4; Cruz & Hardt (2024), Unprocessing Seven Years of Algorithmic
    Fairness, ICLR, for the tolerance.
    """

    title: ClassVar[str] = "Equal opportunity by thresholds"
    name: ClassVar[str] = "equal_opportunity"
    constraint: ClassVar[str] = "equal_opportunity"
    mends: ClassVar[str] = (
        "groups in which people with the positive label are missed more often"
    )
    costs: ClassVar[str] = (
        "some accuracy, and more false positives in a group whose scores tell people "
        "less well apart; it needs the group of whoever is decided"
    )
    source: ClassVar[str] = f"{HARDT}; {CRUZ}"
