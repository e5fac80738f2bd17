"""Equal false positive rates: as few wrongly decided positive in every group."""

from dataclasses import dataclass
from typing import ClassVar

from models.remedies.parity_thresholds import CRUZ, HARDT, ParityThresholds


@dataclass(frozen=True)
class EqualFalsePositiveRate(ParityThresholds):
    """Hold the false positive rate together over groups.

    References
    ----------
    Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning,
    NeurIPS, section 4, with the labels' roles exchanged; Cruz & Hardt (2024),
    Unprocessing Seven Years of Algorithmic Fairness, ICLR, for the tolerance.
    """

    title: ClassVar[str] = "Equal false positive rates by thresholds"
    name: ClassVar[str] = "equal_false_positive_rate"
    constraint: ClassVar[str] = "equal_false_positive_rate"
    mends: ClassVar[str] = (
        "groups in which people with the negative label are wrongly decided positive "
        "more often"
    )
    costs: ClassVar[str] = (
        "some accuracy, and more people missed in a group whose scores tell people "
        "less well apart; it needs the group of whoever is decided"
    )
    source: ClassVar[str] = f"{HARDT}; {CRUZ}"
