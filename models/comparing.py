"""A comparison of runs as it is asked for without a browser."""

from collections.abc import Sequence
from typing import Any

from analysis.answers import flips_json, groups_of, harmed_json, paired_json
from analysis.compare import flips, paired
from analysis.privacy.withheld import hidden_on_any
from models.named import run_evaluation
from models.store import Store

COMPARED = (
    "selection_rate",
    "accuracy",
    "false_negative_rate",
    "false_positive_rate",
    "auroc",
    "brier_score",
)
"""What is given when no metric is named."""


def compared(
    store: Store,
    runs: Sequence[str],
    attributes: tuple[str, ...],
    metrics: tuple[str, ...],
    *,
    threshold: float,
    hide_below: int,
) -> dict[str, Any]:
    """Return paired changes, flips and who was harmed, each run against the first.

    Parameters
    ----------
    store : Store
    runs : sequence of str
        Ids or unique starts of them; the base first.
    attributes : tuple of str
    metrics : tuple of str
        Empty for `COMPARED`.
    threshold : float
        Of decisions in all of them.
    hide_below : int
        Groups of fewer people are withheld.

    Raises
    ------
    AuditError
        A run, a group or a metric does not exist, or the rows are not the same.
    """
    before = run_evaluation(store, runs[0], threshold)
    names = (store.find(name).id for name in runs[1:])
    afters = {run: run_evaluation(store, run, threshold) for run in names}
    groups = groups_of(before, attributes)
    # one set for all runs: they are read together and share their people
    hidden = hidden_on_any([before, *afters.values()], attributes, hide_below)
    answer: dict[str, Any] = {"paired": {}, "flips": [], "harmed": []}
    for run, after in afters.items():
        result = paired(before, after, attributes, metrics or COMPARED)
        flipped = flips(before, after, attributes)
        if hidden.any():
            result, flipped = result.withholding(hidden), flipped.withholding(hidden)
        answer["paired"][run] = paired_json(result, groups)
        answer["flips"] += flips_json(run, flipped, groups)
        answer["harmed"] += harmed_json(run, result, groups)
    return answer
