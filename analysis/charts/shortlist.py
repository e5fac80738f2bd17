"""Several fixes side by side, each by what it was made for: a sentence and a table."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.charts import numbers
from analysis.charts.changes import change_unit
from analysis.charts.groups import short_title, unit_of
from analysis.compare import PairedComparison
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation
from analysis.verdict import Verdict, verdict

MOST_NAMED = 3
"""Groups named in a cell or a sentence; of more, the others are left out."""


def answer_words(paired: Mapping[str, tuple[str, PairedComparison]]) -> str:
    """Say which fix surely helps most in what it was made for, or that none does.

    Parameters
    ----------
    paired : mapping of str to (str, PairedComparison)
        The measure each fix was made for, and before and after it in that measure and
        accuracy.
    """
    left = {title: _left(*one) for title, one in paired.items()}
    if not any(share < 1 for share in left.values()):
        return (
            "None of these narrows what it was made for on these rows. Look closer "
            "before you take one."
        )
    verdicts = {title: verdict(r, metric) for title, (metric, r) in paired.items()}
    best = min(left, key=lambda t: (*_standing(verdicts[t]), left[t]))
    metric, record = paired[best]
    found = verdicts[best]
    price = numbers.full(record.overall["accuracy"], "points")
    said = (
        f"{best[:1].upper()}{best[1:]}: {_what(metric, record)} goes from "
        f"{_aim(record.before, metric)} to {_aim(record.after, metric)}, for {price} "
        "of accuracy"
    )
    if not _has_side(metric):
        return f"{said}; it {_moves(found)}."
    if found.lost:
        return f"{said}; but {_named(found.lost)} are surely worse off in it."
    if not found.gained:
        return f"{said}; that may be chance, as no group surely gains."
    return f"{said}, and no group is surely worse off in it."


def table(paired: Mapping[str, tuple[str, PairedComparison]]) -> pd.DataFrame:
    """Return what each fix did to what it was made for, as printed."""
    rows = []
    for title, (metric, record) in paired.items():
        found = verdict(record, metric)
        accuracy = numbers.full(record.overall["accuracy"], change_unit("accuracy"))
        lower, higher = ("", "") if _has_side(metric) else ("lower: ", "higher: ")
        gained, lost = _named(found.gained), _named(found.lost)
        rows.append(
            (
                title,
                _kind(metric, record),
                _aim(record.before, metric),
                _aim(record.after, metric),
                f"{lower}{gained}" if gained else "none",
                f"{higher}{lost}" if lost else "none",
                accuracy,
            )
        )
    columns = ["Fix", "Made for", "Before", "After", "Better", "Worse", "Accuracy"]
    return pd.DataFrame(rows, columns=columns)


def _left(metric: str, record: PairedComparison) -> float:
    """Return what is left of what a fix was made for, as a share; 1 if not known."""
    before, after = (_read(s, metric).value for s in (record.before, record.after))
    return float(after / before) if before > 0 and not np.isnan(after) else 1.0


def _standing(found: Verdict) -> tuple[bool, bool]:
    """Return how a fix ranks: first those that surely help somebody, and harm nobody.

    A measure that is neither good nor bad has nobody who gains or loses by it.
    """
    if not _has_side(found.metric):
        return (not (found.gained or found.lost), True)
    return (not found.gained, bool(found.lost))


def _has_side(metric: str) -> bool:
    return metric_named(metric).better != "none"


def _moves(found: Verdict) -> str:
    """Say for whom a measure that is neither good nor bad fell and rose."""
    said = [f"falls for {_named(found.gained)}"] if found.gained else []
    said += [f"rises for {_named(found.lost)}"] if found.lost else []
    return " and ".join(said) or "surely moves for no group"


def _read(side: Disaggregation, metric: str) -> Estimate:
    """Return the gap of a side, or everyone's value where there are no groups."""
    return side.gaps[metric] if side.attributes else side.overall[metric]


def _aim(side: Disaggregation, metric: str) -> str:
    return numbers.full(_read(side, metric), unit_of(metric))


def _kind(metric: str, record: PairedComparison) -> str:
    gap = "gap: " if record.before.attributes else ""
    return f"{gap}{short_title(metric).lower()}"


def _what(metric: str, record: PairedComparison) -> str:
    title, by = short_title(metric).lower(), " × ".join(record.before.attributes)
    return f"the gap in \u2018{title}\u2019 by {by}" if by else title


def _named(groups: Sequence[str]) -> str:
    return ", ".join(groups[:MOST_NAMED])
