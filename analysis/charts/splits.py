"""Who is in the table: rows by group as bars, the positive label as dots."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.charts import numbers, theme
from analysis.charts.arms import arms
from analysis.charts.withheld import WITHHELD, withheld_words
from analysis.composition import Composition

MAX_ROWS = 20


def who(record: Composition, positive: str, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw rows by group beside the share of the positive label.

    Parameters
    ----------
    record : Composition
    positive : str
        The positive class, as text.
    ink : Ink
    """
    rows = _shown(record)
    listed = [*rows, *map(int, np.flatnonzero(record.hidden))][:MAX_ROWS]
    chart = _frame(record, positive, listed, ink)
    y = list(range(len(listed)))[::-1]  # the first group stands on top
    for position in y[len(rows) :]:
        _label(chart, WITHHELD, position, ink.muted)
    _draw_people(chart, record, rows, y[: len(rows)], ink)
    _draw_label_rate(chart, record, rows, y[: len(rows)], ink)
    return chart


def _draw_people(
    chart: go.Figure,
    record: Composition,
    rows: Sequence[int],
    y: Sequence[int],
    ink: theme.Ink,
) -> None:
    """Draw a bar for the rows of each group."""
    said = [[theme.safe(record.names[g]), f"{record.share[g]:.1%}"] for g in rows]
    chart.add_bar(
        x=record.n[rows],
        y=y,
        orientation="h",
        width=0.55,
        marker={"color": [theme.group_color(g, ink) for g in rows]},
        text=[f"{record.n[g]:,.0f}" for g in rows],
        textposition="outside",
        cliponaxis=False,
        customdata=said,
        hovertemplate="<b>%{customdata[0]}</b><br>%{x:,} rows<br>"
        "%{customdata[1]} of the weight<extra></extra>",
        row=1,
        col=1,
    )


def _draw_label_rate(
    chart: go.Figure,
    record: Composition,
    rows: Sequence[int],
    y: Sequence[int],
    ink: theme.Ink,
) -> None:
    """Draw a dot with its interval for the label rate of each group."""
    rate = record.label_rate
    decimals = numbers.shared_decimals(rate.at(g) for g in rows)
    said = [numbers.full(rate.at(g), decimals=decimals) for g in rows]
    chart.add_scatter(
        x=rate.value[rows],
        y=y,
        mode="markers",
        marker={"color": [theme.group_color(g, ink) for g in rows], "size": 10},
        error_x=arms([rate.at(g) for g in rows], ink.muted),
        customdata=[
            [theme.safe(record.names[g]), words]
            for g, words in zip(rows, said, strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
        row=1,
        col=2,
    )
    for position, words in zip(y, said, strict=True):
        _label(chart, words, position, ink.text)


def _label(chart: go.Figure, words: str, y: int, color: str) -> None:
    place = {"x": 1, "xref": "paper", "xanchor": "right", "xshift": 130}
    theme.label(chart, words, y=y, font={"color": color, "size": 13}, **place)


def alt(record: Composition, positive: str) -> str:
    """Say the largest groups with their size and label rate."""
    said = [
        f"{record.names[g]} {numbers.count(record.n[g])} rows, of which "
        f"{numbers.value(record.label_rate.at(g))} {positive}"
        for g in _shown(record)[:5]
    ]
    words = f"Rows by {record.attribute}: {'; '.join(said) or 'no group is shown'}."
    return f"{words} {withheld_words(record.hidden)}".rstrip()


def table(record: Composition) -> pd.DataFrame:
    """Return the numbers behind the chart."""
    return pd.DataFrame(
        {
            record.attribute: record.names,
            "rows": record.n,
            "share of weight, from 0 to 1": record.share,
            "share with the positive label": record.label_rate.value,
            "low": record.label_rate.low,
            "high": record.label_rate.high,
        }
    )


def _shown(record: Composition) -> list[int]:
    order = np.argsort(-record.n, kind="stable")
    return [int(g) for g in order if record.n[g] > 0][:MAX_ROWS]


def _frame(
    record: Composition, positive: str, rows: list[int], ink: theme.Ink
) -> go.Figure:
    present = int(((record.n > 0) | record.hidden).sum())
    title = f"Who is in the table, by {record.attribute}"
    subtitle = f"Left: rows. Right: share labelled {positive}, with 95 % intervals."
    if len(rows) < present:
        subtitle += f" The {len(rows)} largest of {present:,} groups."
    withheld = withheld_words(record.hidden)
    subtitle += f" {withheld}" if withheld else ""
    base = theme.figure(title, subtitle, height=34 * len(rows) + 10, ink=ink)
    chart = make_subplots(
        rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.1, figure=base
    )
    ticks = [theme.safe(record.names[g], theme.LABEL_WIDTH) for g in rows][::-1]
    chart.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=ticks,
        range=[-0.6, len(rows) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    chart.update_xaxes(title="Rows", tickformat=",", nticks=5, col=1)
    chart.update_xaxes(
        title=f"Labelled {theme.safe(positive, 24)}",
        tickformat=".1~%",
        nticks=5,
        rangemode="tozero",
        col=2,
    )
    chart.update_layout(margin={"r": 135})
    return chart
