"""Split a change in performance over the parts of the distribution that moved."""

from dataclasses import dataclass, field

import numpy as np

from analysis.attribution.asked import check_players, checked
from analysis.attribution.mechanism_worlds import MechanismWorlds
from analysis.attribution.overlap import Overlap, warnings_of
from analysis.attribution.quantity import Quantity
from analysis.attribution.quantity_estimates import quantity_estimate
from analysis.attribution.replicates import Effort, Split, split
from analysis.attribution.worlds import CovariateWorlds, Worlds
from analysis.causes.graph import Graph
from analysis.estimates import Estimate
from analysis.progress import Tick, silent
from analysis.shifts.domain import Domain

SURE = 0.05
"""A shift is found when the change or a part has a p-value of at most this (Holm)."""


@dataclass(frozen=True)
class Part:
    """One component's share of the change, in the metric's unit.

    Parameters
    ----------
    component : str
    value, low, high : float
        NaN where the part is refused or undefined.
    p_value : float
        Of the part being 0, adjusted for all parts and the change (Holm); NaN where
        there is no interval.
    reason : str
        Why the part is refused; empty where it is not.
    raw_p_value : float
        The same, not adjusted.
    """

    component: str
    value: float
    low: float
    high: float
    p_value: float = np.nan
    reason: str = ""
    raw_p_value: float = np.nan

    @property
    def is_refused(self) -> bool:
        """Whether the tables do not overlap enough to tell it."""
        return bool(self.reason)


@dataclass(frozen=True)
class Attribution:
    """A change in a quantity, target minus source, split over components.

    Parameters
    ----------
    metric : str
    source, target : Estimate
        The quantity on either table.
    change : Estimate
        Target minus source.
    parts : tuple of Part
        Shapley values; those that are not refused sum to the change with `residual`.
    residual : float
        What the importance weights could not account for; never rescaled away.
    effective_sample_size : dict of str to float
        Rows that the weights of each component leave.
    warnings : tuple of str
        Plain sentences on what limits the split.
    quantity : Quantity
    residual_low, residual_high : float
    overlap : dict of str to Overlap
    is_shift_found : bool or None
        Whether the change or a part is more than chance (see `SURE`); None without
        replicates, which is not known then.
    monte_carlo_error : dict of str to float
        Standard error of each part where permutations were drawn; empty where every
        set of components was valued.
    bootstrap : int
        Replicates behind the intervals.
    """

    metric: str
    source: Estimate
    target: Estimate
    change: Estimate
    parts: tuple[Part, ...]
    residual: float
    effective_sample_size: dict[str, float]
    warnings: tuple[str, ...]
    quantity: Quantity = field(default_factory=lambda: Quantity("accuracy"))
    residual_low: float = np.nan
    residual_high: float = np.nan
    overlap: dict[str, Overlap] = field(default_factory=dict)
    is_shift_found: bool | None = None
    monte_carlo_error: dict[str, float] = field(default_factory=dict)
    bootstrap: int = 0


def attribute_covariates(
    source: Domain,
    target: Domain,
    quantity: Quantity | str,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    tick: Tick = silent,
) -> Attribution:
    """Split a change between P(X) and P(Y|X).

    Four worlds are valued: each table as it is, the source weighted to the target's
    features, and the target weighted to the source's. A component's part is its
    Shapley value over the two: the mean of what its change does before and after the
    other one has changed. The parts sum to the change exactly.

    Parameters
    ----------
    source, target : Domain
        `columns` hold the features X; the score must be a function of them.
    quantity : Quantity or str
        A metric's name stands for the metric of everyone.
    bootstrap : int
        Replicates over the rows of both tables, the weight models included; fewer
        than `MIN_REPLICATES` give no interval.
    seed : int
    tick : Tick

    Raises
    ------
    OverlapError
        A side has fewer than `MIN_ROWS` rows, or the quantity is undefined on it.

    References
    ----------
    Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution
    Shift (DISDE), which values the change on the shared support instead (see
    `shared_support`); Zhang et al. (2023), "Why did the Model Fail?", ICML, for the
    Shapley value of mechanisms.
    """
    asked = checked(source, target, quantity)
    worlds = CovariateWorlds(source, target, seed)
    effort = Effort(bootstrap, seed, tick)
    return attributions(source, target, worlds, (asked,), effort)[0]


