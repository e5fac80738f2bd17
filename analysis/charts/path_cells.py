"""What the panels under a path show: rows, columns, and axes that stand still."""

import math
from dataclasses import dataclass

import numpy as np

from analysis.charts.path_words import Standing, has_any
from analysis.marks import BY_LOT, DEFERRED
from analysis.paths.measuring import ALONE, CALIBRATION
from analysis.paths.record import Column, Path, Side

MAX_GROUPS = 11

OTHERWISE = "decided_otherwise"

HEADS = {
    "true_positive_rate": "Found",
    "false_positive_rate": "Wrongly<br>flagged",
    "selection_rate": "Decided<br>positive",
    "accuracy": "Decided<br>right",
    ALONE: "Right,<br>by itself",
    CALIBRATION: "Scores off<br>the mark",
    OTHERWISE: "Decided<br>otherwise",
    BY_LOT: "Decided<br>by lot",
    DEFERRED: "Handed to<br>a person",
}
"""Head of each panel, from left to right."""

LEAST_SPAN = 0.01
MOST_WASTE = 1.25
"""How much wider than what it holds an axis may be, for rounder ends."""

FROM_ZERO = (CALIBRATION, OTHERWISE, BY_LOT, DEFERRED)


@dataclass(frozen=True)
class Cells:
    """What the panels show.

    Parameters
    ----------
    names : tuple of str, length r
        Rows from top to bottom, everyone first.
    places : tuple of int, length r
        Of each row in its columns; 0 is everyone.
    now, before : dict of str to Column
        By the panel's name; nobody is decided otherwise before.
    spans : dict of str to (float, float)
        Round numbers around every strength, so that axes stand still.
    groups : int
        All there are.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    now: dict[str, Column]
    before: dict[str, Column]
    spans: dict[str, tuple[float, float]]
    groups: int

    def left_out_words(self) -> str:
        """Say that only the largest groups are drawn, if that is so."""
        drawn = len(self.names) - 1
        if drawn >= self.groups:
            return ""
        return (
            f" Of {self.groups:,} groups the {drawn} largest are drawn; the others "
            "stand under Numbers."
        )


def cells_of(path: Path, at: Standing) -> Cells:
    """Return what the panels show at one strength."""
    shown = [columns_of(point.on(fitted=at.is_fitted)) for point in path.points]
    now = columns_of(path.at(at.strength).on(fitted=at.is_fitted))
    before = dict(path.before(fitted=at.is_fitted).columns)
    names = [
        name
        for name in HEADS
        if any(name in columns for columns in shown)
        and (name not in (BY_LOT, DEFERRED) or has_any(path, name))
    ]
    places = _places(path, at)
    return Cells(
        names=tuple(("Everyone", *path.names)[p] for p in places),
        places=places,
        now={name: now[name] for name in names if name in now},
        before={name: before[name] for name in names if name in before},
        spans={
            name: _span(
                [*(c[name] for c in shown if name in c), before.get(name)],
                places,
                from_zero=name in FROM_ZERO,
            )
            for name in names
        },
        groups=len(path.names),
    )


def columns_of(side: Side) -> dict[str, Column]:
    """Return every measure of a strength, whom it decides otherwise among them."""
    columns = dict(side.measured.columns)
    columns[OTHERWISE] = side.moved.otherwise
    return columns


def _places(path: Path, at: Standing) -> tuple[int, ...]:
    """Return everyone and the largest groups, in the order that groups always have."""
    n = np.array(path.before(fitted=at.is_fitted).columns["accuracy"].n[1:])
    largest = np.argsort(-n, kind="stable")[:MAX_GROUPS]
    return 0, *sorted(int(g) + 1 for g in largest if n[g] > 0)


def _span(
    columns: list[Column | None], places: tuple[int, ...], *, from_zero: bool
) -> tuple[float, float]:
    ends = np.array(
        [
            [column.value[p], column.low[p], column.high[p]]
            for column in columns
            if column is not None
            for p in places
        ]
    )
    known = ends[np.isfinite(ends)]
    if not known.size:
        return 0.0, 1.0
    low, high = 0.0 if from_zero else float(known.min()), float(known.max())
    if high - low < LEAST_SPAN:
        low = min(low, 1 - LEAST_SPAN)
        high = low + LEAST_SPAN
    return round_ends(low, high)


def round_ends(low: float, high: float) -> tuple[float, float]:
    """Return the roundest two numbers that hold a range and waste little."""
    power = 10.0 ** math.floor(math.log10(high - low))
    ends = low, high
    for part in (1.0, 0.5, 0.2, 0.1):
        step = power * part
        first = math.floor(low / step + 1e-9) * step
        last = math.ceil(high / step - 1e-9) * step
        ends = round(first, 12), round(last, 12)
        if last - first <= MOST_WASTE * (high - low):
            break
    return ends
