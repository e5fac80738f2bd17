"""The change split over people that only one side has, and those that both have."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.attribution.shared_support import SharedSupport
from analysis.charts import components, numbers, theme
from analysis.charts import quantity_words as words
from analysis.charts.steps import Steps, figure, is_sure, said


def waterfall(record: SharedSupport, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the way from the source over the shared people to the target.

    Parameters
    ----------
    record : SharedSupport
    ink : Ink
    """
    return figure(
        steps_of(record),
        f"{words.long_title(record.quantity)}: by way of people that both sides have",
        "Columns: the parts of the change in this order, with 95 % intervals; "
        f"{words.colors(record.quantity)}, grey could be chance.",
        ink,
    )


def steps_of(record: SharedSupport) -> Steps:
    """Return what the waterfall draws; the parts sum to the change."""
    return Steps(
        record.quantity,
        record.source,
        record.target,
        record.change,
        record.parts,
        np.nan,
    )


def finding(record: SharedSupport) -> str:
    """Say what changed for people that both sides have, and how many others are."""
    steps = steps_of(record)
    middle = record.parts[1]
    title = words.title(record.quantity)
    outside = (
        f"{numbers.full(record.outside_target)} of the target and "
        f"{numbers.full(record.outside_source)} of the source are people that the "
        "other side hardly has."
    )
    if np.isnan(middle.value):
        return f"{title} cannot be compared over people that both sides have. {outside}"
    value = said(middle, steps)
    if record.is_shift_found is False or not is_sure(middle):
        return (
            f"For people that both sides have, {title.lower()} did not change more "
            f"than chance: {value}. {outside}"
        )
    return (
        f"For people that both sides have, {title.lower()} changed by {value}: what "
        f"happens to the same people changed. {outside}"
    )


def alt(record: SharedSupport) -> str:
    """Say both ends and the three parts."""
    steps, unit = steps_of(record), words.level_unit(record.quantity)
    parts = "; ".join(
        f"{components.words(p.component)} {said(p, steps)}" for p in record.parts
    )
    return (
        f"{words.long_title(record.quantity)} from "
        f"{numbers.full(record.source, unit)} at the source to "
        f"{numbers.full(record.target, unit)} at the target: {parts}."
    )


def table(record: SharedSupport) -> pd.DataFrame:
    """Return the numbers behind the waterfall."""
    levels = [
        ("source", record.source),
        ("source, people that both sides have", record.source_on_shared),
        ("target, people that both sides have", record.target_on_shared),
        ("target", record.target),
        ("change", record.change),
        ("share of the source outside", record.outside_source),
        ("share of the target outside", record.outside_target),
    ]
    rows = [(name, e.value, e.low, e.high, e.n, "") for name, e in levels]
    rows[4:4] = [
        (p.component, p.value, p.low, p.high, np.nan, p.reason) for p in record.parts
    ]
    return pd.DataFrame(
        rows, columns=["component", "value", "low", "high", "n", "note"]
    )
