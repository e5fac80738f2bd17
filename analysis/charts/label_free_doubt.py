"""How far an estimate without labels can be trusted: lights, drift, and energy."""

import math

import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.arms import arms
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimate
from analysis.label_free.records import Drift, Energy, Guess, LabelFree

STATES = {
    "good": "Holds",
    "doubt": "Doubtful",
    "bad": "Fails",
    "unknown": "Cannot be seen",
}


def lights_printed(record: LabelFree) -> list[tuple[str, str, str]]:
    """Return each assumption with its state and what the rows say."""
    return [(STATES[light.state], light.name, light.words) for light in record.lights]


def drift_curve(found: Drift, guess: Guess, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw a metric against how much the odds of the label drift.

    Parameters
    ----------
    found : Drift
    guess : Guess
        The estimate, whose interval and reference are drawn beside the curve.
    ink : Ink
    """
    unit = unit_of(found.metric)
    figure = theme.figure(
        _drift_title(found),
        f"{short_title(found.metric)} against the odds of the label, as a multiple of "
        "those estimated; band: 95 % interval of the estimate; dotted: the source",
        height=300,
        ink=ink,
    )
    e = guess.estimated
    if e.low == e.low:
        figure.add_hrect(
            y0=e.low,
            y1=e.high,
            fillcolor=theme.translucent(ink.ghost, 0.25),
            line_width=0,
        )
    figure.add_hline(
        y=guess.reference.value, line={"color": ink.muted, "width": 1, "dash": "dot"}
    )
    odds = [math.exp(s) for s in found.shifts]
    figure.add_scatter(
        x=odds,
        y=list(found.levels),
        mode="lines",
        line={"color": ink.accent, "width": 2.5},
        customdata=[
            [f"{o:.2f}", f"{f:.1%}"] for o, f in zip(odds, found.flipped, strict=True)
        ],
        hovertemplate="odds × %{customdata[0]}: %{y}<br>%{customdata[1]} of labels "
        "change<extra></extra>",
    )
    figure.add_vline(x=1, line={"color": ink.muted, "width": 1})
    if found.enough == found.enough:
        _mark_enough(figure, found, ink)
    figure.update_xaxes(
        type="log",
        tickvals=[0.2, 0.33, 0.5, 1, 2, 3, 5],
        ticktext=["× 1/5", "× 1/3", "× 1/2", "as estimated", "× 2", "× 3", "× 5"],
    )
    figure.update_yaxes(tickformat=".1~%" if unit == "percent" else "", nticks=6)
    return figure


def drift_alt(found: Drift) -> str:
    """Say how much drift changes the verdict."""
    unit, title = unit_of(found.metric), short_title(found.metric)
    first, last = (
        numbers.plain(v, unit, 1 if unit == "percent" else 3)
        for v in (found.levels[0], found.levels[-1])
    )
    return (
        f"{title} if the odds of the label drift: {first} at a seventh of those "
        f"estimated, {last} at seven times those. {drift_words(found)}"
    )


def drift_words(found: Drift) -> str:
    """Say the smallest drift that matters."""
    title, limit = short_title(found.metric), _limit(found)
    if found.enough != found.enough:
        return f"No drift drawn changes {title.lower()} by {limit}."
    times = math.exp(found.enough)
    return (
        f"{title} changes by {limit} once the odds of the label are {times:.2f} times "
        f"those estimated, for everyone: {found.enough_flipped:.1%} of all labels "
        "would be others."
    ).replace("%", " %")


def drift_table(found: Drift) -> pd.DataFrame:
    """Return the curve as numbers."""
    return pd.DataFrame(
        {
            "shift of the log odds": found.shifts,
            found.metric: found.levels,
            "share of labels changed": found.flipped,
        }
    )


def energy_scatter(
    found: Energy, realised: Estimate | None, ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw the shifted copies of the source, the line, and what is read off.

    Parameters
    ----------
    found : Energy
    realised : Estimate or None
        What the labels show, where they may be shown.
    ink : Ink
    """
    unit = unit_of(found.metric)
    title = short_title(found.metric)
    figure = theme.figure(
        _energy_title(found),
        f"{title} against the meta-distribution energy (how unequal the scores' "
        "sureness is, nats) of the source shifted on purpose, one way at a time",
        height=320,
        ink=ink,
    )
    x, y = [c[0] for c in found.copies], [c[1] for c in found.copies]
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": ink.ghost, "size": 7},
        customdata=[theme.safe(way) for way in found.ways],
        hovertemplate="shifted by %{customdata}<br>energy %{x:.3f}, %{y}"
        "<extra></extra>",
    )
    ends = [min([*x, found.energy]), max([*x, found.energy])]
    figure.add_scatter(
        x=ends,
        y=[found.intercept + found.slope * end for end in ends],
        mode="lines",
        line={"color": ink.muted, "width": 1.5},
        hoverinfo="skip",
    )
    figure.add_vline(
        x=found.energy, line={"color": ink.accent, "width": 1, "dash": "dot"}
    )
    _add_read_off(figure, found, ink)
    if realised is not None and not realised.is_undefined:
        figure.add_scatter(
            x=[found.energy],
            y=[realised.value],
            mode="markers",
            marker={
                "symbol": "x-thin",
                "size": 12,
                "line": {"color": ink.text, "width": 2.5},
            },
            hovertemplate=f"labels say {numbers.value(realised, unit)}<extra></extra>",
        )
    figure.update_xaxes(title="Energy of the scores", nticks=8)
    figure.update_yaxes(tickformat=".1~%" if unit == "percent" else "", nticks=6)
    figure.update_layout(margin={"b": 52})
    return figure


