"""A run while it trains: one small panel per group, the base run as a ghost."""

import math
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.charts import numbers, theme
from analysis.charts.withheld import withheld_words
from analysis.history import History
from analysis.metrics.registry import metric_named

MAX_PANELS = 8
MAX_COLUMNS = 2
PANEL_HEIGHT = 150
HEAD_HEIGHT = 120
"""Of title, subtitle of two lines and margins, about."""


@dataclass(frozen=True)
class Epochs:
    """Where a run stands.

    Parameters
    ----------
    planned : int
        At most; the frame does not move while points arrive.
    kept : int
        The epoch whose model is kept, from 1; 0 while the run goes on.
    is_live : bool
        Whether more epochs may come.
    """

    planned: int
    kept: int = 0
    is_live: bool = False

    def at(self, record: History) -> int:
        """Return the position whose values are named: the kept epoch or the last."""
        kept = np.flatnonzero(record.epoch == self.kept)
        return int(kept[0]) if len(kept) else len(record.epoch) - 1


def by_group(
    record: History,
    base: History | None,
    epochs: Epochs,
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw a rate by group over epochs, on a shared frame.

    Parameters
    ----------
    record : History
        Of the run in training.
    base : History or None
        Of the run it started from; drawn grey, for the groups of the same name.
    epochs : Epochs
    ink : Ink
    """
    shown = _shown(record)
    columns = _columns(len(shown))
    chart = _panels(record, base, shown, epochs, ink)
    for panel, g in enumerate(shown):
        place = {"row": panel // columns + 1, "col": panel % columns + 1}
        if base is not None and record.names[g] in base.names:
            _draw_ghost(chart, base, base.names.index(record.names[g]), place, ink)
        _draw_live(chart, record, g, place, theme.group_color(g, ink))
        _mark_end(chart, record, g, place, epochs, ink)
    return chart


def alt(record: History, epochs: Epochs) -> str:
    """Say where every group stands after the last epoch, or after the kept one."""
    title = metric_named(record.metric).title
    if not len(record.epoch):
        return f"{title} by group: no epoch has finished yet."
    row = epochs.at(record)
    said = [
        f"{record.names[g]} {numbers.plain(float(record.value[row, g]))}"
        for g in _shown(record)
    ]
    at = f"after epoch {record.epoch[row]:.0f} of "
    at += (
        f"{record.epoch[-1]:.0f}, the one kept" if epochs.kept else f"{epochs.planned}"
    )
    words = (
        f"{title} on validation rows {at}: {', '.join(said) or 'no group is shown'}."
    )
    return f"{words} {withheld_words(record.hidden)}".rstrip()


def _shown(record: History) -> list[int]:
    present = [g for g in range(len(record.names)) if record.n[g] > 0]
    largest = sorted(present, key=lambda g: -record.n[g])[:MAX_PANELS]
    return sorted(largest)


def _panels(
    record: History,
    base: History | None,
    shown: list[int],
    epochs: Epochs,
    ink: theme.Ink,
) -> go.Figure:
    columns = _columns(len(shown))
    rows = _rows(len(shown))
    spec = metric_named(record.metric)
    ghost = "; grey: the model before" if base is not None else ""
    figure = theme.figure(
        f"{spec.title}, live" if epochs.is_live else spec.title,
        f"By epoch, on validation rows, with 95 % bands{ghost}{_kept_words(epochs)}"
        f"{_withheld(record)}",
        height=_plot_height(rows),
        ink=ink,
        is_narrow=True,
    )
    titles = [_panel_title(record, g, epochs, ink) for g in shown]
    chart = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes=True,
        shared_yaxes=True,
        horizontal_spacing=0.05,
        vertical_spacing=0.12 if rows > 1 else 0,
        subplot_titles=titles,
        figure=figure,
    )
    chart.update_annotations(
        font={"size": 14, "color": ink.text}, xanchor="left", yshift=2
    )
    for panel, note in enumerate(chart.layout.annotations):
        note.x = chart.layout[f"xaxis{panel + 1 if panel else ''}"].domain[0]
    chart.update_xaxes(
        range=[0.5, max(epochs.planned, 2) + 0.9], tickformat="d", nticks=6
    )
    chart.update_xaxes(title="Epoch", row=rows)
    chart.update_yaxes(range=_span(record, base), tickformat=".1~%", nticks=5)
    top = figure.layout.margin.t + 18
    chart.update_layout(margin={"t": top})
    return chart


def height(groups: int) -> int:
    """Return about how high the chart of so many groups will be, in pixels."""
    return _plot_height(_rows(min(groups, MAX_PANELS))) + HEAD_HEIGHT


def _plot_height(rows: int) -> int:
    return PANEL_HEIGHT * rows + 30 * (rows - 1)


def _rows(panels: int) -> int:
    return max(1, math.ceil(panels / _columns(panels)))


def _columns(panels: int) -> int:
    """Return how many panels stand side by side."""
    return max(1, min(MAX_COLUMNS, panels))


def _kept_words(epochs: Epochs) -> str:
    if not epochs.kept:
        return ""
    return f"; dot and value: epoch {epochs.kept}, whose model is kept"


def _withheld(record: History) -> str:
    said = withheld_words(record.hidden)
    return f"; {said.rstrip('.')}" if said else ""


def _panel_title(record: History, g: int, epochs: Epochs, ink: theme.Ink) -> str:
    """Name the group and its value, where no line can cross it."""
    name = theme.safe(record.names[g], 20)
    if not len(record.epoch):
        return name
    last = numbers.plain(float(record.value[epochs.at(record), g]))
    return (
        f"{name}  <span style='color:{theme.group_color(g, ink)}'><b>{last}</b></span>"
    )


def _span(record: History, base: History | None) -> list[float]:
    """Return a range over all groups, both runs and their bands, in steps of 10 %."""
    ends = [record.low, record.high]
    ends += [] if base is None else [base.value]
    known = np.concatenate([e.ravel() for e in ends])
    known = known[~np.isnan(known)]
    if not known.size:
        return [0, 1]
    low, high = math.floor(known.min() * 10) / 10, math.ceil(known.max() * 10) / 10
    return [max(0.0, low), min(1.0, high)]


def _draw_ghost(
    chart: go.Figure, base: History, g: int, place: dict[str, int], ink: theme.Ink
) -> None:
    chart.add_scatter(
        x=base.epoch,
        y=base.value[:, g],
        mode="lines",
        line={"color": ink.ghost, "width": 1.5},
        opacity=0.8,
        hovertemplate="before, epoch %{x}: %{y:.1%}<extra></extra>",
        **place,
    )


def _draw_live(
    chart: go.Figure, record: History, g: int, place: dict[str, int], color: str
) -> None:
    chart.add_scatter(
        x=np.concatenate([record.epoch, record.epoch[::-1]]),
        y=np.concatenate([record.high[:, g], record.low[::-1, g]]),
        fill="toself",
        fillcolor=theme.translucent(color, 0.15),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        **place,
    )
    chart.add_scatter(
        x=record.epoch,
        y=record.value[:, g],
        mode="lines",
        line={"color": color, "width": 2.5},
        hovertemplate="epoch %{x}: %{y:.1%}<extra></extra>",
        **place,
    )


def _mark_end(
    chart: go.Figure,
    record: History,
    g: int,
    place: dict[str, int],
    epochs: Epochs,
    ink: theme.Ink,
) -> None:
    """Put a dot where the value of the title is: at the kept epoch or the last."""
    row = epochs.at(record)
    chart.add_scatter(
        x=[record.epoch[row]],
        y=[record.value[row, g]],
        mode="markers",
        marker={"color": theme.group_color(g, ink), "size": 10},
        hoverinfo="skip",
        **place,
    )
