"""Small groups pulled towards what larger ones say: empirical Bayes shrinkage."""

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.estimates import Estimates, Z

MIN_GROUPS = 4
"""The spread between groups cannot be estimated from fewer."""


def shrunken(
    estimates: Estimates,
    levels: Sequence[Ints] = (),
    strength: float = 1.0,
    bounds: tuple[float, float] = (0.0, 1.0),
    rows: Floats | None = None,
) -> Estimates:
    """Pull each group's value towards the centre of all, the more the less is known.

    Parameters
    ----------
    estimates : Estimates [g]
        With 95 % intervals, whose widths say how well each value is known.
    levels : sequence of int[g]
        For intersections, the level of each attribute: the centre of a group is then
        the sum of its levels' main effects. Without them, one centre for all.
    strength : float
        0 leaves the raw values, 1 is what the data ask for; what a pull leaves of the
        distance to the centre is raised to this power.
    bounds : (float, float)
        Of the metric.
    rows : float[g] or None
        For shares, the effective rows behind each: how well a share is known is then
        taken at its centre, as none of ten people says little about a rate of 30 %.

    Returns
    -------
    Estimates
        With Morris's intervals, which allow for what is not known of the centre and of
        the spread between groups. They hold on average over groups, not for a group
        picked for its value. Fewer than `MIN_GROUPS` known groups, or few more than
        the centre has parameters, stay as they are.

    References
    ----------
    Morris (1983), Parametric Empirical Bayes Inference, JASA 78, sections 1 and 5;
    DerSimonian & Laird (1986), Controlled Clinical Trials 7 (variance between groups).
    """
    s = (estimates.high - estimates.low) / (2 * Z)
    known = np.flatnonzero(np.isfinite(estimates.value) & np.isfinite(s) & (s > 0))
    design = _design([level[known] for level in levels], len(known))
    free = len(known) - design.shape[1]
    if len(known) < MIN_GROUPS or free < 3 or strength <= 0:
        return estimates
    y, v = estimates.value[known], s[known] ** 2
    if rows is not None:
        v = _at_centre(y, rows[known], design)
    between = _between(y, v, design)
    centre = _fitted(y, 1 / (v + between), design)
    # Morris's factor keeps the pull from being overrated with few groups
    pull = v / (v + between) * (free - 2) / free
    pull = 1 - (1 - pull) ** strength
    value = y - pull * (y - centre)
    spread = 2 / (free - 2) * pull**2 * (y - centre) ** 2
    error = np.sqrt(v * (1 - pull * free / len(known)) + spread)
    low, high = estimates.low.copy(), estimates.high.copy()
    new = estimates.value.copy()
    new[known] = np.clip(value, *bounds)
    low[known] = np.clip(value - Z * error, *bounds)
    high[known] = np.clip(value + Z * error, *bounds)
    return Estimates(new, low, high, estimates.n)


def _at_centre(y: Floats, rows: Floats, design: Floats) -> Floats:
    """Return the variance of shares of `rows` rows whose true value is the centre."""
    centre = _fitted(y, rows, design)
    least = 0.5 / rows.sum()  # a centre of 0 or 1 would leave nothing to chance
    centre = np.clip(centre, least, 1 - least)
    variance: Floats = centre * (1 - centre) / rows
    return variance


def _design(levels: Sequence[Ints], n: int) -> Floats:
    """Return an intercept and one column for each level but the first, [n, p]."""
    columns = [np.ones(n)]
    for level in levels:
        present = np.unique(level)[1:]
        columns += [(level == one).astype(np.float64) for one in present]
    design = np.column_stack(columns)
    rank = np.linalg.matrix_rank(design) if n else 0
    return design if rank == design.shape[1] else design[:, :1]


def _fitted(y: Floats, w: Floats, design: Floats) -> Floats:
    root = np.sqrt(w)[:, None]
    beta = np.linalg.lstsq(root * design, root[:, 0] * y, rcond=None)[0]
    fitted: Floats = design @ beta
    return fitted


def _between(y: Floats, v: Floats, design: Floats) -> float:
    """Return the variance between groups by moments, 0 when noise explains it all."""
    w = 1 / v
    residual = float((w * (y - _fitted(y, w, design)) ** 2).sum())
    inner = np.linalg.pinv(design.T @ (w[:, None] * design))
    trace = w.sum() - np.trace(inner @ (design.T @ (w[:, None] ** 2 * design)))
    free = len(y) - design.shape[1]
    return max(0.0, (residual - free) / float(trace)) if trace > 0 else 0.0
