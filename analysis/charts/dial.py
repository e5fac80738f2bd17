"""A metric by group against the strength of a planted shift."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Bools
from analysis.charts import numbers, theme
from analysis.charts.changes import change_unit
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimates
from analysis.metrics.registry import metric_named
from analysis.planted.dial import Dial
from analysis.planted.planting import Plant

MOST_GROUPS = 8
"""Groups drawn, the largest: more lines cannot be told apart."""

HEIGHT = 340


def curves(record: Dial, at: float, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw a line with its band per group, everyone in black, and the dial's place.

    Parameters
    ----------
    record : Dial
    at : float
        Strength that the dial stands at.
    ink : Ink
    """
    unit = unit_of(record.metric)
    chart = theme.figure(
        f"{metric_named(record.metric).title} as {planted_words(record.plant)}",
        _subtitle(record),
        height=HEIGHT,
        ink=ink,
    )
    for g in _drawn(record):
        color, symbol = theme.group_color(g, ink), theme.group_symbol(g)
        _line(chart, record, (record.by_group[g], record.names[g]), color, symbol)
    _line(chart, record, (record.overall, "Everyone"), ink.mark, "circle")
    _name_lines(chart, record, ink)
    chart.add_vline(x=at, line={"color": ink.accent, "width": 1.5})
    right = max(float(record.strengths[-1]), at, 0.05)
    chart.update_xaxes(
        tickformat=".0%",
        range=[-0.01, right * 1.02],
        title="Strength: share of people who would have to be others",
    )
    chart.update_yaxes(tickformat=".1~%" if unit == "percent" else "", nticks=7)
    chart.update_layout(margin={"r": 170, "b": 56})
    return chart


def finding(record: Dial, at: float) -> str:
    """Say what the dial's place does to everyone and to the group it moves most."""
    i = place_of(record, at)
    whole = record.overall
    title, unit = short_title(record.metric), unit_of(record.metric)
    if np.isnan(whole.value[0]):
        return f"{title} is undefined on these rows."
    digits = numbers.shared_decimals([whole.at(0), whole.at(i)], unit)
    first, then = (numbers.full(whole.at(j), unit, digits) for j in (0, i))
    strength = numbers.plain(float(record.strengths[i]), "percent", 0)
    if i == 0:
        said = f"{title} is {first} as things are; move the dial to plant a shift"
        return f"{said} (n = {numbers.count(record.rows)}).{_end_words(record)}"
    said = (
        f"{title} goes from {first} to {then} if {planted_words(record.plant)}, at a "
        f"strength of {strength} (n = {numbers.count(record.rows)}, of which the "
        f"weights leave {numbers.count(float(record.effective[i]))})"
    )
    return f"{said}{_furthest(record, i)}.{_end_words(record)}"


def alt(record: Dial) -> str:
    """Say where everyone and every group starts and ends."""
    unit = unit_of(record.metric)
    said = []
    for name, column in [("Everyone", record.overall), *_groups(record)]:
        last = _last(column)
        if last >= 0:
            ends = (numbers.value(column.at(j), unit) for j in (0, last))
            said.append(f"{name} {' to '.join(ends)}")
    return (
        f"{metric_named(record.metric).title} for strengths from 0 to "
        f"{numbers.plain(float(record.strengths[-1]), 'percent', 0)}: "
        f"{'; '.join(said)}."
    )


def table(record: Dial) -> pd.DataFrame:
    """Return the numbers behind the curves, a row per strength and group."""
    frames = [
        pd.DataFrame(
            {
                "strength": record.strengths,
                "group": name,
                "value": column.value,
                "low": column.low,
                "high": column.high,
                "n": column.n,
                "rows the weights leave, of everyone": record.effective,
            }
        )
        for name, column in [("Everyone", record.overall), *_groups(record)]
    ]
    return pd.concat(frames, ignore_index=True)


def place_of(record: Dial, at: float) -> int:
    """Return the last strength that is not beyond the dial's place."""
    return int(np.searchsorted(record.strengths, at + 1e-9)) - 1


def planted_words(plant: Plant) -> str:
    """Say what moves, to follow 'as' or 'if'."""
    up = plant.is_up
    if plant.mechanism == "label":
        return (
            "the positive label gets commoner"
            if up
            else ("the positive label gets rarer")
        )
    if plant.mechanism == "outcome":
        whose = f" of {plant.value}" if plant.column else ""
        return f"labels{whose} turn {'positive' if up else 'negative'}"
    if plant.mechanism == "group" or plant.value:
        what = (
            plant.value
            if plant.mechanism == "group"
            else (f"{plant.column} {plant.value}")
        )
        return f"{what} gets {'commoner' if up else 'rarer'}"
    return f"{plant.column} {'rises' if up else 'falls'}"


