"""Metrics of 40 intersections over 1,000,000 rows, against fairlearn's MetricFrame.

Ours includes the 95 % intervals of every group, gap and ratio. fairlearn is timed
without any interval, and with its bootstrap: 5 replicates, from which 1,000 are
extrapolated.
"""

import warnings

import fairlearn.metrics as fm
import numpy as np
import sklearn.metrics as sk

from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.subgroups.disaggregate import disaggregate
from benchmarks.report import Result, main, seconds

ROWS = 1_000_000
DRAWN, REPLICATES = 5, 1_000
METRICS = {
    "selection_rate": fm.selection_rate,
    "true_positive_rate": fm.true_positive_rate,
    "false_positive_rate": fm.false_positive_rate,
    "false_negative_rate": fm.false_negative_rate,
    "true_negative_rate": fm.true_negative_rate,
    "precision": sk.precision_score,
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
}


def measure() -> Result:
    """Time both on the same arrays and check that they agree."""
    evaluation = random_evaluation(ROWS, np.random.default_rng(0))
    names = list(METRICS)

    def ours() -> dict[str, np.ndarray]:
        # a new decision rule each time, so that no decision is remembered
        fresh = evaluation.decided_by(Threshold(0.5))
        table = disaggregate(fresh, ("region", "age"), names)
        return {name: table.by_group[name].value for name in names}

    codes = evaluation.grouping(("region", "age")).codes
    decisions = evaluation.decisions.astype(int)

    def peer(**bootstrap: object) -> "fm.MetricFrame":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fm.MetricFrame(
                metrics=METRICS,
                y_true=evaluation.y_true,
                y_pred=decisions,
                sensitive_features=codes,
                **bootstrap,
            )

    ours()  # the first call imports scipy's integrator
    theirs = peer().by_group
    apart = max(float(np.abs(v - theirs[name]).max()) for name, v in ours().items())
    ours_seconds, peer_seconds = seconds(ours, repeat=7), seconds(peer)
    drawn = seconds(lambda: peer(n_boot=DRAWN, ci_quantiles=[0.025, 0.975]))
    bootstrapped = peer_seconds + (drawn - peer_seconds) * REPLICATES / DRAWN
    return Result(
        name="group_metrics",
        peer="fairlearn.metrics.MetricFrame (no intervals)",
        ours_seconds=ours_seconds,
        peer_seconds=peer_seconds,
        detail={
            "rows": ROWS,
            "groups": 40,
            "metrics": names,
            "intervals": "ours: every group, gap and ratio",
            "largest_difference": apart,
            "bootstrap": {
                "peer_seconds_measured": drawn,
                "replicates_measured": DRAWN,
                "peer_seconds_extrapolated": bootstrapped,
                "replicates_extrapolated_to": REPLICATES,
                "ratio": bootstrapped / ours_seconds,
            },
        },
    )


def random_evaluation(n: int, rng: np.random.Generator) -> Evaluation:
    """Return n rows in 8 x 5 groups, with scores that rank somewhat."""
    y_true = rng.integers(0, 2, n)
    score = np.clip(rng.beta(2, 2, n) * 0.7 + 0.3 * y_true, 0, 1)
    groups = {
        "region": Grouping(rng.integers(0, 8, n), tuple("ABCDEFGH")),
        "age": Grouping(rng.integers(0, 5, n), tuple("12345")),
    }
    return Evaluation(
        title="random",
        y_true=y_true,
        scores=binary_probabilities(score),
        classes=("no", "yes"),
        groups=groups,
        weights=np.ones(n),
        row_ids=np.arange(n),
    )


if __name__ == "__main__":
    main(measure)
