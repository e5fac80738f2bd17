"""AUROC by group, weighted, 1,000,000 rows, against one sort of the same scores.

Ours includes the standard error of every group's value.
"""

from dataclasses import replace

import numpy as np

from analysis.metrics.roc import auroc_spread
from benchmarks.group_metrics import ROWS, random_evaluation
from benchmarks.report import Result, main, seconds


def measure() -> Result:
    """Time both on the same scores; the ratio is below 1, as the limit is a part."""
    rng = np.random.default_rng(0)
    evaluation = random_evaluation(ROWS, rng)
    evaluation = replace(evaluation, weights=rng.lognormal(size=ROWS))
    grouping = evaluation.grouping(("region", "age"))
    score = np.ascontiguousarray(evaluation.score)
    ours = seconds(lambda: auroc_spread(evaluation, grouping), repeat=9)
    peer = seconds(lambda: np.argsort(score), repeat=9)
    return Result(
        name="auroc",
        peer="one numpy.argsort of the scores",
        ours_seconds=ours,
        peer_seconds=peer,
        detail={"rows": ROWS, "groups": 40, "times_the_sort": ours / peer},
    )


if __name__ == "__main__":
    main(measure)
