"""What deferral buys and who is deferred, in sentences."""

import math

import numpy as np

from analysis.charts import numbers
from analysis.charts.groups import gap_size
from analysis.deferral.curve import Deferral, DeferredAt

NEAR = 0.03
"""A share this near to the one asked for is as near as the cuts of a curve are."""


def finding(record: Deferral, at: DeferredAt, people: str = "people") -> str:
    """Say what deferring buys, and who is deferred more."""
    deferred, accepted = at.deferred.at(0), at.accuracy.at(0)
    if deferred.is_undefined:
        return "There is no row to defer."
    whole = record.accuracy_of(0, -1)
    if not deferred.value > 0:
        return (
            f"Nobody is deferred at this cut: of all {people}, {numbers.full(whole)} "
            f"are decided right (n = {numbers.count(whole.n)})."
        )
    said = (
        f"With {numbers.value(deferred)} of {people} deferred, "
        f"{numbers.full(accepted)} of the others are decided right "
        f"(n = {numbers.count(accepted.n)}), against {numbers.full(whole)} of all "
        f"(n = {numbers.count(whole.n)})."
    )
    return f"{said} {gap_words(at)}".rstrip()


def tie_words(record: Deferral, at: DeferredAt, share: float) -> str:
    """Say why another share is deferred than was asked for; empty where it is near."""
    deferred = at.deferred.at(0).value
    if math.isnan(deferred) or abs(deferred - share) <= NEAR:
        return ""
    asked, found = numbers.plain(share, decimals=0), numbers.plain(deferred)
    if np.isfinite(record.cuts).sum() < 2:
        return (
            f"{asked} cannot be deferred: everyone is in the same doubt, so there is "
            "no order to go by."
        )
    return (
        f"{asked} cannot be deferred: so many are in the same doubt that a cut there "
        f"would part them. The nearest that leaves ties together defers {found}."
    )


def gap_words(at: DeferredAt) -> str:
    """Say which groups are deferred most and least, and whether that is sure."""
    if at.deferred_gap.is_undefined:
        return ""
    shares = at.deferred
    known = [g for g in range(1, len(at.names)) if shares.n[g] > 0]
    top = max(known, key=lambda g: shares.value[g])
    low = min(known, key=lambda g: shares.value[g])
    gap = gap_size(at.deferred_gap, "percent")
    if not at.deferred_gap.low > 0:
        return f"No group is surely deferred more than another (largest gap {gap})."
    most, least = (
        f"{at.names[g]} ({numbers.full(shares.at(g))}, "
        f"n = {numbers.count(shares.n[g])})"
        for g in (top, low)
    )
    return f"Most deferred are {most}, least {least}: a gap of {gap}."


def area_words(record: Deferral) -> str:
    """Say the area under the risk-coverage curve, beside what no order would give."""
    area, wrong = record.area, 1 - float(record.accuracy[0, -1])
    if area.is_undefined:
        return ""
    said = numbers.full(area, decimals=1)
    return (
        f"Over all shares, {said} of the accepted are decided wrong on average (area "
        f"under the risk-coverage curve); deferring at random would leave "
        f"{numbers.plain(wrong)}."
    )


def suggested_words(record: Deferral) -> str:
    """Say what the suggested cut of the distance would defer; empty without one."""
    cut = record.at_suggested
    if cut is None:
        return ""
    deferred = numbers.plain(float(record.deferred[0, cut]))
    return (
        f"The paper's cut, the smallest distance of a wrong decision among the rows "
        f"fitted on, would defer {deferred}."
    )
