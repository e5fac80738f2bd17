"""A dial that plants a shift of growing strength, and whom it hits.

Rows are weighted, or labels changed, so that one mechanism moves by a stated amount;
scores stay as they are. Performance drawn against a controlled intensity is the idea of
"Control+Shift: Generating Controllable Distribution Shifts", which makes images with a
generative model; on a table, weights do it without one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.estimates import Estimate, Estimates
from analysis.planted.planting import Plant, planter
from analysis.shifts.domain import Domain
from analysis.subgroups.disaggregate import Disaggregation, disaggregate

STRENGTHS = tuple(round(0.05 * i, 2) for i in range(13))
"""Total variation from 0 to 0.6: the share of people who would have to be others."""

MIN_EFFECTIVE = 30
MIN_SHARE = 0.01
"""The curves end where fewer rows, or a smaller share of them, carry the weights."""

MAX_ROWS = 100_000
"""Of more rows as many are drawn, so that the dial answers at once."""


@dataclass(frozen=True, eq=False)
class Dial:
    """A metric by group against the strength of a planted shift.

    Parameters
    ----------
    plant : Plant
    metric : str
    attributes : tuple of str
    names : tuple of str, length g
    strengths : float[t]
        As far as the shift can be planted and enough rows carry it.
    overall : Estimates [t]
    by_group : tuple of Estimates [t], length g
        NaN where a group is withheld or fewer than `MIN_EFFECTIVE` of its rows count.
    effective : float[t]
        Rows that the weights leave, of everyone.
    rows : int
    stopped_by : 'rows', 'possible' or ''
        Why the curves end before the last strength of `STRENGTHS`.
    """

    plant: Plant
    metric: str
    attributes: tuple[str, ...]
    names: tuple[str, ...]
    strengths: Floats
    overall: Estimates
    by_group: tuple[Estimates, ...]
    effective: Floats
    rows: int
    stopped_by: str

    def __post_init__(self) -> None:
        for name in ("strengths", "effective"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


def dial(
    domain: Domain,
    plant: Plant,
    metric: str,
    attributes: tuple[str, ...] = (),
    hidden: Bools | None = None,
    *,
    seed: int = 0,
) -> Dial:
    """Plant a shift of growing strength and measure a metric by group.

    Strength is the total variation distance between the rows as they are and as they
    are weighted; for 'outcome' it is the share of rows whose label changes, which is
    the same distance. A category's or label's share moves by exactly the strength. A
    numeric feature is tilted by exp(a z), z its standardised value (Siegmund 1976),
    with a found for the strength asked for.

    Parameters
    ----------
    domain : Domain
    plant : Plant
    metric : str
    attributes : tuple of str
        To group by.
    hidden : bool[g] or None
        Groups withheld for privacy.
    seed : int
        Of the rows whose labels change, which grow with the strength, and of the rows
        drawn where there are more than `MAX_ROWS`.

    Raises
    ------
    SettingError
        There is no such column or value, or it is everyone's.
    """
    drawn = _drawn(domain, seed)
    planted = planter(drawn, plant, seed)
    fewest = max(MIN_EFFECTIVE, MIN_SHARE * _effective(drawn.evaluation.weights))
    strengths: list[float] = []
    measured, stopped_by = [], ""
    for strength in STRENGTHS:
        evaluation = planted(strength)
        if evaluation is None:
            stopped_by = "possible"
            break
        if strengths and _effective(evaluation.weights) < fewest:
            stopped_by = "rows"
            break
        strengths.append(strength)
        record = disaggregate(evaluation, attributes, (metric,), hidden)
        measured.append((record, _effective(evaluation.weights)))
    first = measured[0][0]
    return Dial(
        plant,
        metric,
        attributes,
        first.names,
        np.array(strengths),
        _along([record.overall[metric] for record, _ in measured]),
        tuple(
            _along([_carried(record, metric, g) for record, _ in measured])
            for g in range(len(first.names))
        ),
        np.array([rows for _, rows in measured]),
        len(drawn),
        stopped_by,
    )


def _drawn(domain: Domain, seed: int) -> Domain:
    if len(domain) <= MAX_ROWS:
        return domain
    rng = np.random.default_rng(seed)
    return domain.take(np.sort(rng.choice(len(domain), MAX_ROWS, replace=False)))


def _carried(record: Disaggregation, metric: str, g: int) -> Estimate:
    """Return a group's value; NaN where too few of its rows carry the weights."""
    found = record.by_group[metric].at(g)
    if record.effective_n[g] >= MIN_EFFECTIVE:
        return found
    return Estimate(np.nan, np.nan, np.nan, found.n)


def _along(found: Sequence[Estimate]) -> Estimates:
    fields = ("value", "low", "high", "n")
    return Estimates(*(np.array([getattr(e, f) for e in found]) for f in fields))


def _effective(weights: Floats) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())
