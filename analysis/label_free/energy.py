"""A second opinion: a metric read off the energy of the target's scores.

The free energy of a row is E = -T log sum_k exp(z_k / T) of its logits z. The
meta-distribution energy of a set is the mean of -log softmax(E) over its rows. Copies
of the reference that are shifted on purpose show how a metric goes with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from analysis.arrays import Floats
from analysis.estimates import LEVEL, Estimate
from analysis.evaluation import Evaluation
from analysis.label_free.cells import cells_for, effective, sums_of
from analysis.label_free.expected import values
from analysis.label_free.records import Energy
from analysis.metrics.kinds import Metric

ROWS = 20_000
"""Rows of the reference, drawn at random, that copies are made of."""

STRENGTHS = (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5)
"""What the log of a row's weight goes up by per standard deviation."""

MOST_WAYS = 16
LEAST_ROWS = 0.1
"""Copies that rest on a smaller share of the rows than this are left out."""

LEAST_COPIES = 20
CLIP = 1e-12


@dataclass(frozen=True)
class _Copy:
    """One shifted copy: what by, its energy, and the metrics there."""

    way: str
    energy: float
    metrics: Mapping[str, float]


def meta_energy(evaluation: Evaluation, weights: Floats) -> float:
    """Return the meta-distribution energy of probabilities, in nats.

    Logits are known up to a constant per row only, so they are centred: a network with
    one output per row has no others. The temperature is 1. The log of the number of
    rows, which the paper's formula contains, is taken off, so that sets of different
    sizes can be compared; what is left is 0 where all energies are equal.

    Parameters
    ----------
    evaluation : Evaluation
        With probabilities; labels are not read.
    weights : float[n]

    References
    ----------
    Peng et al. (2024), Energy-based Automated Model Evaluation, ICLR, equations 4 and
    5; centred logits and the missing log n are ours.
    """
    return _spread(_energies(evaluation), weights)


def energies_of(
    metrics: Sequence[Metric],
    reference: tuple[Evaluation, pd.DataFrame],
    target: Evaluation,
    own: Mapping[str, Estimate],
    seed: int,
) -> dict[str, Energy]:
    """Regress metrics on the energy over shifted copies, and read the target off.

    Parameters
    ----------
    metrics : sequence of Metric
    reference : (Evaluation, DataFrame)
        Labelled rows and their columns.
    target : Evaluation
        Its labels are not read.
    own : mapping of str to Estimate
        The metrics at the reference, whose noise every copy shares.
    seed : int
        Of the rows drawn.
    """
    if not target.is_probability:
        why = "The score is raw; an energy needs the probabilities of all classes."
        return {m.name: _nothing(m, (np.nan, 0), why) for m in metrics}
    there = meta_energy(target, target.weights), len(target)
    copies = list(_copies(metrics, *_drawn(*reference, seed)))
    return {m.name: _read_off(m, copies, there, own[m.name]) for m in metrics}


def _read_off(
    metric: Metric, copies: Sequence[_Copy], there: tuple[float, int], own: Estimate
) -> Energy:
    known = [c for c in copies if np.isfinite(c.metrics[metric.name])]
    if len(known) < LEAST_COPIES:
        why = f"Only {len(known)} shifted copies of the reference rest on enough rows."
        return _nothing(metric, there, why)
    x, y = np.array([(c.energy, c.metrics[metric.name]) for c in known]).T
    slope, intercept, off = _line(x, y)
    value, half = intercept + slope * there[0], np.hypot(off, _half(own))
    ends = np.clip([value, value - half, value + half], *metric.bounds).tolist()
    found, why = Estimate(ends[0], ends[1], ends[2], float(there[1])), ""
    if not x.min() <= there[0] <= x.max():
        found = Estimate(np.nan, np.nan, np.nan, float(there[1]))
        why = (
            f"The target's energy, {there[0]:.3f}, lies outside of what the copies "
            f"span, {x.min():.3f} to {x.max():.3f}: reading it off would be guessing."
        )
    return Energy(
        metric.name,
        tuple((c.energy, c.metrics[metric.name]) for c in known),
        tuple(c.way for c in known),
        slope,
        intercept,
        there[0],
        found,
        why,
    )


def _spread(energies: Floats, weights: Floats) -> float:
    share = weights / weights.sum()
    return float(special.logsumexp(energies, b=share) - share @ energies)


