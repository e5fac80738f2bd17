"""How a model learned: training and validation loss by epoch."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Floats
from analysis.charts import theme
from analysis.history import Losses


def curves(record: Losses, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw training and validation loss over epochs, with the best epoch marked."""
    chart = theme.figure(
        "How the model learned",
        "Log loss per row (nats) by epoch; the model kept is the one at the dot",
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
    _mark_best(chart, record, ink)
    chart.update_xaxes(title="Epoch", tickformat="d")
    chart.update_yaxes(title="Log loss, nats")
    chart.update_layout(margin={"r": 90})
    return chart


def alt(record: Losses) -> str:
    """Say first and best validation loss."""
    if not len(record.epoch) or np.isnan(record.validation).all():
        return "Losses by epoch: no epoch has finished yet."
    best = int(np.nanargmin(record.validation))
    return (
        f"Validation log loss from {record.validation[0]:.4f} to "
        f"{record.validation[best]:.4f} at epoch {record.epoch[best]:.0f} of "
        f"{record.epoch[-1]:.0f}."
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


def _mark_best(chart: go.Figure, record: Losses, ink: theme.Ink) -> None:
    if not len(record.epoch) or np.isnan(record.validation).all():
        return
    best = int(np.nanargmin(record.validation))
    chart.add_scatter(
        x=[record.epoch[best]],
        y=[record.validation[best]],
        mode="markers",
        marker={"color": ink.accent, "size": 10},
        hovertemplate="kept: epoch %{x}, %{y:.4f}<extra></extra>",
    )
