"""The strengths of a sweep: one remedy, everything alike but how strongly it acts."""

import math
from collections.abc import Iterable
from typing import Any

from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.settings import Setting, dial_of
from models.run import Run

STRENGTHS = 6
"""Members of a sweep, the chosen strength among them."""

MOST_BENT = 6.0

PATH_STRENGTHS = 21
LOWEST_PART = 0.2
"""A usual strength this low in its range has a path whose steps widen."""

ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def strengths(dial: Setting, chosen: float, count: int = STRENGTHS) -> list[float]:
    """Return strengths from one end of a dial to the other, the chosen one included.

    The usual strength stands in the middle, so that a dial from 0 to 100 that starts
    at 1 is tried at small values too: low + (high - low) t^p for even t in [0, 1].

    Parameters
    ----------
    dial : Setting
        A number.
    chosen : float
        Takes the place of the nearest one that is not an end.
    count : int
        At most so many; fewer where whole numbers coincide.
    """
    span = dial.high - dial.low
    middle = (float(dial.default) - dial.low) / span
    bent = math.log(middle) / math.log(0.5) if 0 < middle < 1 else 1.0
    bent = min(max(bent, 1 / MOST_BENT), MOST_BENT)
    steps = [(i / (count - 1)) ** bent for i in range(count)]
    found = [_rounded(dial, dial.low + span * step) for step in steps]
    found = [dial.low, *found[1:-1], dial.high]
    if chosen not in found:
        nearest = min(range(1, count - 1), key=lambda i: abs(found[i] - chosen))
        found[nearest] = chosen
    return sorted({_typed(dial, value) for value in found})


def path_strengths(dial: Setting, count: int = PATH_STRENGTHS) -> list[float]:
    """Return the strengths of a path: rounded, from end to end, the usual one included.

    They are spaced by squares where the usual strength lies in the lowest fifth of the
    range, low + (high - low) t^2 for even t in [0, 1], and in even round steps
    elsewhere.

    Parameters
    ----------
    dial : Setting
        A number.
    count : int
        At most so many, 3 at least; fewer where whole numbers coincide.
    """
    usual, span = float(dial.default), dial.high - dial.low
    is_low = usual - dial.low <= LOWEST_PART * span
    steps = _squares(dial, count) if is_low else _even(dial, count)
    found = sorted({_whole(dial, min(max(s, dial.low), dial.high)) for s in steps})
    if usual not in found:
        inner = found[1:-1]
        if len(found) >= count:
            inner.remove(min(inner, key=lambda s: abs(s - usual)))
        found = [found[0], *inner, usual, found[-1]]
    return sorted({_typed(dial, value) for value in found})


def sweep_of(
    recipe: Recipe, remedy: str, settings: dict[str, Any], *, chosen: float
) -> list[Recipe]:
    """Return a recipe mended at every strength of a remedy, weakest first."""
    dial = dial_of(REMEDIES[remedy])
    if dial is None:
        return []
    return [
        recipe.with_stage(stage(remedy, **(settings | {dial.name: value})))
        for value in strengths(dial, chosen)
    ]


def strength_of(run: Run) -> float | None:
    """Return how strongly a run's last remedy acts; None if that cannot be said."""
    dial = _dial(run)
    return None if dial is None else float(run.recipe.stages[-1].settings[dial.name])


def members(run: Run, runs: Iterable[Run]) -> list[Run]:
    """Return the runs that differ from one by strength alone, weakest first.

    They share everything else: the recipe, the table and the model they started from.
    """
    dial = _dial(run)
    if dial is None:
        return [run]
    own = _but_strength(run, dial)
    alike = [
        other
        for other in runs
        if other.base == run.base
        and other.data_digest == run.data_digest
        and _dial(other) == dial
        and _but_strength(other, dial) == own
    ]
    return sorted(alike, key=lambda r: strength_of(r) or 0.0)


def _dial(run: Run) -> Setting | None:
    stages = run.recipe.stages
    if not stages or stages[-1].remedy not in REMEDIES:
        return None
    dial = dial_of(REMEDIES[stages[-1].remedy])
    known = stages[-1].settings
    return dial if dial is not None and dial.name in known else None


def _but_strength(run: Run, dial: Setting) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """Return the run's recipe before its last remedy, and what that was told."""
    last = run.recipe.stages[-1]
    told = {k: v for k, v in last.settings.items() if k != dial.name}
    return last.remedy, tuple(sorted(told.items()))


def _squares(dial: Setting, count: int) -> list[float]:
    """Return steps that widen, in hundredths of a range from 0 to 1."""
    span = dial.high - dial.low
    unit = 10.0 ** (math.floor(math.log10(2 * span)) - 2)
    inner = [dial.low + span * (i / (count - 1)) ** 2 for i in range(1, count - 1)]
    rounded = [
        float(f"{s:.2g}") if s < unit else round(round(s / unit) * unit, 12)
        for s in inner
    ]
    return [dial.low, *rounded, dial.high]


def _even(dial: Setting, count: int) -> list[float]:
    """Return the ends and the multiples between them of the finest step that fits."""
    least = (dial.high - dial.low) / (count - 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(p * power for p in ROUND_STEPS if p * power >= least * (1 - 1e-9))
    first, last = math.floor(dial.low / step) + 1, math.ceil(dial.high / step) - 1
    inner = [round(i * step, 12) for i in range(first, last + 1)]
    return [dial.low, *(s for s in inner if dial.low < s < dial.high), dial.high]


def _whole(dial: Setting, value: float) -> float:
    return float(round(value)) if dial.kind == "integer" else value


def _rounded(dial: Setting, value: float) -> float:
    """Return a strength in two digits, or as a whole number, within the dial."""
    if dial.kind == "integer":
        value = round(value)
    elif value:
        value = round(value, 1 - math.floor(math.log10(abs(value))))
    return min(max(value, dial.low), dial.high)


def _typed(dial: Setting, value: float) -> float:
    return int(value) if dial.kind == "integer" else float(value)