def _energies(evaluation: Evaluation) -> Floats:
    logs = np.log(np.clip(evaluation.scores.values, CLIP, 1.0))
    centred = logs - logs.mean(1, keepdims=True)
    found: Floats = -special.logsumexp(centred, axis=1)
    return found


def _copies(
    metrics: Sequence[Metric], reference: Evaluation, columns: pd.DataFrame
) -> Iterator[_Copy]:
    """Yield the shifted copies, the reference as it is first."""
    own = reference.weights
    cells = cells_for(reference.score, reference.is_positive, own)
    at = cells.of(reference.score, reference.decisions)
    energies = _energies(reference)
    for way, tilt in _tilts(reference, columns):
        weights = own * tilt
        if effective(weights) < LEAST_ROWS * effective(own):
            continue
        sums = sums_of(cells, replace(reference, weights=weights))
        hits = np.bincount(at, weights * reference.is_positive, 2 * cells.bins)
        drawn = hits[None].astype(np.float64)
        found = {m.name: float(values(m, sums, drawn)[0]) for m in metrics}
        yield _Copy(way, _spread(energies, weights), found)


def _tilts(
    reference: Evaluation, columns: pd.DataFrame
) -> Iterator[tuple[str, Floats]]:
    """Yield weights that shift the rows by one thing at a time, to growing strength."""
    yield "as it is", np.ones(len(reference))
    for way, direction in _directions(reference, columns):
        largest = float(np.abs(direction).max(initial=0.0))
        scaled = direction / largest if largest > 0 else direction  # squares overflow
        spread = scaled.std()
        if spread > 0:
            z = np.clip((scaled - scaled.mean()) / spread, -3, 3)
            for strength in STRENGTHS:
                yield way, np.exp(strength * z)


def _directions(
    reference: Evaluation, columns: pd.DataFrame
) -> Iterator[tuple[str, Floats]]:
    p = np.clip(reference.score, 1e-6, 1 - 1e-6)
    yield "score", special.logit(p)
    names = [f"{a}" for a in reference.groups]
    for name in names:
        codes = reference.groups[name].codes
        common = int(np.bincount(codes).argmax())
        yield name, (codes == common).astype(np.float64)
    for name in list(columns.columns)[: MOST_WAYS - len(names)]:
        yield str(name), _numbers(columns[name])


def _numbers(column: pd.Series) -> Floats:
    """Return a column as numbers: of categories, whether it is the commonest."""
    is_number = pd.api.types.is_numeric_dtype(column)
    if is_number and not pd.api.types.is_bool_dtype(column):
        found = column.to_numpy(dtype=np.float64, na_value=np.nan)
        known = found[~np.isnan(found)]
        middle = float(np.median(known)) if len(known) else 0.0
        return np.where(np.isnan(found), middle, found)
    codes, _ = pd.factorize(column.astype(object))
    common = int(np.bincount(codes + 1).argmax())
    return np.asarray(codes + 1 == common, dtype=np.float64)


def _line(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Return slope, intercept and what 95 % of the copies left out stay within."""
    centred = x - x.mean()
    squares = float(centred @ centred)
    slope = float(centred @ y) / squares if squares > 0 else 0.0
    intercept = float(y.mean() - slope * x.mean())
    leverage = 1 / len(x) + (centred**2 / squares if squares > 0 else 0.0)
    left_out = np.abs(y - intercept - slope * x) / np.maximum(1 - leverage, 1e-9)
    place = min(int(np.ceil(LEVEL * (len(x) + 1))), len(x)) - 1
    return slope, intercept, float(np.sort(left_out)[place])


def _drawn(
    reference: Evaluation, columns: pd.DataFrame, seed: int
) -> tuple[Evaluation, pd.DataFrame]:
    if len(reference) <= ROWS:
        return reference, columns
    rows = np.random.default_rng(seed).choice(len(reference), ROWS, replace=False)
    return reference.take(rows), columns.iloc[rows]


def _half(estimate: Estimate) -> float:
    half = (estimate.high - estimate.low) / 2
    return half if np.isfinite(half) else 0.0


def _nothing(metric: Metric, there: tuple[float, int], why: str) -> Energy:
    nan = float("nan")
    unknown = Estimate(nan, nan, nan, float(there[1]))
    return Energy(metric.name, (), (), nan, nan, there[0], unknown, why)
