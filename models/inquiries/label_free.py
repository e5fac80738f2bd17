"""Performance on a target without labels, estimated from the source."""

from dataclasses import dataclass

from analysis.label_free.case import Wanted
from analysis.label_free.estimate import estimates
from analysis.label_free.records import LabelFree
from analysis.progress import Tick
from models.inquiries.opening import Opened


@dataclass(frozen=True)
class Asked:
    """What is to be estimated; see `Wanted`."""

    metrics: tuple[str, ...]
    crossings: tuple[tuple[str, ...], ...] = ()
    k: int = 0


def answer(opened: Opened, asked: Asked, tick: Tick) -> LabelFree:
    """Return the estimates, with realised values where the target has labels."""
    wanted = Wanted(asked.metrics, asked.crossings, k=asked.k)
    return estimates(opened.source, opened.target, wanted, tick)
