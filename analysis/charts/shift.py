"""Why performance changed: a waterfall from source to target, and what moved."""

import textwrap

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.changes import change_unit, color_of, color_words
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.shifts.attribution import Attribution, Part

WORDS = {
    "P(X)": "Who comes, P(X)",
    "P(Y|X)": "What happens to them, P(Y|X)",
}
"""Plain words for the two components of a covariate split."""


def waterfall(record: Attribution, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the metric at the source, each part by size, the residual, the target.

    Parameters
    ----------
    record : Attribution
    ink : Ink
    """
    parts = _by_size(record)
    chart = theme.figure(
        f"{metric_named(record.metric).title}: from source to target",
        "Columns: the parts of the change, with 95 % intervals; "
        f"{color_words(record.metric)}, grey could be chance; hatched: not accounted "
        "for. Parts are rounded one by one.",
        height=300,
        ink=ink,
    )
    names = ["Source", *(_words(p) for p in parts), "Not accounted for", "Target"]
    at = _add_ends(chart, record, names, ink)
    for i, part in enumerate(parts, start=1):
        _add_step(chart, part, i, at, record, ink)
        at += part.value
    _add_residual(chart, record, len(parts) + 1, at, ink)
    chart.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=["<br>".join(map(theme.safe, textwrap.wrap(n, 16))) for n in names],
        tickfont={"color": ink.text, "size": 14},
        showgrid=False,
        range=[-0.6, len(names) - 0.3],
    )
    fmt = ".1~%" if unit_of(record.metric) == "percent" else ".3f"
    chart.update_yaxes(tickformat=fmt, nticks=6, range=_span(record, parts))
    chart.update_layout(bargap=0.45)
    return chart


def alt(record: Attribution) -> str:
    """Say the change and its parts."""
    unit, decimals = change_unit(record.metric), _decimals(record)
    kind = unit_of(record.metric)
    said = [f"{_words(p)} {_part(p, record)}" for p in _by_size(record)]
    return (
        f"{metric_named(record.metric).title} from "
        f"{numbers.full(record.source, kind, decimals)} at the source to "
        f"{numbers.full(record.target, kind, decimals)} at the target, a "
        f"change of {numbers.full(record.change, unit, decimals)}: {'; '.join(said)}; "
        f"not accounted for {numbers.plain(record.residual, unit, decimals)}."
    )


def finding(record: Attribution, sides: tuple[str, str]) -> str:
    """Say how much changed between what and what, and which part explains most.

    Parameters
    ----------
    record : Attribution
    sides : (str, str)
        What source and target are called.
    """
    unit, decimals = change_unit(record.metric), _decimals(record)
    title = short_title(record.metric)
    printed = numbers.as_printed(
        record.change, record.source.value, record.target.value, unit, decimals
    )
    change = numbers.full(printed, unit, decimals)
    source, target = (
        f"{numbers.value(e, unit_of(record.metric), decimals)} at {name} "
        f"(n = {numbers.count(e.n)})"
        for e, name in zip((record.source, record.target), sides, strict=True)
    )
    limits = " The split rests on few rows, see below." if record.warnings else ""
    if record.change.low <= 0 <= record.change.high:
        return (
            f"{title} did not change more than chance: {source}, {target}; {change}."
            f"{limits}"
        )
    largest = _by_size(record)[0]
    sure = largest.low > 0 or largest.high < 0
    hedge = "" if sure else ", though that part alone could be chance"
    verb = "seems to be" if record.warnings else "is"
    return (
        f"{title} went from {source} to {target}, a change of {change}. The largest "
        f"part {verb} {_in_sentence(largest)}: {_part(largest, record)}{hedge}.{limits}"
    )


def table(record: Attribution) -> pd.DataFrame:
    """Return the numbers behind the waterfall."""
    rows = [
        ("source", record.source.value, record.source.low, record.source.high),
        *((p.component, p.value, p.low, p.high) for p in record.parts),
        ("residual", record.residual, np.nan, np.nan),
        ("target", record.target.value, record.target.low, record.target.high),
        ("change", record.change.value, record.change.low, record.change.high),
    ]
    frame = pd.DataFrame(rows, columns=["component", "value", "low", "high"])
    frame["effective rows"] = frame["component"].map(record.effective_sample_size)
    return frame


def _by_size(record: Attribution) -> list[Part]:
    return sorted(record.parts, key=lambda p: -abs(np.nan_to_num(p.value)))


def _words(part: Part) -> str:
    return WORDS.get(part.component, part.component)


def _in_sentence(part: Part) -> str:
    words = _words(part)
    return words[:1].lower() + words[1:] if part.component in WORDS else words


def _part(part: Part, record: Attribution) -> str:
    unit, decimals = change_unit(record.metric), _decimals(record)
    return numbers.full(Estimate(part.value, part.low, part.high, 0), unit, decimals)


def _decimals(record: Attribution) -> int:
    """Return the decimals of every number: both ends, the change and its parts."""
    shown = (record.source, record.target, record.change)
    decimals = numbers.shared_decimals(shown, change_unit(record.metric))
    return max(1, decimals)


def _span(record: Attribution, parts: list[Part]) -> list[float]:
    """Return a range that shows the steps, which may be small beside the value."""
    running = record.source.value + np.cumsum([0.0, *(p.value for p in parts)])
    ends = [record.source.low, record.source.high]
    ends += [record.target.low, record.target.high, *running]
    for start, part in zip(running, parts, strict=False):
        ends += [start + part.low, start + part.high]
    known = np.array([e for e in ends if not np.isnan(e)])
    margin = 0.15 * max(float(np.ptp(known)), 1e-6)
    return [float(known.min()) - margin, float(known.max()) + margin]


def _add_ends(
    chart: go.Figure, record: Attribution, names: list[str], ink: theme.Ink
) -> float:
    unit = unit_of(record.metric)
    for x, estimate in ((0, record.source), (len(names) - 1, record.target)):
        chart.add_scatter(
            x=[x],
            y=[estimate.value],
            mode="markers+text",
            marker={"color": ink.mark, "size": 11},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [estimate.high - estimate.value],
                "arrayminus": [estimate.value - estimate.low],
                "width": 0,
                "thickness": 2,
                "color": ink.mark,
            },
            text=[f"  {numbers.value(estimate, unit, _decimals(record))}"],
            textposition="middle right",
            cliponaxis=False,
            hovertemplate=f"{numbers.full(estimate, unit, _decimals(record))}<br>"
            f"n = {numbers.count(estimate.n)}<extra></extra>",
        )
    chart.add_hline(
        y=record.source.value, line={"color": ink.grid, "width": 1, "dash": "dot"}
    )
    return record.source.value


def _add_step(
    chart: go.Figure,
    part: Part,
    x: int,
    at: float,
    record: Attribution,
    ink: theme.Ink,
) -> None:
    sure = part.low > 0 or part.high < 0
    color = color_of(record.metric, part.value, ink) if sure else ink.ghost
    chart.add_bar(
        x=[x],
        base=[at],
        y=[part.value],
        marker={"color": color},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [part.high - part.value],
            "arrayminus": [part.value - part.low],
            "width": 0,
            "thickness": 1.5,
            "color": ink.text,
        },
        customdata=[[theme.safe(_words(part)), _part(part, record)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )
    top = max(at, at + part.value, at + part.high)
    theme.label(
        chart,
        numbers.plain(part.value, change_unit(record.metric), _decimals(record)),
        x=x,
        y=top,
        xanchor="center",
        yanchor="bottom",
        yshift=3,
        bgcolor=ink.page,
        font={"color": ink.text, "size": 13},
    )


def _add_residual(
    chart: go.Figure, record: Attribution, x: int, at: float, ink: theme.Ink
) -> None:
    said = numbers.plain(record.residual, change_unit(record.metric), _decimals(record))
    chart.add_bar(
        x=[x],
        base=[at],
        y=[record.residual],
        marker={
            "color": "rgba(0,0,0,0)",
            "line": {"color": ink.muted, "width": 1},
            "pattern": {"shape": "/", "fgcolor": ink.muted},
        },
        hovertemplate=f"not accounted for {said}<extra></extra>",
    )
    theme.label(
        chart,
        said,
        x=x,
        y=max(at, at + record.residual),
        xanchor="center",
        yanchor="bottom",
        yshift=3,
        bgcolor=ink.page,
    )
