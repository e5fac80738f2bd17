"""The estimate for some target rows, from weighted reference rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.estimates import LEVEL, Estimate
from analysis.evaluation import Evaluation
from analysis.label_free.calibrator import Rates, rates
from analysis.label_free.cells import Sums, cells_for, sums_of
from analysis.label_free.expected import KNOWN, values
from analysis.label_free.weighing import Weighing, unweighted
from analysis.metrics.kinds import Metric

MIN_DRAWS = 39
"""Fewer draws have no 2.5 % of them in either tail."""

MOVED_BY_NOISE = "expected_calibration_error"
"""A distance, which noise alone moves up."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Everything needed to value metrics of some target rows.

    Parameters
    ----------
    sums : Sums
        Of the target rows.
    rates : Rates
        From weighted reference rows.
    plain : float[c]
        Rising rates from reference rows as they are.
    """

    sums: Sums
    rates: Rates
    plain: Floats


def calibrated(
    reference: Evaluation, target: Evaluation, weighing: Weighing, model: Weighing
) -> Calibrated:
    """Fit a calibrator to reference rows weighted to some target rows.

    Parameters
    ----------
    reference : Evaluation
    target : Evaluation
        Its labels are not read.
    weighing : Weighing
        Of the reference rows.
    model : Weighing
        Whose ratio model the weights come from.
    """
    cells = cells_for(reference.score, reference.is_positive, weighing.weights)
    at = cells.of(reference.score, reference.decisions)
    size, hit = 2 * cells.bins, reference.is_positive
    as_it_is = unweighted(reference.weights)
    return Calibrated(
        sums=sums_of(cells, target),
        rates=rates(at, hit, weighing, size, model),
        plain=rates(at, hit, as_it_is, size, as_it_is).rising,
    )


def estimated(
    fit: Calibrated, metrics: Sequence[Metric], draws: int, seed: int
) -> dict[str, tuple[Estimate, float]]:
    """Return each metric with its interval, and its value without weights.

    The interval is for what the labels of these very rows would show: the target's
    rows stay, their labels are drawn by the rates of each replicate.

    Parameters
    ----------
    fit : Calibrated
    metrics : sequence of Metric
    draws : int
        Replicates; fewer than `MIN_DRAWS` give no interval.
    seed : int
    """
    sums, rising = fit.sums, fit.rates.rising
    rng = np.random.default_rng(seed)
    enough = draws >= MIN_DRAWS
    drawn = _labels(sums, fit.rates.drawn(draws, rng), rng) if enough else None
    sure = _labels(sums, np.tile(rising, (max(draws, MIN_DRAWS), 1)), rng)
    found = {}
    for metric in metrics:
        value = float(values(metric, sums, (sums.weight * rising)[None])[0])
        plain = float(values(metric, sums, (sums.weight * fit.plain)[None])[0])
        low, high = np.nan, np.nan
        if drawn is not None:
            each = values(metric, sums, drawn)
            low, high = _ends(each)
            if metric.name == MOVED_BY_NOISE:
                value, low, high = _without_noise(each, values(metric, sums, sure))
        if metric.name in KNOWN:
            low = high = value
        ends = min(low, value), max(high, value)
        estimate = Estimate(value, *ends, n=float(sums.n))
        found[metric.name] = (_without_ends(estimate, low), plain)
    return found


def _labels(sums: Sums, drawn: Floats, rng: np.random.Generator) -> Floats:
    """Draw the weight of positive labels in each cell, float[r, c].

    Rows of unequal weight are as many coins as give their sum the same variance.
    """
    empty = np.zeros(len(sums.weight))
    coins = np.divide(sums.weight**2, sums.squares, out=empty, where=sums.squares > 0)
    trials = np.maximum(np.rint(coins), 1).astype(np.int64)
    return rng.binomial(trials, drawn) / trials * sums.weight


def _without_noise(drawn: Floats, sure: Floats) -> tuple[float, float, float]:
    """Return a distance and its ends less what unsure rates add to it.

    Noise in the rates moves a distance up: once in the rates as found, and once more
    in each replicate of them. Noise in the labels does so too, but belongs to what
    labels will show.

    Parameters
    ----------
    drawn, sure : float[r]
        The distance with rates of replicates, and with the rates as found.
    """
    excess = max(float(np.median(drawn) - np.median(sure)), 0.0)
    low, high = _ends(drawn)
    found = (float(np.median(sure)) - excess, low - 2 * excess, high - 2 * excess)
    value, low, high = (max(end, 0.0) for end in found)
    return value, low, high


def _ends(drawn: Floats) -> tuple[float, float]:
    known = drawn[~np.isnan(drawn)]
    if len(known) < MIN_DRAWS:
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _without_ends(estimate: Estimate, low: float) -> Estimate:
    if not np.isnan(low):
        return estimate
    return Estimate(estimate.value, np.nan, np.nan, estimate.n)
