"""Where the outcome changed most, given the same features."""

from dataclasses import dataclass

from analysis.attribution.risk_region import RiskRegion, risk_region
from analysis.errors import DataError
from analysis.progress import Tick
from analysis.shifts.domain import Domain
from models.inquiries.opening import Opened


@dataclass(frozen=True)
class Asked:
    """What may have changed.

    Parameters
    ----------
    outcome : 'label' or 'error'
    seed : int
        Of the halves, one to search and one to confirm.
    """

    outcome: str = "label"
    seed: int = 0


def answer(opened: Opened, asked: Asked, tick: Tick) -> RiskRegion:
    """Search one half of the rows, and confirm on the other."""
    if not isinstance(opened.target, Domain):
        raise DataError(
            "The target has no labels, so where outcomes changed is not known. "
            "Label some of its rows."
        )
    return risk_region(
        opened.source, opened.target, asked.outcome, seed=asked.seed, tick=tick
    )
