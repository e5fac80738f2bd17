"""Reliability before and after a fix: the base as a ghost, the fix solid, one frame."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.calibration.reliability import GroupReliability
from analysis.charts import calibration_panels as panels
from analysis.charts import numbers, theme
from analysis.charts.calibration import MAX_PANELS
from analysis.charts.calibration import table as bins_table

SUBTITLE = (
    "Observed rate against mean predicted probability. Hollow and grey: before; solid, "
    "with its 95 % band: after. On the dotted line scores come true as often as they "
    "say. Bars: how many people have which score after."
)


def before_and_after(
    before: Sequence[GroupReliability],
    after: Sequence[GroupReliability],
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw one square panel per group with both curves.

    Parameters
    ----------
    before, after : sequence of GroupReliability
        Of the same groups.
    ink : Ink
    """
    shown = drawn(after)
    subtitle = SUBTITLE
    if len(shown) < sum(not r.is_hidden for r in after):
        subtitle += f" The {len(shown)} largest of {len(after)} groups."
    figure = theme.figure("Score against outcome, before and after", subtitle, ink=ink)
    chart = panels.laid_out(figure, [after[g] for g in shown], ink)
    for panel, g in enumerate(shown):
        upper, lower = panels.places(panel, len(shown))
        color = theme.group_color(g, ink)
        panels.diagonal(chart, upper, ink)
        _ghost(chart, before[g], upper, ink)
        panels.bin_line(chart, after[g], color, upper)
        panels.histogram(chart, after[g], color, lower)
    return chart


def alt(before: Sequence[GroupReliability], after: Sequence[GroupReliability]) -> str:
    """Say each group's mean distance before and after."""
    said = [
        f"{after[g].name} from {panels.points(before[g].error.value.value)} to "
        f"{panels.points(after[g].error.value.value)} points "
        f"(n = {numbers.count(after[g].error.value.n)})"
        for g in drawn(after)
    ]
    words = "; ".join(said) or "no group is shown"
    return f"Mean distance between score and observed rate: {words}."


def table(
    before: Sequence[GroupReliability], after: Sequence[GroupReliability]
) -> pd.DataFrame:
    """Return one row per group and bin, before and then after."""
    parts = {"before": bins_table(before), "after": bins_table(after)}
    return pd.concat(
        [part.assign(when=when) for when, part in parts.items()], ignore_index=True
    )


def drawn(record: Sequence[GroupReliability]) -> list[int]:
    """Return the groups that have a panel: the largest ones with people."""
    filled = [g for g, r in enumerate(record) if r.error.value.n > 0]
    return sorted(sorted(filled, key=lambda g: -record[g].error.value.n)[:MAX_PANELS])


def _ghost(
    chart: go.Figure, r: GroupReliability, place: dict[str, int], ink: theme.Ink
) -> None:
    curve, filled = r.curve, r.curve.count > 0
    chart.add_scatter(
        x=curve.mean_score[filled],
        y=curve.observed_rate[filled],
        mode="lines+markers",
        cliponaxis=False,
        line={"color": ink.ghost, "width": 1.5},
        marker={"size": 7, "symbol": "circle-open"},
        customdata=np.column_stack([curve.low, curve.high, curve.count])[filled],
        hovertemplate="before, score %{x:.1%}: %{y:.1%} "
        "[%{customdata[0]:.1%}, %{customdata[1]:.1%}]<br>"
        "n = %{customdata[2]:,}<extra></extra>",
        **place,
    )
