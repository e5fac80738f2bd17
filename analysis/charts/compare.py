"""Before and after on the same rows: where each group moved, and at what price."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.changes import change_unit, color_of, color_words
from analysis.charts.groups import short_title, unit_of
from analysis.charts.withheld import WITHHELD, withheld_words
from analysis.compare import HARM_LEVEL, PairedComparison
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.verdict import by_metric

MAX_ROWS = 24
ROW_HEIGHT = 36


def moves(
    record: PairedComparison, metric: str, ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw each group's move: hollow grey before, solid after, coloured when sure.

    Parameters
    ----------
    record : PairedComparison
    metric : str
    ink : Ink
    """
    rows = _shown(record, metric)
    title = metric_named(metric).title
    chart = theme.figure(
        f"{title}: before and after",
        f"Hollow: before. Solid: after, {color_words(metric)}, grey not sure once "
        "all groups and measures are counted.",
        height=ROW_HEIGHT * len(rows) + 16,
        ink=ink,
    )
    for position, g in enumerate(reversed(rows)):
        if not record.hidden[g]:
            _draw_move(chart, record, (metric, g), position, ink)
    _label_rows(chart, record, metric, rows, ink)
    chart.update_xaxes(tickformat=".1~%" if unit_of(metric) == "percent" else ".4~f")
    chart.update_layout(margin={"r": 250})
    return chart


def alt(record: PairedComparison, metric: str) -> str:
    """Say the overall change, the largest change of a group, and who was harmed."""
    title, change = metric_named(metric).title, record.change[metric].estimates
    rows = [g for g in _shown(record, metric) if not np.isnan(change.value[g])]
    decimals = _decimals(record, metric)
    overall = numbers.full(record.overall[metric], change_unit(metric), decimals)
    withheld = withheld_words(record.hidden)
    if not rows:
        said = f"{title}: change overall {overall}; undefined in every group."
        return f"{said} {withheld}".rstrip()
    g = max(rows, key=lambda i: abs(change.value[i]))
    harmed = [name for name, worse in record.harmed if worse == metric]
    said = (
        f"surely worse for {', '.join(harmed)}" if harmed else "no group surely worse"
    )
    largest = numbers.full(change.at(g), change_unit(metric), decimals)
    said = (
        f"{title}: change overall {overall}; largest for {record.names[g]}, "
        f"{largest}; {said}."
    )
    return f"{said} {withheld}".rstrip()


def row_names(record: PairedComparison, metric: str) -> tuple[str, ...]:
    """Return the groups of the moves from top to bottom."""
    return tuple(record.names[g] for g in _shown(record, metric))


def finding(record: PairedComparison, metric: str, whom: str = "everyone") -> str:
    """Say who surely gained and who surely lost most, and the price over all rows.

    Parameters
    ----------
    record : PairedComparison
    metric : str
    whom : str
        What all rows are called: everyone, or a cohort.
    """
    value = record.change[metric].estimates.value
    worse = [g for g in range(len(value)) if record.change[metric].is_worse[g]]
    other = [
        g for g in range(len(value)) if _is_sure(record, metric, g) and g not in worse
    ]
    price = _price_words(record, whom)
    title = short_title(metric)
    if not worse and not other:
        shown = " that is shown" if record.hidden.any() else ""
        return f"{title}: no group{shown} changed more than chance. {price}"
    most = [max(part, key=lambda g: abs(value[g])) for part in (other, worse) if part]
    moved = [_moved(record, metric, g) for g in most]
    if worse:
        moved[-1] += ", surely for the worse"
    return f"{title}: {'; but '.join(moved)}. {price}"


def _moved(record: PairedComparison, metric: str, g: int) -> str:
    before = record.before.by_group[metric].at(g)
    after = record.after.by_group[metric].at(g)
    unit, decimals = unit_of(metric), _decimals(record, metric)
    change = _change(record, metric, g)
    return (
        f"{record.names[g]} went from {numbers.value(before, unit, decimals)} to "
        f"{numbers.value(after, unit, decimals)}, "
        f"{numbers.full(change, change_unit(metric), decimals)} "
        f"(n = {numbers.count(change.n)})"
    )


def _change(record: PairedComparison, metric: str, g: int) -> Estimate:
    """Return a group's change as the difference of before and after as printed."""
    before, after = record.before.by_group[metric], record.after.by_group[metric]
    return numbers.as_printed(
        record.change[metric].estimates.at(g),
        before.value[g],
        after.value[g],
        change_unit(metric),
        _decimals(record, metric),
    )


def _price_words(record: PairedComparison, whom: str) -> str:
    if "accuracy" not in record.overall:
        return ""
    *_, change, decimals = _overall(record, "accuracy")
    said = numbers.full(change, change_unit("accuracy"), decimals)
    return f"Over {whom}: accuracy {said}."


def _overall(
    record: PairedComparison, metric: str
) -> tuple[Estimate, Estimate, Estimate, int]:
    """Return before, after, their difference as printed, and the decimals."""
    before, after = record.before.overall[metric], record.after.overall[metric]
    change, unit = record.overall[metric], change_unit(metric)
    decimals = numbers.shared_decimals((before, after, change), unit)
    decimals = max(decimals, 1)  # one number of decimals down the column of rates
    printed = numbers.as_printed(change, before.value, after.value, unit, decimals)
    off = abs(printed.value - change.value) * (100 if unit == "points" else 1)
    if off > 0.5 * 10**-decimals:  # the sentence shows no ends that would explain it
        decimals += 1
        printed = numbers.as_printed(change, before.value, after.value, unit, decimals)
    return before, after, printed, decimals


