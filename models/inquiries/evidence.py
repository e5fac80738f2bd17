"""What moved and what each part could explain, as evidence for what to do."""

from dataclasses import dataclass

from analysis.attribution.attribution import Attribution, attribute_covariates
from analysis.attribution.risk_region import RiskRegion, risk_region
from analysis.errors import DataError, SettingError
from analysis.progress import Tick, part_of
from analysis.shifts.alone import Alone, alone
from analysis.shifts.domain import Domain
from models.inquiries.opening import Opened


@dataclass(frozen=True)
class Asked:
    """Settings of the inquiry.

    Parameters
    ----------
    metric : str
    bootstrap, seed : int
    """

    metric: str
    bootstrap: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.bootstrap < 0 or self.seed < 0:
            raise SettingError("Replicates and seed are 0 or more.")


@dataclass(frozen=True)
class Evidence:
    """What a change is made of, from three sides.

    Parameters
    ----------
    split : Attribution
        Over P(X) and P(Y|X).
    alone : tuple of Alone
        Had class shares, or the mix of groups of an attribute, moved alone.
    region : RiskRegion
        Where outcomes changed most for people who look the same.
    """

    split: Attribution
    alone: tuple[Alone, ...]
    region: RiskRegion


def answer(opened: Opened, asked: Asked, tick: Tick) -> Evidence:
    """Return the evidence about a change.

    Raises
    ------
    DataError
        The target has no labels.
    """
    source, target = opened.source, opened.target
    if not isinstance(target, Domain):
        raise DataError("The target has no labels, so nothing can be won back or lost.")
    given = {"bootstrap": asked.bootstrap, "seed": asked.seed}
    split = attribute_covariates(
        source, target, asked.metric, **given, tick=part_of(tick, 0.0, 0.6)
    )
    shares = alone(source, target, asked.metric, **given, tick=part_of(tick, 0.6, 0.8))
    region = risk_region(source, target, seed=asked.seed, tick=part_of(tick, 0.8, 1.0))
    return Evidence(split, shares, region)
