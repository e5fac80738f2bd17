"""What to try against a shift, in words, and what each remedy gave back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.attribution.attribution import Attribution
from analysis.attribution.risk_region import RiskRegion
from analysis.charts import numbers, theme
from analysis.charts.arms import arms
from analysis.charts.changes import change_unit
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimate
from analysis.holm import holm
from analysis.metrics.registry import metric_named
from analysis.shifts.recovery import Recovery

WHY = {
    "features": (
        "Other people come: {explains}. Training rows that look like the target’s "
        "count more (importance weights)."
    ),
    "label": (
        "Outcomes became rarer or commoner: had class shares alone moved, {explains}. "
        "Scores are moved to the target’s shares (prior correction); nothing is "
        "trained."
    ),
    "mix": (
        "The mix by {attribute} moved: alone it would explain {explains}. Groups are "
        "weighed to the target’s mix."
    ),
    "outcomes": (
        "Outcomes changed for people who look the same: {explains}. No weighing of old "
        "rows can show that; it takes labels from the target."
    ),
}
"""Why a remedy is proposed, by what moved."""


def reason(cause: str, attribute: str, explains: Estimate, metric: str) -> str:
    """Say what moved, how much it explains and what is done about it."""
    said = numbers.full(explains, change_unit(metric))
    sure = explains.low > 0 or explains.high < 0
    hedge = "" if sure else ", which could be chance"
    return WHY[cause].format(attribute=attribute, explains=f"{said}{hedge}")


def region_words(region: RiskRegion, people: str) -> str:
    """Say where labels are worth most; empty where no region was found."""
    if not region.is_found:
        return ""
    return (
        f"Collect and relabel first where {region.rule}: {region.words} "
        f"{numbers.value(region.share_of_target)} of the target’s {people} are there."
    )


SURE = 0.05
"""Below this Holm-adjusted p-value a gain is no chance, all remedies considered."""


@dataclass(frozen=True)
class Tried:
    """A remedy that was tried: what it is called, and what it gave back."""

    title: str
    recovery: Recovery


def answer_words(tried: Sequence[Tried], sides: tuple[str, str]) -> str:
    """Say which remedy won back most of a drop, on rows that it has not seen."""
    first = tried[0].recovery
    metric = first.metric
    title, unit = metric_named(metric).title, change_unit(metric)
    drop = numbers.full(first.drop, unit).replace("+", "")
    here, there = (
        numbers.value(e, unit_of(metric)) for e in (first.source, first.target)
    )
    before = (
        f"On test rows, {title[:1].lower()}{title[1:]} is {here} at {sides[0]} and "
        f"{there} at {sides[1]}"
    )
    if not first.is_drop_sure:
        return (
            f"{before}: worse by {drop}, which could be chance. So there is no drop to "
            "win back; what remedies gained or lost is shown below."
        )
    adjusted = holm(np.array([t.recovery.p_value for t in tried]))
    place = int(np.argmax([t.recovery.share.value for t in tried]))
    best = tried[place]
    share = numbers.full(best.recovery.share, "percent")
    said = f"{before}: worse by {drop}. "
    if best.recovery.share.value <= 0:
        return f"{said}No remedy tried so far won any of it back."
    among = f" once all {len(tried)} tried are considered" if len(tried) > 1 else ""
    hedge = "" if adjusted[place] < SURE else f", which is not sure{among}"
    return f"{said}{best.title} won back {share} of it{hedge}."


def no_drop_words(split: Attribution, sides: tuple[str, str], others: str) -> str:
    """Say that the target is not worse, so that nothing is to be won back."""
    title, unit = short_title(split.metric), unit_of(split.metric)
    here, there = (numbers.value(e, unit) for e in (split.source, split.target))
    return (
        f"{title} is not worse at {sides[1]} ({there}, n = "
        f"{numbers.count(split.target.n)}) than at {sides[0]} ({here}, n = "
        f"{numbers.count(split.source.n)}), so there is no drop to win back. {others}"
    )


def worse_words(worse: Sequence[tuple[str, Estimate, Estimate]]) -> str:
    """Say which other measures are surely worse at the target.

    Parameters
    ----------
    worse : sequence of (str, Estimate, Estimate)
        Metric, at the source and at the target.
    """
    if not worse:
        return "No other measure of decisions is surely worse there either."
    said = [
        f"{short_title(m)} ({numbers.value(a, unit_of(m))} to "
        f"{numbers.value(b, unit_of(m))})"
        for m, a, b in worse
    ]
    return f"Worse there: {'; '.join(said)}. Choose one of these above."


def chart(tried: Sequence[Tried], ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw what each remedy gained at the target and cost at the source."""
    metric = tried[0].recovery.metric
    drop, unit = tried[0].recovery.drop, change_unit(metric)
    figure = theme.figure(
        "What each remedy gained at the target, and cost at the source",
        "Change for the better on test rows, with 95 % intervals; solid: target, "
        "hollow: source; the line marks the whole drop. Blue is better, orange worse, "
        "grey could be chance.",
        height=52 * len(tried) + 60,
        ink=ink,
    )
    order = list(reversed(tried))
    for y, one in enumerate(order):
        sides = (
            (one.recovery.gain, y + 0.14, "circle", "target"),
            (_turned(one.recovery.price), y - 0.14, "circle-open", "source"),
        )
        for estimate, at, symbol, where in sides:
            color = _color(estimate, ink)
            figure.add_scatter(
                x=[estimate.value],
                y=[at],
                mode="markers",
                marker={"color": color, "size": 11, "symbol": symbol},
                error_x=arms([estimate], color),
                hovertemplate=f"{where}: {numbers.full(estimate, unit)}"
                f"<br>n = {numbers.count(estimate.n)}<extra></extra>",
            )
    if tried[0].recovery.is_drop_sure:
        figure.add_vline(x=drop.value, line={"color": ink.muted, "width": 1})
        figure.add_scatter(  # the axis reaches a little beyond the line
            x=[1.08 * drop.value],
            y=[0],
            mode="markers",
            marker={"opacity": 0},
            hoverinfo="skip",
        )
    figure.add_vline(x=0, line={"color": ink.grid, "width": 1})
    is_percent = unit_of(metric) == "percent"
    figure.update_xaxes(tickformat="+.1~%" if is_percent else "+.3f")
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[theme.safe(t.title, theme.LABEL_WIDTH) for t in order],
        range=[-0.6, len(order) - 0.4],
        showgrid=False,
    )
    return figure


