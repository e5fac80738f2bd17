"""What a group's rows could have shown, and how many would show a chosen gap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.bisection import bisected
from analysis.estimates import Estimates, Z, blanked, joined

POWER = 0.8
POWER_QUANTILE = 0.8416212335729143
"""Normal quantile of 80 % power."""

MOST_ROWS = 1e9
"""More rows than this are as good as none that would do."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Two sides of each comparison.

    Parameters
    ----------
    own, other : Estimates [g]
        A group, and what it is compared with; n counts the rows the metric rests on.
    own_rows, other_rows : float[g] or None
        For shares, the effective rows behind either side; None for other metrics.
    """

    own: Estimates
    other: Estimates
    own_rows: Floats | None = None
    other_rows: Floats | None = None

    def withholding(self, hidden: Bools, apart: Bools) -> "Sides":
        """Return sides without the hidden groups, and what `apart` is compared with."""
        own_rows, other_rows = (
            None if rows is None else np.where(apart, np.nan, rows)
            for rows in (self.own_rows, self.other_rows)
        )
        own = blanked(self.own, hidden, n=True)
        return Sides(own, blanked(self.other, apart, n=True), own_rows, other_rows)

    def error(self, gap: Floats, rows: Floats | None = None) -> tuple[Floats, Floats]:
        """Return the standard errors of the difference without and with a true gap.

        Parameters
        ----------
        gap : float[g]
            Of the group beyond the reference; negative below it.
        rows : float[g] or None
            Effective rows of the group, in place of those it has.
        """
        if self.own_rows is None or self.other_rows is None:
            share = 1.0 if rows is None else self.own.n / rows
            own = _error(self.own) ** 2 * share
            error = np.sqrt(own + _error(self.other) ** 2)
            return error, error
        n, m = self.own_rows if rows is None else rows, self.other_rows
        rate = self.other.value
        there = rate + gap
        pooled = (n * there + m * rate) / (n + m)
        null = np.sqrt(_variance(pooled) * (1 / n + 1 / m))
        return null, np.sqrt(_variance(there) / n + _variance(rate) / m)

    def is_seen(self, gap: Floats, rows: Floats | None = None) -> Bools:
        """Return whether a true gap shows at 5 % in four of five samples, bool[g].

        A gap that a share has no room for counts as seen.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            null, there = self.error(gap, rows)
            seen: Bools = np.abs(gap) >= Z * null + POWER_QUANTILE * there
        return (seen & self._is_met(gap, rows)) | self._has_no_room(gap)

    def _is_met(self, gap: Floats, rows: Floats | None) -> Bools:
        """Return whether four of five samples hold one person who makes it differ.

        Nobody out of nine shows no rate above 0, and normal errors do not know it.
        """
        n = self.own_rows if rows is None else rows
        if self.own_rows is None or n is None:
            return np.ones(len(gap), dtype=bool)
        there = np.clip(self.other.value + gap, 0, 1)
        met: Bools = np.where(gap > 0, 1 - there, there) ** n <= 1 - POWER
        return met

    def _has_no_room(self, gap: Floats) -> Bools:
        if self.own_rows is None:
            return np.zeros(len(gap), dtype=bool)
        there = self.other.value + gap
        return (there < 0) | (there > 1)


def joined_sides(parts: Sequence[Sides]) -> Sides:
    """Return the sides of several sets of groups, one set after another."""
    own, other = joined([p.own for p in parts]), joined([p.other for p in parts])
    own_rows = [p.own_rows for p in parts if p.own_rows is not None]
    other_rows = [p.other_rows for p in parts if p.other_rows is not None]
    if len(own_rows) < len(parts) or len(other_rows) < len(parts):
        return Sides(own, other)
    return Sides(own, other, np.concatenate(own_rows), np.concatenate(other_rows))


def detectable(sides: Sides) -> Floats:
    """Return the smallest true difference that would have been seen, float[g].

    It shows at the 5 % level with 80 % power in whichever direction is harder, this
    one comparison by itself; NaN where nothing is known, or no gap has room enough.

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, section
    4.2, without their continuity correction.
    """
    value = sides.own.value
    most = np.where(np.isnan(value) | np.isnan(sides.other.value), np.nan, _most(sides))

    def is_unseen(gap: Floats) -> Bools:
        return ~(sides.is_seen(gap) & sides.is_seen(-gap))

    found = bisected(is_unseen, np.zeros(len(value)), most)
    has_room = ~np.isnan(most) & ~is_unseen(most * (1 - 1e-9))
    return np.where(has_room, found, np.nan)


def rows_needed(sides: Sides, gap: float) -> Floats:
    """Return how many rows a group needs for a true gap to be seen, float[g].

    The reference keeps its rows, and weights stay as unequal as now; NaN where nothing
    is known, or where the reference itself is too uncertain for any number of rows.

    Parameters
    ----------
    sides : Sides
    gap : float
        Difference of the metric, more than 0, in whichever direction is harder.
    """
    size = np.full(len(sides.own), gap)

    def is_enough(log_rows: Floats) -> Bools:
        rows = np.exp(log_rows)
        return sides.is_seen(size, rows) & sides.is_seen(-size, rows)

    few, many = np.zeros(len(size)), np.full(len(size), np.log(MOST_ROWS))
    needed = np.exp(bisected(lambda r: ~is_enough(r), few, many))
    possible = is_enough(many) & ~np.isnan(sides.own.value + sides.other.value)
    if sides.own_rows is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            needed = needed * sides.own.n / sides.own_rows
        rate = sides.other.value
        possible &= gap <= np.maximum(rate, 1 - rate)
    fits = possible & (sides.own.n > 0) & (needed < MOST_ROWS)
    return np.where(fits, np.ceil(needed - 1e-6), np.nan)


def _most(sides: Sides) -> Floats:
    """Return a gap that is certainly seen, or fills all the room there is, float[g]."""
    if sides.own_rows is not None:
        rate = sides.other.value
        return np.maximum(rate, 1 - rate)
    error, _ = sides.error(np.zeros(len(sides.own)))
    return 2 * (Z + POWER_QUANTILE) * error


def _variance(rate: Floats) -> Floats:
    inside = np.clip(rate, 0, 1)
    variance: Floats = inside * (1 - inside)
    return variance


def _error(estimates: Estimates) -> Floats:
    error: Floats = (estimates.high - estimates.low) / (2 * Z)
    return error
