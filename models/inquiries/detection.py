"""What differs between the two sides, for everyone or for one group."""

from dataclasses import dataclass

from analysis.detection.detect import Detection, detect, of_group
from analysis.errors import SettingError
from analysis.progress import Tick
from analysis.shifts.domain import Domain
from models.inquiries.opening import Opened


@dataclass(frozen=True)
class Asked:
    """Of whom.

    Parameters
    ----------
    attribute, group : str
        One group; empty for everyone.
    k : int
        Groups and categories of fewer people are left out.
    """

    attribute: str = ""
    group: str = ""
    k: int = 0


def answer(opened: Opened, asked: Asked, tick: Tick) -> Detection:
    """Return what differs."""
    source, target = opened.source, opened.target
    if asked.attribute:
        part = of_group(source, asked.attribute, asked.group)
        source = part if isinstance(part, Domain) else source
        target = of_group(target, asked.attribute, asked.group)
        if min(len(source), len(target)) < asked.k:
            raise SettingError(
                f"{asked.group} has fewer than {asked.k:,} people on a side and is "
                "withheld. Choose another group."
            )
    return detect(source, target, k=asked.k, tick=tick)
