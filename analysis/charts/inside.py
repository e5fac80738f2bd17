"""What goes on inside a training: numbers by group over its epochs."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.withheld import withheld_words
from analysis.history import Inside

HEIGHT = 200
CLEARANCE = 0.09
"""Share of the frame's height within which two names would touch."""

TITLES = {
    "gradients": (
        "How hard each group still pulls (gradient norm)",
        "Norm of the gradient of the group’s mean loss in the last layer, validation "
        "rows. A group that pulls hard is not learnt yet.",
    ),
    "pruned": (
        "Rows left out of each epoch (pruned share)",
        "Share of the group’s training rows that are learnt well enough to be skipped.",
    ),
}


def lines(
    record: Inside, what: str, planned: int, ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw one line per group over the epochs, named at its end.

    Parameters
    ----------
    record : Inside
    what : str
        One of `TITLES`.
    planned : int
        Epochs at most; the frame does not move while points arrive.
    ink : Ink
    """
    title, subtitle = TITLES[what]
    withheld = withheld_words(record.hidden)
    subtitle = f"{subtitle} {withheld}".rstrip()
    chart = theme.figure(title, subtitle, height=HEIGHT, ink=ink, is_narrow=True)
    drawn = _drawn(record)
    for g in drawn:
        chart.add_scatter(
            x=record.epoch,
            y=record.value[:, g],
            mode="lines",
            line={"color": theme.group_color(g, ink), "width": 2},
            hovertemplate=f"{theme.safe(record.names[g])}, epoch %{{x}}: %{{y:.3g}}"
            "<extra></extra>",
        )
    top = float(np.nanmax(record.value)) if drawn else 1.0
    _name_ends(chart, record, drawn, top, ink)
    is_share = what == "pruned"
    chart.update_xaxes(
        title="Epoch", range=[0.5, max(planned, 2) + 0.5], tickformat="d"
    )
    chart.update_yaxes(
        range=[0, 1.08 * (top or 1.0)], tickformat=".1~%" if is_share else "", nticks=5
    )
    chart.update_layout(margin={"r": 130, "b": 50})
    return chart


def alt(record: Inside, what: str) -> str:
    """Say where every group stands after the last epoch."""
    title = TITLES[what][0]
    if not _drawn(record):
        return f"{title}: nothing has been told yet."
    said = ", ".join(
        f"{record.names[g]} {_printed(record.value[-1, g], what)}"
        for g in _drawn(record)
    )
    said = f"{title} after epoch {record.epoch[-1]:.0f}: {said}."
    return f"{said} {withheld_words(record.hidden)}".rstrip()


def table(record: Inside) -> pd.DataFrame:
    """Return the numbers behind the lines, one row per epoch."""
    columns = {name: record.value[:, g] for g, name in enumerate(record.names)}
    return pd.DataFrame({"epoch": record.epoch} | columns)


def _drawn(record: Inside) -> list[int]:
    """Return the groups with a value, at most as many as there are colours."""
    known = [
        g for g in range(len(record.names)) if np.isfinite(record.value[:, g]).any()
    ]
    return known[: len(theme.SYMBOLS)]


def _printed(value: float, what: str) -> str:
    if math.isnan(value):
        return numbers.UNDEFINED
    return numbers.plain(value) if what == "pruned" else f"{value:.3g}"


def _name_ends(
    chart: go.Figure, record: Inside, drawn: list[int], top: float, ink: theme.Ink
) -> None:
    """Write each group's name right of its line's end, pushed apart where they meet."""
    ends = {
        g: record.value[-1, g] for g in drawn if not math.isnan(record.value[-1, g])
    }
    least, last = CLEARANCE * (top or 1.0), -math.inf
    for g in sorted(ends, key=lambda g: ends[g]):
        last = max(float(ends[g]), last + least)
        theme.label(
            chart,
            theme.safe(record.names[g], 16),
            x=1,
            xref="paper",
            xshift=6,
            y=last,
            font={"color": theme.group_color(g, ink), "size": 13},
        )