def _groups(record: Dial) -> list[tuple[str, Estimates]]:
    if not record.attributes:
        return []
    return list(zip(record.names, record.by_group, strict=True))


def _drawn(record: Dial) -> list[int]:
    """Return the groups drawn: the largest that have a value."""
    columns = _groups(record)
    present = [g for g, (_, c) in enumerate(columns) if _last(c) >= 0]
    sizes = sorted(present, key=lambda g: -float(np.nan_to_num(columns[g][1].n[0])))
    return sorted(sizes[:MOST_GROUPS])


def _known(column: Estimates) -> Bools:
    return ~np.isnan(column.value)


def _last(column: Estimates) -> int:
    known = np.flatnonzero(_known(column))
    return int(known[-1]) if len(known) else -1


def _subtitle(record: Dial) -> str:
    by = f" by {' and '.join(record.attributes)}" if record.attributes else ""
    said = f"{'Share' if unit_of(record.metric) == 'percent' else 'Value'}{by}, with "
    said += "95 % bands; scores and rule stay as they are"
    if len(_drawn(record)) < sum(_last(c) >= 0 for _, c in _groups(record)):
        said += f"; the {MOST_GROUPS} largest groups"
    return said


def _line(
    chart: go.Figure,
    record: Dial,
    what: tuple[Estimates, str],
    color: str,
    symbol: str,
) -> None:
    column, name = what
    known = _known(column)
    x, unit = record.strengths[known], unit_of(record.metric)
    low, high = column.low[known], column.high[known]
    chart.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=theme.translucent(color, 0.13),
        hoverinfo="skip",
    )
    said = [numbers.full(column.at(int(i)), unit) for i in np.flatnonzero(known)]
    chart.add_scatter(
        x=x,
        y=column.value[known],
        mode="lines+markers",
        name=theme.safe(name),
        line={"color": color, "width": 2.5 if name == "Everyone" else 1.8},
        marker={"color": color, "size": 6, "symbol": symbol},
        customdata=[[theme.safe(name), s] for s in said],
        hovertemplate="<b>%{customdata[0]}</b>, strength %{x:.0%}<br>"
        "%{customdata[1]}<extra></extra>",
        cliponaxis=False,
    )


def _name_lines(chart: go.Figure, record: Dial, ink: theme.Ink) -> None:
    """Write each line's name at its end, so that no two overlap."""
    named = [(record.overall, "Everyone", ink.mark)]
    named += [
        (record.by_group[g], record.names[g], theme.group_color(g, ink))
        for g in _drawn(record)
    ]
    ends = [(c, name, color, _last(c)) for c, name, color in named if _last(c) >= 0]
    if not ends:
        return
    ends.sort(key=lambda e: float(e[0].value[e[3]]))
    values = [float(c.value[i]) for c, _, _, i in ends]
    drawn = [v for c, *_ in ends for v in (*c.low[_known(c)], *c.high[_known(c)])]
    step = 0.062 * max(float(np.ptp(drawn)), 1e-6)
    for i in range(1, len(values)):
        values[i] = max(values[i], values[i - 1] + step)
    for (_, name, color, _), y in zip(ends, values, strict=True):
        theme.label(
            chart,
            theme.safe(name, 22),
            x=1,
            xref="paper",
            xshift=8,
            y=y,
            font={"color": color, "size": 13},
        )


def _furthest(record: Dial, i: int) -> str:
    """Say which group moves most, if groups are drawn."""
    moved = [
        (float(c.value[i] - c.value[0]), name)
        for name, c in _groups(record)
        if not np.isnan(c.value[i] - c.value[0])
    ]
    if len(moved) < 2:
        return ""
    change, name = max(moved, key=lambda m: abs(m[0]))
    unit = change_unit(record.metric)
    if abs(change) < 1e-9:
        return "; within the groups nothing changes"
    return f"; most of all for {name}, by {numbers.plain(change, unit)}"


def _end_words(record: Dial) -> str:
    last = numbers.plain(float(record.strengths[-1]), "percent", 0)
    if record.stopped_by == "rows":
        return f" The curves end at {last}: beyond it too few people carry the weights."
    if record.stopped_by == "possible":
        return f" The curves end at {last}: more of it is not possible in this table."
    return ""
