"""From an evaluation to the table of groups: values, contrasts, pooling, power."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Bools
from analysis.counts import Counts, counts_of
from analysis.errors import SettingError
from analysis.estimates import Estimates, Z, blanked, joined
from analysis.evaluation import Evaluation
from analysis.intervals import q_values
from analysis.metrics.bands import Band, band, effective_behind
from analysis.metrics.kinds import (
    ALL,
    BinnedMetric,
    Metric,
    Rate,
    ScoreMetric,
    effective,
    within,
)
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import Contrast, contrast
from analysis.subgroups.group_table import Column, GroupTable
from analysis.subgroups.listing import Group, Listing, told_apart
from analysis.subgroups.power import Sides, joined_sides
from analysis.subgroups.rest import reference_band, repeated, rest_band, rest_counts
from analysis.subgroups.shrinkage import shrunken


@dataclass(frozen=True, eq=False)
class Options:
    """What a table of groups can be asked for.

    Parameters
    ----------
    reference : Group or None
        A value for each listed attribute; a group is compared with the group of these
        values among its own attributes. None compares with everyone outside.
    strength : float
        Of the shrinkage, see `shrunken`.
    hidden : bool[g] or None
        Listed groups to withhold for privacy. They take no part in pooling or in the
        family of comparisons, as what is shown of others would tell of them.
    """

    reference: Group | None = None
    strength: float = 1.0
    hidden: Bools | None = None


OPTIONS = Options()


def group_table(
    evaluation: Evaluation,
    listed: Listing,
    metrics: Sequence[str],
    options: Options = OPTIONS,
) -> GroupTable:
    """Compute metrics, contrasts, shrunken values and power for every listed group.

    Parameters
    ----------
    evaluation : Evaluation
    listed : Listing
    metrics : sequence of str
    options : Options

    Raises
    ------
    SettingError, DataError, NeedsProbabilitiesError
        An unknown metric, attribute or reference, or a metric that the scores cannot
        give.
    """
    chosen = [metric_named(name) for name in dict.fromkeys(metrics)]
    groups = listed.groups(evaluation)
    hidden = np.zeros(len(groups), dtype=bool)
    if options.hidden is not None:
        hidden = np.asarray(options.hidden)
    parts = _parts(evaluation, listed, options.reference, hidden)
    columns = {m.name: _column(m, parts, options.strength) for m in chosen}
    table = GroupTable(
        groups=groups,
        names=told_apart([name for p in parts for name in p.counts.names], groups),
        n=np.concatenate([within(p.counts.n, ALL) for p in parts]),
        effective_n=np.concatenate([effective(p.counts, ALL) for p in parts]),
        columns=_with_q_values(columns),
        reference=options.reference,
        hidden=np.zeros(len(groups), dtype=bool),
    )
    return table.withholding(hidden) if hidden.any() else table


def _parts(
    evaluation: Evaluation, listed: Listing, reference: Group | None, hidden: Bools
) -> list["_Part"]:
    parts, start = [], 0
    for attributes in listed.crossed:
        position = _position(evaluation, attributes, reference)
        counts = counts_of(evaluation, attributes)
        end = start + len(counts.names)
        unseen = hidden[start:end]
        parts.append(_Part(evaluation, attributes, position, counts, unseen))
        start = end
    return parts


@dataclass(frozen=True, eq=False)
class _Part:
    """The groups of one crossing of attributes."""

    evaluation: Evaluation
    attributes: tuple[str, ...]
    position: int | None
    counts: Counts
    hidden: Bools

    def column(self, metric: Metric, strength: float) -> Column:
        """Return a metric over these groups, its p-values in place of q-values."""
        own = band(metric, self.evaluation, self.attributes, self.counts)
        other = self._other(metric)
        found = self._contrast(metric, own, other)
        if self.position is not None:
            found = _apart_from_itself(found, self.position)
        sides = self._sides(metric, own(Z).finite(), other(Z).finite())
        return Column(
            overall=band(metric, self.evaluation, ())(Z).finite().at(0),
            effective=effective_behind(
                metric, self.evaluation, self.attributes, self.counts
            ),
            difference=found.difference,
            ratio=found.ratio,
            q_value=np.where(self.hidden, np.nan, found.p_value),
            sides=sides,
            shrunken=self._shrunken(sides, metric, strength),
        )

    def _sides(self, metric: Metric, own: Estimates, other: Estimates) -> Sides:
        """Return both sides of each comparison; a group against itself has none."""
        if self.position is not None:
            is_itself = np.arange(len(own)) == self.position
            other = blanked(other, is_itself)
        if not isinstance(metric, Rate):
            return Sides(own, other)
        counts = self._other_counts()
        return Sides(
            own,
            other,
            effective(self.counts, metric.denominator),
            effective(counts, metric.denominator),
        )

    def _other_counts(self) -> Counts:
        if self.position is None:
            return rest_counts(self.counts)
        return repeated(self.counts, np.full(len(self.counts.names), self.position))

    def _shrunken(self, sides: Sides, metric: Metric, strength: float) -> Estimates:
        """Pool the shown groups only: a pooled value tells of those it rests on."""
        shown = blanked(sides.own, self.hidden)
        rows = sides.own_rows
        return shrunken(shown, self._levels(), strength, metric.bounds, rows)

    def _contrast(self, metric: Metric, own: Band, other: Band) -> Contrast:
        """Compare; what no threshold changes is kept with the evaluation."""
        if isinstance(metric, BinnedMetric | ScoreMetric):
            is_quick = isinstance(metric, ScoreMetric)
            return self.evaluation.remembered(
                ("contrast", metric.name, self.attributes, self.position),
                lambda: contrast(own, other, is_quick=is_quick),
            )
        return contrast(own, other)

    def _other(self, metric: Metric) -> Band:
        if self.position is None:
            return rest_band(metric, self.evaluation, self.attributes, self.counts)
        return reference_band(
            metric, self.evaluation, self.attributes, self.counts, self.position
        )

    def _levels(self) -> list[np.ndarray]:
        """Return the level of each attribute in every group, for crossed attributes."""
        if len(self.attributes) < 2:
            return []
        shape = [len(self.evaluation.groups[a].names) for a in self.attributes]
        return [level.ravel() for level in np.indices(shape)]


def _position(
    evaluation: Evaluation, attributes: tuple[str, ...], reference: Group | None
) -> int | None:
    if reference is None:
        return None
    position = 0
    for attribute in attributes:
        names = evaluation.groups[attribute].names
        value = reference.get(attribute)
        if value not in names:
            raise SettingError(
                f"The reference names {attribute} = {value}; {attribute} has "
                f"{', '.join(names)}. Give one of these for every attribute that is "
                "shown, or compare with the rest."
            )
        position = position * len(names) + names.index(value)
    return position


def _column(metric: Metric, parts: list[_Part], strength: float) -> Column:
    columns = [part.column(metric, strength) for part in parts]
    return Column(
        overall=columns[0].overall,
        effective=np.concatenate([c.effective for c in columns]),
        difference=joined([c.difference for c in columns]),
        ratio=joined([c.ratio for c in columns]),
        q_value=np.concatenate([c.q_value for c in columns]),
        sides=joined_sides([c.sides for c in columns]),
        shrunken=joined([c.shrunken for c in columns]),
    )


def _with_q_values(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Turn the p-values of all columns, one family, into q-values."""
    if not columns:
        return {}
    p = np.array([c.q_value for c in columns.values()])  # [m, g]
    q = q_values(p.ravel()).reshape(p.shape)
    return {
        name: replace(column, q_value=q[i])
        for i, (name, column) in enumerate(columns.items())
    }


def _apart_from_itself(found: Contrast, position: int) -> Contrast:
    is_itself = np.arange(len(found.p_value)) == position
    return Contrast(
        difference=blanked(found.difference, is_itself),
        ratio=blanked(found.ratio, is_itself),
        p_value=np.where(is_itself, np.nan, found.p_value),
    )
