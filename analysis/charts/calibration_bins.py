"""The expected calibration error over the number of bins, in small multiples."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.calibration.against_bins import ErrorAgainstBins
from analysis.charts import numbers, theme
from analysis.charts.calibration_panels import points
from analysis.charts.withheld import withheld_words

MAX_PANELS = 6
COLUMNS = 3
PANEL_HEIGHT = 190

KINDS = {"width": "equal width", "mass": "equal mass"}


def lines(record: ErrorAgainstBins, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw a panel for everyone and for each of the largest groups.

    Parameters
    ----------
    record : ErrorAgainstBins
    ink : Ink
    """
    shown = _shown(record)
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = theme.figure(
        "How much the error depends on the number of bins",
        _subtitle(record, len(shown)),
        height=PANEL_HEIGHT * rows + 30 * rows,
        ink=ink,
    )
    chart = make_subplots(
        rows=rows,
        cols=columns,
        figure=figure,
        shared_yaxes=True,
        vertical_spacing=0.2 if rows > 1 else 0,
        horizontal_spacing=0.04,
    )
    for panel, g in enumerate(shown):
        row, column = divmod(panel, columns)
        place = {"row": row + 1, "col": column + 1}
        _draw(chart, record, g, place, ink)
        _title(chart, record, g, panel, ink)
    top = np.nanmax([record.value[shown], record.null_high[shown]])
    chart.update_yaxes(range=[0, 105 * top], ticksuffix="")
    chart.update_yaxes(title="Points", col=1)
    chart.update_xaxes(tickvals=record.numbers.tolist(), tickangle=0)
    chart.update_xaxes(title="Bins", row=rows)
    top = chart.layout.margin.t + 14  # the first row of panels has titles too
    chart.update_layout(margin={"b": 50, "t": top}, height=chart.layout.height + 34)
    return chart


def alt(record: ErrorAgainstBins) -> str:
    """Say everyone's error at the fewest and the most bins."""
    first, last = (
        f"{points(float(record.value[0, i]))} points in {record.numbers[i]} bins "
        f"(chance alone {points(float(record.null_low[0, i]))} to "
        f"{points(float(record.null_high[0, i]))})"
        for i in (0, -1)
    )
    return f"Mean distance of score and rate over everyone: from {first} to {last}."


def table(record: ErrorAgainstBins) -> pd.DataFrame:
    """Return one row per group and number of bins."""
    g, m = record.value.shape
    return pd.DataFrame(
        {
            "group": np.repeat(record.names, m),
            "bins": np.tile(record.numbers, g),
            "kind": KINDS[record.kind],
            "people": np.repeat(record.n, m),
            **{
                field.replace("_", " "): getattr(record, field).ravel()
                for field in ("value", "debiased", "null_low", "null_high")
            },
        }
    )


def _shown(record: ErrorAgainstBins) -> list[int]:
    held = [g for g in range(1, len(record.names)) if record.n[g] > 0]
    return [0, *sorted(sorted(held, key=lambda g: -record.n[g])[: MAX_PANELS - 1])]


def _subtitle(record: ErrorAgainstBins, shown: int) -> str:
    text = (
        f"Mean distance of score and rate (ECE) in bins of {KINDS[record.kind]}, in "
        "points; thin: less what noise adds; grey: where 95 % of true scores of this "
        "n would fall."
    )
    present = int((np.nan_to_num(record.n) > 0).sum())
    if shown < present:
        text += f" Everyone and the {shown - 1} largest of {present - 1:,} groups."
    return f"{text} {withheld_words(record.hidden)}".rstrip()


def _draw(
    chart: go.Figure,
    record: ErrorAgainstBins,
    g: int,
    place: dict[str, int],
    ink: theme.Ink,
) -> None:
    x, color = record.numbers, ink.mark if g == 0 else theme.group_color(g - 1, ink)
    low, high = 100 * record.null_low[g], 100 * record.null_high[g]
    chart.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=theme.translucent(ink.ghost, 0.25),
        mode="lines",
        line={"width": 0},
        hoverinfo="skip",
        **place,
    )
    chart.add_scatter(
        x=x,
        y=100 * record.debiased[g],
        mode="lines",
        line={"color": color, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        **place,
    )
    chart.add_scatter(
        x=x,
        y=100 * record.value[g],
        mode="lines+markers",
        line={"color": color, "width": 2},
        marker={"size": 6},
        customdata=np.column_stack([100 * record.debiased[g], low, high]),
        hovertemplate=f"<b>{theme.safe(record.names[g])}</b><br>%{{x}} bins: "
        "%{y:.1f} points<br>less noise %{customdata[0]:.1f}; chance alone "
        "%{customdata[1]:.1f} to %{customdata[2]:.1f}<extra></extra>",
        **place,
    )


def _title(
    chart: go.Figure, record: ErrorAgainstBins, g: int, panel: int, ink: theme.Ink
) -> None:
    axis = "" if panel == 0 else str(panel + 1)
    x = chart.layout[f"xaxis{axis}"].domain[0]
    y = chart.layout[f"yaxis{axis}"].domain[1]
    text = f"<span style='color:{ink.text}'><b>{theme.safe(record.names[g], 22)}</b>"
    text += f"</span> n = {numbers.count(float(record.n[g]))}"
    place = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "yshift": 2}
    theme.label(chart, text, x=x, y=y, **place)
