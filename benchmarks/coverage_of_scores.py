"""How often the intervals of metrics of scores hold the truth."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from analysis.estimates import Z
from analysis.subgroups.contrasts import contrast
from benchmarks.covered import Coverage, covered
from benchmarks.simulated import (
    Normals,
    Rng,
    TwoScores,
    score_band,
    score_intervals,
    score_spread,
)

MOST_DRAWN = 2_000_000
"""Scores drawn for a case at most."""


def rankings(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate AUROC, average precision, Brier score and log loss."""
    for n in (100, 500):
        shape = _few(replicates, n), n
        for shift in (0.0, 1.0, 2.0):
            case = f"scores {shift:g} apart, n = {n:,}, 30 % positive"
            for name in ("auroc", "average_precision", "brier_score", "log_loss"):
                model = Normals(shift)
                found = score_intervals(name, model, shape, weights, rng)
                yield covered(name, case, weights, found, score_truth(name, model))
            uneven = Normals(shift, sd=3)
            found = score_intervals("auroc", uneven, shape, weights, rng)
            case = f"{case}, whose scores spread 3 times as wide"
            yield covered("auroc, unequal spreads", case, weights, found, uneven.area)


def area_contrasts(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate the difference of two groups' areas."""
    for n, m in ((100, 100), (100, 1000), (500, 500)):
        few = _few(replicates, max(n, m))
        for one, two in ((1.0, 1.0), (1.0, 2.0), (2.0, 2.0)):
            bands = [
                score_band(
                    "auroc",
                    score_spread("auroc", Normals(shift), (few, rows), weights, rng),
                )
                for shift, rows in ((one, n), (two, m))
            ]
            found = contrast(bands[0], bands[1], is_quick=False).difference
            case = f"scores {one:g} and {two:g} apart, n = {n:,} and {m:,}"
            truth = Normals(one).area - Normals(two).area
            yield covered("difference of areas", case, weights, found, truth)


def few_scores(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate means of losses that take two values, which few rows may all share."""
    for wrong in (0.02, 0.1):
        for n in (20, 50, 200, 1000):
            shape = _few(replicates, n), n
            for name in ("brier_score", "log_loss"):
                model = TwoScores(wrong)
                beside = score_spread(name, model, shape, weights, rng)
                truth = model.truth(name)
                seen = n * wrong * (1 - wrong)
                case = f"{100 * wrong:g} % wrong, n = {n:,}, n p (1 - p) = {seen:.1f}"
                for title, prior in (("among many groups", 1.0), ("alone", 0.0)):
                    known = replace(beside, prior=prior * beside.prior)
                    found = score_band(name, known)(Z)
                    interval = f"{name}, two scores, {title}"
                    yield covered(interval, case, weights, found, truth)


def score_truth(name: str, model: Normals) -> float:
    """Return the value over very many rows; the area is known."""
    if name == "auroc":
        return model.area
    rng = np.random.default_rng(99)
    return float(score_intervals(name, model, (1, 2_000_000), "equal", rng).value[0])


def _few(replicates: int, n: int) -> int:
    return max(min(replicates, MOST_DRAWN // n), 50)
