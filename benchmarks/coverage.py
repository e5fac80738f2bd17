"""How often the intervals hold the truth: `python -m benchmarks.coverage --json`.

With `--write` the table in `coverage.json` is renewed.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from analysis.counts import Counts
from analysis.estimates import Estimates, Z
from analysis.intervals import (
    GAP_LEVEL,
    largest_gap,
    range_quantile,
    sidak,
    smallest_ratio,
    worst_value,
)
from analysis.metrics.bands import count_band
from analysis.metrics.kinds import CountMetric, Rate
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast
from analysis.subgroups.shrinkage import shrunken
from benchmarks.coverage_of_scores import area_contrasts, few_scores, rankings
from benchmarks.covered import Coverage, covered
from benchmarks.simulated import Rng, drawn, two_cells

TABLE = Path(__file__).with_suffix(".json")

# label by decision: (tn, fp, fn, tp)
USUAL = (0.55, 0.10, 0.10, 0.25)
RARE = (0.80, 0.08, 0.07, 0.05)
WEAK = (0.40, 0.20, 0.20, 0.20)
TABLES = {"usual": USUAL, "rare": RARE, "weak": WEAK}

UNEQUAL = {
    "5,000 and 39 of 10, rate 0.02": ((5_000, *(39 * [10])), 0.02),
    "2,000 to 5, rate 0.05": ((2_000, 500, 100, 20, 5), 0.05),
    "40 of 30, rate 0.05": (tuple(40 * [30]), 0.05),
}
"""Families of unequal or small groups, all of one rate near 0."""

MIXED = np.array([1_000, 400, 200, 100, 50, 50, 20, 20, 10, 10, 5, 5])
"""Rows of groups whose shrunken values are tried."""

FAMILIES = 2_000
"""Replicates of a family of groups at most."""


def measure(replicates: int, rng: Rng) -> Iterator[Coverage]:
    """Simulate every interval of the product."""
    for weights in ("equal", "lognormal"):
        yield from rates(replicates, weights, rng)
        yield from tables(replicates, weights, rng)
        yield from contrasts(replicates, weights, rng)
        yield from rankings(replicates, weights, rng)
        yield from area_contrasts(replicates, weights, rng)
        yield from few_scores(replicates, weights, rng)
        yield from families(replicates, weights, rng)
    yield from pooled(max(replicates // 20, 50), rng)


def rates(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate Wilson's interval of a rate."""
    for n in (20, 50, 200, 1000):
        for p in (0.01, 0.05, 0.2, 0.5):
            counts = drawn((1 - p, p, 0, 0), n, replicates, weights, rng)
            found = count_band(rate("selection_rate"), counts)(Z)
            case = f"p = {p:g}, n = {n:,}, n p (1 - p) = {n * p * (1 - p):.1f}"
            yield covered("rate (Wilson)", case, weights, found, p)