def _decimals(record: PairedComparison, metric: str) -> int:
    """Return the decimals of every number of one measure: before, after, change."""
    change = record.change[metric].estimates
    shown = [change.at(g) for g in _shown(record, metric)]
    return numbers.shared_decimals(shown, change_unit(metric))


def harmed_words(record: PairedComparison) -> str:
    """Say which groups surely got worse, in which metrics."""
    if not record.harmed:
        shown = " that is shown" if record.hidden.any() else ""
        return f"No group{shown} got surely worse in any of the measures compared."
    said = [
        f"{short_title(metric)}: {', '.join(names)}"
        for metric, names in by_metric(record.harmed).items()
    ]
    return (
        f"Surely worse after the change. {'; '.join(said)}. Judged by q-values over "
        "all groups and measures compared."
    )


def price(record: PairedComparison) -> pd.DataFrame:
    """Return before, after and change over everyone as printed, one row per metric."""
    rows = []
    for name in record.overall:
        before, after, change, decimals = _overall(record, name)
        rows.append(
            (
                metric_named(name).title,
                numbers.value(before, unit_of(name), decimals),
                numbers.value(after, unit_of(name), decimals),
                numbers.value(change, change_unit(name), decimals),
                numbers.interval(change, change_unit(name), decimals),
            )
        )
    columns = ["Measure", "Before", "After", "Change", "95 % interval"]
    return pd.DataFrame(rows, columns=columns)


def table(record: PairedComparison, metric: str) -> pd.DataFrame:
    """Return the numbers behind the moves."""
    before, after = record.before.by_group[metric], record.after.by_group[metric]
    change = record.change[metric]
    worse: Sequence[object] = list(map(bool, change.is_worse))
    if record.hidden.any():  # of a withheld group not even this may be said
        both = zip(worse, record.hidden, strict=True)
        worse = [None if is_hidden else is_worse for is_worse, is_hidden in both]
    return pd.DataFrame(
        {
            "group": record.names,
            "people": before.n,
            "before": before.value,
            "after": after.value,
            "after minus before": change.estimates.value,
            "low": change.estimates.low,
            "high": change.estimates.high,
            "q-value": change.q_value,
            "surely worse": worse,
        }
    )


def _shown(record: PairedComparison, metric: str) -> list[int]:
    """Return the groups drawn: the largest, highest value first; withheld ones last."""
    before = record.before.by_group[metric].value
    rows = [g for g in range(len(record.names)) if record.before.n[g] > 0]
    rows = sorted(rows, key=lambda g: -record.before.n[g])[:MAX_ROWS]
    rows = sorted(rows, key=lambda g: (bool(np.isnan(before[g])), -before[g]))
    return [*rows, *map(int, np.flatnonzero(record.hidden))][:MAX_ROWS]


def _draw_move(
    chart: go.Figure,
    record: PairedComparison,
    cell: tuple[str, int],
    position: int,
    ink: theme.Ink,
) -> None:
    metric, g = cell
    before = record.before.by_group[metric].at(g)
    after = record.after.by_group[metric].at(g)
    color = _color(record, metric, g, ink)
    chart.add_scatter(
        x=[before.value, after.value],
        y=[position, position],
        mode="lines",
        line={"color": color, "width": 2.5},
        hoverinfo="skip",
    )
    dots = (
        ("before", before, {"color": ink.ghost, "symbol": "circle-open", "size": 11}),
        ("after", after, {"color": color, "symbol": "circle", "size": 11}),
    )
    for when, estimate, marker in dots:
        said = numbers.full(estimate, unit_of(metric), _decimals(record, metric))
        chart.add_scatter(
            x=[estimate.value],
            y=[position],
            mode="markers",
            marker=marker | {"line": {"width": 2}} if when == "before" else marker,
            customdata=[[theme.safe(record.names[g]), said, numbers.count(estimate.n)]],
            hovertemplate="<b>%{customdata[0]}</b>, " + when + "<br>%{customdata[1]}"
            "<br>n = %{customdata[2]}<extra></extra>",
        )


def _is_sure(record: PairedComparison, metric: str, g: int) -> bool:
    """Whether a change is more than chance, all those compared considered."""
    return bool(record.change[metric].q_value[g] < HARM_LEVEL)


def _color(record: PairedComparison, metric: str, g: int, ink: theme.Ink) -> str:
    if not _is_sure(record, metric, g):
        return ink.ghost
    return color_of(metric, record.change[metric].estimates.value[g], ink)


def _label_rows(
    chart: go.Figure,
    record: PairedComparison,
    metric: str,
    rows: list[int],
    ink: theme.Ink,
) -> None:
    upward = list(reversed(rows))
    name_rows(chart, [record.names[g] for g in upward], ink)
    right = {"x": 1, "xref": "paper", "xanchor": "right"}
    change, decimals = record.change[metric].estimates, _decimals(record, metric)
    for position, g in enumerate(upward):
        if record.hidden[g]:
            theme.label(chart, WITHHELD, **right, y=position, xshift=165)
            continue
        said = numbers.full(_change(record, metric, g), change_unit(metric), decimals)
        color = _color(record, metric, g, ink)
        font = {"color": ink.muted if color == ink.ghost else color, "size": 13}
        theme.label(chart, said, **right, y=position, xshift=165, font=font)
        n = f"n = {numbers.count(change.n[g])}"
        theme.label(chart, n, **right, y=position, xshift=248)


def name_rows(chart: go.Figure, upward: list[str], ink: theme.Ink) -> None:
    """Write group names beside their rows, the lowest row first."""
    chart.update_yaxes(
        tickvals=list(range(len(upward))),
        ticktext=[theme.safe(name, theme.LABEL_WIDTH) for name in upward],
        range=[-0.6, len(upward) - 0.4],
        showgrid=False,
        tickfont={"color": ink.text, "size": 14},
    )
