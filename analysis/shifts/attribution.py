"""Split a change in performance over the parts of the distribution that moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from analysis.errors import (
    DataError,
    NeedsProbabilitiesError,
    OverlapError,
    SettingError,
)
from analysis.estimates import LEVEL, Estimate
from analysis.metrics.registry import metric_named
from analysis.shifts.density_ratio import ImportanceWeights
from analysis.shifts.graph import Mechanism
from analysis.shifts.worlds import (
    CovariateWorlds,
    Domain,
    MechanismWorlds,
    Values,
    Worlds,
    metric_value,
)
from analysis.subgroups.disaggregate import disaggregate

MAX_PLAYERS = 8
"""With more mechanisms than this, 2^players density products are too many."""

MIN_ROWS = 30
LOW_OVERLAP = 0.1
"""Below this share of effective rows a part rests on few people, and is said to."""

MIN_REPLICATES = 39
"""Fewer replicates have no 2.5 % of them in either tail."""

CLIPPED = 0.01
"""Above this share of clipped weight the clipping is said."""


@dataclass(frozen=True)
class Part:
    """One component's share of the change, in the metric's unit."""

    component: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Attribution:
    """A change in a metric, target minus source, split over components.

    Parameters
    ----------
    metric : str
    source, target : Estimate
        The metric on either table.
    change : Estimate
        Target minus source.
    parts : tuple of Part
        Shapley values; with `residual` they sum to the change.
    residual : float
        What the importance weights could not account for; never rescaled away.
    effective_sample_size : dict of str to float
        Rows that the weights of each component leave.
    warnings : tuple of str
        Plain sentences on what limits the split.
    """

    metric: str
    source: Estimate
    target: Estimate
    change: Estimate
    parts: tuple[Part, ...]
    residual: float
    effective_sample_size: dict[str, float]
    warnings: tuple[str, ...]


def attribute_covariates(
    source: Domain,
    target: Domain,
    metric_name: str,
    *,
    bootstrap: int = 200,
    seed: int = 0,
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
    metric_name : str
    bootstrap : int
        Replicates over the rows of both tables, the weight models included; fewer
        than `MIN_REPLICATES` give no interval.
    seed : int

    Raises
    ------
    OverlapError
        A side has fewer than `MIN_ROWS` rows, or the metric is undefined on it.

    References
    ----------
    Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution
    Shift (DISDE), which values the change on the shared support instead; Zhang et al.
    (2023), "Why did the Model Fail?", ICML, for the Shapley value of mechanisms.
    """
    _check(source, target, metric_name)
    worlds = CovariateWorlds(source, target, metric_named(metric_name), seed)
    return _attribution(source, target, metric_name, worlds, bootstrap, seed)


def attribute_mechanisms(
    source: Domain,
    target: Domain,
    metric_name: str,
    mechanisms: Sequence[Mechanism],
    *,
    bootstrap: int = 200,
    seed: int = 0,
) -> Attribution:
    """Split a change over the mechanisms P(node | parents) of a causal graph.

    The value of a set of mechanisms is the metric on the source rows weighted by the
    product of these mechanisms' density ratios; a ratio of a conditional is that of
    node and parents over that of the parents.

    Parameters
    ----------
    source, target : Domain
        `columns` hold every node but the label, which is written `Y` or by its name.
    metric_name : str
    mechanisms : sequence of Mechanism
        One per node, from `parse_graph`.
    bootstrap, seed : int
        As for `attribute_covariates`.

    Raises
    ------
    SettingError
        A node is not a column, or there are more than `MAX_PLAYERS`.

    References
    ----------
    Zhang, Singh, Ghassemi & Joshi (2023), "Why did the Model Fail?": Attributing Model
    Performance Changes to Distribution Shifts, ICML, section 3.
    """
    _check(source, target, metric_name)
    if len(mechanisms) > MAX_PLAYERS:
        raise SettingError(
            f"The graph has {len(mechanisms)} nodes; at most {MAX_PLAYERS} can be "
            "split exactly. Merge nodes or leave some out."
        )
    worlds = MechanismWorlds(
        source, target, metric_named(metric_name), tuple(mechanisms), seed
    )
    return _attribution(source, target, metric_name, worlds, bootstrap, seed)