def energy_words(found: Energy) -> str:
    """Say what is read off, or why nothing is."""
    title = short_title(found.metric)
    if found.why_not:
        return f"Nothing is read off. {found.why_not}"
    unit = unit_of(found.metric)
    said = numbers.full(found.estimated, unit)
    return (
        f"{title} read off the energy of the scores: {said}, from {len(found.copies)} "
        "copies of the source shifted on purpose; the interval is that of copies left "
        "out one at a time."
    )


def energy_table(found: Energy) -> pd.DataFrame:
    """Return the copies as numbers."""
    return pd.DataFrame(
        {
            "shifted by": found.ways,
            "energy": [c[0] for c in found.copies],
            found.metric: [c[1] for c in found.copies],
        }
    )


def _add_read_off(figure: go.Figure, found: Energy, ink: theme.Ink) -> None:
    e = found.estimated
    if e.is_undefined:
        return
    figure.add_scatter(
        x=[found.energy],
        y=[e.value],
        mode="markers",
        marker={"color": ink.accent, "size": 12},
        error_y=arms([e], ink.accent, 2),
        hovertemplate=f"{numbers.full(e, unit_of(found.metric))}<extra></extra>",
    )


def _mark_enough(figure: go.Figure, found: Drift, ink: theme.Ink) -> None:
    times = math.exp(found.enough)
    figure.add_vline(x=times, line={"color": ink.up, "width": 1.5, "dash": "dot"})
    theme.label(
        figure,
        f"{_limit(found)} off",
        x=found.enough / math.log(10),  # a log axis is placed by powers of ten
        y=1,
        yref="paper",
        yanchor="bottom",
        xanchor="center",
        font={"color": ink.up, "size": 13},
    )


def _drift_title(found: Drift) -> str:
    if found.enough != found.enough:
        return "No drift of the outcomes drawn here would change the verdict"
    times = math.exp(found.enough)
    return f"{_limit(found)} off once the odds of the label are × {times:.2f}"


def _energy_title(found: Energy) -> str:
    if found.why_not:
        return "The energy of the target's scores cannot be read off"
    said = numbers.full(found.estimated, unit_of(found.metric))
    return f"{short_title(found.metric)} read off the scores' energy: {said}"


def _limit(found: Drift) -> str:
    if unit_of(found.metric) == "percent":
        return f"{100 * found.limit:.0f} points"
    return f"{found.limit:.3g}"
