"""Whether two tables overlap enough for weights that take one to the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.arrays import Floats

OUTSIDE = float(special.logit(0.95))
"""A row lies outside the other table where the log ratio is above this: among as many
rows of either side, fewer than 1 in 20 of those like it would be the other's."""

MIN_EFFECTIVE = 30.0
MIN_SHARE = 0.01
MAX_OUTSIDE = 0.5
"""A part is refused with fewer effective rows than `MIN_EFFECTIVE`, or than this share
of the source, or with more than this share of the target outside the source."""

LOW_OVERLAP = 0.1
"""Below this share of effective rows a part rests on few people, and is said to."""

CLIPPED = 0.01
"""Above this share of clipped weight the clipping is said."""

LARGEST = 0.05
"""Above this share of all weight in one row, the row is said."""

OVERDRAWN, TELLING = 0.7, 0.55
"""Below this slope, and above this AUROC, it is said that weights are overdrawn. They
are not corrected for it: the slope of what hardly moved is itself noise, and intervals
without a correction hold the truth (`benchmarks/shift_coverage.py`)."""


@dataclass(frozen=True)
class Overlap:
    """How far the source's rows can stand for the target's, for one component.

    Parameters
    ----------
    rows : float
        Source rows.
    effective_rows : float
        (sum w)^2 / sum w^2 of their weights.
    clipped_share : float
        Share of the weight that clipping took away.
    largest_share : float
        Share of the weight that one row carries.
    outside_share : float
        Share of the rows, by weight, that one side has and the other hardly has; see
        `OUTSIDE`. For a mechanism with parents the larger of the target's share, by
        node and parents, and the source's, by the parents: there the target cannot
        tell what its conditional would do.
    auroc : float
        How well a classifier that did not see a row tells its side from the component;
        0.5 is not at all.
    slope : float
        Of a logistic fit of the side on the held-out log ratio: 1 where ratios are as
        large as they should be, less where they are overdrawn.
    reason : str
        Why the part is refused; empty where it is not.
    """

    rows: float
    effective_rows: float
    clipped_share: float
    largest_share: float
    outside_share: float
    auroc: float
    slope: float
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Sided:
    """Log ratios of one component on both tables with the rows' weights.

    Parameters
    ----------
    at_source, at_target : float[n_s], float[n_t]
    source, target : float[n_s], float[n_t]
        Own weights, the source's weighted to the target's parents where there are any.
    outside : float
        Share of the target, by weight, outside the source, or of the source outside
        the target where that is more and matters.
    """

    at_source: Floats
    at_target: Floats
    source: Floats
    target: Floats
    outside: float


def overlap_of(ratio: Sided, own: Floats) -> Overlap:
    """Return the diagnostics of one component.

    Parameters
    ----------
    ratio : Sided
    own : float[n_s]
        The source rows' weights as they are.
    """
    with np.errstate(over="ignore"):
        weights = np.exp(ratio.at_source - ratio.at_source.max())
    limit = np.sqrt(len(own)) * np.average(weights, weights=own)
    clipped = own * np.minimum(weights, limit)
    total = float(clipped.sum())
    effective = total**2 / float((clipped**2).sum())
    return Overlap(
        rows=float(len(own)),
        effective_rows=effective,
        clipped_share=max(0.0, 1 - total / float(own @ weights)),
        largest_share=float(clipped.max()) / total,
        outside_share=ratio.outside,
        auroc=_auroc(ratio),
        slope=_slope(ratio),
        reason=_reason(effective, len(own), ratio.outside),
    )


def outside_share(log_ratio: Floats, weights: Floats) -> float:
    """Return the share of rows, by weight, that the other table hardly has.

    Parameters
    ----------
    log_ratio : float[n]
        Of the rows' own table to the other one.
    weights : float[n]
    """
    return float(weights[log_ratio > OUTSIDE].sum() / weights.sum())


