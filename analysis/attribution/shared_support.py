"""X against Y|X on what both tables have: source to shared to target."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.attribution.asked import checked
from analysis.attribution.attribution import SURE, Part
from analysis.attribution.overlap import (
    MIN_EFFECTIVE,
    MIN_SHARE,
    OUTSIDE,
    Sided,
    outside_share,
    overlap_of,
)
from analysis.attribution.quantity import Quantity
from analysis.attribution.quantity_estimates import quantity_estimate
from analysis.attribution.replicates import (
    FEW_AT_ONCE,
    MIN_REPLICATES,
    NUMBERS_AT_ONCE,
    Effort,
    drawn_copies,
    p_values,
)
from analysis.attribution.valued import valued
from analysis.attribution.weighing import values_of
from analysis.attribution.worlds import CovariateWorlds, split_copies
from analysis.density.threads import one_thread
from analysis.estimates import Estimate, Z
from analysis.progress import Tick, silent
from analysis.shifts.domain import Domain

MAX_OUTSIDE = 0.9
"""Share of either side outside the other up to which the shared rows say anything of
it. It is larger than for weights that take one side to the other, as no row's shared
weight is ever above 1."""

PARTS = ("X: source to shared", "Y|X", "X: shared to target")

BOTH = np.arange(2)
"""The table as it is, and weighted to the shared rows."""


@dataclass(frozen=True)
class SharedSupport:
    """A change in three steps over the distribution of X that both tables share.

    Parameters
    ----------
    quantity : Quantity
    source, source_on_shared, target_on_shared, target : Estimate
        The quantity on either table as it is and on the shared X.
    change : Estimate
    parts : tuple of Part
        See `PARTS`; those that are not refused sum to the change.
    outside_source, outside_target : Estimate
        Share of either table, by weight, that lies where among as many rows of both
        fewer than 1 in 20 would be the other's.
    effective_source, effective_target : float
        Rows that the shared weights leave.
    auroc : float
        How well a classifier tells the tables apart by X.
    is_shift_found : bool or None
        As for `Attribution`.
    warnings : tuple of str
    """

    quantity: Quantity
    source: Estimate
    source_on_shared: Estimate
    target_on_shared: Estimate
    target: Estimate
    change: Estimate
    parts: tuple[Part, ...]
    outside_source: Estimate
    outside_target: Estimate
    effective_source: float
    effective_target: float
    auroc: float
    is_shift_found: bool | None
    warnings: tuple[str, ...]


def shared_support(
    source: Domain,
    target: Domain,
    quantity: Quantity | str,
    *,
    bootstrap: int = 200,
    seed: int = 0,
    tick: Tick = silent,
) -> SharedSupport:
    """Split a change over source, shared and target distributions of X.

    With p and q the densities of X, the shared one is s ~ p q / (p + q). On the source
    rows its weights are proportional to q / (p + q), on the target rows to
    p / (p + q): the domain classifier's probability of the other side, never above 1.

    Parameters
    ----------
    source, target, quantity, bootstrap, seed, tick
        As for `attribute_covariates`.

    Raises
    ------
    OverlapError
        A side is too small, or the quantity is undefined on it.

    References
    ----------
    Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution
    Shift, section 2, equation 2.2. The classifier is fitted to domains of the same
    total, so that their sample sizes drop out; whyshift's `degradation_decomp` corrects
    for them afterwards.
    """
    asked = checked(source, target, quantity)
    worlds = CovariateWorlds(source, target, seed)
    tick(0.0, "fitting density ratios")
    with one_thread():
        point = _four(worlds, asked, None)[0]
        drawn = _replicates(worlds, asked, Effort(bootstrap, seed, tick))
        return _record(worlds, asked, point, drawn)


def _four(worlds: CovariateWorlds, quantity: Quantity, copies: Floats | None) -> Floats:
    """Return the four values and both shares outside, float[r, 6]."""
    ratios = [np.atleast_2d(ratio.T) for ratio in worlds.model.log_ratio(copies)]
    sides = (worlds.source, worlds.target)
    parts = split_copies(copies, len(worlds.source))
    values, outside = [], []
    for domain, ratio, drawn, sign in zip(sides, ratios, parts, (1, -1), strict=True):
        own = domain.evaluation.weights
        shared = -np.logaddexp(0, -sign * ratio)  # log expit
        found = valued(domain.evaluation, (quantity,))
        values.append(values_of(found, own, [shared], BOTH, drawn)[:, :, 0])
        weights = own if drawn is None else own * drawn.T  # [r, n]
        beyond = sign * ratio < -OUTSIDE
        outside.append((weights * beyond).sum(-1) / weights.sum(-1))
    (p, shared_p), (q, shared_q) = (v.T for v in values)
    return np.column_stack([p, shared_p, shared_q, q, *outside])


def _replicates(worlds: CovariateWorlds, quantity: Quantity, effort: Effort) -> Floats:
    """Return the same on each replicate, float[r, 6]."""
    rng, n = np.random.default_rng(effort.seed), worlds.rows
    found = [np.empty((0, 6))]
    at_once = min(max(1, NUMBERS_AT_ONCE // n), FEW_AT_ONCE)
    for start in range(0, effort.bootstrap, at_once):
        done = start / effort.bootstrap
        effort.tick(0.1 + 0.9 * done, f"replicate {start + 1} of {effort.bootstrap}")
        r = min(at_once, effort.bootstrap - start)
        copies = drawn_copies(rng, r, n)
        found.append(_four(worlds, quantity, copies))
    effort.tick(1.0, "done")
    return np.concatenate(found)


def _record(
    worlds: CovariateWorlds, quantity: Quantity, point: Floats, drawn: Floats
) -> SharedSupport:
    steps = np.array([*np.diff(point[:4]), point[3] - point[0]])
    moved = np.column_stack([np.diff(drawn[:, :4], axis=1), drawn[:, 3] - drawn[:, 0]])
    spread, step_spread = _spread(drawn - point), _spread(moved - steps)
    adjusted = p_values(steps, step_spread)
    sides = worlds.source, worlds.target
    effective = [_effective(worlds, side) for side in (0, 1)]
    reason = shared_refusal(worlds)
    n = [float(len(d)) for d in sides]
    ends = [quantity_estimate(d.evaluation, quantity) for d in sides]
    triples = [_interval(v, s) for v, s in zip(point, spread, strict=True)]
    nothing = (np.nan, np.nan, np.nan)
    inner = [Estimate(*(nothing if reason else triples[i]), n[i - 1]) for i in (1, 2)]
    own = [d.evaluation.weights for d in sides]
    ratio = worlds.model.log_ratio()
    shares = [_clipped(Estimate(*triples[4 + i], n[i])) for i in (0, 1)]
    return SharedSupport(
        quantity=quantity,
        source=ends[0],
        source_on_shared=inner[0],
        target_on_shared=inner[1],
        target=ends[1],
        change=Estimate(*_interval(steps[3], step_spread[3]), sum(n)),
        parts=tuple(
            Part(name, *nothing, np.nan, reason)
            if reason
            else Part(name, *_interval(steps[i], step_spread[i]), float(adjusted[i]))
            for i, name in enumerate(PARTS)
        ),
        outside_source=shares[0],
        outside_target=shares[1],
        effective_source=effective[0],
        effective_target=effective[1],
        auroc=overlap_of(Sided(ratio[0], ratio[1], own[0], own[1], 0.0), own[0]).auroc,
        is_shift_found=(
            bool((adjusted <= SURE).any()) if len(drawn) >= MIN_REPLICATES else None
        ),
        warnings=(reason,) if reason else (),
    )


def _effective(worlds: CovariateWorlds, side: int) -> float:
    ratio = worlds.model.log_ratio()[side] * (1, -1)[side]
    own = (worlds.source, worlds.target)[side].evaluation.weights
    weights = own * np.exp(-np.logaddexp(0, -ratio))
    return float(weights.sum() ** 2 / (weights**2).sum())


def shared_refusal(worlds: CovariateWorlds) -> str:
    """Say why two tables share too little of X; empty where they share enough."""
    advice = (
        "Choose sides that are more alike, or leave out the columns that tell them "
        "apart."
    )
    ratios = worlds.model.log_ratio()
    for side, (name, domain) in enumerate(
        (("source", worlds.source), ("target", worlds.target))
    ):
        own = domain.evaluation.weights
        beyond = outside_share((-1, 1)[side] * ratios[side], own)
        if beyond > MAX_OUTSIDE:
            return (
                f"The two tables share too little: {100 * beyond:.0f} % of the {name} "
                f"has hardly any row like it on the other side (at most "
                f"{100 * MAX_OUTSIDE:.0f} % may). {advice}"
            )
        found = _effective(worlds, side)
        needed = max(MIN_EFFECTIVE, MIN_SHARE * len(domain))
        if found < needed:
            return (
                f"The two tables share too little: {found:,.0f} of {len(domain):,} "
                f"rows of the {name} carry the shared distribution, and "
                f"{needed:,.0f} are needed. {advice}"
            )
    return ""


def _spread(away: Floats) -> Floats:
    if len(away) < MIN_REPLICATES:
        return np.full(away.shape[1], np.nan)
    return np.sqrt(np.nanmean(away**2, axis=0))


def _interval(value: float, spread: float) -> tuple[float, float, float]:
    return float(value), float(value - Z * spread), float(value + Z * spread)


def _clipped(share: Estimate) -> Estimate:
    low, high = (float(np.clip(end, 0, 1)) for end in (share.low, share.high))
    return Estimate(share.value, low, high, share.n)
