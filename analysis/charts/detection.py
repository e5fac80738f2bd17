"""What differs between two sides: rows of changes, sure ones in colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.numbers import Unit
from analysis.detection.detect import Detection
from analysis.detection.shares import Shares
from analysis.estimates import Estimate

MOST_ROWS = 20
ROW_HEIGHT = 30
PAD = 0.05


@dataclass(frozen=True)
class Row:
    """One thing that may have moved.

    Parameters
    ----------
    name : str
    estimate : Estimate
    is_sure : bool
        Beyond chance, the whole family considered.
    more : str
        Said when pointed at.
    """

    name: str
    estimate: Estimate
    is_sure: bool
    more: str = ""


def rows_of_shares(found: Sequence[Shares], prefix: str = "") -> list[Row]:
    """Return changes of shares as rows."""
    return [
        Row(f"{prefix}{s.name}", s.change, s.is_sure, _from_to(s))
        for s in found
        if not s.change.is_undefined
    ]


def changes(
    words: tuple[str, str],
    rows: Sequence[Row],
    *,
    at: float = 0.0,
    unit: Unit = "points",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw rows of dots with intervals against the value that means no change.

    Parameters
    ----------
    words : (str, str)
        Title and subtitle.
    rows : sequence of Row
        Those furthest from `at` are drawn, sure ones first.
    at : float
    unit : Unit
    ink : Ink
    """
    shown = furthest(rows, at)[::-1]
    title, subtitle = words
    if len(shown) < len(rows):
        subtitle += f". The {len(shown)} of {len(rows):,} that moved most."
    height = ROW_HEIGHT * len(shown) + 24
    figure = theme.figure(title, subtitle, height=height, ink=ink)
    decimals = _decimals(shown, unit)
    for y, row in enumerate(shown):
        _draw(figure, row, y, (unit, decimals), ink)
    figure.add_vline(x=at, line={"color": ink.muted, "width": 1})
    figure.update_xaxes(tickformat=_tickformat(unit), nticks=8, range=_range(shown, at))
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[theme.safe(r.name, theme.LABEL_WIDTH) for r in shown],
        range=[-0.6, len(shown) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    figure.update_layout(margin={"r": 255})
    return figure


def furthest(rows: Sequence[Row], at: float = 0.0) -> list[Row]:
    """Return the rows drawn: sure ones first, then by distance."""
    known = [r for r in rows if not r.estimate.is_undefined]
    known.sort(key=lambda r: (not r.is_sure, -abs(r.estimate.value - at)))
    return known[:MOST_ROWS]


def changes_alt(
    what: str, rows: Sequence[Row], *, at: float = 0.0, unit: Unit = "points"
) -> str:
    """Say the sure rows, the furthest first."""
    shown = [r for r in furthest(rows, at) if r.is_sure][:6]
    if not shown:
        return f"{what}: none of {len(rows)} moved beyond chance."
    decimals = _decimals(shown, unit)
    said = (f"{r.name} {numbers.full(r.estimate, unit, decimals)}" for r in shown)
    return f"{what}: {'; '.join(said)}."


def shares_table(found: Sequence[Shares], what: str) -> pd.DataFrame:
    """Return shares on both sides as numbers."""
    return pd.DataFrame(
        {
            what: [s.name for s in found],
            "source": [s.source.value for s in found],
            "target": [s.target.value for s in found],
            "change": [s.change.value for s in found],
            "low": [s.change.low for s in found],
            "high": [s.change.high for s in found],
            "q": [s.q_value for s in found],
            "source n": [s.source.n for s in found],
            "target n": [s.target.n for s in found],
        }
    )


def away_rows(record: Detection) -> list[Row]:
    """Return how much each column helps to tell the sides apart."""
    return [
        Row(c.feature, c.drop, c.is_sure, f"q = {c.q_value:.2g}")
        for c in record.whole.columns
    ]


def group_rows(record: Detection) -> list[Row]:
    """Return how well each group's two sides are told apart."""
    return [
        Row(f"{g.attribute}: {g.name}", g.area, g.is_sure, f"q = {g.q_value:.2g}")
        for g in record.whole.groups
    ]


def rows_table(rows: Sequence[Row], what: str, number: str) -> pd.DataFrame:
    """Return rows as numbers."""
    return pd.DataFrame(
        {
            what: [r.name for r in rows],
            number: [r.estimate.value for r in rows],
            "low": [r.estimate.low for r in rows],
            "high": [r.estimate.high for r in rows],
            "n": [r.estimate.n for r in rows],
            "sure": [r.is_sure for r in rows],
        }
    )


def labels_shown(record: Detection) -> tuple[Shares, ...]:
    """Return the classes drawn: of two, which mirror each other, the last."""
    return record.labels[1:] if len(record.labels) == 2 else record.labels


def one_sided_printed(record: Detection) -> pd.DataFrame:
    """Return the values that one side lacks, as texts."""
    return pd.DataFrame(
        {
            "Column": [v.feature for v in record.one_sided],
            "Value": [theme.visible(v.value) for v in record.one_sided],
            "Only in": [v.side for v in record.one_sided],
            "Rows": [f"{v.n:,}" for v in record.one_sided],
            "Share": [
                numbers.plain(v.share, "percent", 2 if v.share < 0.01 else 1)
                for v in record.one_sided
            ],
        }
    )


def _from_to(s: Shares) -> str:
    decimals = numbers.shared_decimals([s.source, s.target])
    here, there = (numbers.value(e, "percent", decimals) for e in (s.source, s.target))
    return f"{here} at the source, {there} at the target; q = {s.q_value:.2g}"


def _decimals(rows: Sequence[Row], unit: Unit) -> int:
    decimals = numbers.shared_decimals((r.estimate for r in rows), unit)
    return max(1, decimals) if unit == "points" else decimals


def _tickformat(unit: Unit) -> str:
    return ".1~%" if unit in ("percent", "points") else ""


def _range(rows: Sequence[Row], at: float) -> list[float] | None:
    ends = [e for r in rows for e in (r.estimate.low, r.estimate.high) if e == e]
    if not ends:
        return None
    low, high = min(*ends, at), max(*ends, at)
    pad = max(high - low, 1e-3) * PAD
    return [low - pad, high + pad]


def _draw(
    figure: go.Figure, row: Row, y: int, how: tuple[Unit, int], ink: theme.Ink
) -> None:
    unit, decimals = how
    color = ink.accent if row.is_sure else ink.ghost
    figure.add_scatter(
        x=[row.estimate.low, row.estimate.high],
        y=[y, y],
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    said = numbers.full(row.estimate, unit, decimals)
    figure.add_scatter(
        x=[row.estimate.value],
        y=[y],
        mode="markers",
        marker={"color": color, "size": 10},
        cliponaxis=False,
        customdata=[[theme.safe(row.name), said, theme.safe(row.more)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
        "%{customdata[2]}<extra></extra>",
    )
    right = {"x": 1, "xref": "paper", "xanchor": "right", "y": y}
    theme.label(figure, said, **right, xshift=158, font={"color": ink.text, "size": 13})
    theme.label(figure, f"n = {numbers.count(row.estimate.n)}", **right, xshift=250)
