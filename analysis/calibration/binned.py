"""Errors of calibration in bins: mean, squared and largest distance, by group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.calibration.curve import ReliabilityCurve, curves_of
from analysis.calibration.graded import Graded, Measured, measured
from analysis.calibration.null import DRAWS, null_range, null_rates
from analysis.calibration.reliability import folded_excess
from analysis.metrics.bins import Bins


@dataclass(frozen=True)
class Distance:
    """A distance between rates and mean scores over bins.

    Parameters
    ----------
    of : callable
        From differences, float[r, b], and shares of weight, float[b], to float[r].
    power : int
        Value to this power, less the noise, is the debiased value to this power.
    noise : callable or None
        What noise adds in each bin of a curve, float[b], in that power; None where
        only draws tell.
    """

    of: Callable[[Floats, Floats], Floats]
    power: int
    noise: Callable[[ReliabilityCurve], Floats] | None = None

    def debiased(self, value: float, noise: float) -> float:
        """Return a value less what noise adds to it, cut at 0."""
        return float(max(value**self.power - noise, 0.0) ** (1 / self.power))


def _rate_variance(curve: ReliabilityCurve) -> Floats:
    """Return the variance of each bin's rate; one row says nothing of its own."""
    o, n = curve.observed_rate, curve.effective_n
    with np.errstate(invalid="ignore"):
        return np.where(n > 1, o * (1 - o) / np.maximum(n - 1, 1), curve.difference**2)


MEAN = Distance(lambda d, share: np.abs(d) @ share, 1, folded_excess)
SQUARED = Distance(lambda d, share: np.sqrt(d**2 @ share), 2, _rate_variance)
LARGEST = Distance(lambda d, share: np.abs(d).max(1), 2)


def equal_width_error(graded: Graded) -> Measured:
    """Return the expected calibration error in bins of equal width.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), AAAI; debiased as by Kumar, Liang & Ma (2019),
    NeurIPS, in closed form.
    """
    return distance([graded.by_width], MEAN)


def equal_mass_error(graded: Graded) -> Measured:
    """Return the expected calibration error in bins of equal mass.

    References
    ----------
    Nguyen & O'Connor (2015), EMNLP; Nixon et al. (2019), CVPR Workshops (adaptive).
    """
    return distance([graded.by_mass], MEAN)


def squared_error(graded: Graded) -> Measured:
    """Return the root mean squared calibration error in bins of equal mass.

    Its debiased value takes off, in each bin, the variance of its rate.

    References
    ----------
    Kumar, Liang & Ma (2019), Verified Uncertainty Calibration, NeurIPS, section 5;
    the root of a negative debiased square is 0.
    """
    return distance([graded.by_mass], SQUARED)


def largest_error(graded: Graded) -> Measured:
    """Return the maximum calibration error over bins of equal width.

    A bin of one person counts as much as any other, so small bins dominate it.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), AAAI.
    """
    return distance([graded.by_width], LARGEST)


def classwise_error(graded: Graded) -> Measured:
    """Return the mean over classes of each one's error against the rest.

    Every class counts the same, a class that nobody has included.

    References
    ----------
    Kull et al. (2019), Beyond temperature scaling, NeurIPS, definition 3. The null
    range draws classes independently, where true labels exclude each other.
    """
    return distance(graded.by_class, MEAN)


def top_label_error(graded: Graded) -> Measured:
    """Return the error of the highest probability (confidence) alone.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks.
    """
    return distance([graded.top_label], MEAN)


def distance(tables: Sequence[Bins], kind: Distance) -> Measured:
    """Return the mean over tables of an error, by group, with its null range.

    Parameters
    ----------
    tables : sequence of Bins
        One, or one for each class.
    kind : Distance
    """
    by_table = [curves_of(table) for table in tables]
    groups = [_of_group(curves, kind) for curves in zip(*by_table, strict=True)]
    value, *noise = np.array(groups).reshape(-1, 5).T
    names = ("debiased", "null_low", "null_high", "p_value")
    known = dict(zip(names, noise, strict=True))
    return measured(value, tables[0].count.sum(1), **known)


def _of_group(
    curves: Sequence[ReliabilityCurve], kind: Distance
) -> tuple[float, float, float, float, float]:
    """Return value, debiased, null low, null high and p-value of one group."""
    if not curves[0].weight.any():
        return (np.nan,) * 5
    value = float(np.mean([_value(curve, kind) for curve in curves]))
    drawn = [_drawn(curve, kind, seed) for seed, curve in enumerate(curves)]
    null = null_range(np.mean(drawn, axis=0), value)
    noise = null.squared
    if kind.noise is not None:
        noise = float(np.mean([_noise(curve, kind.noise) for curve in curves]))
    return value, kind.debiased(value, noise), null.low, null.high, null.p_value


def _value(curve: ReliabilityCurve, kind: Distance) -> float:
    filled, share = _shares(curve)
    return float(kind.of(curve.difference[None, filled], share)[0])


def _drawn(curve: ReliabilityCurve, kind: Distance, seed: int) -> Floats:
    filled, share = _shares(curve)
    p = curve.mean_score[filled]
    return kind.of(null_rates(p, curve.noise[filled], DRAWS, seed) - p, share)


def _noise(
    curve: ReliabilityCurve, noise: Callable[[ReliabilityCurve], Floats]
) -> float:
    filled, share = _shares(curve)
    return float(noise(curve)[filled] @ share)


def _shares(curve: ReliabilityCurve) -> tuple[Ints, Floats]:
    """Return the filled bins and the share of weight in each."""
    filled = np.flatnonzero(curve.weight > 0)
    return filled, curve.weight[filled] / curve.weight.sum()
