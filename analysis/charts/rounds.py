"""The rounds of a multicalibration as a table: whom it patched, and what was kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.charts import numbers
from analysis.charts.group_table import q_words

HELPS = {
    "Chance": "Probability of being off as far as this if the scores were right "
    "(p-value), before all groups tried are counted.",
    "Distance before, points": "Mean distance of score and outcome in ten bins, noise "
    "included.",
    "After, points": "The same on rows that the patch was not fitted on.",
    "Gain, nats": "Fall in log loss per person, on rows that the patch was not fitted "
    "on.",
}


def printed(history: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row per round, as printed.

    Parameters
    ----------
    history : sequence of mapping
        Each with cohort, n, p_value, error_before, error_after, gain and accepted.
    """
    return pd.DataFrame(
        {
            "Cohort": [r["cohort"] for r in history],
            "People": [numbers.count(r["n"]) for r in history],
            "Chance": [q_words(r["p_value"]) for r in history],
            "Distance before, points": [_points(r["error_before"]) for r in history],
            "After, points": [_points(r["error_after"]) for r in history],
            "Gain, nats": [_gain(r["gain"]) for r in history],
            "Patch": ["kept" if r["accepted"] else "dropped" for r in history],
        }
    )


def _points(share: float | None) -> str:
    return numbers.UNDEFINED if share is None else f"{100 * share:.1f}"


def _gain(gain: float | None) -> str:
    return numbers.UNDEFINED if gain is None else f"{gain:+.4f}".replace("-", "−")
