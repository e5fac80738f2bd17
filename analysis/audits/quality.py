"""Data quality by group: whose label rate, missing values or duplicates differ."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.arrays import Floats, Ints
from analysis.estimates import Estimate, Estimates
from analysis.frame import AuditFrame, Grouping
from analysis.intervals import q_values, wilson
from analysis.subgroups.contrasts import difference_limits

FLOORS = {"label": 0.05, "missing": 0.02, "duplicates": 0.02}
"""Differences up to this size are not reported, however many rows show them."""

ORDER = ("missing", "duplicates", "label")
"""Faults of the table first; a label rate may differ because the world does."""

FALSE_DISCOVERIES = 0.05
MIN_ROWS = 30


@dataclass(frozen=True)
class Note:
    """One group that differs from everyone else in how its data look.

    Parameters
    ----------
    kind : str
        Key of `FLOORS`.
    attribute, group : str
    label : str
        The class whose rate is meant, for the kind 'label'; else empty.
    inside, outside : Estimate
        The share in the group and among all others, with n in rows.
    difference : Estimate
        inside - outside.
    q_value : float
        Benjamini-Hochberg over all comparisons made.
    """

    kind: str
    attribute: str
    group: str
    label: str
    inside: Estimate
    outside: Estimate
    difference: Estimate
    q_value: float

    @property
    def is_fault(self) -> bool:
        """Whether the group's data are worse: more is missing, or more rows twinned."""
        return self.kind != "label" and self.difference.value > 0

    @property
    def sentence(self) -> str:
        """The note in words; plain text, not escaped: names come from the data."""
        digits = 0 if abs(self.difference.value) >= 0.02 else 1
        here, there = (
            f"{100 * e.value:.{digits}f}\u00a0%" for e in (self.inside, self.outside)
        )
        what = {
            "label": f"{here} have the label {self.label}",
            "missing": f"{here} of the feature values are missing",
            "duplicates": f"{here} have an identical twin in the table",
        }[self.kind]
        return (
            f"{self.attribute} {self.group}: {what}, against {there} among all others "
            f"(n = {self.inside.n:,.0f} and {self.outside.n:,.0f})."
        )


@dataclass(frozen=True)
class Quality:
    """Groups whose data differ, worst first.

    Parameters
    ----------
    notes : tuple of Note
        Faults first, then by kind as in `ORDER`, the largest difference first.
    compared : int
        Comparisons made, each of a group of at least `MIN_ROWS` rows with the rest; two
        groups that are each other's rest are compared once.
    """

    notes: tuple[Note, ...]
    compared: int


def quality(frame: AuditFrame) -> Quality:
    """Compare every group with all others in label rate, missingness and duplicates.

    A difference is reported when it is larger than chance over all comparisons and
    larger than the floor of its kind: the first alone would report anything in a large
    table, the second alone anything in a small group.

    Parameters
    ----------
    frame : AuditFrame
        The share of missing values is over the cells of the features, without the
        attribute's own column. A row has a twin
        when another agrees with it in every feature and in the label.

    Notes
    -----
    Rows are told apart by 64-bit hashes of their content: in a table of 1,000,000
    different rows, two agree by accident with probability 3e-8.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, method 10, for the interval of the
    difference; the score test for its p-value; both on effective numbers of rows.
    """
    made: list[Note] = []
    p_values: list[float] = []
    for note, p_value in _comparisons(frame):
        made.append(note)
        p_values.append(p_value)
    q = q_values(np.asarray(p_values))
    notes = [
        replace(note, q_value=float(value))
        for note, value in zip(made, q, strict=True)
        if value <= FALSE_DISCOVERIES and abs(note.difference.value) > FLOORS[note.kind]
    ]
    notes.sort(
        key=lambda n: (
            not n.is_fault,
            ORDER.index(n.kind),
            -abs(n.difference.value),
        )
    )
    return Quality(tuple(notes), len(made))


@dataclass(frozen=True, eq=False)
class _Shares:
    """A share per row and the independent units that rows belong to.

    Rows of one unit rise and fall together, as twins do; without units each row is its
    own. `cells` is how many observations a row is at most.
    """

    kind: str
    by_row: Floats
    units: Ints | None = None
    label: str = ""
    cells: int = 1


def _comparisons(frame: AuditFrame) -> Iterator[tuple[Note, float]]:
    for shares in _measured(frame):
        for attribute, grouping in frame.groups.items():
            asked = _apart(shares, frame, attribute)
            if asked is None:
                continue
            sums = _sums(asked, frame.weights, grouping)
            n = np.bincount(grouping.codes, minlength=len(grouping.names))
            for g in _once(sums, n, asked.cells):
                if n[g] < MIN_ROWS or len(frame) - n[g] < MIN_ROWS:
                    continue
                note = Note(
                    asked.kind,
                    attribute,
                    grouping.names[g],
                    asked.label,
                    *_compared(sums, g, (n[g], len(frame) - n[g]), asked.cells),
                    q_value=np.nan,
                )
                yield note, _p_value(sums, g, asked.cells)


