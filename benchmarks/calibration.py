"""Reliability of 40 groups over 1,000,000 rows, against a bootstrap of netcal's ECE.

Ours includes, for every group, the curve with its bands, the expected calibration error
with an interval that holds for all bins, its debiased value and its null range. netcal
has no groups and no bands: a loop over groups measures one error each, and a bootstrap
around it gives intervals. 5 replicates are timed, from which 200 are extrapolated.
"""

import warnings

import numpy as np

from analysis.calibration.reliability import reliability_by_group
from benchmarks.group_metrics import random_evaluation
from benchmarks.report import Result, main, seconds

ROWS = 1_000_000
DRAWN, REPLICATES = 5, 200
BY = ("region", "age")


def measure() -> Result:
    """Time both on the same arrays and check that they agree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # netcal's imports raise many
        from netcal.metrics import ECE
    evaluation = random_evaluation(ROWS, np.random.default_rng(0))
    codes, rng = evaluation.grouping(BY).codes, np.random.default_rng(1)
    # its rows are parted by group beforehand, which is not counted
    parted = [
        (evaluation.score[rows].astype(np.float64), evaluation.y_true[rows])
        for rows in (np.flatnonzero(codes == g) for g in range(codes.max() + 1))
    ]

    def ours() -> np.ndarray:
        record = reliability_by_group(evaluation, BY)
        return np.array([r.error.value.value for r in record])

    def peer() -> np.ndarray:
        return np.array([ECE(bins=10).measure(s, y) for s, y in parted])

    def bootstrap() -> None:
        for _ in range(DRAWN):
            for s, y in parted:
                drawn = rng.integers(0, len(s), len(s))
                ECE(bins=10).measure(s[drawn], y[drawn])

    apart = float(np.abs(ours() - peer()).max())
    ours_seconds, drawn = seconds(ours, repeat=15), seconds(bootstrap)
    return Result(
        name="calibration",
        peer="a bootstrap (200 replicates) of a loop over netcal's ECE by group",
        ours_seconds=ours_seconds,
        peer_seconds=drawn * REPLICATES / DRAWN,
        detail={
            "rows": ROWS,
            "groups": len(parted),
            "bins": 10,
            "ours": "curves, bands, errors, intervals, debiased values, null ranges",
            "largest_difference": apart,
            "peer_is": "extrapolated",
            "peer_seconds_measured": drawn,
            "replicates_measured": DRAWN,
            "replicates_extrapolated_to": REPLICATES,
            "peer_seconds_once_without_bootstrap": seconds(peer),
        },
    )


if __name__ == "__main__":
    main(measure)
