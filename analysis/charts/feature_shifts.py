"""Which columns moved between two tables, and by how much."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import plotly.graph_objects as go

from analysis.charts import theme
from analysis.shifts.shift import SMALL, FeatureShift

MAX_FEATURES = 15


def sizes(record: Sequence[FeatureShift], ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw how far each column moved, with the size that noise alone would show."""
    shown = _largest_first(record)[:MAX_FEATURES][::-1]
    title = _title(record)
    subtitle = _subtitle(len(shown), len(record))
    chart = theme.figure(title, subtitle, height=28 * len(shown) + 16, ink=ink)
    y = list(range(len(shown)))
    colors = [ink.accent if s.is_large else ink.ghost for s in shown]
    symbols = ["circle" if s.is_sure else "circle-open" for s in shown]
    chart.add_scatter(
        x=[s.noise_floor for s in shown],
        y=y,
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 14,
            "line": {"color": ink.muted, "width": 2},
        },
        hoverinfo="skip",
    )
    chart.add_scatter(
        x=[s.size for s in shown],
        y=y,
        mode="markers",
        marker={"color": colors, "symbol": symbols, "size": 11},
        cliponaxis=False,
        customdata=[_hover(s) for s in shown],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
        "%{customdata[2]}<extra></extra>",
    )
    chart.update_xaxes(tickformat=".1~%", rangemode="tozero")
    chart.update_yaxes(
        tickvals=y,
        ticktext=[theme.safe(s.feature, theme.LABEL_WIDTH) for s in shown],
        range=[-0.6, len(shown) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    return chart


def alt(record: Sequence[FeatureShift]) -> str:
    """Say which columns moved by more than noise, the largest first."""
    sure = [s for s in _largest_first(record) if s.is_sure]
    if not sure:
        return f"None of the {len(record)} columns moved by more than noise."
    said = ", ".join(f"{s.feature} {s.size:.0%}" for s in sure[:5])
    return f"{len(sure)} of {len(record)} columns moved by more than noise: {said}."


def table(record: Sequence[FeatureShift]) -> pd.DataFrame:
    """Return the numbers behind the moved columns."""
    return pd.DataFrame([asdict(s) for s in record])


def _largest_first(record: Sequence[FeatureShift]) -> list[FeatureShift]:
    """Sort by what is drawn, sure ones first."""
    return sorted(record, key=lambda s: (not s.is_sure, -s.size))


def _title(record: Sequence[FeatureShift]) -> str:
    moved = sum(s.is_sure for s in record)
    large = sum(s.is_large for s in record)
    said = f"{moved} of {len(record)} columns moved by more than noise"
    return (
        said
        if moved == large
        else f"{said}, {large or 'none'} in {100 * SMALL:.0f} % of the rows or more"
    )


def _subtitle(shown: int, columns: int) -> str:
    said = (
        "Share of rows that would have to change their value for both sides to agree; "
        f"tick: what noise alone stays under. Grey: under {100 * SMALL:.0f} % of them; "
        "hollow: within noise."
    )
    return said if shown == columns else f"{said} The {shown} that moved most."


def _hover(s: FeatureShift) -> tuple[str, str, str]:
    return (
        theme.safe(s.feature),
        f"{s.size:.1%}, noise under {s.noise_floor:.1%}",
        f"missing {s.missing_source:.1%} and {s.missing_target:.1%}",
    )
