"""Every group by how much its scores promise too much or too little, worst first."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Ints
from analysis.calibration.everywhere import FEW, MiscalibrationMap
from analysis.charts import numbers, theme
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
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw the groups furthest off around 0: orange promised too much, blue too little.

    Parameters
    ----------
    record : MiscalibrationMap
    people : str
        What a row is, in words.
    ink : Ink
    """
    shown = drawn_groups(record)
    chart = theme.figure(
        "Mean score minus what came true, every group",
        _subtitle(record, people, len(shown)),
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
    chart.update_xaxes(
        title="Points; to the right the score promises too much", nticks=9
    )
    chart.update_layout(margin={"r": 200, "b": 56})
    return chart


def alt(record: MiscalibrationMap) -> str:
    """Say how many groups are surely off, and the first ones."""
    return f"{words(record)} {withheld_words(record.hidden)}".rstrip()


def words(record: MiscalibrationMap) -> str:
    """Say which groups' scores are surely off on average, the largest first.

    Plain text, not escaped: group names come from the data.
    """
    order, sure = record.worst_first, record.is_sure
    if not len(order):
        return "No group has enough people to say whether its scores are off."
    off = [int(g) for g in order if sure[g]]
    of = f"{len(order):,} groups of {FEW} people or more"
    more = _elsewhere(record, is_first=not off)
    if not off:
        text = f"Of {of}, none is surely promised too much or too little on average."
        return f"{text} {more}".rstrip()
    said = [_said(record, g) for g in off[:2]]
    many = record.difference.value[off] > 0
    sides = f"{int(many.sum()):,} promised too much, {int((~many).sum()):,} too little"
    number = "1 is" if len(off) == 1 else f"{len(off):,} are"
    text = f"Of {of}, {number} surely off on average ({sides})."
    return f"{text} Furthest: {'; '.join(said)}. {more}".rstrip()


def few_words(record: MiscalibrationMap) -> str:
    """Say how many groups are too small for anything to be said; empty for none."""
    few = int(record.is_few.sum())
    if not few:
        return ""
    who = "1 group has" if few == 1 else f"{few:,} groups have"
    return f"{who} fewer than {FEW} people; nothing is said of them."


def printed(record: MiscalibrationMap) -> pd.DataFrame:
    """Return the groups furthest off as texts; withheld groups are not among them."""
    order = [int(g) for g in record.worst_first[:MAX_PRINTED]]
    found = [record.difference.at(g) for g in order]
    decimals = numbers.shared_decimals(found, "points")
    error = record.error
    cells = [
        {
            "Group": record.names[g],
            "People": numbers.count(estimate.n),
            "Score minus rate": numbers.unitless(estimate, "percent", decimals),
            "q": _q(record, g),
            "Distance": points(float(error.value[g])),
            "Debiased": points(float(error.debiased[g])),
            "Chance alone": f"{points(float(error.null_low[g]))} to "
            f"{points(float(error.null_high[g]))}",
        }
        for g, estimate in zip(order, found, strict=True)
    ]
    return pd.DataFrame(cells, columns=HEADS)


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


HEADS = (
    "Group",
    "People",
    "Score minus rate",
    "q",
    "Distance",
    "Debiased",
    "Chance alone",
)


def drawn_groups(record: MiscalibrationMap) -> Ints:
    """Return the groups drawn: the worst ones, from too much to too little."""
    kept = record.worst_first[:MAX_ROWS]
    return kept[np.argsort(-record.difference.value[kept], kind="stable")]


def _subtitle(record: MiscalibrationMap, people: str, shown: int) -> str:
    text = (
        "With 95 % intervals. Orange: surely promised more than came true, blue: less, "
        f"grey: not sure, all groups considered; ringed: surely off at some scores; n: "
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


def _said(record: MiscalibrationMap, g: int) -> str:
    found = record.difference.at(g)
    much = "much" if found.value > 0 else "little"
    if found.value < 0:
        found = Estimate(-found.value, -found.high, -found.low, found.n)
    size = numbers.full(found, "points").replace("+", "")
    n = numbers.count(found.n)
    return f"{record.names[g]}, promised {size} too {much} (n = {n})"


def _elsewhere(record: MiscalibrationMap, *, is_first: bool) -> str:
    """Say how many groups are off at some scores though not surely on average."""
    many = int((record.is_off_somewhere & ~record.is_sure).sum())
    if not many:
        return ""
    which = "one is" if many == 1 else f"{many:,} are"
    more = "Yet" if is_first else "Beside them"
    return f"{more}, {which} off at some scores that cancel out on average."


def _q(record: MiscalibrationMap, g: int) -> str:
    q = float(record.q_value[g])
    return numbers.UNDEFINED if np.isnan(q) else q_words(q)
