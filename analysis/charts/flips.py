"""Whose decision changed between two models, by group."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.compare import ROW_HEIGHT, name_rows
from analysis.charts.withheld import WITHHELD, withheld_words
from analysis.compare import Flips


def bars(
    record: Flips, order: Sequence[str], ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw how many people's decision became right, and how many became wrong.

    Parameters
    ----------
    record : Flips
    order : sequence of str
        Groups from top to bottom, as `row_names` of the chart above gives them.
    ink : Ink
    """
    rows = [record.names.index(name) for name in order]
    chart = theme.figure(
        "Whose decision changed",
        "People by group: left, right before and wrong after; right, wrong before and "
        "right after.",
        height=ROW_HEIGHT * len(rows) + 16,
        ink=ink,
    )
    drawn = [g for g in rows if not record.hidden[g]]
    y = [len(rows) - 1 - rows.index(g) for g in drawn]
    sides = (
        ("newly wrong", -record.newly_wrong[drawn], ink.up),
        ("newly right", record.newly_right[drawn], ink.down),
    )
    for name, x, color in sides:
        chart.add_bar(
            x=x,
            y=y,
            orientation="h",
            width=0.5,
            name=name,
            marker={"color": color},
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[f"{abs(v):,.0f} {name}" for v in x],
        )
    _label_flips(chart, record, rows, ink)
    return chart


def alt(record: Flips) -> str:
    """Say the total of changed decisions, and the group they changed most in."""
    everyone = record.overall()
    wrong, right = float(everyone.newly_wrong[0]), float(everyone.newly_right[0])
    said = (
        f"{numbers.count(right)} people are newly decided right and "
        f"{numbers.count(wrong)} newly wrong"
    )
    if not record.hidden.all():
        g = int(np.nan_to_num(record.changed.value, nan=-1).argmax())
        said += (
            f"; most often in {record.names[g]}, "
            f"{numbers.full(record.changed.at(g))} of {numbers.count(record.n[g])}"
        )
    return f"{said}. {withheld_words(record.hidden)}".rstrip()


def table(record: Flips) -> pd.DataFrame:
    """Return the numbers behind the flips."""
    return pd.DataFrame(
        {
            "group": record.names,
            "people": record.n,
            "newly right": record.newly_right,
            "newly wrong": record.newly_wrong,
            "share changed, from 0 to 1": record.changed.value,
            "low": record.changed.low,
            "high": record.changed.high,
        }
    )


def _label_flips(
    chart: go.Figure, record: Flips, rows: list[int], ink: theme.Ink
) -> None:
    upward = list(reversed(rows))
    name_rows(chart, [record.names[g] for g in upward], ink)
    drawn = [g for g in rows if not record.hidden[g]]
    most = max([1.0, *record.newly_wrong[drawn], *record.newly_right[drawn]])
    ticks = _ticks(most)
    chart.update_xaxes(
        range=[-1.5 * most, 1.5 * most],
        tickvals=ticks,
        ticktext=[numbers.count(abs(t)) for t in ticks],
        title="People",
    )
    chart.update_layout(barmode="relative", margin={"r": 110, "b": 50})
    edge = {"x": 1, "xref": "paper", "xanchor": "right", "xshift": 105}
    for position, g in enumerate(upward):
        if record.hidden[g]:
            theme.label(chart, WITHHELD, y=position, **edge)
            continue
        wrong, right = float(record.newly_wrong[g]), float(record.newly_right[g])
        text = {"y": position, "font": {"color": ink.text, "size": 13}}
        said = f"{numbers.count(wrong)} newly wrong"
        theme.label(chart, said, x=-wrong, xanchor="right", xshift=-5, **text)
        said = f"{numbers.count(right)} newly right"
        theme.label(chart, said, x=right, xshift=5, **text)
        theme.label(chart, f"of {numbers.count(record.n[g])}", y=position, **edge)


def _ticks(most: float) -> list[float]:
    """Return round numbers of people on both sides of 0."""
    power = 10 ** math.floor(math.log10(most))
    step = max(1, next(power * m for m in (1, 2, 5, 10) if power * m * 2 >= most))
    return [-2.0 * step, -1.0 * step, 0.0, 1.0 * step, 2.0 * step]