def tables(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate other functions of the table of counts."""
    names = (
        *("balanced_accuracy", "f1", "matthews_correlation", "cohens_kappa"),
        *("expected_cost:0/1/5/0", "generalized_entropy", "theil_index"),
    )
    for n in (50, 200, 1000):
        for title, cells in TABLES.items():
            counts = drawn(cells, n, replicates, weights, rng)
            truth = np.array(cells).reshape(1, 2, 2)
            for name in names:
                metric = rate(name)
                found = count_band(metric, counts)(Z)
                value = float(metric.value(truth)[0])
                yield covered(name, f"{title}, n = {n:,}", weights, found, value)


def contrasts(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate differences and ratios of two groups."""
    metric = rate("selection_rate")
    for n, m in ((100, 100), (100, 1000), (500, 500)):
        for p, q in ((0.1, 0.2), (0.2, 0.2), (0.3, 0.6), (0.5, 0.55)):
            own = drawn((1 - p, p, 0, 0), n, replicates, weights, rng)
            other = drawn((1 - q, q, 0, 0), m, replicates, weights, rng)
            bands = count_band(metric, own), count_band(metric, other)
            found = contrast(*bands, is_quick=False)
            case = f"p = {p:g} and {q:g}, n = {n:,} and {m:,}"
            yield covered("difference of rates", case, weights, found.difference, p - q)
            yield covered("ratio of rates", case, weights, found.ratio, p / q)


def families(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate the largest gap, smallest ratio and worst group of several groups."""
    few = min(replicates, FAMILIES)
    for groups in (2, 8, 40):
        sizes = groups * (500,)
        for p in (0.1, 0.4):
            truths = {
                "all equal": np.full(groups, p),
                "one apart": np.append(np.full(groups - 1, p), p / 2),
            }
            for title, truth in truths.items():
                case = f"{groups} groups of 500, rate {p:g}, {title}"
                yield from _family(case, (sizes, truth), few, weights, rng)
    for title, (sizes, p) in UNEQUAL.items():
        case = f"{len(sizes)} groups: {title}, all equal"
        family = sizes, np.full(len(sizes), p)
        yield from _family(case, family, few, weights, rng)


def _family(
    case: str,
    family: tuple[tuple[int, ...], np.ndarray],
    replicates: int,
    weights: str,
    rng: Rng,
) -> Iterator[Coverage]:
    """Simulate one family: the rows of each group, and its true rate."""
    sizes, truth = family
    groups = len(sizes)
    by_group = [
        drawn((1 - p, p, 0, 0), n, replicates, weights, rng)
        for n, p in zip(sizes, truth, strict=True)
    ]
    at = count_band(rate("selection_rate"), _side_by_side(by_group))
    wide = _by_replicate(at(range_quantile(groups, GAP_LEVEL)), groups)
    each = _by_replicate(at(sidak(groups)), groups)
    ends = {
        "largest gap": [largest_gap(*one) for one in wide],
        "smallest ratio": [smallest_ratio(*one) for one in each],
        "worst group": [worst_value(*one, "high") for one in each],
    }
    targets = (truth.max() - truth.min(), truth.min() / truth.max(), truth.min())
    for (name, found), target in zip(ends.items(), targets, strict=True):
        low, high = np.array([(one.low, one.high) for one in found]).T
        # a ratio whose value is unknown, as nobody is selected, excludes nothing
        held = Estimates(np.zeros(replicates), low, high, np.full(replicates, groups))
        yield covered(name, case, weights, held, float(target))


def pooled(replicates: int, rng: Rng) -> Iterator[Coverage]:
    """Simulate shrunken values: the share of groups held."""
    few, many = np.full(12, 50), np.full(12, 200)
    for sizes, p, spread, title in (
        (few, 0.3, 0.05, "12 groups of 50"),
        (many, 0.3, 0.05, "12 groups of 200"),
        (np.full(60, 50), 0.3, 0.0, "60 groups of 50"),
        (MIXED, 0.3, 0.05, "12 groups of 1,000 to 5"),
        (MIXED, 0.3, 0.0, "12 groups of 1,000 to 5"),
        (MIXED, 0.05, 0.02, "12 groups of 1,000 to 5"),
    ):
        case = f"{title}, rates {p:g} spread by {spread:g}"
        yield _pooled(case, (sizes, p, spread), replicates, rng)


def _pooled(
    case: str, truth: tuple[np.ndarray, float, float], replicates: int, rng: Rng
) -> Coverage:
    """Simulate groups of some sizes with rates around p with a spread."""
    sizes, p, spread = truth
    inside, widths = [], []
    for _ in range(replicates):
        true = np.clip(p + spread * rng.normal(size=len(sizes)), 0.001, 0.999)
        counts = two_cells(rng.binomial(sizes, true).astype(float), sizes)
        raw = count_band(rate("selection_rate"), counts)(Z)
        found = shrunken(raw, rows=sizes.astype(float))
        inside.append(((found.low <= true) & (true <= found.high)).mean())
        widths.append(float(np.median(found.high - found.low)))
    return Coverage(
        "shrunken value",
        case,
        "equal",
        round(float(np.mean(inside)), 4),
        round(float(np.median(widths)), 4),
        replicates,
    )


def rate(name: str) -> Rate | CountMetric:
    """Return a metric of the table of counts."""
    metric = metric_named(name)
    if not isinstance(metric, Rate | CountMetric):
        raise TypeError(f"{name} is no metric of counts")
    return metric


def _side_by_side(by_group: list[Counts]) -> Counts:
    """Return all replicates of the first group, then those of the next."""
    names = tuple(name for counts in by_group for name in counts.names)
    tables = ([getattr(c, part) for c in by_group] for part in ("n", "w", "w2"))
    return Counts(names, *map(np.concatenate, tables))


def _by_replicate(found: Estimates, groups: int) -> list[tuple[np.ndarray, ...]]:
    """Return value, ends and rows of the groups, for each replicate in turn."""
    arrays = (found.value, found.low, found.high, found.n)
    columns = [array.reshape(groups, -1).T for array in arrays]  # [r, g]
    return list(zip(*columns, strict=True))


def main() -> None:
    """Print the table; renew the committed one with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--write", action="store_true", help="renew coverage.json")
    parser.add_argument("--replicates", type=int, default=4000)
    options = parser.parse_args()
    found = list(measure(options.replicates, np.random.default_rng(0)))
    rows = [asdict(row) for row in found]
    if options.write:
        lines = ",\n".join(json.dumps(row) for row in rows)
        TABLE.write_text(f"[\n{lines}\n]\n")
    if options.json:
        print(json.dumps({"name": "coverage", "rows": rows}))
        return
    for row in found:
        print(f"{row.covered:.3f}  {row.interval}: {row.case}, {row.weights} weights")


if __name__ == "__main__":
    main()
