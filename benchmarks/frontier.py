"""Equalised odds over tolerances, against a loop over error-parity.

20 tolerances from 0 to 0.2 on 50,000 rows of eight groups, unit costs. The peer is
fitted once for each, as it has no other way; it is given every point of the ROC curves,
so that both solve the same programme, and is timed once more with its default of at
most 1,000. Ours is timed with the tables, the lotteries and the share drawn for.
A second entry makes the tables and hulls of 1,000,000 rows and compares that with one
sort of their scores.

The peer and what it needs are in `benchmarks/requirements.txt`.
"""

import warnings
from typing import Any

import numpy as np
from scipy.special import expit

from analysis.arrays import Bools, Floats, Ints
from analysis.parity.frontier import Frontier, GroupRules
from analysis.parity.roc import group_rates
from benchmarks.report import Result, main, seconds

ROWS, GROUPS, LARGE = 50_000, 8, 1_000_000

TOLERANCES = np.linspace(0.0, 0.2, 20)

EVERY_POINT = 10**9


def measure() -> Result:
    """Time both over all tolerances, and ours on a large table."""
    peer = peer_class()
    rows = people(ROWS)

    def ours() -> list[GroupRules]:
        tables = group_rates(rows[0], rows[1], np.ones(ROWS), rows[2], GROUPS)
        return list(Frontier(tables, "equalized_odds").by_lot(TOLERANCES))

    def theirs(ticks: int = EVERY_POINT) -> list[float]:
        return [peer_cost(peer, rows, float(t), ticks) for t in TOLERANCES]

    found, expected = np.array([rules.cost for rules in ours()]), np.array(theirs())
    ours_seconds = seconds(ours, repeat=5)
    return Result(
        name="frontier",
        peer="error_parity.RelaxedThresholdOptimizer, fitted at each tolerance",
        ours_seconds=ours_seconds,
        peer_seconds=seconds(theirs),
        detail={
            "rows": ROWS,
            "groups": GROUPS,
            "tolerances": len(TOLERANCES),
            "furthest_optimum": float(np.abs(found - expected).max()),
            "peer_seconds_at_1000_ticks": seconds(lambda: theirs(1000)),
            "with_one_threshold_each": seconds(lambda: both(rows), repeat=3),
            "large": large(),
        },
    )


def both(rows: tuple[Floats, Bools, Ints]) -> None:
    """Find the optimum by lot and one threshold each, at all tolerances."""
    tables = group_rates(rows[0], rows[1], np.ones(len(rows[0])), rows[2], GROUPS)
    frontier = Frontier(tables, "equalized_odds")
    for _ in frontier.by_lot(TOLERANCES):
        pass
    for tolerance in TOLERANCES:
        frontier.one_each(float(tolerance))


def people(n: int) -> tuple[Floats, Bools, Ints]:
    """Return scores, labels and groups of people who are not scored alike."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, GROUPS, n)
    margin = rng.normal(size=n) + 0.2 * codes
    return expit(margin), rng.random(n) < expit(margin - 0.4 * (codes % 3)), codes


def peer_class() -> Any:
    """Import the real package.

    Raises
    ------
    SystemExit
        It is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import ecos  # noqa: F401 (the peer's solver, which it does not ask for)
            from error_parity import RelaxedThresholdOptimizer
    except ImportError as error:
        raise SystemExit(
            f"The peer cannot be imported ({error}). Install it, best into an "
            "environment of its own: pip install -r benchmarks/requirements.txt"
        ) from error
    return RelaxedThresholdOptimizer


def peer_cost(
    peer: Any, rows: tuple[Floats, Bools, Ints], tolerance: float, ticks: int
) -> float:
    """Return the cost of the peer's optimum at one tolerance."""
    scores, labels, codes = rows
    fitted = peer(
        predictor=lambda x: x[:, 0],
        constraint="equalized_odds",
        tolerance=tolerance,
        max_roc_ticks=ticks,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted.fit(
            scores[:, None], labels.astype(np.int64), group=codes, y_scores=scores
        )
    return float(fitted.cost())


def large() -> dict[str, Any]:
    """Time the tables and hulls of many rows, and one sort of their scores."""
    scores, labels, codes = people(LARGE)
    weights = np.ones(LARGE)

    def tables() -> None:
        for table in group_rates(scores, labels, weights, codes, GROUPS):
            len(table.hull)

    ours, sort = seconds(tables, repeat=5), seconds(lambda: np.argsort(scores), 5)
    return {
        "rows": LARGE,
        "tables_and_hulls_seconds": ours,
        "one_sort_seconds": sort,
        "over_one_sort": ours / sort,
    }


if __name__ == "__main__":
    main(measure)
