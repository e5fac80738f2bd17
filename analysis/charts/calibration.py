"""Reliability by group: square panels on one frame, scores as histograms under them."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.arrays import Bools
from analysis.calibration.furthest import surely_off
from analysis.calibration.reliability import GroupReliability
from analysis.calibration.smooth_curve import SmoothReliability
from analysis.charts import calibration_panels as panels
from analysis.charts import numbers, theme
from analysis.charts.calibration_panels import FEW
from analysis.charts.withheld import WITHHELD, withheld_words

MAX_PANELS = 9


def reliability(
    record: Sequence[GroupReliability],
    *,
    smooth: Sequence[SmoothReliability] = (),
    bars: Sequence[GroupReliability] = (),
    ink: theme.Ink = theme.LIGHT,
) -> go.Figure:
    """Draw one square panel per group against the diagonal.

    Parameters
    ----------
    record : sequence of GroupReliability
    smooth : sequence of SmoothReliability
        Of the same groups, drawn instead of the bins where given.
    bars : sequence of GroupReliability
        Of the same groups in bins of equal width, for the histograms where the
        record's own are not.
    ink : Ink
    """
    shown = _shown(record)
    figure = theme.figure(
        "Score against outcome, by group", _subtitle(record, shown, smooth), ink=ink
    )
    chart = panels.laid_out(figure, [record[g] for g in shown], ink)
    for panel, g in enumerate(shown):
        upper, lower = panels.places(panel, len(shown))
        color = theme.group_color(g, ink)
        panels.diagonal(chart, upper, ink)
        if smooth:
            panels.smooth_line(chart, smooth[g], color, upper)
        else:
            panels.bin_line(chart, record[g], color, upper)
        panels.histogram(chart, (bars or record)[g], color, lower)
    return chart


def alt(record: Sequence[GroupReliability]) -> str:
    """Say each group's calibration error beside what chance alone would show."""
    said = [
        f"{r.name} {panels.points(r.error.value.value)} points (chance alone: "
        f"{_range(r)}, n = {numbers.count(r.error.value.n)})"
        for r in (record[g] for g in _shown(record))
    ]
    words = "Mean distance between score and observed rate: "
    words += f"{'; '.join(said) or 'no group is shown'}."
    return f"{words} {withheld_words(_hidden(record))}".rstrip()


def finding(
    record: Sequence[GroupReliability],
    by: Sequence[str] = (),
    *,
    is_ranked: bool = False,
) -> str:
    """Say whose score is furthest from the outcome, and whether chance explains it.

    Parameters
    ----------
    record : sequence of GroupReliability
    by : sequence of str
        Attributes that the groups come from.
    is_ranked : bool
        Whether ranks stand in place of scores; they promise nothing.
    """
    among = f" by {' and '.join(by)}" if by else ""
    shown = [record[g] for g in _shown(record)]
    withheld = withheld_words(_hidden(record))
    if not shown:
        return withheld or "No group has a row, so there is nothing to compare."
    off = [r for r, is_off in zip(shown, surely_off(shown), strict=True) if is_off]
    if not off:
        which = f"{among}{' that is shown' if withheld else ''}"
        whom = "Over everyone" if len(record) == 1 else f"In every group{which}"
        return (
            f"{whom} the score is as close to the outcome as a true score of these "
            "sizes would be."
        )
    worst = max(off, key=lambda r: r.error.value.value)  # as printed, here and below
    distance = f"{panels.points(worst.error.value.value)} points from what happens"
    n = f"n = {numbers.count(worst.error.value.n)}"
    if is_ranked:
        whose = "" if len(record) == 1 else f" for {worst.name}"
        return (
            f"A rank is no probability: taken as one, it would be {distance}{whose} "
            f"on average ({n}). Fit a calibrator to the ranks, under Fix."
        )
    of = f" of the groups{among}" if by else ""
    fits = f"the score fits {worst.name} least{of}: on average it is"
    if len(record) == 1:
        fits = "the score is off: on average it is"
    return (
        f"Beyond chance, {fits} {distance}, where chance alone would give "
        f"{_range(worst)}{_promised(worst)} ({n}).{_others(len(off) - 1)}"
    )


