"""What thresholds do to each group: its rates and costs, and what would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats, frozen
from analysis.costs import Costs
from analysis.counts import Counts
from analysis.errors import DataError
from analysis.estimates import Estimate, Estimates, Z
from analysis.metrics.bands import count_band
from analysis.metrics.count_metrics import expected_cost
from analysis.thresholds.curves import decision_metric

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy")
COST = "expected_cost"


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Measures by group at given thresholds.

    Parameters
    ----------
    names : tuple of str, length g
    thresholds, n : float[g]
        Threshold and people of each group.
    by_group : mapping of str to Estimates [g]
    overall : mapping of str to Estimate
    """

    names: tuple[str, ...]
    thresholds: Floats
    n: Floats
    by_group: Mapping[str, Estimates]
    overall: Mapping[str, Estimate]

    def __post_init__(self) -> None:
        for name in ("thresholds", "n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("by_group", "overall"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False)
class Change:
    """How many more people something happens to by group; negative for fewer.

    Parameters
    ----------
    names : tuple of str, length g
    n, selected, found, wrongly_flagged : float[g]
        People, and the change in those decided positive, of these with the positive
        label, and of these with the negative label. Weights play no part.
    """

    names: tuple[str, ...]
    n: Floats
    selected: Floats
    found: Floats
    wrongly_flagged: Floats

    def __post_init__(self) -> None:
        for name in ("n", "selected", "found", "wrongly_flagged"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


def outcomes(
    counts: Counts,
    thresholds: Floats | Sequence[float],
    costs: Costs,
    metric: str = "",
) -> Outcomes:
    """Return rates and expected cost by group and overall, with their intervals.

    Parameters
    ----------
    counts : Counts
        Of the decisions at the thresholds.
    thresholds : float[g]
    costs : Costs
    metric : str
        One more metric of decisions, if any.

    Raises
    ------
    SettingError
        The metric does not depend on a threshold.
    """
    total = counts.total()
    chosen = {name: decision_metric(name) for name in (*RATES, metric) if name}
    chosen[COST] = expected_cost(costs)
    return Outcomes(
        names=counts.names,
        thresholds=np.broadcast_to(thresholds, len(counts.names)),
        n=counts.n.sum((1, 2)),
        by_group={m: count_band(spec, counts)(Z) for m, spec in chosen.items()},
        overall={m: count_band(spec, total)(Z).at(0) for m, spec in chosen.items()},
    )


def change(before: Counts, after: Counts) -> Change:
    """Return what a second way to decide the same rows changes, in people.

    Raises
    ------
    DataError
        The two count other groups or other rows.
    """
    if before.names != after.names or not np.array_equal(
        before.n.sum(2), after.n.sum(2)
    ):
        raise DataError("Only decisions about the same rows can be compared.")
    more = (after.n - before.n)[:, :, 1]  # [g, label]
    return Change(
        names=after.names,
        n=after.n.sum((1, 2)),
        selected=more.sum(1),
        found=more[:, 1],
        wrongly_flagged=more[:, 0],
    )
