"""The expected calibration error over the number of bins it is measured in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.calibration.binned import MEAN, distance
from analysis.evaluation import Evaluation
from analysis.frame import everyone
from analysis.metrics.bins import Binning, bins, columns
from analysis.privacy.withheld import hidden_groups
from analysis.subgroups.listing import Crossings, Listing

NUMBERS = (2, 5, 10, 15, 20, 30, 40, 50)
"""Numbers of bins that show how far the error depends on them."""


@dataclass(frozen=True, eq=False)
class ErrorAgainstBins:
    """The error over m numbers of bins, for everyone and by group.

    Parameters
    ----------
    names : tuple of str, length g + 1
        Everyone first.
    numbers : int[m]
    kind : 'width' or 'mass'
    n : float[g + 1]
        People; NaN where withheld for privacy, as are all numbers then.
    value, debiased, null_low, null_high : float[g + 1, m]
        See `Measured`.
    hidden : bool[g + 1]
    """

    names: tuple[str, ...]
    numbers: Ints
    kind: Literal["width", "mass"]
    n: Floats
    value: Floats
    debiased: Floats
    null_low: Floats
    null_high: Floats
    hidden: Bools

    def __post_init__(self) -> None:
        for name in ("n", "value", "debiased", "null_low", "null_high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "numbers", frozen(self.numbers, np.int64))
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))


def ece_against_bins(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    numbers: Sequence[int] = NUMBERS,
    kind: Literal["width", "mass"] = "width",
    k: int = 0,
    beside: Crossings = (),
) -> ErrorAgainstBins:
    """Return the expected calibration error over the number of bins.

    More bins see finer and measure noisier: the error rises with their number even for
    true scores, which its null range shows.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Crossed in full; with none, only everyone is measured.
    numbers : sequence of int
    kind : 'width' or 'mass'
    k : int
        Groups of fewer people are withheld, see `hidden_groups`.
    beside : tuple of tuple of str
        Crossings of attributes that readers see together with these groups.

    References
    ----------
    Tao et al. (2024), A Benchmark Study on Calibration, ICLR, section 4, for how much
    the number of bins decides.
    """
    rows = columns(evaluation)
    groupings = [everyone(len(evaluation))]
    groupings += [evaluation.grouping(attributes)] if attributes else []
    measured = [
        [distance([bins(*rows, by, Binning(b, kind))], MEAN) for b in numbers]
        for by in groupings
    ]
    hidden = np.zeros(1, dtype=bool)
    if attributes:
        found = hidden_groups(evaluation, Listing((attributes, *beside)), k)
        hidden = np.append(hidden, found[: len(groupings[1].names)])

    def table(field: str) -> Floats:
        parts = [np.array([getattr(m, field) for m in by]).T for by in measured]
        return np.where(hidden[:, None], np.nan, np.concatenate(parts))

    return ErrorAgainstBins(
        names=tuple(name for by in groupings for name in by.names),
        numbers=np.array(numbers),
        kind=kind,
        n=table("n")[:, 0] if len(numbers) else np.zeros(len(hidden)),
        value=table("value"),
        debiased=table("debiased"),
        null_low=table("null_low"),
        null_high=table("null_high"),
        hidden=hidden,
    )