def _others(more: int) -> str:
    if more < 1:
        return ""
    return f" {more} more {'group is' if more == 1 else 'groups are'} surely off."


def table(record: Sequence[GroupReliability]) -> pd.DataFrame:
    """Return one row per group and bin."""
    columns = ("mean_score", "observed_rate", "low", "high", "count")
    parts = [
        pd.DataFrame(
            {
                "group": r.name,
                "from": r.curve.edges[:-1],
                "to": r.curve.edges[1:],
                **{c.replace("_", " "): getattr(r.curve, c) for c in columns},
            }
        )
        for r in record
    ]
    return pd.concat(parts, ignore_index=True)


def smooth_table(smooth: Sequence[SmoothReliability]) -> pd.DataFrame:
    """Return one row per group and point of the smoothed curves."""
    columns = ("score", "rate", "low", "high", "effective_n")
    parts = [
        pd.DataFrame(
            {
                "group": curve.name,
                "bandwidth": curve.bandwidth,
                **{c.replace("_", " "): getattr(curve, c) for c in columns},
            }
        )
        for curve in smooth
    ]
    return pd.concat(parts, ignore_index=True)


def errors_table(record: Sequence[GroupReliability]) -> pd.DataFrame:
    """Return each group's calibration error and its noise, as printed."""
    return pd.DataFrame(
        {
            "Group": [r.name for r in record],
            "People": _said(record, lambda r: numbers.count(r.error.value.n)),
            "Mean distance, points": _said(
                record, lambda r: panels.points(r.error.value.value)
            ),
            "Debiased, points": _said(
                record, lambda r: panels.points(r.error.debiased)
            ),
            "Chance alone, points": _said(record, _range),
        }
    )


def _said(
    record: Sequence[GroupReliability], words: Callable[[GroupReliability], str]
) -> list[str]:
    return [WITHHELD if r.is_hidden else words(r) for r in record]


def _hidden(record: Sequence[GroupReliability]) -> Bools:
    return np.array([r.is_hidden for r in record], dtype=bool)


def _range(r: GroupReliability) -> str:
    return f"{panels.points(r.error.null_low)} to {panels.points(r.error.null_high)}"


def _promised(r: GroupReliability) -> str:
    """Say on which side of the diagonal most people stand."""
    difference = np.nan_to_num(r.curve.difference)
    below = float(r.curve.weight[difference < 0].sum())
    share = below / max(float(r.curve.weight.sum()), 1e-300)
    if share > 2 / 3:
        return "; it mostly promises more than happens"
    return "; it mostly promises less than happens" if share < 1 / 3 else ""


def _shown(record: Sequence[GroupReliability]) -> list[int]:
    filled = [g for g, r in enumerate(record) if r.error.value.n > 0]
    return sorted(sorted(filled, key=lambda g: -record[g].error.value.n)[:MAX_PANELS])


def _subtitle(
    record: Sequence[GroupReliability],
    shown: list[int],
    smooth: Sequence[SmoothReliability],
) -> str:
    text = (
        f"Observed rate against mean predicted probability, {_drawn(smooth)} Below the "
        "diagonal the score promises more than happens. Bars: how many people have "
        "which score."
    )
    if len(shown) < sum(not r.is_hidden for r in record):
        text += f" The {len(shown)} largest of {len(record)} groups."
    return f"{text} {withheld_words(_hidden(record))}".rstrip()


def _drawn(smooth: Sequence[SmoothReliability]) -> str:
    """Say what line and band are."""
    if not smooth:
        return f"with 95 % intervals; hollow dots rest on fewer than {FEW} people."
    widths = [s.bandwidth for s in smooth if not math.isnan(s.bandwidth)] or [0.0]
    low, high = (f"{width:.2f}" for width in (min(widths), max(widths)))
    reach = low if low == high else f"{low} to {high}"
    return (
        f"smoothed over the score (bandwidth {reach}), with a pointwise 95 % band for "
        "the smoothed rate."
    )
