"""How often the intervals hold the truth: `python -m benchmarks.coverage --json`.

Every replicate is one group of a table, so that one pass of the product's own code
gives all intervals of a case. With `--write` the table in `coverage.json` is renewed.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from analysis.counts import Counts
from analysis.estimates import Estimates, Z, bounded
from analysis.evaluation import Evaluation, Scores
from analysis.frame import Grouping
from analysis.intervals import (
    GAP_LEVEL,
    largest_gap,
    range_quantile,
    sidak,
    smallest_ratio,
    worst_value,
)
from analysis.metrics.bands import count_band
from analysis.metrics.kinds import CountMetric, Metric, Rate, ScoreMetric
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast
from analysis.subgroups.shrinkage import shrunken

TABLE = Path(__file__).with_suffix(".json")
UNEVEN = 1.0
"""Standard deviation of the logarithm of uneven weights."""

# label by decision: (tn, fp, fn, tp)
USUAL = (0.55, 0.10, 0.10, 0.25)
RARE = (0.80, 0.08, 0.07, 0.05)
WEAK = (0.40, 0.20, 0.20, 0.20)
TABLES = {"usual": USUAL, "rare": RARE, "weak": WEAK}


@dataclass(frozen=True)
class Coverage:
    """Share of replicates whose 95 % interval held the truth.

    Parameters
    ----------
    interval : str
        Which interval.
    case : str
        The truth, and the rows of each group.
    weights : 'equal' or 'lognormal'
    covered : float
        Share of the replicates with a value.
    width : float
        Median width.
    replicates : int
    """

    interval: str
    case: str
    weights: str
    covered: float
    width: float
    replicates: int


Rng = np.random.Generator


def measure(replicates: int, rng: Rng) -> Iterator[Coverage]:
    """Simulate every interval of the product."""
    for weights in ("equal", "lognormal"):
        yield from rates(replicates, weights, rng)
        yield from tables(replicates, weights, rng)
        yield from contrasts(replicates, weights, rng)
        yield from rankings(replicates, weights, rng)
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


def rankings(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate AUROC, average precision, Brier score and log loss."""
    for n in (100, 500):
        for shift in (0.0, 1.0, 2.0):
            few = max(min(replicates, 400_000 // n), 50)
            for name in ("auroc", "average_precision", "brier_score", "log_loss"):
                metric = metric_named(name)
                truth = _score_truth(name, shift)
                found = score_intervals(metric, few, n, shift, weights, rng)
                case = f"scores {shift:g} apart, n = {n:,}, 30 % positive"
                yield covered(name, case, weights, found, truth)


def families(replicates: int, weights: str, rng: Rng) -> Iterator[Coverage]:
    """Simulate the largest gap, smallest ratio and worst group of several groups."""
    for groups in (2, 8, 40):
        for p in (0.1, 0.4):
            truths = {
                "all equal": np.full(groups, p),
                "one apart": np.append(np.full(groups - 1, p), p / 2),
            }
            for title, truth in truths.items():
                case = f"{groups} groups of 500, rate {p:g}, {title}"
                yield from _family(case, truth, replicates, weights, rng)


def _family(
    case: str, truth: np.ndarray, replicates: int, weights: str, rng: Rng
) -> Iterator[Coverage]:
    metric, groups = rate("selection_rate"), len(truth)
    by_group = [drawn((1 - p, p, 0, 0), 500, replicates, weights, rng) for p in truth]
    held: dict[str, list[tuple[float, float]]] = {}
    targets = {
        "largest gap": truth.max() - truth.min(),
        "smallest ratio": truth.min() / truth.max(),
        "worst group": truth.min(),
    }
    for r in range(replicates):
        counts = _replicate(by_group, r)
        at = count_band(metric, counts)
        ends = {
            "largest gap": largest_gap(*_arrays(at(range_quantile(groups, GAP_LEVEL)))),
            "smallest ratio": smallest_ratio(*_arrays(at(sidak(groups)))),
            "worst group": worst_value(*_arrays(at(sidak(groups))), "high"),
        }
        for name, estimate in ends.items():
            held.setdefault(name, []).append((estimate.low, estimate.high))
    for name, pairs in held.items():
        low, high = np.array(pairs).T
        found = Estimates(low, low, high, np.full(replicates, 500.0))
        yield covered(name, case, weights, found, float(targets[name]))


def pooled(replicates: int, rng: Rng) -> Iterator[Coverage]:
    """Simulate shrunken values: the share of groups held."""
    metric = rate("selection_rate")
    for groups, n, spread in ((12, 50, 0.05), (12, 200, 0.05), (60, 50, 0.0)):
        inside, widths = [], []
        for _ in range(replicates):
            p = np.clip(0.3 + spread * rng.normal(size=groups), 0.01, 0.99)
            hits = rng.binomial(n, p).astype(float)
            counts = _two_cells(hits, np.full(groups, float(n)))
            found = shrunken(count_band(metric, counts)(Z))
            inside.append(((found.low <= p) & (p <= found.high)).mean())
            widths.append(float(np.median(found.high - found.low)))
        case = f"{groups} groups of {n}, rates 0.3 spread by {spread:g}"
        yield Coverage(
            "shrunken value",
            case,
            "equal",
            round(float(np.mean(inside)), 4),
            round(float(np.median(widths)), 4),
            replicates,
        )


def drawn(
    cells: tuple[float, ...], n: int, replicates: int, weights: str, rng: Rng
) -> Counts:
    """Return `replicates` tables of n rows, each as one group."""
    share = np.array(cells) / sum(cells)
    names = tuple(map(str, range(replicates)))
    if weights == "equal":
        table = rng.multinomial(n, share, replicates).reshape(-1, 2, 2).astype(float)
        return Counts(names, table, table, table)
    which = rng.choice(4, size=(replicates, n), p=share)
    w = rng.lognormal(sigma=UNEVEN, size=(replicates, n))
    at = which + 4 * np.arange(replicates)[:, None]
    tables_ = [
        np.bincount(at.ravel(), v, 4 * replicates).reshape(-1, 2, 2)
        for v in (np.ones(at.size), w.ravel(), (w**2).ravel())
    ]
    return Counts(names, *tables_)


def score_intervals(
    metric: Metric, replicates: int, n: int, shift: float, weights: str, rng: Rng
) -> Estimates:
    """Return the intervals of a metric of scores over replicates of n rows."""
    if not isinstance(metric, ScoreMetric):
        raise TypeError(f"{metric.name} is no metric of scores")
    y = rng.random(replicates * n) < 0.3
    x = rng.normal(size=len(y)) + shift * y
    w = rng.lognormal(sigma=UNEVEN, size=len(y)) if weights != "equal" else 1.0
    evaluation = Evaluation(
        title="",
        y_true=y.astype(int),
        scores=Scores(np.column_stack([1 - _probability(x), _probability(x)])),
        classes=("no", "yes"),
        groups={},
        weights=w * np.ones(len(y)),
        row_ids=np.arange(len(y)),
    )
    names = tuple(map(str, range(replicates)))
    grouping = Grouping(np.repeat(np.arange(replicates), n), names)
    spread = metric.spread(evaluation, grouping)
    return bounded(spread.value, metric.limits(spread, Z), spread.n, metric.bounds)


def covered(
    interval: str, case: str, weights: str, found: Estimates, truth: float
) -> Coverage:
    """Return the share of intervals that hold the truth; an unknown end holds it."""
    known = ~np.isnan(found.value)
    low = np.nan_to_num(found.low[known], nan=-np.inf)
    high = np.nan_to_num(found.high[known], nan=np.inf)
    inside = (low <= truth + 1e-12) & (truth - 1e-12 <= high)
    width = np.median(high - low)
    return Coverage(
        interval,
        case,
        weights,
        round(float(inside.mean()), 4),
        round(float(width), 4) if np.isfinite(width) else float("nan"),
        int(known.sum()),
    )


def rate(name: str) -> Rate | CountMetric:
    """Return a metric of the table of counts."""
    metric = metric_named(name)
    if not isinstance(metric, Rate | CountMetric):
        raise TypeError(f"{name} is no metric of counts")
    return metric


def _probability(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(x - 1)))


def _score_truth(name: str, shift: float) -> float:
    """Return the value over very many rows."""
    rng = np.random.default_rng(99)
    metric = metric_named(name)
    return float(score_intervals(metric, 1, 2_000_000, shift, "equal", rng).value[0])


def _replicate(by_group: list[Counts], r: int) -> Counts:
    names = tuple(map(str, range(len(by_group))))
    parts = ([c.n[r] for c in by_group], [c.w[r] for c in by_group])
    return Counts(names, *map(np.stack, parts), np.stack([c.w2[r] for c in by_group]))


def _two_cells(hits: np.ndarray, n: np.ndarray) -> Counts:
    table = np.zeros((len(hits), 2, 2))
    table[:, 0, 0], table[:, 0, 1] = n - hits, hits
    return Counts(tuple(map(str, range(len(hits)))), table, table, table)


def _arrays(e: Estimates) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return e.value, e.low, e.high, e.n


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
