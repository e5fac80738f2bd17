"""Sentences on a held risk: whether it is, by what promise, and for whom not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.charts import numbers
from analysis.charts.groups import gap_size
from analysis.charts.thresholds import threshold_words
from analysis.conformal.control import Control
from analysis.conformal.realised import Held, RiskReport

MAX_NAMED = 4


@dataclass(frozen=True, eq=False)
class Told:
    """One report with what it is called in a table.

    Parameters
    ----------
    title : str
    report : RiskReport
    """

    title: str
    report: RiskReport


def finding(now: RiskReport, people: str = "people") -> str:
    """Say whether the risk is held, for whom surely not, and what it costs."""
    control, alpha = now.control, now.control.dial.alpha
    if control.is_impossible.all():
        return (
            f"No threshold can be promised to keep 1 − F1 at {percent(alpha)} or less "
            f"with these {numbers.count(control.n.sum())} rows. Allow more, or bring "
            "more rows to fit on."
        )
    overall = now.overall.risk.at(0)
    said = f"Set to hold {percent(alpha)}: {_became(now, people)}"
    if not overall.is_undefined:
        said += f" (n = {numbers.count(overall.n)})"
    said += f", and {_cost(now.overall, control, people)}."
    if now.overall.is_over[0]:
        said += " The level is surely not held here."
    over = _surely_over(now)
    if over:
        said += f" Surely above the level: {over}."
    elif now.attributes:
        said += " No group is surely above the level."
    return said


def _became(now: RiskReport, people: str) -> str:
    overall = now.overall.risk.at(0)
    if overall.is_undefined:
        return "nobody here counts towards it"
    held = numbers.full(overall)
    return {
        "miscoverage": f"{held} of {people} get a set that misses the truth",
        "false_negatives": f"{held} of those who should be flagged are missed",
        "f1": f"1 − F1 of the flags is {held}",
    }[now.control.dial.risk]


def threshold_said(control: Control, *, is_ranked: bool = False) -> str:
    """Say where the thresholds lie, and where there is none."""
    parts = [
        f"{_named(control, c)}{_threshold(control, c, is_ranked=is_ranked)}"
        for c in _first(control)
    ]
    more = len(control.names) - len(parts)
    said = "; ".join(parts) + (f"; and {more:,} more groups" if more > 0 else "")
    effective = numbers.count(control.effective.sum())
    counted = numbers.count(control.n.sum())
    rows = f"Fitted on {counted} rows"
    rows += "" if effective == counted else f", worth {effective} of equal weight"
    if not control.dial.attributes:  # else a group's name comes first, as it is
        said = said[:1].upper() + said[1:]
    return f"{said}. {rows}."


def guarantee_words(control: Control, *, is_weighted: bool) -> str:
    """Say what kind of promise this is."""
    alpha = percent(control.dial.alpha)
    if control.risk.guarantee == "probability":
        delta = 100 * (1 - control.dial.delta)
        said = (
            "F1 does not fall steadily with the threshold, so that each one is tested: "
            f"with {delta:.0f} % probability over the rows fitted on, the one chosen "
            f"keeps 1 − F1 at {alpha} or less for others like them. That is another "
            "kind of promise than one that holds on average."
        )
    elif is_weighted:
        return (
            f"The level of {alpha} holds on average for those like the weighted rows; "
            "it is missed by no more than how far these are from those who come. "
            "Weights that are read off the data make this approximate. Farinhas, "
            "Zerva, Ulmer & Martins (2024), ICLR."
        )
    else:
        said = (
            f"The level of {alpha} holds on average, over draws of the rows fitted on "
            "and of those who come, if these are like them: for one table the "
            "risk falls on either side of it."
        )
    return f"{said} {control.risk.source}."


def gap_words(now: RiskReport) -> str:
    """Say the largest gap of the risk between two groups; empty without one."""
    if now.gap.is_undefined:
        return ""
    gap = gap_size(now.gap, "percent")
    return f"Largest gap between two groups: {gap}; its interval holds for all pairs."


def change_words(before: Sequence[Told], after: Sequence[Told]) -> str:
    """Say the risk of everyone on either side of a change point, by way of control."""
    said = [
        f"{then.title}: {numbers.full(then.report.overall.risk.at(0))} before the "
        f"change and {numbers.full(now.report.overall.risk.at(0))} after."
        for then, now in zip(before, after, strict=True)
    ]
    return " ".join(said)


def percent(share: float) -> str:
    """Return a level in percent, with a decimal where it has one."""
    decimals = 0 if abs(100 * share - round(100 * share)) < 0.05 else 1
    return numbers.plain(share, decimals=decimals)


def _cost(held: Held, control: Control, people: str) -> str:
    load = held.load.at(0)
    if control.risk.is_of_sets:
        return f"sets have {numbers.full(load, 'number', 2)} classes on average"
    return f"{numbers.full(load)} of {people} are flagged"


def _surely_over(now: RiskReport) -> str:
    """Name the groups surely above the level; empty for none."""
    if not now.attributes:
        return ""
    risk, over = now.by_group.risk, np.flatnonzero(now.by_group.is_over)
    worst = sorted(over, key=lambda g: -risk.value[g])[:MAX_NAMED]
    said = ", ".join(
        f"{now.by_group.names[g]} ({numbers.full(risk.at(int(g)))}, "
        f"n = {numbers.count(risk.n[g])})"
        for g in worst
    )
    more = len(over) - len(worst)
    return f"{said} and {more:,} more" if more > 0 else said


def _first(control: Control) -> range:
    return range(min(len(control.names), 2 * MAX_NAMED))


def _named(control: Control, c: int) -> str:
    return f"{control.names[c]}: " if control.dial.attributes else ""


def _threshold(control: Control, c: int, *, is_ranked: bool) -> str:
    at = float(control.thresholds[c])
    if np.isnan(at):
        return "no threshold can be promised"
    if control.risk.is_of_sets:
        if np.isinf(at):
            return "every class is in, for want of rows"
        scale = "rank" if is_ranked else "probability"
        return f"a class is in the set from a {scale} of {threshold_words(1 - at)}"
    if np.isinf(at):
        return "everyone is flagged, for want of rows"
    scale = "rank" if is_ranked else "score"
    return f"flagged from a {scale} of {threshold_words(at)}"
