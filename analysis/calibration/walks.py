"""Walks of true scores: how far labels cumulated over the scores get from promises."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.calibration.null import NullRange, null_range, null_rates

PIECES = 32
"""Into how many steps of equal variance a walk is cut, at least, where it is drawn."""

MANY = 40.0
"""Variance of a walk, in squares of its largest row, from which on it is smooth."""

CELLS = 32_000
"""Drawn steps of a walk: the fewer steps it has, the more draws it gets."""

DRAWS = (1_000, 8_000)
"""Fewest and most draws of a walk."""

STEPS = 0.5826
"""How far, in steps, the largest of a walk falls short of that of its limit: -zeta(1/2)
over the root of 2 pi (Siegmund 1985, Sequential Analysis, chapter 10)."""


@dataclass(frozen=True, eq=False)
class Walk:
    """The steps of one group going up its scores, one step for all of equal scores.

    Parameters
    ----------
    score, weight : float[t]
        Of each step, and the sum of its rows' weights.
    squares : float[t]
        Sum of their squared weights.
    largest : float
        Largest weight of one row.
    """

    score: Floats
    weight: Floats
    squares: Floats
    largest: float

    @property
    def variance(self) -> Floats:
        """Variance of each step if scores are true, float[t]."""
        return self.squares * self.score * (1 - self.score)

    def is_smooth(self) -> bool:
        """Whether it is near Brownian motion: many steps, none large, of many rows."""
        v = self.variance
        total = float(v.sum())
        has_many = total >= MANY * self.largest**2
        return has_many and total**2 >= PIECES * float(v @ v)

    def shortfall(self) -> float:
        """Return how far its furthest falls short of Brownian motion's.

        In standard deviations of its end. It is Siegmund's correction at the step that
        reaches furthest; that this is a step as often as its share of the variance is
        ours.
        """
        v = self.variance
        total = float(v.sum())
        return STEPS * float((v**1.5).sum()) / total**1.5 if total > 0 else 0.0

    def null(self, furthest: float, seed: int = 0) -> NullRange:
        """Draw how far true scores get, and how rarely as far as was seen.

        Single draws cannot tell how rare a rare distance is; a bound that always holds
        takes over where it is lower.
        """
        pieces = self._pieces()
        draws = int(np.clip(CELLS // (pieces[-1] + 1), *DRAWS))
        found = null_range(self._drawn(pieces, draws, seed), furthest)
        p_value = min(found.p_value, self.at_most(furthest))
        return NullRange(found.low, found.high, p_value, found.squared)

    def at_most(self, distance: float) -> float:
        """Return a bound of the chance that true scores get as far as a distance.

        References
        ----------
        Bennett (1962), Probability Inequalities for the Sum of Independent Random
        Variables, JASA 57; it holds for the furthest of a walk by Doob's inequality.
        """
        variance = float(self.variance.sum())
        if not variance > 0:
            return 0.0 if distance > 0 else 1.0
        chance = 0.0
        rise = self.largest * (1 - float(self.score.min()))
        fall = self.largest * float(self.score.max())
        for row in (rise, fall):
            u = row * distance / variance
            if u > 0:
                chance += np.exp(-variance / row**2 * ((1 + u) * np.log1p(u) - u))
        return float(min(chance, 1.0)) if distance > 0 else 1.0

    def _pieces(self) -> Ints:
        """Return which piece each step is drawn in, int[t], rising from 0.

        A step is a piece of its own where there are few, or where it is large; others
        are drawn together with their neighbours.
        """
        v = self.variance
        if len(v) <= PIECES:
            return np.arange(len(v))
        part = v.sum() / PIECES
        is_large = v > part
        place = np.floor((np.cumsum(v) - v) / max(part, 1e-300))
        begins = np.zeros(len(v), dtype=bool)
        begins[1:] = is_large[1:] | is_large[:-1] | (np.diff(place) > 0)
        pieces: Ints = np.cumsum(begins)
        return pieces

    def _drawn(self, pieces: Ints, draws: int, seed: int) -> Floats:
        """Draw how far true scores get, float[draws]."""
        v, count = self.variance, int(pieces[-1]) + 1
        variance, weight, score, cubes = (
            np.bincount(pieces, row, count).astype(np.float64)
            for row in (v, self.weight, self.weight * self.score, v**1.5)
        )
        mean = np.divide(score, weight, out=np.zeros(count), where=weight > 0)
        noise = np.divide(variance, weight**2, out=np.zeros(count), where=weight > 0)
        rates = null_rates(mean, noise, draws, seed)
        ends = np.cumsum((rates - mean) * weight, axis=1)
        starts = ends - (rates - mean) * weight
        furthest = np.abs(ends)
        joined = np.flatnonzero(np.bincount(pieces, minlength=count) > 1)
        if len(joined):
            many = variance[joined]
            step = np.divide(
                cubes[joined], many, out=np.zeros(len(many)), where=many > 0
            )
            between = _bridged(starts[:, joined], ends[:, joined], many, seed)
            within = between - STEPS * step
            furthest[:, joined] = np.maximum(furthest[:, joined], within)
        result: Floats = furthest.max(axis=1)
        return result


def _bridged(starts: Floats, ends: Floats, variance: Floats, seed: int) -> Floats:
    """Draw how far Brownian motion gets from 0 between its ends, float[r, j].

    The highest point of a bridge has a known distribution; the lowest is drawn
    independently of it, which is off only where one piece spans both sides.
    """
    rng = np.random.default_rng([seed, 1])
    middle, across = (starts + ends) / 2, (ends - starts) ** 2
    tops = [
        side * middle
        + np.sqrt(across + 2 * variance * rng.exponential(size=across.shape)) / 2
        for side in (1, -1)
    ]
    return np.maximum(*tops)