def _once(sums: Floats, n: Ints, cells: int) -> list[int]:
    """Return the groups to compare; of two, each the rest of the other, the higher."""
    held = [int(g) for g in np.flatnonzero(n)]
    if len(held) != 2:
        return held
    first, second = (_rate(sums[:, g], cells)[0] for g in held)
    return held[1:] if second > first else held[:1]


def _apart(shares: _Shares, frame: AuditFrame, attribute: str) -> _Shares | None:
    """Return shares without the attribute's own column, which makes its groups.

    A group of rows without a value would otherwise always have more missing ones. None
    where nothing else is left.
    """
    if shares.kind != "missing" or attribute not in frame.features:
        return shares
    if shares.cells == 1:
        return None
    own = frame.features[attribute].isna().to_numpy()
    cells = shares.cells - 1
    return replace(
        shares, by_row=(shares.by_row * shares.cells - own) / cells, cells=cells
    )


def _measured(frame: AuditFrame) -> Iterator[_Shares]:
    if frame.y_true is not None:
        k = len(frame.classes)
        for code in range(k - 1 if k == 2 else 0, k):
            hit = (frame.y_true == code).astype(np.float64)
            yield _Shares("label", hit, label=frame.classes[code])
    d = frame.features.shape[1]
    if d:
        missing = np.zeros(len(frame))
        for name in frame.features:
            missing += frame.features[name].isna().to_numpy()
        yield _Shares("missing", missing / d, cells=d)
        content = _content(frame)
        has_twin = np.bincount(content)[content] > 1
        yield _Shares("duplicates", has_twin.astype(np.float64), units=content)


def _content(frame: AuditFrame) -> Ints:
    """Return a code per row that equal rows share."""
    columns = {
        str(name): column + 0.0 if column.dtype.kind == "f" else column
        for name, column in frame.features.items()  # -0.0 + 0.0 is 0.0
    }
    table = pd.DataFrame(columns, index=frame.features.index)
    hashed = pd.util.hash_pandas_object(table, index=False).to_numpy()
    if frame.y_true is not None:
        # an odd factor keeps 64-bit numbers apart; uint64 wraps around, as it should
        label = frame.y_true.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        hashed = hashed ^ label
    return np.asarray(pd.factorize(hashed)[0], dtype=np.int64)


def _sums(shares: _Shares, weights: Floats, grouping: Grouping) -> Floats:
    """Return sums over units of w, x, x^2, x w and w^2 by group, float[5, g].

    w is a unit's weight in the group and x its weighted share. Sums of the rest are
    those of everyone less the group's.
    """
    g, codes = len(grouping.names), grouping.codes
    w = weights / weights.max(initial=0.0)  # so that squares of any scale are finite
    x = w * shares.by_row
    if shares.units is not None:
        cell, cells = pd.factorize(codes + shares.units * g)
        codes = np.asarray(cells, dtype=np.int64) % g
        w, x = (np.bincount(cell, v).astype(np.float64) for v in (w, x))
    return np.stack([np.bincount(codes, v, g) for v in (w, x, x * x, x * w, w * w)])


def _rate(sums: Floats, cells: int) -> tuple[float, float]:
    """Return the share and the effective number of observations behind it.

    That is the n at which a binomial share has the variance that the units show: rows
    for a share of rows, more where a row holds several values, fewer where rows come
    as twins. It stays between the effective units and their number of cells.
    """
    w, x, xx, xw, ww = sums
    if w <= 0 or ww <= 0:
        return np.nan, 0.0
    p = x / w
    units = w * w / ww
    variance = max(xx - 2 * p * xw + p * p * ww, 0.0) / (w * w)
    if variance <= 1e-15:
        return p, units
    return p, float(np.clip(p * (1 - p) / variance, min(1.0, units), units * cells))


def _both(sums: Floats, g: int, cells: int) -> tuple[Floats, Floats]:
    """Return share and effective n of the group and of the rest, float[2] each."""
    inside = _rate(sums[:, g], cells)
    outside = _rate(sums.sum(axis=1) - sums[:, g], cells)
    p, n = np.asarray([inside, outside], dtype=np.float64).T
    return p, n


def _compared(
    sums: Floats, g: int, n: tuple[int, int], cells: int
) -> tuple[Estimate, Estimate, Estimate]:
    p, effective = _both(sums, g, cells)
    low, high = wilson(p, effective)
    inside, outside = (
        Estimates(p[[i]], low[[i]], high[[i]], np.asarray(n)[[i]]) for i in (0, 1)
    )
    ends = difference_limits(inside, outside)
    difference = Estimates(inside.value - outside.value, *ends, inside.n + outside.n)
    return inside.at(0), outside.at(0), difference.at(0)


def _p_value(sums: Floats, g: int, cells: int) -> float:
    p, n = _both(sums, g, cells)
    if not (n > 0).all():
        return np.nan
    pooled = float((p * n).sum() / n.sum())
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n).sum())
    return float(2 * stats.norm.sf(abs(p[0] - p[1]) / spread)) if spread > 0 else 1.0
