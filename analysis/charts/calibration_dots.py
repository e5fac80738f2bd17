"""One measure of calibration by group, as dots beside what true scores would show."""

import numpy as np
import plotly.graph_objects as go

from analysis.calibration.graded import FIELDS, Measured
from analysis.calibration.measures import MEASURES, CalibrationMeasure
from analysis.calibration.table import SURE, CalibrationTable
from analysis.charts import theme
from analysis.charts.calibration_measures import EVERYONE, has_groups, label
from analysis.charts.withheld import withheld_words

MAX_ROWS = 30
ROW_HEIGHT = 34


def dots(
    record: CalibrationTable,
    name: str,
    *,
    people: str = "people",
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw one measure by group beside what true scores would show.

    Parameters
    ----------
    record : CalibrationTable
    name : str
        Of the measure.
    people : str
        What a row is, in words.
    ink : Ink
    """
    spec, shown = MEASURES[name], shown_groups(record, name)
    chart = theme.figure(
        spec.title,
        _subtitle(record, spec, people, len(shown)),
        height=ROW_HEIGHT * (len(shown) + 1) + 24,
        ink=ink,
    )
    rows = [(EVERYONE, record.overall[name], 0, ink.mark)]
    rows += [
        (record.names[g], record.by_group[name], g, _color(record, name, g, ink))
        for g in shown
    ]
    if not np.isnan(spec.true) and spec.kind != "error":
        at = _scaled(spec, spec.true)
        chart.add_vline(x=at, line={"color": ink.ghost, "width": 1, "dash": "dot"})
    for position, row in enumerate(reversed(rows)):
        _draw_row(chart, spec, row, position, ink)
    labels = [label(spec, found, g) for _, found, g, _ in rows]
    _label_rows(chart, [row[0] for row in rows], labels, ink)
    chart.update_xaxes(
        title=_axis(spec), rangemode="tozero" if spec.kind == "error" else None
    )
    chart.update_layout(margin={"r": 270, "b": 56})
    return chart


def shown_groups(record: CalibrationTable, name: str) -> list[int]:
    """Return the groups drawn, furthest off first; of many, those furthest off."""
    if not has_groups(record):
        return []
    found, spec = record.by_group[name], MEASURES[name]
    held = np.flatnonzero(~np.isnan(found.value))
    center = 0.0 if np.isnan(spec.true) else spec.true
    away = found.value[held] - center
    if spec.kind in ("signed", "test"):
        kept = held[np.argsort(-np.abs(away), kind="stable")][:MAX_ROWS]
        return sorted(map(int, kept), key=lambda g: -found.value[g])
    order = np.argsort(away if spec.best == "high" else -away, kind="stable")
    return [int(g) for g in held[order][:MAX_ROWS]]


def _subtitle(
    record: CalibrationTable, spec: CalibrationMeasure, people: str, shown: int
) -> str:
    ends = record.by_group[spec.name]
    has_null = not np.isnan(record.overall[spec.name].null_low).all()
    if has_null:
        what = "true scores of this n would show"
        what = what if not np.isnan(spec.true) else "scores that tell nobody apart show"
        text = f"Filled: as measured; grey: where 95 % of {what}"
        text += "; hollow: less what noise adds" if _has_debiased(ends) else ""
    else:
        text = "With 95 % intervals"
    text += f"; coloured where surely off, n: {people}"
    present = int((np.nan_to_num(ends.n) > 0).sum())
    if shown < present:
        text += f"; {shown} of {present:,} groups"
    return f"{text}. {withheld_words(record.hidden)}".rstrip()


def _has_debiased(found: Measured) -> bool:
    return not bool(np.isnan(found.debiased).all())


def _axis(spec: CalibrationMeasure) -> str:
    return "Points of percentage" if spec.unit == "points" else "Value"


def _scaled(spec: CalibrationMeasure, value: float) -> float:
    return 100 * value if spec.unit == "points" else value


def _color(record: CalibrationTable, name: str, g: int, ink: theme.Ink) -> str:
    spec, found = MEASURES[name], record.by_group[name]
    if np.isnan(spec.true):
        return ink.mark
    is_sure = bool(record.q_value[name][g] < SURE)
    if spec.kind == "signed":
        is_sure &= not (found.low[g] <= spec.true <= found.high[g])
    return theme.group_color(g, ink) if is_sure else ink.ghost


def _draw_row(
    chart: go.Figure,
    spec: CalibrationMeasure,
    row: tuple[str, Measured, int, str],
    position: int,
    ink: theme.Ink,
) -> None:
    name, found, g, color = row
    at = {f: _scaled(spec, float(getattr(found, f)[g])) for f in FIELDS if f != "n"}
    said = f"<b>{theme.safe(name)}</b><br>{label(spec, found, g)}"
    if not np.isnan(at["null_low"]):
        ends = [at["null_low"], at["null_high"]]
        _line(chart, ends, position, {"color": ink.grid, "width": 12})
    if not np.isnan(at["low"]):
        _line(chart, [at["low"], at["high"]], position, {"color": color, "width": 2})
    marks = [("value", {"color": color, "size": 11})]
    if not np.isnan(at["debiased"]):
        hollow = {"color": ink.page, "size": 9, "line": {"color": color, "width": 1.5}}
        marks.insert(0, ("debiased", hollow))
    for field, marker in marks:
        chart.add_scatter(
            x=[at[field]],
            y=[position],
            mode="markers",
            marker=marker,
            cliponaxis=False,
            hovertemplate=said + "<extra></extra>",
        )


def _line(
    chart: go.Figure, ends: list[float], position: int, line: dict[str, object]
) -> None:
    chart.add_scatter(
        x=ends, y=[position] * 2, mode="lines", line=line, hoverinfo="skip"
    )


def _label_rows(
    chart: go.Figure, names: list[str], labels: list[str], ink: theme.Ink
) -> None:
    count = len(names)
    chart.update_yaxes(
        tickvals=list(range(count)),
        ticktext=[theme.safe(n, theme.LABEL_WIDTH) for n in reversed(names)],
        tickfont={"color": ink.text, "size": 14},
        range=[-0.6, count - 0.4],
        showgrid=False,
    )
    for position, text in enumerate(reversed(labels)):
        theme.label(chart, text, x=1, xref="paper", xshift=10, y=position)