def _color(estimate: Estimate, ink: theme.Ink) -> str:
    """Blue for the better, orange for the worse, grey where it could be chance."""
    if estimate.low > 0:
        return ink.down
    return ink.up if estimate.high < 0 else ink.ghost


def alt(tried: Sequence[Tried]) -> str:
    """Say what each remedy gained and cost."""
    unit = change_unit(tried[0].recovery.metric)
    return " ".join(
        f"{t.title}: {numbers.full(t.recovery.gain, unit)} at the target, "
        f"{numbers.full(_turned(t.recovery.price), unit)} at the source."
        for t in tried
    )


def table(tried: Sequence[Tried]) -> pd.DataFrame:
    """Return the numbers behind the chart."""
    rows = []
    for one in tried:
        r = one.recovery
        row: dict[str, object] = {"remedy": one.title}
        for name in ("target", "after", "gain", "price", "share"):
            e = getattr(r, name)
            row |= {name: e.value, f"{name} low": e.low, f"{name} high": e.high}
        rows.append(row | {"n target": r.target.n, "n source": r.source.n})
    return pd.DataFrame(rows)


def _turned(estimate: Estimate) -> Estimate:
    """Return a price as a change for the better."""
    return Estimate(-estimate.value, -estimate.high, -estimate.low, estimate.n)
