"""Numbers as they are printed: as many digits as the interval warrants."""

import math
from typing import Literal

from analysis.estimates import Estimate

Unit = Literal["percent", "points", "number", "change"]

UNDEFINED = "–"
NO_BREAK = "\u00a0"


def count(n: float) -> str:
    """Return a number of rows with thousands separators."""
    return UNDEFINED if math.isnan(n) else f"{round(n):,}"


def value(estimate: Estimate, unit: Unit = "percent") -> str:
    """Return the point value with its unit; a dash where it is undefined."""
    if estimate.is_undefined:
        return UNDEFINED
    number = _digits(estimate.value, unit, _decimals(estimate, unit))
    return number + _suffix(unit)


def interval(estimate: Estimate, unit: Unit = "percent") -> str:
    """Return the 95 % interval in brackets, without its unit."""
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return ""
    decimals = _decimals(estimate, unit)
    low = _digits(estimate.low, unit, decimals)
    return f"[{low}, {_digits(estimate.high, unit, decimals)}]"


def full(estimate: Estimate, unit: Unit = "percent") -> str:
    """Return value and interval, such as `58 % [54, 61]`."""
    return f"{value(estimate, unit)} {interval(estimate, unit)}".rstrip()


def plain(number: float, unit: Unit = "percent", decimals: int = 1) -> str:
    """Return a number that has no interval of its own."""
    if math.isnan(number):
        return UNDEFINED
    return _digits(number, unit, decimals) + _suffix(unit)


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
