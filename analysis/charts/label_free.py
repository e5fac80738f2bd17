"""Estimates without labels: by group and over time, and beside what labels show."""

from collections.abc import Sequence

import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.groups import short_title, unit_of
from analysis.charts.label_free_words import decimals_of, full
from analysis.estimates import Estimate
from analysis.label_free.records import LabelFree, Part
from analysis.metrics.registry import metric_named

MOST_ROWS = 30
ROW_HEIGHT = 38


def rows(
    record: LabelFree,
    parts: Sequence[Part],
    metric: str,
    names: Sequence[str],
    *,
    with_labels: bool,
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw everyone and some parts: estimate, source, and what labels show.

    Parameters
    ----------
    record : LabelFree
    parts : sequence of Part
        Groups or periods.
    metric : str
    names : sequence of str
        The attribute's groups, which give them their colours.
    with_labels : bool
    ink : Ink
    """
    shown = drawn_parts(record, parts)
    unit = unit_of(metric)
    figure = theme.figure(
        metric_named(metric).title,
        _subtitle(len(shown) - 1, len(parts), with_labels=with_labels),
        height=ROW_HEIGHT * len(shown) + 24,
        ink=ink,
    )
    decimals = decimals_of([p.metrics[metric] for p in shown], unit)
    for y, part in enumerate(reversed(shown)):
        place = names.index(part.name) if part.name in names else -1
        _draw(figure, part, (metric, place, y, decimals), ink, with_labels=with_labels)
    figure.update_xaxes(tickformat=".1~%" if unit == "percent" else "", nticks=8)
    figure.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[
            theme.safe(p.name or "Everyone", theme.LABEL_WIDTH) for p in shown[::-1]
        ],
        range=[-0.6, len(shown) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
    figure.update_layout(margin={"r": 215})
    return figure


def alt(
    record: LabelFree, parts: Sequence[Part], metric: str, *, with_labels: bool
) -> str:
    """Say estimates by part, with what labels show."""
    unit = unit_of(metric)
    shown = drawn_parts(record, parts)
    decimals = decimals_of([p.metrics[metric] for p in shown], unit)
    said = []
    for part in shown[:9]:
        guess = part.metrics[metric]
        words = f"{part.name or 'Everyone'} "
        words += numbers.full(guess.estimated, unit, decimals)
        if with_labels and not guess.realised.is_undefined:
            words += f", labels say {numbers.value(guess.realised, unit, decimals)}"
        said.append(words)
    return f"{short_title(metric)} estimated without labels: {'; '.join(said)}."


def drawn_parts(record: LabelFree, parts: Sequence[Part]) -> list[Part]:
    """Return everyone and the parts with people; of many, the largest."""
    known = [p for p in parts if p.n == p.n]
    kept = sorted(known, key=lambda p: -p.n)[:MOST_ROWS]
    return [record.overall, *(p for p in known if p in kept)]


def _subtitle(shown: int, parts: int, *, with_labels: bool) -> str:
    said = (
        "Dot: estimated without labels, with the 95 % interval of what labels would "
        "show; hollow: measured at the source"
    )
    said += "; cross: what the labels say" if with_labels else ""
    said += "; n: the target's people"
    return f"{said}; the {shown} largest of {parts}" if shown < parts else said


def _draw(
    figure: go.Figure,
    part: Part,
    place: tuple[str, int, int, int],
    ink: theme.Ink,
    *,
    with_labels: bool,
) -> None:
    metric, code, y, decimals = place
    guess, unit = part.metrics[metric], unit_of(metric)
    color = ink.mark if code < 0 else theme.group_color(code, ink)
    name = theme.safe(part.name or "Everyone")
    _add_ghost(figure, guess.reference, y, ink)
    e = guess.estimated
    said = full(e, unit, decimals)
    if not e.is_undefined:
        figure.add_scatter(
            x=[e.low, e.high],
            y=[y, y],
            mode="lines",
            line={"color": color, "width": 2},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[e.value],
            y=[y],
            mode="markers",
            name=name,
            marker={
                "color": color,
                "size": 11,
                "symbol": theme.group_symbol(max(code, 0)),
            },
            customdata=[[name, said, numbers.count(part.n)]],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
            "n = %{customdata[2]}<extra></extra>",
            cliponaxis=False,
        )
    if with_labels and not guess.realised.is_undefined:
        figure.add_scatter(
            x=[guess.realised.value],
            y=[y],
            mode="markers",
            marker={
                "symbol": "x-thin",
                "size": 11,
                "line": {"color": ink.text, "width": 2.5},
            },
            hovertemplate=f"labels say {numbers.full(guess.realised, unit, decimals)}"
            "<extra></extra>",
            cliponaxis=False,
        )
    right = {"x": 1, "xref": "paper", "xanchor": "right", "y": y}
    font = {"color": ink.text, "size": 13}
    theme.label(figure, said, **right, xshift=130, font=font)
    theme.label(figure, f"n = {numbers.count(part.n)}", **right, xshift=213)


def _add_ghost(
    figure: go.Figure, reference: Estimate, y: float, ink: theme.Ink
) -> None:
    if reference.is_undefined:
        return
    figure.add_scatter(
        x=[reference.value],
        y=[y + 0.24],
        mode="markers",
        marker={
            "color": ink.page,
            "size": 9,
            "line": {"color": ink.ghost, "width": 1.5},
        },
        hoverinfo="skip",
        cliponaxis=False,
    )
