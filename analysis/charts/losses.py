"""How a model learned: training and validation loss by epoch."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Floats
from analysis.charts import theme
from analysis.history import Losses


def curves(
    record: Losses, ink: theme.Ink = theme.LIGHT, *, is_live: bool = False
) -> go.Figure:
    """Draw training and validation loss over epochs, with the kept epoch marked."""
    chart = theme.figure(
        "How the model learns, live" if is_live else "How the model learned",
        f"Log loss per row (nats) by epoch{_kept_words(record, is_live=is_live)}",
        height=220,
        ink=ink,
    )
    lines = (
        ("training", record.train, ink.ghost, "dot"),
        ("validation", record.validation, ink.accent, "solid"),
    )
    for name, values, color, dash in lines:
        chart.add_scatter(
            x=record.epoch,
            y=values,
            name=name,
            mode="lines",
            line={"color": color, "width": 2, "dash": dash},
            hovertemplate="epoch %{x}: %{y:.4f}<extra>" + name + "</extra>",
        )
        if len(values) and not math.isnan(values[-1]):
            theme.label(
                chart,
                name,
                x=float(record.epoch[-1]),
                y=float(values[-1]),
                xshift=6,
                yanchor="bottom" if _is_upper(record, values) else "top",
                font={"color": color, "size": 13},
            )
    _mark_kept(chart, record, ink)
    chart.update_xaxes(title="Epoch", tickformat="d")
    chart.update_yaxes(title="Log loss, nats")
    chart.update_layout(margin={"r": 90})
    return chart


def alt(record: Losses) -> str:
    """Say the first validation loss, and the one of the kept epoch or the last."""
    if not len(record.epoch) or np.isnan(record.validation).all():
        return "Losses by epoch: no epoch has finished yet."
    kept = _kept(record)
    row = len(record.epoch) - 1 if kept is None else kept
    said = "" if kept is None else ", the one kept"
    return (
        f"Validation log loss from {record.validation[0]:.4f} to "
        f"{record.validation[row]:.4f} at epoch {record.epoch[row]:.0f} of "
        f"{record.epoch[-1]:.0f}{said}."
    )


def table(record: Losses) -> pd.DataFrame:
    """Return the numbers behind the learning curve."""
    return pd.DataFrame(
        {
            "epoch": record.epoch,
            "training log loss": record.train,
            "validation log loss": record.validation,
            "validation AUROC": record.auroc,
        }
    )


def _is_upper(record: Losses, values: Floats) -> bool:
    return bool(values[-1] >= np.fmax(record.train[-1], record.validation[-1]))


def _kept(record: Losses) -> int | None:
    """Return the position of the kept epoch; None where it is not known."""
    found = np.flatnonzero(record.epoch == record.kept)
    return int(found[0]) if found.size else None


def _kept_words(record: Losses, *, is_live: bool) -> str:
    if _kept(record) is None:
        return ""
    best = "the best so far" if is_live else "whose model is kept"
    return f"; dot: epoch {record.kept}, {best}"


def _mark_kept(chart: go.Figure, record: Losses, ink: theme.Ink) -> None:
    kept = _kept(record)
    if kept is None or math.isnan(record.validation[kept]):
        return
    chart.add_scatter(
        x=[record.epoch[kept]],
        y=[record.validation[kept]],
        mode="markers",
        marker={"color": ink.accent, "size": 10},
        hovertemplate="kept: epoch %{x}, %{y:.4f}<extra></extra>",
    )
