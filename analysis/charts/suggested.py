"""Suggested groups in print."""

from collections.abc import Sequence

import pandas as pd

from analysis.charts import numbers
from analysis.charts.group_table import q_words
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimate
from analysis.lookalikes.suggested import Suggestion, Suggestions

SURE = 0.05


def printed(record: Suggestions) -> pd.DataFrame:
    """Return the suggestions as texts, worst first."""
    unit, shown = unit_of(record.metric), record.suggestions
    decimals = numbers.shared_decimals([s.estimate for s in shown], unit)
    points: numbers.Unit = "points" if unit == "percent" else "change"
    return pd.DataFrame(
        {
            "Suggested group": [str(s.cohort) for s in shown],
            "Matching": [numbers.count(s.n) for s in shown],
            "n": [numbers.count(s.estimate.n) for s in shown],
            short_title(record.metric): [
                numbers.full(s.estimate, unit, decimals) for s in shown
            ],
            "All others": [numbers.full(s.rest, unit, decimals) for s in shown],
            "Difference": [_difference(s, points, decimals) for s in shown],
            "q": [q_words(s.q_value).removeprefix("= ") for s in shown],
        }
    )


def table(record: Suggestions) -> pd.DataFrame:
    """Return every number of the suggestions, unrounded."""
    name, shown = short_title(record.metric), record.suggestions
    columns: dict[str, object] = {
        "suggested group": [str(s.cohort) for s in shown],
        "people": [s.n for s in shown],
        "dominant values": [_traits(s) for s in shown],
    }
    for words, field in ((name, "estimate"), ("all others", "rest")):
        columns |= _estimates(words, [getattr(s, field) for s in shown])
    columns |= _estimates("difference", [s.difference for s in shown])
    columns["q-value"] = [s.q_value for s in shown]
    return pd.DataFrame(columns)


def words(record: Suggestions) -> str:
    """Say the worst surely different suggestion, as far as there is one.

    Plain text, not escaped: names and values come from the data.
    """
    if not record.suggestions:
        return "No group of people who look alike stands out by its features."
    unit = unit_of(record.metric)
    sure = [s for s in record.suggestions if s.q_value < SURE]
    if not sure:
        return (
            f"None of the {len(record.suggestions)} suggested groups differs from all "
            "others by more than chance."
        )
    first = sure[0]
    decimals = numbers.shared_decimals([first.estimate, first.rest], unit)
    return (
        f"{len(sure)} of {len(record.suggestions)} suggested groups "
        f"{'differs' if len(sure) == 1 else 'differ'} from all "
        f"others by more than chance. The worst of them: {first.cohort} "
        f"({short_title(record.metric).lower()} "
        f"{numbers.full(first.estimate, unit, decimals)} against "
        f"{numbers.full(first.rest, unit, decimals)}, n = "
        f"{numbers.count(first.estimate.n)} and {numbers.count(first.rest.n)})."
    )


def _difference(s: Suggestion, unit: numbers.Unit, decimals: int) -> str:
    change = numbers.as_printed(
        s.difference, s.rest.value, s.estimate.value, unit, decimals
    )
    return numbers.value(change, unit, decimals)


def _traits(s: Suggestion) -> str:
    return "; ".join(
        f"{t.rule}: {numbers.plain(t.share, decimals=0)} of the cluster, "
        f"{numbers.plain(t.share_of_all, decimals=0)} of all"
        for t in s.traits
    )


def _estimates(name: str, shown: Sequence[Estimate]) -> dict[str, list[float]]:
    parts = {"": "value", ", low": "low", ", high": "high", ", n": "n"}
    return {
        f"{name}{words}": [getattr(e, field) for e in shown]
        for words, field in parts.items()
    }
