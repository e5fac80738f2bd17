"""A short rule that says where P(Y|X) changed most, found on one half of the rows.

The other half confirms it: what a search finds in noise does not hold there.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.arrays import Bools
from analysis.attribution.asked import checked
from analysis.attribution.conditional_change import Moments, moments
from analysis.attribution.rule_search import MIN_INSIDE, grown_rule
from analysis.attribution.shared_support import shared_refusal
from analysis.attribution.worlds import CovariateWorlds
from analysis.cohorts import Cohort
from analysis.density.threads import one_thread
from analysis.errors import SettingError
from analysis.estimates import UNDEFINED, Estimate, Z
from analysis.intervals import wilson
from analysis.matching import matches
from analysis.progress import Tick, silent
from analysis.shifts.domain import Domain

OUTCOMES = ("label", "error")

LEVEL = 0.05
"""p-value up to which a region is confirmed."""


@dataclass(frozen=True)
class RiskRegion:
    """Where P(Y|X) changed most.

    Rates and differences are of the confirming half, over the X that both sides share
    (see `shared_support`), so that they do not tell who comes but what happens.

    Parameters
    ----------
    is_found : bool
    rule : str
        In the syntax of cohorts; empty where the search found none.
    words : str
        What was found, or why not.
    outcome : 'label' or 'error'
        Whether the rate is that of the class in view, or that of wrong decisions.
    at_source, at_target, difference : Estimate
        The rate inside the rule, and target minus source.
    outside : Estimate
        The same difference outside the rule.
    share_of_target : Estimate
        Of all target rows, by weight, inside the rule.
    n_source, n_target : int
        All rows inside.
    p_value : float
        Of the difference being 0 inside or no larger inside than outside, whichever
        is the likelier; NaN without a rule.
    overall : Estimate
        The difference over everyone.
    warnings : tuple of str
    """

    is_found: bool
    rule: str
    words: str
    outcome: str
    at_source: Estimate
    at_target: Estimate
    difference: Estimate
    outside: Estimate
    share_of_target: Estimate
    n_source: int
    n_target: int
    p_value: float
    overall: Estimate
    warnings: tuple[str, ...] = ()


def risk_region(
    source: Domain,
    target: Domain,
    outcome: str = "label",
    *,
    seed: int = 0,
    tick: Tick = silent,
) -> RiskRegion:
    """Search one half of the rows for a rule, and confirm it on the other half.

    The rule is grown from residuals of outcome and side, so that a change of P(X) alone
    gives it nothing to find; see `conditional_change`.

    Parameters
    ----------
    source, target : Domain
    outcome : 'label' or 'error'
        What may have changed given X: the label, or whether the decision is wrong.
    seed : int
    tick : Tick

    Raises
    ------
    SettingError
        There is no such outcome.
    OverlapError
        A side is too small.

    References
    ----------
    Liu, Wang, Cui & Namkoong (2023), On the Need for a Language Describing
    Distribution Shifts (whyshift), whose tree of fitted differences is not confirmed on
    other rows.
    """
    if outcome not in OUTCOMES:
        raise SettingError(
            f"'{outcome}' is no outcome of a region; choose from {', '.join(OUTCOMES)}."
        )
    checked(source, target, "selection_rate")
    with one_thread():
        return _region(source, target, outcome, seed, tick)


def _region(
    source: Domain, target: Domain, outcome: str, seed: int, tick: Tick
) -> RiskRegion:
    tick(0.0, "looking how far the tables overlap")
    refused = shared_refusal(CovariateWorlds(source, target, seed))
    if refused:
        return _nothing(outcome, refused, UNDEFINED)
    halves = _halves(source, target, seed)
    tick(0.3, "searching one half for a rule")
    searched = moments(*halves[0], outcome, seed)
    rule = grown_rule(searched.table, searched.effects)
    tick(0.6, "confirming it on the other half")
    confirming = moments(*halves[1], outcome, seed)
    found = _confirmed(rule, confirming, (source, target), outcome)
    tick(1.0, "done")
    return found


def _halves(source: Domain, target: Domain, seed: int) -> list[tuple[Domain, Domain]]:
    """Deal people to halves; whoever is in both tables is in one half."""
    ids = [d.evaluation.row_ids for d in (source, target)]
    unique, at = np.unique(np.concatenate(ids), return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(np.arange(len(unique)) % 2)[at]
    sides = dealt[: len(source)], dealt[len(source) :]
    return [
        (
            source.take(np.flatnonzero(sides[0] == half)),
            target.take(np.flatnonzero(sides[1] == half)),
        )
        for half in (0, 1)
    ]


def _confirmed(
    rule: Cohort, half: Moments, sides: tuple[Domain, Domain], outcome: str
) -> RiskRegion:
    """Return the region as the confirming half shows it."""
    everyone = np.ones(len(half.left), dtype=bool)
    overall = half.rates(everyone)[2]
    if not rule.conditions:
        return _nothing(outcome, _everywhere(overall), overall)
    inside = matches(rule, half.table)
    is_target = half.effects.is_target
    n = [int((inside & side).sum()) for side in (~is_target, is_target)]
    if min(n) < MIN_INSIDE or min(int((~inside & is_target).sum()), n[0]) < MIN_INSIDE:
        return _nothing(outcome, _gone(rule), overall)
    at_source, at_target, difference = half.rates(inside)
    outside = half.rates(~inside)[2]
    p = _p_value(difference, outside)
    held = [matches(rule, d.columns) for d in sides]
    is_found = p <= LEVEL
    return RiskRegion(
        is_found=is_found,
        rule=str(rule),
        words=_found(rule) if is_found else _gone(rule),
        outcome=outcome,
        at_source=at_source,
        at_target=at_target,
        difference=difference,
        outside=outside,
        share_of_target=_share(held[1], sides[1]),
        n_source=int(held[0].sum()),
        n_target=int(held[1].sum()),
        p_value=p,
        overall=overall,
    )


def _p_value(inside: Estimate, outside: Estimate) -> float:
    """Return the larger of two p-values: of no change inside, and of no more there.

    Claiming both then is wrong at most as often as the level says, whichever is false
    (an intersection-union test; Berger 1982, Technometrics 24).
    """
    own, other = ((e.high - e.low) / (2 * Z) for e in (inside, outside))
    with np.errstate(invalid="ignore", divide="ignore"):
        alone = np.divide(abs(inside.value), own)
        more = (abs(inside.value) - abs(outside.value)) / np.hypot(own, other)
    return float(max(2 * special.ndtr(-alone), 2 * special.ndtr(-max(more, 0.0))))


def _share(held: Bools, domain: Domain) -> Estimate:
    weights = domain.evaluation.weights
    share = float(weights[held].sum() / weights.sum())
    effective = weights.sum() ** 2 / (weights**2).sum()
    low, high = wilson(np.array([share]), np.array([effective]))
    return Estimate(share, float(low[0]), float(high[0]), float(len(held)))


def _nothing(outcome: str, words: str, overall: Estimate) -> RiskRegion:
    empty = (UNDEFINED,) * 5
    return RiskRegion(False, "", words, outcome, *empty, 0, 0, np.nan, overall)


def _found(rule: Cohort) -> str:
    return f"Given the same features, the outcome changed most where {rule}."


def _gone(rule: Cohort) -> str:
    return (
        f"No region found: one half of the rows pointed to {rule}, and the other half "
        "does not confirm it."
    )


def _everywhere(overall: Estimate) -> str:
    if overall.low > 0 or overall.high < 0:
        return (
            "No region found: given the same features the outcome changed, and about "
            "alike everywhere."
        )
    return "No region found: given the same features no part changed beyond chance."
