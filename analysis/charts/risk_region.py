"""Where what happens to the same people changed most: a rule, and its two sides."""

import pandas as pd
import plotly.graph_objects as go

from analysis.attribution.risk_region import RiskRegion
from analysis.charts import numbers, theme
from analysis.charts.numbers import Unit
from analysis.estimates import Estimate

ROW_HEIGHT = 46
WHAT = {"label": "the label's share", "error": "the error rate"}


def dots(
    record: RiskRegion, sides: tuple[str, str], ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw the rate inside the rule on both sides, joined by the move.

    Parameters
    ----------
    record : RiskRegion
    sides : (str, str)
        What source and target are called.
    ink : Ink
    """
    chart = theme.figure(
        f"Inside the rule {WHAT[record.outcome]} moved",
        f"Share among people inside the rule ({record.rule}), alike on both sides, "
        "with 95 % intervals; on rows that the rule was not found on",
        height=2 * ROW_HEIGHT + 26,
        ink=ink,
    )
    rows = list(zip((record.at_target, record.at_source), sides[::-1], strict=True))
    chart.add_scatter(
        x=[record.at_source.value, record.at_target.value],
        y=[1, 0],
        mode="lines",
        line={"color": ink.ghost, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    for y, (found, name) in enumerate(rows):
        color = ink.accent if y == 0 else ink.mark
        _dot(chart, found, y, name, color)
        right = {"x": 1, "xref": "paper", "xanchor": "right", "y": y}
        said = numbers.full(found)
        font = {"color": ink.text, "size": 13}
        theme.label(chart, said, **right, xshift=110, font=font)
        theme.label(chart, f"n = {numbers.count(found.n)}", **right, xshift=195)
    chart.update_xaxes(tickformat=".1~%", nticks=8)
    chart.update_yaxes(
        tickvals=[0, 1],
        ticktext=[theme.safe(name, theme.LABEL_WIDTH) for _, name in rows],
        range=[-0.6, 1.6],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    chart.update_layout(margin={"r": 200})
    return chart


def finding(record: RiskRegion) -> str:
    """Say the rule, the change inside it and outside, and how many people it holds."""
    if not record.is_found:
        return record.words
    points: Unit = "points"
    return (
        f"What happens to the same people changed most where {record.rule}: "
        f"{WHAT[record.outcome]} went from {numbers.full(record.at_source)} to "
        f"{numbers.full(record.at_target)}, {numbers.full(record.difference, points)} "
        f"(n = {numbers.count(record.at_source.n)} and "
        f"{numbers.count(record.at_target.n)}); elsewhere by "
        f"{numbers.full(record.outside, points)}. "
        f"{numbers.full(record.share_of_target)} of the target are inside."
    )


def advice(record: RiskRegion) -> str:
    """Say what to do there."""
    if record.outcome == "label":
        return (
            "Have some of these people's labels checked at the target first: if they "
            "are right, collect more of them and train again; if they are recorded "
            "otherwise than at the source, relabel."
        )
    return (
        "The model's errors on the same people changed here: collect labelled rows "
        "inside the rule at the target, and train again with them."
    )


def alt(record: RiskRegion, sides: tuple[str, str]) -> str:
    """Say both rates."""
    ends = zip(sides, (record.at_source, record.at_target), strict=True)
    said = ", ".join(f"{name} {numbers.full(found)}" for name, found in ends)
    return f"Inside {record.rule}: {said}."


def table(record: RiskRegion) -> pd.DataFrame:
    """Return the numbers behind the rule."""
    found = {
        "inside, source": record.at_source,
        "inside, target": record.at_target,
        "difference inside": record.difference,
        "difference outside": record.outside,
        "difference everywhere": record.overall,
        "share of the target inside": record.share_of_target,
    }
    rows = [(name, e.value, e.low, e.high, e.n) for name, e in found.items()]
    frame = pd.DataFrame(rows, columns=["what", "value", "low", "high", "n"])
    return frame.assign(rule=record.rule, p=record.p_value)


def _dot(chart: go.Figure, found: Estimate, y: int, name: str, color: str) -> None:
    chart.add_scatter(
        x=[found.low, found.high],
        y=[y, y],
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    chart.add_scatter(
        x=[found.value],
        y=[y],
        mode="markers",
        marker={"color": color, "size": 11, "symbol": "circle" if y else "diamond"},
        customdata=[[theme.safe(name), numbers.full(found), numbers.count(found.n)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
        "n = %{customdata[2]}<extra></extra>",
        cliponaxis=False,
    )
