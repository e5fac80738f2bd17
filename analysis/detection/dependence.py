"""Labels, groups, and how closely they go together, on two sides."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.arrays import Floats, Ints
from analysis.detection.shares import (
    Shares,
    compared,
    effective_rows,
    in_family,
    shares,
)
from analysis.estimates import LEVEL, Estimate, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import wilson

DRAWS = 1_000


@dataclass(frozen=True)
class GroupMix:
    """Who the people are: shares of an attribute's groups on either side.

    Parameters
    ----------
    attribute : str
    groups : tuple of Shares
    size : float
        Total variation: the share of people who would have to change group.
    """

    attribute: str
    groups: tuple[Shares, ...]
    size: float


@dataclass(frozen=True)
class Dependence:
    """How closely label and group go together on either side.

    Parameters
    ----------
    attribute : str
    source, target : Estimate
        Cramér's V, corrected for the part that noise alone would show.
    change : Estimate
        Target minus source.
    groups : tuple of Shares
        Per group, the label's rate in it less everyone else's, and its change.
    """

    attribute: str
    source: Estimate
    target: Estimate
    change: Estimate
    groups: tuple[Shares, ...]

    @property
    def is_sure(self) -> bool:
        """Whether the dependence changed beyond chance, in all or for a group."""
        is_moved = self.change.low > 0 or self.change.high < 0
        return is_moved or any(g.is_sure for g in self.groups)


def label_shift(source: Evaluation, target: Evaluation) -> tuple[Shares, ...]:
    """Return the share of every class on either side."""
    weights = source.weights, target.weights
    return in_family(
        [
            shares(name, (source.y_true == k, target.y_true == k), weights)
            for k, name in enumerate(source.classes)
        ]
    )


def group_mix(
    attribute: str, both: tuple[Grouping, Grouping], weights: tuple[Floats, Floats]
) -> GroupMix:
    """Return the shares of an attribute's groups; a group may be on one side only.

    Parameters
    ----------
    attribute : str
    both : (Grouping, Grouping)
        At source and target; groups are matched by name.
    weights : (float[n_s], float[n_t])
    """
    names = tuple(dict.fromkeys((*both[0].names, *both[1].names)))
    source, target = (aligned(g, names) for g in both)
    found = in_family(
        [
            shares(name, (source == g, target == g), weights)
            for g, name in enumerate(names)
        ]
    )
    moved = [abs(s.change.value) for s in found]
    return GroupMix(attribute, found, float(np.sum(moved)) / 2)


def dependence(
    attribute: str, source: Evaluation, target: Evaluation, seed: int = 0
) -> Dependence:
    """Return how closely label and group go together, and whether that changed.

    Parameters
    ----------
    attribute : str
    source, target : Evaluation
        With labels; the class in view is compared with all others.
    seed : int
        Of the tables drawn for the intervals of Cramér's V.

    References
    ----------
    Bergsma (2013), A Bias-Correction for Cramér's V and Tschuprow's T, Journal of the
    Korean Statistical Society 42; Roh et al. (2023), Improving Fair Training under
    Correlation Shifts, ICML, for the name.
    """
    sides = source, target
    groupings = tuple(e.groups[attribute] for e in sides)
    names = tuple(dict.fromkeys((*groupings[0].names, *groupings[1].names)))
    codes = [aligned(g, names) for g in groupings]
    tables = [_table(e, c, len(names)) for e, c in zip(sides, codes, strict=True)]
    rows = [effective_rows(e.weights) for e in sides]
    rng = np.random.default_rng(seed)
    drawn = [_drawn(t, n, rng) for t, n in zip(tables, rows, strict=True)]
    value = [float(cramers_v(t, n)) for t, n in zip(tables, rows, strict=True)]
    first, second = (
        _estimate(v, d, len(e)) for v, d, e in zip(value, drawn, sides, strict=True)
    )
    n = float(len(source) + len(target))
    change = _ends(value[1] - value[0], drawn[1] - drawn[0], n)
    return Dependence(attribute, first, second, change, _by_group(names, sides, codes))


def cramers_v(table: Floats, rows: float) -> Floats:
    """Return the bias-corrected Cramér's V of tables float[..., g, 2].

    Parameters
    ----------
    table : float[..., g, 2]
        Shares or weights of group and label.
    rows : float
        Effective number of rows.
    """
    share = table / table.sum((-2, -1), keepdims=True)
    expected = share.sum(-1, keepdims=True) * share.sum(-2, keepdims=True)
    filled = np.where(expected > 0, expected, 1.0)
    phi2 = ((share - expected) ** 2 / filled).sum((-2, -1))
    groups = (share.sum(-1) > 0).sum(-1).astype(np.float64)
    less = np.maximum(phi2 - (groups - 1) / max(rows - 1, 1.0), 0.0)
    g = groups - (groups - 1) ** 2 / max(rows - 1, 1.0)
    k = 2 - 1 / max(rows - 1, 1.0)
    most = np.minimum(g, k) - 1
    v: Floats = np.sqrt(less / np.where(most > 0, most, np.nan))
    return v


def aligned(grouping: Grouping, names: tuple[str, ...]) -> Ints:
    """Return a grouping's codes in the order of other names, int[n]."""
    places = np.array([names.index(name) for name in grouping.names], dtype=np.int64)
    return places[grouping.codes] if len(grouping.codes) else grouping.codes


