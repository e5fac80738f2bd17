"""Memory of the Subgroups page's analysis at 5,000,000 rows, above the table itself.

The peer is the limit of 2 GB, so the fields called seconds hold gigabytes here.
"""

import resource
from dataclasses import replace

import numpy as np

from analysis.evaluation import Evaluation
from analysis.metrics.bands import count_band
from analysis.metrics.registry import metric_named
from analysis.subgroups.listing import listing
from analysis.subgroups.tabulate import group_table
from analysis.thresholds.curves import threshold_curves
from benchmarks.group_metrics import random_evaluation
from benchmarks.report import Result, main

ROWS = 5_000_000
LIMIT = 2.0
METRICS = ("selection_rate", "false_negative_rate", "f1", "auroc", "log_loss")


def measure() -> Result:
    """Return the peak of the process above what it held with the table loaded."""
    evaluation = random_evaluation(ROWS, np.random.default_rng(0))
    weights = np.random.default_rng(1).lognormal(size=ROWS)
    evaluation = replace(evaluation, weights=weights)
    del weights
    held = _held()
    _look(evaluation)
    above = _peak() - held
    return Result(
        name="memory",
        peer="a limit of 2 GB above the table",
        ours_seconds=above,
        peer_seconds=LIMIT,
        detail={"unit": "GB", "rows": ROWS, "table": held, "metrics": list(METRICS)},
    )


def _look(evaluation: Evaluation) -> None:
    group_table(evaluation, listing(evaluation, ("region", "age"), 2), METRICS)
    curves = threshold_curves(evaluation, ("region",))
    metric = metric_named("false_negative_rate")
    count_band(metric, curves.counts_at(0.4))  # type: ignore[arg-type] # a rate


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _held() -> float:
    """Return what the process holds now, GB."""
    with open("/proc/self/statm", encoding="ascii") as f:
        pages = int(f.read().split()[1])
    return pages * resource.getpagesize() / 1e9


if __name__ == "__main__":
    main(measure)