def together(
    overlaps: Mapping[str, Overlap], at_source: Mapping[str, Floats], own: Floats
) -> dict[str, Overlap]:
    """Refuse components, the worst first, until all others can move at once.

    Each alone may overlap well enough and their product rest on a handful of rows.

    Parameters
    ----------
    overlaps : mapping of str to Overlap
    at_source : mapping of str to float[n_s]
        Log ratios.
    own : float[n_s]
    """
    found = dict(overlaps)
    while True:
        left = [name for name, o in found.items() if not o.reason]
        if not left:
            return found
        total = np.sum([at_source[name] for name in left], axis=0)
        weights = own * np.exp(total - total.max())
        effective = float(weights.sum() ** 2 / (weights**2).sum())
        reason = _reason(effective, len(own), 0.0)
        if not reason:
            return found
        worst = min(left, key=lambda name: found[name].effective_rows)
        found[worst] = replace(found[worst], reason=f"Moved with all others. {reason}")


def warnings_of(overlaps: Mapping[str, Overlap]) -> tuple[str, ...]:
    """Return plain sentences on what limits a split."""
    said = []
    for component, o in overlaps.items():
        if o.reason:
            said.append(f"{component}: {o.reason}")
            continue
        if o.effective_rows < LOW_OVERLAP * o.rows:
            said.append(
                f"{component}: only {o.effective_rows:,.0f} of {o.rows:,.0f} rows "
                "carry the weights; the two tables overlap little, so this part rests "
                "on few rows and may be wrong."
            )
        if o.clipped_share > CLIPPED:
            said.append(
                f"{component}: {100 * o.clipped_share:.0f} % of the weight was cut, "
                "so the part is understated where the tables differ most."
            )
        if o.slope < OVERDRAWN and o.auroc > TELLING:
            said.append(
                f"{component}: with so few rows its weights are overdrawn (slope "
                f"{o.slope:.2f}, 1 is right), so its part may be overstated."
            )
        if o.largest_share > LARGEST:
            said.append(
                f"{component}: one row carries {100 * o.largest_share:.0f} % of the "
                "weight."
            )
    return tuple(said)


def _reason(effective: float, rows: int, outside: float) -> str:
    refused = "The two tables overlap too little to say how much is due to it: "
    if outside > MAX_OUTSIDE:
        return (
            f"{refused}{100 * outside:.0f} % of one side has hardly any row like it on "
            f"the other (at most {100 * MAX_OUTSIDE:.0f} % may). Choose sides that are "
            "more alike, or leave out the columns that tell them apart."
        )
    if effective < max(MIN_EFFECTIVE, MIN_SHARE * rows):
        needed = max(MIN_EFFECTIVE, MIN_SHARE * rows)
        return (
            f"{refused}{effective:,.0f} of {rows:,} rows of a side carry the weights, "
            f"and {needed:,.0f} are needed. Choose sides that are more alike, or leave "
            "out the columns that tell them apart."
        )
    return ""


def _auroc(ratio: Sided) -> float:
    """Return how often a target row's ratio is above a source row's, ties one half."""
    both = np.concatenate([ratio.at_source, ratio.at_target])
    hits = np.concatenate([np.zeros(len(ratio.source)), ratio.target])
    others = np.concatenate([ratio.source, np.zeros(len(ratio.target))])
    values, at = np.unique(both, return_inverse=True)
    hits, others = (np.bincount(at, w, len(values)) for w in (hits, others))
    below = np.cumsum(others) - others / 2
    return float((hits * below).sum() / (hits.sum() * others.sum()))


def _slope(ratio: Sided) -> float:
    """Return the slope of the side's log odds in the ratio; NaN if it is constant."""
    x = np.concatenate([ratio.at_source, ratio.at_target])
    side = np.repeat([0.0, 1.0], [len(ratio.source), len(ratio.target)])
    w = np.concatenate(
        [ratio.source / ratio.source.sum(), ratio.target / ratio.target.sum()]
    )
    spread = float(np.sqrt(np.average((x - np.average(x, weights=w)) ** 2, weights=w)))
    if spread < 1e-9:
        return np.nan
    design, beta = np.column_stack([np.ones(len(x)), x / spread]), np.zeros(2)
    for _ in range(25):
        p = special.expit(design @ beta)
        gradient = design.T @ (w * (p - side))
        hessian = (design * (w * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        beta = beta - step * min(1.0, 5.0 / max(5.0, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-6:
            break
    return float(beta[1] / spread)
