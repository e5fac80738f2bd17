"""What remedies usually do: medians of the committed study of all of them."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from statistics import fmean, median
from types import MappingProxyType

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "remedies.json"
"""As `python -m benchmarks.remedies --write` leaves it; without it nothing is known."""

MEASURES = {
    "accuracy": "accuracy",
    "worst_group_error": "the worst group's error",
    "error_rates_gap": "the gap in error rates",
    "selection_gap": "the gap in selection",
    "calibration_error": "calibration error",
}
"""What was measured, in words."""

LARGE = "census_income"
"""Studied with three remedies only, and so left out of medians."""


@cache
def usual(remedy: str) -> Mapping[str, float]:
    """Return what a remedy changed by measure, as a share; empty if it was not studied.

    The median over tasks of the mean over seeds, each against the plain model of the
    same seed, at the remedy's default settings.
    """
    by_task = _changes(remedy).values()
    if not by_task:
        return MappingProxyType({})
    return MappingProxyType(
        {m: median(fmean(c[m] for c in seeds) for seeds in by_task) for m in MEASURES}
    )


def usual_words(remedy: str) -> str:
    """Say what a remedy usually moved, in points; empty if it was not studied."""
    found = usual(remedy)
    if not found:
        return ""
    said = [f"{MEASURES[m]} {_signed(100 * change)}" for m, change in found.items()]
    tables = len(_changes(remedy))
    return f"In points, at the median of {tables} tables of ours: {', '.join(said)}."


@cache
def _changes(remedy: str) -> dict[str, list[dict[str, float]]]:
    """Return by task what each seed changed, by measure."""
    rows, found = _rows(), dict[str, list[dict[str, float]]]()
    for (task, name, seed), row in rows.items():
        plain = rows.get((task, "", seed), {})
        is_known = all(m in row and m in plain for m in MEASURES)
        if name == remedy and task != LARGE and is_known:
            change = {m: row[m] - plain[m] for m in MEASURES}
            found.setdefault(task, []).append(change)
    return found


def _signed(points: float) -> str:
    text = f"{points:+.1f}".replace("-", "\u2212")
    return "\u00b10.0" if text in ("+0.0", "\u22120.0") else text


@cache
def _rows() -> dict[tuple[str, str, int], dict[str, float]]:
    try:
        listed = json.loads(RESULTS.read_text())
    except (OSError, ValueError):
        return {}
    return {(r["task"], r["remedy"], r["seed"]): r for r in listed}
