"""Demographic parity: as many decided positive in every group."""

from dataclasses import dataclass
from typing import ClassVar

from models.remedies.parity_thresholds import CRUZ, HARDT, ParityThresholds


@dataclass(frozen=True)
class DemographicParity(ParityThresholds):
    """Hold the share of people decided positive together over groups.

    References
    ----------
    Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning,
    NeurIPS, sections 1 and 4, who say why it may be the wrong aim; Cruz & Hardt (2024),
    Unprocessing Seven Years of Algorithmic Fairness, ICLR, for the tolerance.
    """

    title: ClassVar[str] = "Demographic parity by thresholds"
    name: ClassVar[str] = "demographic_parity"
    constraint: ClassVar[str] = "demographic_parity"
    mends: ClassVar[str] = "groups of which a smaller share is decided positive"
    costs: ClassVar[str] = (
        "accuracy wherever groups differ in how often they have the positive label: "
        "more of its people are passed over in one, more others chosen in another"
    )
    source: ClassVar[str] = f"{HARDT}; {CRUZ}"