def _table(e: Evaluation, codes: Ints, groups: int) -> Floats:
    cells = np.bincount(2 * codes + e.is_positive, e.weights, 2 * groups)
    return cells.astype(np.float64).reshape(groups, 2)


def _drawn(table: Floats, rows: float, rng: np.random.Generator) -> Floats:
    share = (table / table.sum()).ravel()
    drawn = rng.multinomial(max(round(rows), 1), share, size=DRAWS)
    tables = drawn.astype(np.float64).reshape(DRAWS, *table.shape)
    # each draw adds the table's own noise once more, so it is corrected twice
    return cramers_v(tables, max(rows / 2, 2.0))


def _estimate(value: float, drawn: Floats, n: int) -> Estimate:
    found = _ends(value, drawn, float(n))
    return Estimate(value, max(found.low, 0.0), min(found.high, 1.0), found.n)


def _ends(value: float, drawn: Floats, n: float) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(known):
        return Estimate(float("nan"), float("nan"), float("nan"), n)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value), n)


def _by_group(
    names: tuple[str, ...], sides: tuple[Evaluation, Evaluation], codes: list[Ints]
) -> tuple[Shares, ...]:
    found = []
    for g, name in enumerate(names):
        each = [_gap(e, c == g) for e, c in zip(sides, codes, strict=True)]
        if any(gap.is_undefined for gap in each):
            continue
        found.append(_change(name, each[0], each[1]))
    return in_family(found)


def _gap(e: Evaluation, member: np.ndarray) -> Estimate:
    """Return the label's rate in a group less everyone else's, by Newcombe's method."""
    inside, outside = (_rate(e, m) for m in (member, ~member))
    if inside.is_undefined or outside.is_undefined:
        return Estimate(np.nan, np.nan, np.nan, inside.n)
    found = compared("", (outside, inside), (1.0, 1.0)).change
    return Estimate(found.value, found.low, found.high, inside.n)


def _rate(e: Evaluation, member: np.ndarray) -> Estimate:
    w = e.weights[member]
    rows = effective_rows(w)
    if rows == 0:
        return Estimate(np.nan, np.nan, np.nan, 0.0)
    value = float(w[e.is_positive[member]].sum() / w.sum())
    low, high = wilson(np.array(value), np.array(rows))
    return Estimate(value, float(low), float(high), float(member.sum()))


def _change(name: str, source: Estimate, target: Estimate) -> Shares:
    """Compare two gaps; the p-value is that of their intervals' normal widths."""
    found = compared(name, (source, target), (0.0, 0.0))
    half = (found.change.high - found.change.low) / 2
    return Shares(
        name, source, target, found.change, _two_sided(found.change.value, half)
    )


def _two_sided(value: float, half: float) -> float:
    return float(2 * special.ndtr(-abs(value) * Z / half)) if half > 0 else float("nan")
