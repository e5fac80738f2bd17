"""How much of a drop a remedy won back, on target rows that it has not seen."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from analysis.arrays import Floats, Ints
from analysis.attribution.quantity import Quantity, quantity_of
from analysis.attribution.valued import Valued, valued
from analysis.errors import DataError
from analysis.estimates import LEVEL, Estimate
from analysis.evaluation import Evaluation
from analysis.metrics.registry import metric_named

REPLICATES = 500

NUMBERS_AT_ONCE = 4_000_000
"""Weights held at a time: replicates times rows."""


@dataclass(frozen=True)
class Recovery:
    """A drop, and what a remedy did to it.

    Parameters
    ----------
    metric : str
    source, target : Estimate
        The metric before, on either side.
    after, source_after : Estimate
        The metric after, on the target and on the source.
    drop : Estimate
        By how much the target is worse than the source, before; below 0 if better.
    gain : Estimate
        By how much the target is better after than before, on the same rows.
    price : Estimate
        By how much the source is worse after than before, on the same rows.
    share : Estimate
        Gain over drop; 1 wins all of it back. NaN where there is no drop beyond
        chance to win back.
    p_value : float
        Of no gain at the target, one-sided, by a normal of the replicates' spread.
    """

    metric: str
    source: Estimate
    target: Estimate
    after: Estimate
    source_after: Estimate
    drop: Estimate
    gain: Estimate
    price: Estimate
    share: Estimate
    p_value: float

    @property
    def is_drop_sure(self) -> bool:
        """Whether the target is worse than the source by more than chance."""
        return self.drop.low > 0


def recovery(
    source: tuple[Evaluation, Evaluation],
    target: tuple[Evaluation, Evaluation],
    quantity: Quantity | str,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Recovery:
    """Compare two models on the rows of both sides that neither was trained on.

    Worse and better follow the metric's own direction. Replicates draw rows (Poisson
    bootstrap), the same ones for both models, so that changes are paired; the share
    takes gain and drop of the same replicate.

    Parameters
    ----------
    source, target : (Evaluation, Evaluation)
        Before and after, on the same rows.
    quantity : Quantity or str
    replicates, seed : int

    Raises
    ------
    DataError
        Before and after are not the same rows, or the metric has no better side.
    """
    for before, after in (source, target):
        if not np.array_equal(before.row_ids, after.row_ids):
            raise DataError("The two models are not on the same rows; compare others.")
    wanted = quantity_of(quantity)
    sign = _sign(wanted)
    each = [[valued(e, (wanted,)) for e in pair] for pair in (source, target)]
    rng = np.random.default_rng(seed)
    own = source[0].weights, target[0].weights
    points = _values(each, own, None)[0]
    drawn = np.concatenate(
        [
            _values(each, own, [rng.poisson(1.0, (size, len(w))) for w in own])
            for size in _sizes(replicates, len(source[0]) + len(target[0]))
        ]
    )  # [r, 4]: source before, source after, target before, target after
    n_s, n_t = len(source[0]), len(target[0])
    estimates = [
        _estimate(points[i], drawn[:, i], n) for i, n in enumerate((n_s, n_s, n_t, n_t))
    ]
    drop = _contrast(points, drawn, (sign, 0, -sign, 0), n_s + n_t)
    gain = _contrast(points, drawn, (0, 0, -sign, sign), n_t)
    price = _contrast(points, drawn, (sign, -sign, 0, 0), n_s)
    share = _share(points, drawn, sign, drop, n_t)
    return Recovery(
        wanted.metric,
        estimates[0],
        estimates[2],
        estimates[3],
        estimates[1],
        drop,
        gain,
        price,
        share,
        _p_value(sign * (points[3] - points[2]), sign * (drawn[:, 3] - drawn[:, 2])),
    )


def _sign(wanted: Quantity) -> float:
    """Return 1 where more is better, -1 where less is; a gap is better when small."""
    if wanted.is_gap:
        return -1.0
    better = metric_named(wanted.metric).better
    if better == "none":
        raise DataError(
            f"'{metric_named(wanted.metric).title}' is neither better nor worse when "
            "it is higher, so there is no drop to win back. Choose a metric of errors."
        )
    return 1.0 if better == "high" else -1.0


def _values(
    each: list[list[Valued]], own: tuple[Floats, Floats], copies: list[Ints] | None
) -> Floats:
    """Return the quantity of both models on both sides, float[r, 4]."""
    found = []
    for side, (pair, weights) in enumerate(zip(each, own, strict=True)):
        drawn = weights[None] if copies is None else weights * copies[side]  # [r, n]
        rows = slice(0, len(weights))
        found += [v.of_sums(v.sums(drawn, rows))[:, 0] for v in pair]
    return np.column_stack(found)


def _sizes(replicates: int, n: int) -> list[int]:
    """Return how many replicates are drawn at a time, so that memory stays small."""
    at_once = max(1, NUMBERS_AT_ONCE // max(n, 1))
    full, rest = divmod(replicates, at_once)
    return [*[at_once] * full, *([rest] if rest else [])]


def _contrast(
    points: Floats, drawn: Floats, signs: tuple[float, ...], n: int
) -> Estimate:
    signed = np.array(signs)
    used = np.flatnonzero(signed)
    return _estimate(
        float(points[used] @ signed[used]), drawn[:, used] @ signed[used], n
    )


def _share(
    points: Floats, drawn: Floats, sign: float, drop: Estimate, n: int
) -> Estimate:
    """Return gain over drop; undefined where the drop could be none."""
    if not drop.low > 0:
        return Estimate(np.nan, np.nan, np.nan, n)
    gains = sign * (drawn[:, 3] - drawn[:, 2])
    drops = sign * (drawn[:, 0] - drawn[:, 2])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(drops > 0, gains / drops, np.nan)
    point = (points[3] - points[2]) / (points[0] - points[2])
    return _estimate(float(point), shares, n)


def _p_value(gain: float, drawn: Floats) -> float:
    """Return the one-sided p-value of no gain; 1 where nothing changed at all."""
    spread = float(np.nanstd(drawn))
    if not np.isfinite(gain):
        return float("nan")
    return float(norm.sf(gain / spread)) if spread > 0 else float(gain <= 0)


def _estimate(value: float, drawn: Floats, n: int) -> Estimate:
    known = drawn[np.isfinite(drawn)]
    if len(known) < 0.9 * max(len(drawn), 1) or not len(known):
        return Estimate(value, np.nan, np.nan, n)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), n)