def attribute_mechanisms(  # noqa: PLR0913 - two tables, what, how, and three dials
    source: Domain,
    target: Domain,
    quantity: Quantity | str,
    graph: Graph,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    tick: Tick = silent,
) -> Attribution:
    """Split a change over the mechanisms P(node | parents) of a causal graph.

    The value of a set of mechanisms is the quantity on the source rows weighted by the
    product of these mechanisms' density ratios; a ratio of a conditional is that of
    node and parents over that of the parents.

    Parameters
    ----------
    source, target : Domain
        `columns` or the sensitive attributes hold every node but the label, written
        `Y`, which may stand anywhere in the graph.
    quantity : Quantity or str
    graph : Graph
    bootstrap, seed, tick
        As for `attribute_covariates`.

    Raises
    ------
    DataError
        A node is not a column, or there are more than `MAX_PLAYERS`.

    References
    ----------
    Zhang, Singh, Ghassemi & Joshi (2023), "Why did the Model Fail?": Attributing Model
    Performance Changes to Distribution Shifts, ICML, section 3. Departing from it, the
    ratios are cross-fitted, the weights self-normalised and truncated, and a mechanism
    whose weights cannot be known is no player: its share stays in the residual. With
    fewer source than target rows, parts are mended by the replicates' mean (see
    `MechanismWorlds.lean`), and without replicates lean to rare outcomes.
    """
    asked = checked(source, target, quantity)
    check_players(len(graph.nodes))
    worlds = MechanismWorlds(source, target, graph, seed)
    effort = Effort(bootstrap, seed, tick)
    return attributions(source, target, worlds, (asked,), effort)[0]


def attributions(
    source: Domain,
    target: Domain,
    worlds: Worlds,
    quantities: tuple[Quantity, ...],
    effort: Effort,
) -> list[Attribution]:
    """Return the splits of several quantities of one metric and attribute.

    Replicates of the weight models are made once for all of them.
    """
    splits = split(worlds, quantities, effort)
    overlaps = dict(worlds.overlaps())
    pairs = zip(quantities, splits, strict=True)
    return [_attribution(source, target, q, s, overlaps) for q, s in pairs]


def _attribution(
    source: Domain,
    target: Domain,
    quantity: Quantity,
    found: Split,
    overlaps: dict[str, Overlap],
) -> Attribution:
    ends = [quantity_estimate(d.evaluation, quantity) for d in (source, target)]
    adjusted = found.adjusted
    parts = []
    for name, overlap in overlaps.items():
        known = found.parts.get(name)
        parts.append(
            Part(
                name, np.nan, np.nan, np.nan, np.nan, overlap.reason or found.undefined
            )
            if known is None
            else Part(name, *known, adjusted[name], "", found.raw[name])
        )
    sure = [p for p in adjusted.values() if p <= SURE]
    undefined = (found.undefined,) if found.undefined else ()
    return Attribution(
        metric=quantity.metric,
        source=ends[0],
        target=ends[1],
        change=Estimate(*found.change, len(source) + len(target)),
        parts=tuple(parts),
        residual=found.residual[0],
        effective_sample_size={n: o.effective_rows for n, o in overlaps.items()},
        warnings=(*undefined, *found.warnings, *warnings_of(overlaps)),
        quantity=quantity,
        residual_low=found.residual[1],
        residual_high=found.residual[2],
        overlap=overlaps,
        is_shift_found=bool(sure) if found.has_intervals else None,
        monte_carlo_error=found.monte_carlo_error,
        bootstrap=found.bootstrap,
    )
