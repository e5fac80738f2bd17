"""How often the intervals of a split hold the truth: run with `--json` for a record.

Two tables whose mechanisms are known are drawn again and again; the true parts come
from worlds of a million rows in which one mechanism after the other has moved.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.attribution.attribution import (
    Part,
    attribute_covariates,
    attribute_mechanisms,
)
from analysis.attribution.quantity import Quantity
from analysis.attribution.quantity_estimates import quantity_estimate
from analysis.attribution.risk_region import risk_region
from analysis.attribution.shapley import shapley
from analysis.causes.graph import parse_graph
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.domain import Domain

MOVED = {"mean": 0.7, "concept": -1.0}

GRAPH = parse_graph("g->x2,x1->Y,x2->Y")

QUANTITIES = {
    "Brier score": Quantity("brier_score"),
    "accuracy": Quantity("accuracy"),
    "AUROC": Quantity("auroc"),
    "false positive rate, difference": Quantity("false_positive_rate", "g", "b", "a"),
    "selection rate, largest gap": Quantity("selection_rate", "g"),
}

TRUTH_ROWS = 1_000_000


@dataclass(frozen=True)
class Held:
    """How often an interval held the truth.

    `spread` is the standard deviation of the estimates, `error` the mean one that the
    intervals claim.
    """

    split: str
    quantity: str
    part: str
    rows: int
    truth: float
    mean: float
    spread: float
    error: float
    held: float
    replicates: int


def measure(draws: int, rows: tuple[int, ...]) -> Iterator[Held]:
    """Simulate both splits of every quantity."""
    for name, quantity in QUANTITIES.items():
        by_x, by_label = true_parts(quantity)
        for n in rows:
            yield from _held(
                ("P(X), P(Y|X)", name, n),
                (by_x, by_label),
                lambda s, t, q=quantity: (
                    attribute_covariates(s, t, q, bootstrap=100).parts
                ),
                draws,
            )
            yield from _held(
                ("mechanisms", name, n),
                (0.0, by_x, 0.0, by_label),
                lambda s, t, q=quantity: (
                    attribute_mechanisms(s, t, q, GRAPH, bootstrap=100).parts
                ),
                draws,
            )


def false_regions(draws: int, rows: int) -> float:
    """Return how often a region is confirmed where P(Y|X) did not change."""
    rng = np.random.default_rng(0)
    found = [
        risk_region(drawn(rng, rows), drawn(rng, rows, mean=0.7), seed=i).is_found
        for i in range(draws)
    ]
    return float(np.mean(found))


def true_parts(quantity: Quantity) -> tuple[float, float]:
    """Return the Shapley values of x1's mean and of the label's law."""

    def value(moved: frozenset[str]) -> float:
        rng = np.random.default_rng(1)
        settings = {name: MOVED[name] for name in moved}
        table = drawn(rng, TRUTH_ROWS, **settings)
        return quantity_estimate(table.evaluation, quantity).value

    parts = shapley(tuple(MOVED), value)
    return parts["mean"], parts["concept"]


def drawn(
    rng: np.random.Generator, n: int, mean: float = 0.0, concept: float = 0.0
) -> Domain:
    """Return a table whose score is right where nothing has moved."""
    g = rng.integers(0, 2, n)
    x1, x2 = rng.normal(mean, 1, n), rng.normal(g, 1, n)
    y = rng.random(n) < expit(x1 + x2 - 0.5 + concept * (x1 > 0))
    evaluation = Evaluation(
        "model",
        y.astype(np.int64),
        binary_probabilities(expit(x1 + x2 - 0.5)),
        ("no", "yes"),
        {"g": Grouping(g, ("a", "b"))},
        np.ones(n),
        np.arange(n),
    )
    columns = {"g": g.astype(str), "x1": x1, "x2": x2}
    return Domain(evaluation, pd.DataFrame(columns))


def _held(
    case: tuple[str, str, int],
    truth: tuple[float, ...],
    split: Callable[[Domain, Domain], tuple[Part, ...]],
    draws: int,
) -> Iterator[Held]:
    rng, found = np.random.default_rng(0), []
    for _ in range(draws):
        found.append(split(drawn(rng, case[2]), drawn(rng, case[2], **MOVED)))
    for i, true in enumerate(truth):
        parts = [parts[i] for parts in found if not parts[i].is_refused]
        values = np.array([p.value for p in parts])
        yield Held(
            case[0],
            case[1],
            parts[0].component,
            case[2],
            true,
            float(values.mean()),
            float(values.std()),
            float(np.mean([(p.high - p.low) / 3.92 for p in parts])),
            float(np.mean([p.low <= true <= p.high for p in parts])),
            len(parts),
        )


def main() -> None:
    """Print one line per interval, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="+", default=[600, 2000])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    held = []
    for record in measure(options.draws, tuple(options.rows)):
        held.append(asdict(record))
        if not options.json:
            print(
                f"{record.split:14} {record.quantity:32} {record.part:14} "
                f"n = {record.rows:5,} truth {record.truth:+.4f} mean "
                f"{record.mean:+.4f} held {record.held:.3f}",
                flush=True,
            )
    regions = false_regions(options.draws, max(options.rows))
    if options.json:
        print(json.dumps({"intervals": held, "false_regions": regions}))
    else:
        print(f"regions confirmed where nothing changed: {regions:.3f}")


if __name__ == "__main__":
    main()
