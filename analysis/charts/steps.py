"""From a number at the source to the same at the target, step by step."""

import textwrap
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from analysis.attribution.attribution import Part
from analysis.attribution.quantity import Quantity
from analysis.charts import components, numbers, theme
from analysis.charts import quantity_words as words
from analysis.estimates import Estimate

SURE = 0.05
"""Largest adjusted p-value of a part that is called sure."""

BY_CONSTRUCTION = 1e-9
"""Below it nothing is left over by construction, and none is drawn."""

NAMED_LETTERS = 44
"""Letters of a component's name under its column; the rest is in the hover."""


@dataclass(frozen=True)
class Steps:
    """What a waterfall draws.

    Parameters
    ----------
    quantity : Quantity
    source, target, change : Estimate
    parts : tuple of Part
        In the order in which they are drawn.
    residual : float
        NaN where the parts sum to the change by construction.
    """

    quantity: Quantity
    source: Estimate
    target: Estimate
    change: Estimate
    parts: tuple[Part, ...]
    residual: float

    @property
    def decimals(self) -> int:
        """Decimals of every number: both ends, the change and its parts."""
        shown = (self.source, self.target, self.change)
        unit = words.moved_unit(self.quantity)
        return max(1, numbers.shared_decimals(shown, unit))


def is_sure(part: Part) -> bool:
    """Whether a part is larger than chance, among all parts of its split."""
    away = part.low > 0 or part.high < 0
    return bool(away and not part.p_value > SURE)


def said(part: Part, steps: Steps) -> str:
    """Return a part's value with its interval; of a refused one that it is."""
    if np.isnan(part.value):
        return "not known"
    unit = words.moved_unit(steps.quantity)
    return numbers.full(
        Estimate(part.value, part.low, part.high, 0), unit, steps.decimals
    )


def figure(steps: Steps, title: str, subtitle: str, ink: theme.Ink) -> go.Figure:
    """Draw the steps as columns between two dots."""
    chart = theme.figure(title, subtitle, height=310, ink=ink)
    names = ["Source", *(components.words(p.component) for p in steps.parts)]
    at = _add_end(chart, steps, steps.source, 0, ink)
    for i, part in enumerate(steps.parts, start=1):
        _add_step(chart, part, (i, at), steps, ink)
        at += float(np.nan_to_num(part.value))
    if abs(steps.residual) > BY_CONSTRUCTION:
        names.append("Not accounted for")
        _add_residual(chart, steps, (len(names) - 1, at), ink)
    names.append("Target")
    _add_end(chart, steps, steps.target, len(names) - 1, ink)
    chart.add_hline(
        y=steps.source.value, line={"color": ink.grid, "width": 1, "dash": "dot"}
    )
    _name_columns(chart, names, ink)
    is_percent = words.level_unit(steps.quantity) in ("percent", "points")
    chart.update_yaxes(
        tickformat=".1~%" if is_percent else ".3f", nticks=6, range=_span(steps)
    )
    chart.update_layout(bargap=0.45)
    return chart


def _name_columns(chart: go.Figure, names: list[str], ink: theme.Ink) -> None:
    width = 16 if len(names) <= 7 else 12
    ticks = []
    for name in names:
        cut = theme.safe(name, NAMED_LETTERS)
        ticks.append("<br>".join(textwrap.wrap(cut, width, break_on_hyphens=False)))
    chart.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=ticks,
        tickangle=0,
        tickfont={"color": ink.text, "size": 14 if len(names) <= 7 else 12},
        showgrid=False,
        range=[-0.6, len(names) - 0.3],
    )


def _span(steps: Steps) -> list[float] | None:
    """Return a range that shows the steps, which may be small beside the value."""
    values = [np.nan_to_num(p.value) for p in steps.parts]
    running = steps.source.value + np.cumsum([0.0, *values])
    ends = [e for end in (steps.source, steps.target) for e in (end.low, end.high)]
    ends += [steps.source.value, steps.target.value, *running]
    for start, part in zip(running, steps.parts, strict=False):
        ends += [start + part.low, start + part.high]
    known = np.array([e for e in ends if np.isfinite(e)])
    if not known.size:
        return None
    margin = 0.15 * max(float(np.ptp(known)), 1e-6)
    return [float(known.min()) - margin, float(known.max()) + margin]


def _add_end(
    chart: go.Figure, steps: Steps, estimate: Estimate, x: int, ink: theme.Ink
) -> float:
    unit, decimals = words.level_unit(steps.quantity), steps.decimals
    chart.add_scatter(
        x=[x],
        y=[estimate.value],
        mode="markers+text",
        marker={"color": ink.mark, "size": 11},
        error_y=_interval(estimate.value, estimate.low, estimate.high, ink.mark, 2),
        text=[f"  {numbers.value(estimate, unit, decimals)}"],
        textposition="middle right",
        cliponaxis=False,
        hovertemplate=f"{numbers.full(estimate, unit, decimals)}<br>"
        f"n = {numbers.count(estimate.n)}<extra></extra>",
    )
    return estimate.value


def _interval(
    value: float, low: float, high: float, color: str, thickness: float
) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value],
        "arrayminus": [value - low],
        "width": 0,
        "thickness": thickness,
        "color": color,
    }


def _add_step(
    chart: go.Figure, part: Part, at: tuple[int, float], steps: Steps, ink: theme.Ink
) -> None:
    x, base = at
    name = theme.safe(components.words(part.component))
    if np.isnan(part.value):
        _label_column(chart, "not known", (x, base), ink)
        chart.add_scatter(
            x=[x],
            y=[base],
            mode="markers",
            marker={"color": ink.ghost, "size": 10, "symbol": "x-thin-open"},
            hovertemplate=f"<b>{name}</b><br>{_folded(part.reason)}<extra></extra>",
        )
        return
    color = words.color(steps.quantity, part.value, ink)
    chart.add_bar(
        x=[x],
        base=[base],
        y=[part.value],
        marker={"color": color if is_sure(part) else ink.ghost},
        error_y=_interval(part.value, part.low, part.high, ink.text, 1.5),
        customdata=[[name, said(part, steps)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )
    top = np.nanmax([base, base + part.value, base + part.high])
    _label_column(chart, _short(part.value, steps), (x, float(top)), ink)


def _folded(reason: str) -> str:
    return "<br>".join(theme.safe(line) for line in textwrap.wrap(reason, 60))


def _short(value: float, steps: Steps) -> str:
    return numbers.plain(value, words.moved_unit(steps.quantity), steps.decimals)


def _label_column(
    chart: go.Figure, text: str, at: tuple[int, float], ink: theme.Ink
) -> None:
    theme.label(
        chart,
        text,
        x=at[0],
        y=at[1],
        xanchor="center",
        yanchor="bottom",
        yshift=3,
        bgcolor=ink.page,
        font={"color": ink.text, "size": 13},
    )


def _add_residual(
    chart: go.Figure, steps: Steps, at: tuple[int, float], ink: theme.Ink
) -> None:
    x, base = at
    said = _short(steps.residual, steps)
    chart.add_bar(
        x=[x],
        base=[base],
        y=[steps.residual],
        marker={
            "color": "rgba(0,0,0,0)",
            "line": {"color": ink.muted, "width": 1},
            "pattern": {"shape": "/", "fgcolor": ink.muted},
        },
        hovertemplate=f"not accounted for {said}<extra></extra>",
    )
    _label_column(chart, said, (x, max(base, base + steps.residual)), ink)