def shapley(
    players: Sequence[str], value: Callable[[frozenset[str]], float]
) -> dict[str, float]:
    """Return the Shapley value of each player; they sum to v(all) - v(none).

    References
    ----------
    Shapley (1953), A Value for n-Person Games.
    """
    m = len(players)
    sets = [frozenset(s) for size in range(m + 1) for s in combinations(players, size)]
    v = {s: value(s) for s in sets}
    return {
        p: sum(
            (v[s | {p}] - v[s]) / (m * comb(m - 1, len(s))) for s in sets if p not in s
        )
        for p in players
    }


def _attribution(
    source: Domain,
    target: Domain,
    metric_name: str,
    worlds: Worlds,
    bootstrap: int,
    seed: int,
) -> Attribution:
    parts, change, residual = _split(worlds.values(None), worlds.players)
    rng = np.random.default_rng(seed)
    copies = (rng.poisson(1.0, len(source) + len(target)) for _ in range(bootstrap))
    drawn = [
        _split(worlds.values(c.astype(np.float64)), worlds.players) for c in copies
    ]
    low, high = _ends([d[1] for d in drawn])
    weights = worlds.importance_weights()
    return Attribution(
        metric=metric_name,
        source=_overall(source, metric_name),
        target=_overall(target, metric_name),
        change=Estimate(change, low, high, len(source) + len(target)),
        parts=tuple(
            Part(p, parts[p], *_ends([d[0][p] for d in drawn])) for p in worlds.players
        ),
        residual=residual,
        effective_sample_size={p: w.effective_sample_size for p, w in weights.items()},
        warnings=_warnings(weights),
    )


def _split(
    values: Values, players: Sequence[str]
) -> tuple[dict[str, float], float, float]:
    """Return the parts, the whole change and the residual of one set of values."""
    parts = shapley(players, values.of_set.__getitem__)
    change = values.target - values.of_set[frozenset()]
    return parts, change, change - sum(parts.values())


def _ends(drawn: Sequence[float]) -> tuple[float, float]:
    """Return the percentile interval of replicates; NaN with too few of them."""
    defined = [d for d in drawn if not np.isnan(d)]
    if len(defined) < MIN_REPLICATES:
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _overall(domain: Domain, metric_name: str) -> Estimate:
    return disaggregate(domain.evaluation, (), (metric_name,)).overall[metric_name]


def _check(source: Domain, target: Domain, metric_name: str) -> None:
    metric = metric_named(metric_name)
    for side, domain in (("source", source), ("target", target)):
        if len(domain) < MIN_ROWS:
            raise OverlapError(
                f"The {side} has {len(domain):,} rows; a split of the change needs at "
                f"least {MIN_ROWS} on either side. Choose a larger part of the table."
            )
        if metric.needs_probability and not domain.evaluation.is_probability:
            score = domain.evaluation.scores.values
            low, high = float(score.min()), float(score.max())
            raise NeedsProbabilitiesError(metric_name, low, high)
        if np.isnan(metric_value(domain.evaluation, domain.evaluation.weights, metric)):
            raise OverlapError(
                f"'{metric_name}' is undefined on the {side}: its rows lack one of the "
                "classes it needs. Choose another metric or a larger part of the table."
            )
    if list(source.columns.columns) != list(target.columns.columns):
        raise DataError("Source and target have different columns.")


def _warnings(weights: Mapping[str, ImportanceWeights]) -> tuple[str, ...]:
    said = []
    for component, w in weights.items():
        n = len(w.factor)
        if w.effective_sample_size < LOW_OVERLAP * n:
            said.append(
                f"{component}: only {w.effective_sample_size:,.0f} of {n:,} rows carry "
                "the weights; the two tables overlap little, so this part rests on few "
                "rows and may be wrong."
            )
        if w.clipped_share > CLIPPED:
            said.append(
                f"{component}: {100 * w.clipped_share:.0f} % of the weight was cut, "
                "so the part is understated where the tables differ most."
            )
    return tuple(said)
