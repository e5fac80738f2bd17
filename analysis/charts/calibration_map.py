"""Every group by how much its scores promise too much or too little, worst first."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Ints
from analysis.calibration.everywhere import MiscalibrationMap
from analysis.charts import numbers, theme
from analysis.charts.calibration_map_words import RANKS, SCORES, Terms
from analysis.charts.calibration_panels import points
from analysis.charts.group_table import q_words
from analysis.charts.withheld import withheld_words
from analysis.estimates import Estimate

MAX_ROWS = 30
MAX_PRINTED = 12
"""Rows of the table under the chart; all groups stand in its numbers."""

ROW_HEIGHT = 28


def dots(
    record: MiscalibrationMap,
    *,
    people: str = "people",
    is_ranked: bool = False,
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw the groups furthest off around 0: orange promised too much, blue too little.

    Parameters
    ----------
    record : MiscalibrationMap
    people : str
        What a row is, in words.
    is_ranked : bool
        Whether ranks, which promise nothing, stand in for scores.
    ink : Ink
    """
    shown = drawn_groups(record)
    said = RANKS if is_ranked else SCORES
    chart = theme.figure(
        f"Mean {said.score} minus what came true, every group",
        _subtitle(record, said, people, len(shown)),
        height=ROW_HEIGHT * max(len(shown), 1) + 30,
        ink=ink,
    )
    chart.add_vline(x=0, line={"color": ink.mark, "width": 1})
    found = [record.difference.at(int(g)) for g in shown]
    decimals = numbers.shared_decimals(found, "points")
    for position, g in enumerate(reversed(shown)):
        _draw(chart, record, int(g), position, ink)
        text = numbers.unitless(record.difference.at(int(g)), "percent", decimals)
        text += f", n = {numbers.count(record.difference.n[g])}"
        theme.label(chart, text, x=1, xref="paper", xshift=10, y=position)
    chart.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[
            theme.safe(record.names[g], theme.LABEL_WIDTH) for g in reversed(shown)
        ],
        tickfont={"color": ink.text, "size": 13},
        range=[-0.6, len(shown) - 0.4],
        showgrid=False,
    )
    chart.update_xaxes(title=f"Points; to the right {said.axis}", nticks=9)
    chart.update_layout(margin={"r": 200, "b": 56})
    return chart


def printed_words(record: MiscalibrationMap) -> str:
    """Say which groups the table has; empty where it has all that are drawn."""
    groups = len(record.worst_first)
    if groups <= MAX_PRINTED:
        return ""
    return (
        f"The table has the {MAX_PRINTED} groups furthest off of {groups:,}, in the "
        "order of the chart; all stand under Numbers."
    )


def printed(record: MiscalibrationMap, people: str = "people") -> pd.DataFrame:
    """Return the groups furthest off as texts, in the order of the chart.

    Withheld groups are not among them.
    """
    order = [int(g) for g in _downward(record, record.worst_first[:MAX_PRINTED])]
    found = [record.difference.at(g) for g in order]
    decimals = numbers.shared_decimals(found, "points")
    error = record.error
    cells = [
        {
            "Group": record.names[g],
            people.capitalize(): numbers.count(estimate.n),
            "Score minus rate": numbers.unitless(estimate, "percent", decimals),
            "q": _q(record, g),
            "Distance": points(float(error.value[g])),
            "Debiased": points(float(error.debiased[g])),
            "Chance alone": f"{points(float(error.null_low[g]))} to "
            f"{points(float(error.null_high[g]))}",
        }
        for g, estimate in zip(order, found, strict=True)
    ]
    heads = ("Group", people.capitalize(), *MEASURED)
    return pd.DataFrame(cells, columns=heads)


def table(record: MiscalibrationMap) -> pd.DataFrame:
    """Return every group's numbers, unrounded, in the order of the listing."""
    d, e = record.difference, record.error
    return pd.DataFrame(
        {
            "group": record.names,
            "people": d.n,
            "score minus rate": d.value,
            "low": d.low,
            "high": d.high,
            "q value": record.q_value,
            "mean distance": e.value,
            "debiased": e.debiased,
            "q value of distance": record.error_q,
            "chance, low": e.null_low,
            "chance, high": e.null_high,
        }
    )


MEASURED = (
    "Score minus rate",
    "q",
    "Distance",
    "Debiased",
    "Chance alone",
)


def drawn_groups(record: MiscalibrationMap) -> Ints:
    """Return the groups drawn: the worst ones, from too much to too little."""
    return _downward(record, record.worst_first[:MAX_ROWS])


def _downward(record: MiscalibrationMap, kept: Ints) -> Ints:
    """Return groups from too much to too little."""
    return kept[np.argsort(-record.difference.value[kept], kind="stable")]


def _subtitle(record: MiscalibrationMap, said: Terms, people: str, shown: int) -> str:
    text = (
        f"With 95 % intervals. Orange: surely {said.orange}, blue: less, grey: not "
        "sure, all groups considered; ringed: surely "
        f"{said.off} at some {said.score}s; n: "
        f"{people}"
    )
    if shown < len(record.worst_first):
        text += f"; the {shown} furthest off of {len(record.worst_first):,} groups"
    return f"{text}. {withheld_words(record.hidden)}".rstrip()


def _draw(
    chart: go.Figure, record: MiscalibrationMap, g: int, position: int, ink: theme.Ink
) -> None:
    found = record.difference.at(g)
    color = ink.ghost
    if record.is_sure[g]:
        color = ink.up if found.value > 0 else ink.down
    chart.add_scatter(
        x=[100 * found.low, 100 * found.high],
        y=[position] * 2,
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    error = record.error
    said = (
        f"<b>{theme.safe(record.names[g])}</b><br>{numbers.full(found, 'points')}, "
        f"n = {numbers.count(found.n)}, q {theme.safe(_q(record, g))}<br>Mean distance "
        f"{points(float(error.value[g]))}, less noise "
        f"{points(float(error.debiased[g]))}; chance alone "
        f"{points(float(error.null_low[g]))} to {points(float(error.null_high[g]))}"
    )
    chart.add_scatter(
        x=[100 * found.value],
        y=[position],
        mode="markers",
        cliponaxis=False,
        marker={
            "color": color,
            "size": 10,
            "symbol": _symbol(record, g, found),
            "line": {
                "color": ink.text,
                "width": 1.5 if record.is_off_somewhere[g] else 0,
            },
        },
        hovertemplate=said + "<extra></extra>",
    )


def _symbol(record: MiscalibrationMap, g: int, found: Estimate) -> str:
    """Return a shape, so that colour never stands alone: it points where scores err."""
    if not record.is_sure[g]:
        return "circle"
    return "triangle-right" if found.value > 0 else "triangle-left"


def _q(record: MiscalibrationMap, g: int) -> str:
    q = float(record.q_value[g])
    return numbers.UNDEFINED if np.isnan(q) else q_words(q)
