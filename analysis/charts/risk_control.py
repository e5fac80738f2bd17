"""A risk held by a threshold: what became of it by group, and what it costs."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import dots, numbers, theme
from analysis.charts.numbers import Unit
from analysis.charts.risk_words import Told, percent
from analysis.conformal.control import Control
from analysis.conformal.dialled import Dialled
from analysis.conformal.realised import Held, RiskReport

EVERYONE = "Everyone"

SHORT = {
    "miscoverage": "Sets that miss the truth",
    "false_negatives": "Missed of those to be flagged",
    "f1": "Flags wrong or missing (1 − F1)",
}
"""Titles of the risks that fit a chart's."""


def risks(
    now: RiskReport,
    before: RiskReport | None = None,
    rows: str = "rows",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw the risk of everyone and by group against its level.

    Parameters
    ----------
    now : RiskReport
    before : RiskReport or None
        The same without weights, drawn hollow.
    rows : str
        Which rows these are, in words.
    ink : Ink
    """
    alpha = now.control.dial.alpha
    subtitle = f"{_share_of(now.control)}, with 95 % intervals, on {rows}"
    if now.control.risk.guarantee == "mean":
        subtitle += "; grey bands: what chance alone would show if the level were held"
    if before is not None:
        subtitle += "; hollow: the same without weights"
    return dots.chart(
        (SHORT[now.control.dial.risk], subtitle),
        _dots(now, before),
        dots.Line(alpha, f"level {percent(alpha)}"),
        ink=ink,
    )


def alt(now: RiskReport) -> str:
    """Say the risk of everyone and by group beside its level."""
    said = dots.alt(SHORT[now.control.dial.risk], _dots(now, None))
    return f"{said} Level: {percent(now.control.dial.alpha)}."


def printed(told: Sequence[Told], people: str = "people") -> pd.DataFrame:
    """Return risk and cost by group as printed, everyone first."""
    first = told[0].report
    columns: dict[str, list[str]] = {"Group": [EVERYONE, *_groups(first)]}
    columns[people.capitalize()] = _column(
        first, lambda h, g: numbers.count(h.people[g])
    )
    columns["n of the risk"] = _column(first, lambda h, g: numbers.count(h.risk.n[g]))
    for one in told:
        title = f", {one.title}" if len(told) > 1 else ""
        is_sets = one.report.control.risk.is_of_sets
        columns[f"Risk{title}"] = _column(one.report, _risk_of)
        cost = "Classes in a set" if is_sets else "Flagged"
        columns[f"{cost}{title}"] = _column(
            one.report, _size_of if is_sets else _flagged_of
        )
    return pd.DataFrame(columns)


def table(told: Sequence[Told]) -> pd.DataFrame:
    """Return all numbers, one row per report and group."""
    parts = []
    for one in told:
        for kind, held in (
            ("everyone", one.report.overall),
            ("group", one.report.by_group),
        ):
            columns: dict[str, object] = {
                "control": one.title or "as chosen",
                "of": kind,
                "name": held.names,
                "people": held.people,
            }
            for name, estimates in (("risk", held.risk), ("cost", held.load)):
                columns[name] = estimates.value
                columns[f"{name}, low"] = estimates.low
                columns[f"{name}, high"] = estimates.high
                columns[f"{name}, n"] = estimates.n
            columns["held, low"] = held.kept_low
            columns["held, high"] = held.kept_high
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def price(
    curve: Dialled, rows: str = "rows", ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw the cost over the level, with the level in force marked."""
    is_sets = curve.dial.risk == "miscoverage"
    what = "Classes in a set" if is_sets else "Share flagged"
    chart = theme.figure(
        "What a lower level costs",
        f"{what} over the level held, with 95 % intervals, on {rows}",
        height=230,
        ink=ink,
    )
    load, known = curve.load, ~np.isnan(curve.load.value)
    for end, fill in ((load.low, None), (load.high, "tonexty")):
        chart.add_scatter(
            x=curve.alphas[known],
            y=end[known],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=theme.translucent(ink.mark, 0.14),
            hoverinfo="skip",
        )
    unit: Unit = "number" if is_sets else "percent"
    places = [int(i) for i in np.flatnonzero(known)]
    cost = [numbers.full(load.at(i), unit) for i in places]
    risk = [numbers.full(curve.risk.at(i)) for i in places]
    chart.add_scatter(
        x=curve.alphas[known],
        y=load.value[known],
        mode="lines",
        line={"color": ink.mark, "width": 2},
        customdata=list(zip(cost, risk, strict=True)),
        hovertemplate="held at %{x:.0%}: %{customdata[0]}<br>"
        "realised risk %{customdata[1]}<extra></extra>",
    )
    chart.add_vline(x=curve.dial.alpha, line={"color": ink.accent, "width": 1.5})
    chart.update_xaxes(title="Level held", tickformat=".0%", range=[0, 0.51])
    chart.update_yaxes(title=what, tickformat="" if is_sets else ".1~%", nticks=6)
    chart.update_layout(margin={"b": 56})
    return chart


def price_alt(curve: Dialled) -> str:
    """Say the cost at the lowest and at the highest level that can be held."""
    known = np.flatnonzero(~np.isnan(curve.load.value))
    if not len(known):
        return "No level on the dial can be held with these rows."
    is_sets = curve.dial.risk == "miscoverage"
    unit: Unit = "number" if is_sets else "percent"
    said = [
        f"{numbers.full(curve.load.at(int(i)), unit)} at {percent(curve.alphas[i])}"
        for i in (known[0], known[-1])
    ]
    what = "Classes in a set" if is_sets else "Share flagged"
    return f"{what}, from {' to '.join(said)}."


def _dots(now: RiskReport, before: RiskReport | None) -> list[dots.Dot]:
    def dot(name: str, held: Held, was: Held | None, at: tuple[int, int]) -> dots.Dot:
        g, place = at
        ghost = None if was is None else was.risk.at(g)
        kept = float(held.kept_low[g]), float(held.kept_high[g])
        return dots.Dot(name, held.risk.at(g), place, ghost, kept)

    overall = None if before is None else before.overall
    by_group = None if before is None else before.by_group
    found = [dot(EVERYONE, now.overall, overall, (0, -1))]
    for g, name in enumerate(_groups(now)):
        found.append(dot(name, now.by_group, by_group, (g, g)))
    return found


def _groups(now: RiskReport) -> tuple[str, ...]:
    return now.by_group.names if now.attributes else ()


def _column(now: RiskReport, words: Callable[[Held, int], str]) -> list[str]:
    said = words(now.overall, 0)
    return [said, *(words(now.by_group, g) for g in range(len(_groups(now))))]


def _risk_of(held: Held, g: int) -> str:
    return numbers.full(held.risk.at(g), decimals=1)


def _size_of(held: Held, g: int) -> str:
    return _limited(held, g, numbers.full(held.load.at(g), "number", 2))


def _flagged_of(held: Held, g: int) -> str:
    return _limited(held, g, numbers.full(held.load.at(g), decimals=1))


def _limited(held: Held, g: int, said: str) -> str:
    return f"{said} (no limit)" if held.is_open[g] else said


def _share_of(control: Control) -> str:
    return {
        "miscoverage": "Share of sets that do not hold the true class",
        "false_negatives": "Share of those who should be flagged who are not",
        "f1": "One minus F1 of the flags",
    }[control.dial.risk]
