"""Why performance changed: what moved between two tables, and how much that did."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.attribution.attribution import Attribution, Part
from analysis.charts import components, numbers, theme
from analysis.charts import quantity_words as words
from analysis.charts.steps import Steps, figure, is_sure, said


def waterfall(record: Attribution, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the quantity at the source, each part by size, the residual, the target.

    Parameters
    ----------
    record : Attribution
    ink : Ink
    """
    quantity = record.quantity
    return figure(
        steps_of(record),
        f"{words.long_title(quantity)}: from source to target",
        "Columns: the parts of the change, with 95 % intervals; "
        f"{words.colors(quantity)}, grey could be chance; hatched: not accounted for. "
        "Parts are rounded one by one.",
        ink,
    )


def steps_of(record: Attribution) -> Steps:
    """Return what the waterfall draws: parts by size, those not known last."""
    return Steps(
        record.quantity,
        record.source,
        record.target,
        record.change,
        tuple(_by_size(record)),
        record.residual,
    )


def alt(record: Attribution) -> str:
    """Say the change and its parts."""
    steps, quantity = steps_of(record), record.quantity
    level, moved = words.level_unit(quantity), words.moved_unit(quantity)
    parts = "; ".join(
        f"{components.words(p.component)} {said(p, steps)}" for p in steps.parts
    )
    return (
        f"{words.long_title(quantity)} from "
        f"{numbers.full(record.source, level, steps.decimals)} at the source to "
        f"{numbers.full(record.target, level, steps.decimals)} at the target, a change "
        f"of {numbers.full(record.change, moved, steps.decimals)}: {parts}; not "
        f"accounted for {numbers.plain(record.residual, moved, steps.decimals)}."
    )


def finding(record: Attribution, sides: tuple[str, str]) -> str:
    """Say how much changed between what and what, and which part explains most.

    Parameters
    ----------
    record : Attribution
    sides : (str, str)
        What source and target are called.
    """
    title = words.title(record.quantity)
    if record.change.is_undefined:
        return (
            f"{title} is undefined on one side, so no change can be split: "
            f"{_ends(record, sides)}."
        )
    limits = " The split rests on few rows, see below." if record.warnings else ""
    unknown = [part for part in record.parts if part.is_refused]
    leaves_zero = record.change.low > 0 or record.change.high < 0
    is_told = len(unknown) < len(record.parts)
    not_found = record.is_shift_found is False and is_told
    if not_found and (unknown or leaves_zero):
        rest = " and of the parts that can be told" if unknown else " and its parts"
        return (
            f"{title} is {_ends(record, sides)}, a change of {_change(record)}. None "
            f"of it{rest} is beyond chance once all are considered.{limits}"
        )
    if not_found:
        return (
            f"No shift found: {title} is {_ends(record, sides)}; the change of "
            f"{_change(record)} and each of its parts could be chance.{limits}"
        )
    if record.change.low <= 0 <= record.change.high:
        return (
            f"{title} did not change more than chance: {_ends(record, sides)}; "
            f"{_change(record)}.{_yet(record)}{limits}"
        )
    return f"{_moved(record, sides)} {_largest(record)}{limits}"


def table(record: Attribution) -> pd.DataFrame:
    """Return the numbers behind the waterfall."""
    rows: list[tuple[object, ...]] = [
        _row("source", record.source.value, record.source.low, record.source.high),
        *(_part_row(record, p) for p in record.parts),
        _row(
            "not accounted for",
            record.residual,
            record.residual_low,
            record.residual_high,
        ),
        _row("target", record.target.value, record.target.low, record.target.high),
        _row("change", record.change.value, record.change.low, record.change.high),
    ]
    head = ["component", "value", "low", "high", "adjusted p", *OVERLAP, "note"]
    return pd.DataFrame(rows, columns=head)


OVERLAP = (
    "rows that carry the weights",
    "share of weight cut",
    "largest row's share of weight",
    "target rows like none at the source",
    "sides told apart by it (AUROC)",
)
"""How far a part can be trusted, in words; see `Overlap`."""


def _row(name: str, value: float, low: float, high: float) -> tuple[object, ...]:
    return (name, value, low, high, *[np.nan] * (1 + len(OVERLAP)), "")


def _part_row(record: Attribution, part: Part) -> tuple[object, ...]:
    found = record.overlap.get(part.component)
    trust: tuple[float, ...] = (np.nan,) * len(OVERLAP)
    if found is not None:
        trust = (
            found.effective_rows,
            found.clipped_share,
            found.largest_share,
            found.outside_share,
            found.auroc,
        )
    ends = (part.value, part.low, part.high, part.p_value)
    return (part.component, *ends, *trust, part.reason)


def _by_size(record: Attribution) -> list[Part]:
    return sorted(
        record.parts, key=lambda p: (np.isnan(p.value), -abs(np.nan_to_num(p.value)))
    )


def _ends(record: Attribution, sides: tuple[str, str]) -> str:
    return " and ".join(_each(record, sides))


def _each(record: Attribution, sides: tuple[str, str]) -> tuple[str, str]:
    """Return both values with their sides and n."""
    unit, decimals = words.level_unit(record.quantity), steps_of(record).decimals
    source, target = (
        f"{numbers.value(e, unit, decimals)} at {name} (n = {numbers.count(e.n)})"
        for e, name in zip((record.source, record.target), sides, strict=True)
    )
    return source, target


def _change(record: Attribution) -> str:
    unit, decimals = words.moved_unit(record.quantity), steps_of(record).decimals
    ends = record.source.value, record.target.value
    printed = numbers.as_printed(record.change, *ends, unit, decimals)
    return numbers.full(printed, unit, decimals)


def _moved(record: Attribution, sides: tuple[str, str]) -> str:
    title, source, target = words.title(record.quantity), *_each(record, sides)
    return f"{title} went from {source} to {target}, a change of {_change(record)}."


def _yet(record: Attribution) -> str:
    """Say which parts are sure although their sum is not."""
    steps = steps_of(record)
    sure = [p for p in steps.parts if is_sure(p)]
    if not sure:
        return ""
    named = "; ".join(
        f"{components.in_sentence(p.component)}, {said(p, steps)}" for p in sure[:3]
    )
    return f" Beneath it parts moved that make up for one another: {named}."


def _largest(record: Attribution) -> str:
    steps = steps_of(record)
    known = [p for p in steps.parts if not np.isnan(p.value)]
    if not known:
        return "No part of it can be told: the two sides overlap too little."
    part = known[0]
    hedge = "" if is_sure(part) else ", though that part alone could be chance"
    verb = "seems to be" if record.warnings else "is"
    name = components.in_sentence(part.component)
    return f"The largest part {verb} {name}: {said(part, steps)}{hedge}."
