"""Shapley parts with intervals from replicates of both tables and all weight models."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from analysis.arrays import Floats
from analysis.attribution.shapley import Game, game, lighter
from analysis.attribution.valued import is_slow
from analysis.attribution.worlds import Quantities, Values, Worlds
from analysis.density.threads import one_thread
from analysis.estimates import Z
from analysis.holm import holm
from analysis.progress import Tick, silent

MIN_REPLICATES = 30
"""Fewer replicates do not tell a standard deviation to within a quarter."""

NUMBERS_AT_ONCE = 20_000_000
"""Rows times replicates whose ratios are held at a time."""

FEW_AT_ONCE = 50
"""Replicates held at a time at most; more gain nothing, and progress stands still."""

REPLICATE_PAIRS = 8
"""Pairs of permutations that a replicate follows where sets are many."""

MAX_SETS = 256
"""Sets that a replicate values in full."""

NO_CHANGE = 1e-12
"""What is smaller is a rounding error of 0."""

Triple = tuple[float, float, float]
"""A value and its 95 % interval."""


@dataclass(frozen=True)
class Effort:
    """How many replicates, from which seed, and whom to tell how far it is."""

    bootstrap: int = 200
    seed: int = 0
    tick: Tick = silent


@dataclass(frozen=True)
class Split:
    """One quantity's change, parts and residual.

    Parameters
    ----------
    change, residual : Triple
    parts : dict of str to Triple
        Of the components that can be told.
    adjusted, raw : dict of str to float
        p-values of the parts, and of the change under an empty name, adjusted for
        each other (Holm) and as they are.
    monte_carlo_error : dict of str to float
    has_intervals : bool
    bootstrap : int
    undefined : str
        Why there are no parts at all; empty where there are.
    warnings : tuple of str
    """

    change: Triple
    residual: Triple
    parts: dict[str, Triple]
    adjusted: dict[str, float]
    raw: dict[str, float]
    monte_carlo_error: dict[str, float] = field(default_factory=dict)
    has_intervals: bool = False
    bootstrap: int = 0
    undefined: str = ""
    warnings: tuple[str, ...] = ()


def split(worlds: Worlds, quantities: Quantities, effort: Effort) -> list[Split]:
    """Split the changes of some quantities.

    The interval is the value give or take 1.96 standard deviations of the replicates.
    Their percentiles would be off: a replicate's ratio models are as noisy about the
    fitted ones as these are about the truth, and noisy ratios push values one way.

    Parameters
    ----------
    worlds : Worlds
    quantities : tuple of Quantity
    effort : Effort
    """
    with one_thread():
        return _split_all(worlds, quantities, effort)


def _split_all(worlds: Worlds, quantities: Quantities, effort: Effort) -> list[Split]:
    effort.tick(0.0, "fitting density ratios")
    players = worlds.kept()
    full = game(len(players), worlds.rows, effort.seed)
    effort.tick(0.1, "valuing what has moved")
    values = worlds.values(quantities, full, None)
    light = full
    if len(full.sets) > MAX_SETS or (full.by_pair is not None):
        light = lighter(full, len(players), REPLICATE_PAIRS, effort.seed)
    drawn = _drawn(worlds, quantities, light, effort)
    start = values if light is full else worlds.values(quantities, light, None)
    points = [_numbers(values, full, q)[0] for q in range(len(quantities))]
    found = []
    for q, point in enumerate(points):
        away = np.array([_numbers(v, light, q) for v in drawn]).reshape(
            -1, len(players) + 2
        ) - _numbers(start, light, q)
        error = full.error(values.of_set[0, :, q])
        found.append(_split(players, mended(point, away, worlds.lean), away, error))
    return found


def mended(point: Floats, away: Floats, lean: float) -> Floats:
    """Return parts, change and residual less what noisy ratios add to the parts.

    Parameters
    ----------
    point : float[m + 2]
    away : float[r, m + 2]
        What each replicate adds to it.
    lean : float
        How often the replicates' mean is taken off; the residual takes it, so that
        the sum stays.
    """
    m = len(point) - 2
    enough = (~np.isnan(away[:, :m])).sum(axis=0) >= MIN_REPLICATES
    if not lean or not enough.all():
        return point
    off = lean * np.nanmean(away[:, :m], axis=0)
    return np.concatenate(
        [point[:m] - off, point[m : m + 1], point[m + 1 :] + off.sum()]
    )


def _drawn(
    worlds: Worlds, quantities: Quantities, light: Game, effort: Effort
) -> list[Values]:
    """Return the values on each replicate."""
    rng, n = np.random.default_rng(effort.seed), worlds.rows
    at_once = min(max(1, NUMBERS_AT_ONCE // n), FEW_AT_ONCE)
    if light.sets.size and any(is_slow(q.metric) for q in quantities):
        at_once = 1
    found: list[Values] = []
    for start in range(0, effort.bootstrap, at_once):
        effort.tick(
            0.2 + 0.8 * start / effort.bootstrap,
            f"replicate {start + 1} of {effort.bootstrap}",
        )
        r = min(at_once, effort.bootstrap - start)
        copies = drawn_copies(rng, r, n)
        found += list(_one_by_one(worlds.values(quantities, light, copies)))
    effort.tick(1.0, "done")
    return found


def drawn_copies(rng: np.random.Generator, replicates: int, rows: int) -> Floats:
    """Return how often each row stands in each replicate, float[n, r].

    Drawn replicate by replicate, so that it does not matter how many are drawn at once.
    """
    kind: type = np.float32  # small counts, exactly
    copies: Floats = np.empty((rows, replicates), kind)
    for r in range(replicates):
        copies[:, r] = rng.poisson(1.0, rows)
    return copies


def _one_by_one(values: Values) -> Iterator[Values]:
    for r in range(len(values.of_set)):
        yield Values(values.of_set[r : r + 1], values.target[r : r + 1])


def _numbers(values: Values, of: Game, q: int) -> Floats:
    """Return the parts, the change and the residual, float[1, m + 2]."""
    of_set = values.of_set[0, :, q]
    parts = of.shares @ of_set
    change = values.target[0, q] - of_set[0]
    return np.concatenate([parts, [change, change - parts.sum()]])[None]


def _split(
    players: tuple[str, ...], point: Floats, away: Floats, error: Floats
) -> Split:
    m = len(players)
    enough = (~np.isnan(away)).sum(axis=0) >= MIN_REPLICATES
    spread = np.full(m + 2, np.nan)
    if enough.any():
        spread[enough] = np.sqrt(np.nanmean(away[:, enough] ** 2, axis=0))
    spread[:m] = np.hypot(spread[:m], error)
    triples = [
        (float(v), float(v - Z * s), float(v + Z * s))
        for v, s in zip(point, spread, strict=True)
    ]
    undefined = ""
    if np.isnan(point[:m]).any():
        undefined = (
            "The quantity is undefined when only some components have moved: the rows "
            "that then carry the weight lack a class or a group that it needs. Choose "
            "another metric or a larger part of the table."
        )
    kept = {} if undefined else dict(zip(players, triples[:m], strict=True))
    change, residual = triples[m:]
    if undefined:
        residual = change
    lost = len(away) and np.isnan(away).any()
    return Split(
        change=change,
        residual=residual,
        parts=kept,
        adjusted=_named(players, p_values(point[: m + 1], spread[: m + 1])),
        raw=_named(players, raw_p_values(point[: m + 1], spread[: m + 1])),
        monte_carlo_error=(
            {p: float(e) for p, e in zip(players, error, strict=True)}
            if error.any()
            else {}
        ),
        has_intervals=bool(enough[m]),
        bootstrap=len(away),
        undefined=undefined,
        warnings=(
            ("In some replicates the quantity is undefined; they are left out.",)
            if lost and not undefined
            else ()
        ),
    )


def _named(players: tuple[str, ...], p: Floats) -> dict[str, float]:
    return dict(zip((*players, ""), map(float, p), strict=True))


def p_values(point: Floats, spread: Floats) -> Floats:
    """Return Holm's p-values of values being 0, float[m]; NaN without a spread."""
    return holm(raw_p_values(point, spread))


def raw_p_values(point: Floats, spread: Floats) -> Floats:
    """Return two-sided p-values of single values, float[m]; what is 0 is not sure."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(np.abs(point) < NO_CHANGE, 0.0, np.abs(point) / spread)
    p: Floats = np.where(np.isnan(spread), np.nan, 2 * special.ndtr(-z))
    return p
