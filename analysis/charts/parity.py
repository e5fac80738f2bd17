"""True scores against equal error rates, in the numbers of the people in view."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Floats
from analysis.calibration.parity import Parity
from analysis.charts import numbers, theme
from analysis.charts.compare import ROW_HEIGHT, name_rows
from analysis.charts.groups import gap_size, shown_rows
from analysis.charts.withheld import WITHHELD, withheld_words
from analysis.estimates import Estimate, Estimates

RATE = "false_positive_rate"


def finding(record: Parity) -> str:
    """Say whether base rates bind, and what equal precision and misses would cost."""
    base = record.rates.by_group["prevalence"]
    shown = [g for g in range(len(base)) if not math.isnan(base.value[g])]
    if len(shown) < 2:
        return "One group alone has nothing to be equal to; choose groups above."
    gap = gap_size(record.rates.gaps["prevalence"], "percent")
    if not record.is_bound:
        return (
            "The groups may well have the same base rate (largest difference "
            f"{gap}), so true scores and equal error rates need not exclude each other."
        )
    high, low = record.apart
    names, required = record.rates.names, record.required
    said = (
        f"Base rates differ: {_with_n(base.at(high))} of {names[high]} against "
        f"{_with_n(base.at(low))} of {names[low]}. So true scores and equal error "
        "rates exclude each other"
    )
    if math.isnan(required.value[low]) or math.isnan(required.value[high]):
        return f"{said}."
    return (
        f"{said}: with everyone’s precision and misses, "
        f"{numbers.full(required.at(high))} of those in {names[high]} without the "
        f"outcome would have to be wrongly flagged, and "
        f"{numbers.full(required.at(low))} in {names[low]}."
    )


def _with_n(estimate: Estimate) -> str:
    return f"{numbers.full(estimate)} (n = {numbers.count(estimate.n)})"


def rates(record: Parity, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw each group's false positive rate beside what true scores would give.

    Parameters
    ----------
    record : Parity
    ink : Ink
    """
    rows = shown_rows(record.rates, RATE)
    promised, hollow = "", ""
    if record.has_promise:
        promised, hollow = (
            ", as the scores promise,",
            " Hollow dot: if scores are true.",
        )
    chart = theme.figure(
        f"Wrong flags as they are{promised} and as equal precision asks",
        "Share of those without the outcome who are flagged, with 95 % intervals. Dot: "
        f"as it is.{hollow} Diamond: with everyone’s precision and misses, so that "
        "only the base rate differs.",
        height=ROW_HEIGHT * len(rows) + 24,
        ink=ink,
    )
    upward = list(reversed(rows))
    for position, g in enumerate(upward):
        _draw(chart, record, g, position, ink)
        n = numbers.count(record.rates.by_group[RATE].n[g])
        theme.label(chart, f"n = {n}", x=1, xref="paper", y=position, xshift=12)
    name_rows(chart, [record.rates.names[g] for g in upward], ink)
    chart.update_xaxes(tickformat=".1~%", nticks=8)
    chart.update_layout(margin={"r": 110})
    return chart


def alt(record: Parity) -> str:
    """Say the three rates of every group drawn."""
    said = [
        f"{record.rates.names[g]} {_said(record, g)}"
        for g in shown_rows(record.rates, RATE)
    ]
    words = f"False positive rates: {'; '.join(said) or 'no group is shown'}."
    return f"{words} {withheld_words(record.rates.hidden)}".rstrip()


def printed(record: Parity) -> pd.DataFrame:
    """Return every group's rates in whole percent, as printed.

    What true scores would give stands in round brackets.
    """
    table = record.rates
    rows = [g for g in range(len(table.names)) if table.n[g] > 0 or table.hidden[g]]

    def cells(estimates: Estimates, promised: Floats | None = None) -> list[str]:
        return [
            WITHHELD if table.hidden[g] else _percent(estimates, promised, g)
            for g in rows
        ]

    return pd.DataFrame(
        {
            "Group": [table.names[g] for g in rows],
            "Base rate": cells(table.by_group["prevalence"]),
            "Precision": cells(table.by_group["precision"]),
            "Misses": cells(
                table.by_group["false_negative_rate"], record.promised_false_negative
            ),
            "Wrong flags": cells(table.by_group[RATE], record.promised_false_positive),
            "Flags if equal": cells(record.required),
        }
    )


def _percent(estimates: Estimates, promised: Floats | None, g: int) -> str:
    """Return a rate without its unit, which stands above the table."""
    said = numbers.full(estimates.at(g), decimals=0)
    if promised is not None and not np.isnan(promised[g]):
        said += f" ({numbers.plain(float(promised[g]), decimals=0)})"
    return said.replace(f"{numbers.NO_BREAK}%", "")


def gaps_words(record: Parity) -> str:
    """Say the gaps there are, and the one that equal precision and misses force."""
    gaps = record.rates.gaps
    if gaps[RATE].is_undefined:
        return ""
    said = f"Largest gap in wrong flags: {gap_size(gaps[RATE], 'percent')}"
    said += f"; in misses: {gap_size(gaps['false_negative_rate'], 'percent')}"
    said += f"; in precision: {gap_size(gaps['precision'], 'percent')}. "
    if record.required_gap.is_undefined:
        return said.strip()
    forced = gap_size(record.required_gap, "percent")
    return f"{said}Equal precision and misses would force {forced} in wrong flags."


def table(record: Parity) -> pd.DataFrame:
    """Return the numbers behind the chart."""
    columns: dict[str, object] = {
        "group": record.rates.names,
        "people": record.rates.n,
    }
    for metric, estimates in record.rates.by_group.items():
        columns[metric] = estimates.value
        columns[f"{metric}, low"] = estimates.low
        columns[f"{metric}, high"] = estimates.high
    columns["false positive rate by the scores"] = record.promised_false_positive
    columns["false negative rate by the scores"] = record.promised_false_negative
    columns["false positive rate required"] = record.required.value
    columns["required, low"] = record.required.low
    columns["required, high"] = record.required.high
    return pd.DataFrame(columns)


def _said(record: Parity, g: int) -> str:
    estimate = record.rates.by_group[RATE].at(g)
    promised = ""
    if record.has_promise:
        promised = f"by the scores {numbers.plain(record.promised_false_positive[g])}, "
    return (
        f"{numbers.full(estimate)} ({promised}if equal else "
        f"{numbers.plain(record.required.value[g])}, n = {numbers.count(estimate.n)})"
    )


def _draw(
    chart: go.Figure, record: Parity, g: int, position: int, ink: theme.Ink
) -> None:
    estimate, color = record.rates.by_group[RATE].at(g), theme.group_color(g, ink)
    chart.add_scatter(
        x=[estimate.low, estimate.high],
        y=[position, position],
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    marks = (
        (estimate.value, "as it is", "circle", color),
        (record.promised_false_positive[g], "by the scores", "circle-open", color),
        (record.required.value[g], "if equal else", "diamond-open", ink.mark),
    )
    name = theme.safe(record.rates.names[g])
    for value, what, symbol, ink_of in marks:
        if np.isnan(value):
            continue
        chart.add_scatter(
            x=[value],
            y=[position],
            mode="markers",
            marker={
                "color": ink_of,
                "size": 11,
                "symbol": symbol,
                "line": {"width": 2},
            },
            customdata=[[name, what, numbers.plain(float(value))]],
            hovertemplate="<b>%{customdata[0]}</b>, %{customdata[1]}<br>"
            "%{customdata[2]}<extra></extra>",
        )
