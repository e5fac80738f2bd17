"""Numbers as they are printed: as many digits as the interval warrants."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from analysis.estimates import Estimate

Unit = Literal["percent", "points", "number", "change"]

MORE_DECIMALS = 2
"""At most this many more for an end of a sure change that would print as 0."""

UNDEFINED = "–"
NO_BREAK = "\u00a0"


def coordinate(x: float, *, is_whole: bool = False) -> str:
    """Return a place on an axis of numbers; of whole numbers, in whole numbers."""
    if is_whole:
        return f"{round(x):,}".replace("-", "−")
    return f"{x:.3g}".replace("-", "−") if abs(x) < 1_000 else f"{x:,.0f}"


def count(n: float) -> str:
    """Return a number of rows with thousands separators."""
    return UNDEFINED if math.isnan(n) else f"{round(n):,}"


def shared_decimals(estimates: Iterable[Estimate], unit: Unit = "percent") -> int:
    """Return the decimals for all numbers of one sentence, column or chart.

    The narrowest interval among the estimates decides.
    """
    known = [_decimals(e, unit) for e in estimates if not e.is_undefined]
    return max(known, default=1)


def value(
    estimate: Estimate, unit: Unit = "percent", decimals: int | None = None
) -> str:
    """Return the point value with its unit; a dash where it is undefined."""
    if estimate.is_undefined:
        return UNDEFINED
    digits = _decimals(estimate, unit) if decimals is None else decimals
    return _with_unit(_digits(estimate.value, unit, digits), unit)


def interval(
    estimate: Estimate, unit: Unit = "percent", decimals: int | None = None
) -> str:
    """Return the 95 % interval in brackets, without its unit.

    Of a change that is sure, no end is printed as 0.
    """
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    digits = _decimals(estimate, unit) if decimals is None else decimals
    is_sure = unit in ("points", "change") and estimate.low * estimate.high > 0
    low, high = (
        _end(end, unit, digits, is_sure) for end in (estimate.low, estimate.high)
    )
    return f"[{low}, {high}]"


def full(
    estimate: Estimate, unit: Unit = "percent", decimals: int | None = None
) -> str:
    """Return value and interval, such as `58 % [54, 61]`."""
    printed = value(estimate, unit, decimals)
    return f"{printed} {interval(estimate, unit, decimals)}".rstrip()


def unitless(change: Estimate, unit: Unit, decimals: int) -> str:
    """Return a change with its interval, in points or as it is, for a narrow column."""
    signed: Unit = "points" if unit == "percent" else "change"
    said = full(change, signed, decimals)
    return said.replace(f"{NO_BREAK}points", "").replace(f"{NO_BREAK}point", "")


def as_printed(
    change: Estimate, before: float, after: float, unit: Unit, decimals: int
) -> Estimate:
    """Return a change as the difference of its two ends as they are printed.

    Each number rounded by itself may be off by one in the last digit; beside its ends
    a change must be what a reader gets by subtracting. Its interval stays.
    """
    scale = 100 if unit in ("percent", "points") else 1
    difference = round(scale * after, decimals) - round(scale * before, decimals)
    return replace(change, value=difference / scale)


def plain(number: float, unit: Unit = "percent", decimals: int = 1) -> str:
    """Return a number that has no interval of its own."""
    if math.isnan(number):
        return UNDEFINED
    return _with_unit(_digits(number, unit, decimals), unit)


def duration(seconds: float) -> str:
    """Return a length of time in words a reader would use."""
    if math.isnan(seconds):
        return UNDEFINED
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes / 60:.1f} h"


def _end(end: float, unit: Unit, decimals: int, is_sure: bool) -> str:
    texts = [_digits(end, unit, decimals + more) for more in range(MORE_DECIMALS + 1)]
    kept = [text for text in texts if text.strip("0.")] if is_sure else texts
    return kept[0] if kept else texts[0]


def _with_unit(digits: str, unit: Unit) -> str:
    """Return digits with their unit, in the singular for one."""
    is_one = unit == "points" and digits.lstrip("+−") == "1"
    return digits + (f"{NO_BREAK}point" if is_one else _suffix(unit))


def _suffix(unit: Unit) -> str:
    return {"percent": f"{NO_BREAK}%", "points": f"{NO_BREAK}points"}.get(unit, "")


def _digits(number: float, unit: Unit, decimals: int) -> str:
    scaled = 100 * number if unit in ("percent", "points") else number
    sign = "+" if unit in ("points", "change") else "-"
    text = f"{scaled:{sign},.{decimals}f}"
    if float(text.replace(",", "")) == 0:  # neither −0.0 nor +0.0
        text = text.lstrip("+-")
    return text.replace("-", "−")


def _decimals(estimate: Estimate, unit: Unit) -> int:
    half = (estimate.high - estimate.low) / 2
    if unit in ("number", "change"):
        return 4 if half < 0.001 else 3
    return 0 if half >= 0.01 else 1  # NaN, no interval: one decimal
