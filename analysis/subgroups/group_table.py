"""The table of groups: every number that is shown of a group, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.estimates import Estimate, Estimates, blanked
from analysis.subgroups.listing import Group
from analysis.subgroups.power import Sides, detectable, rows_needed

SURE = 0.05
"""A difference counts as sure when its q-value is below this."""

FEW_ROWS = 30
"""A group whose value rests on fewer rows is marked as small."""


@dataclass(frozen=True, eq=False)
class Column:
    """One metric over the groups of a table.

    Parameters
    ----------
    overall : Estimate
    sides : Sides
        The metric of each group, and of what it is compared with.
    effective : float[g]
        (sum w)^2 / sum w^2 over the rows that each group's value rests on.
    difference, ratio : Estimates [g]
        Group minus, and over, what it is compared with.
    q_value : float[g]
        Benjamini-Hochberg over all groups and metrics of the table.
    shrunken : Estimates [g]
        Values after partial pooling.
    """

    overall: Estimate
    sides: Sides
    effective: Floats
    difference: Estimates
    ratio: Estimates
    q_value: Floats
    shrunken: Estimates

    def __post_init__(self) -> None:
        for name in ("q_value", "effective"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def own(self) -> Estimates:
        """The metric of each group, [g]."""
        return self.sides.own

    @property
    def other(self) -> Estimates:
        """The metric of what each group is compared with, [g]."""
        return self.sides.other

    @cached_property
    def detectable(self) -> Floats:
        """Smallest difference that would have been seen with 80 % power, float[g]."""
        return detectable(self.sides)

    @property
    def is_sure(self) -> Bools:
        """Whether each difference is larger than chance, bool[g]."""
        with np.errstate(invalid="ignore"):
            sure: Bools = self.q_value < SURE
        return sure

    @property
    def is_small(self) -> Bools:
        """Whether each value rests on few rows, bool[g]."""
        small: Bools = self.own.n < FEW_ROWS
        return small

    def rows_needed(self, gap: float) -> Floats:
        """Return the rows each group needs to show a gap with 80 % power, float[g]."""
        return rows_needed(self.sides, gap)


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Groups and their metrics.

    Parameters
    ----------
    groups : tuple of Group, length g
    names : tuple of str, length g
    n, effective_n : float[g]
    columns : mapping of str to Column
    reference : Group or None
        What groups are compared with; None for everyone outside the group.
    hidden : bool[g]
        Groups withheld for privacy; all their numbers are NaN.
    """

    groups: tuple[Group, ...]
    names: tuple[str, ...]
    n: Floats
    effective_n: Floats
    columns: Mapping[str, Column]
    reference: Group | None
    hidden: Bools

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))
        for name in ("n", "effective_n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def is_weighted(self) -> bool:
        """Whether rows weigh unequally in any group."""
        return not np.allclose(np.nan_to_num(self.n), np.nan_to_num(self.effective_n))

    def withholding(self, hidden: Bools) -> "GroupTable":
        """Return the table with every number of some groups left out.

        Where the reference is one of them, so are all comparisons with it.
        """
        apart = hidden | self._leans_on(hidden)
        return replace(
            self,
            n=np.where(hidden, np.nan, self.n),
            effective_n=np.where(hidden, np.nan, self.effective_n),
            columns={m: _without(c, hidden, apart) for m, c in self.columns.items()},
            hidden=self.hidden | hidden,
        )

    def _leans_on(self, hidden: Bools) -> Bools:
        """Return which groups are compared with a hidden reference, bool[g]."""
        if self.reference is None:
            return np.zeros(len(self), dtype=bool)
        reference = self.reference.items()
        gone = {
            tuple(group)
            for group, is_hidden in zip(self.groups, hidden, strict=True)
            if is_hidden and group.items() <= reference
        }
        return np.array([tuple(group) in gone for group in self.groups])


def _without(column: Column, hidden: Bools, apart: Bools) -> Column:
    return Column(
        overall=column.overall,
        sides=column.sides.withholding(hidden, apart),
        effective=np.where(hidden, np.nan, column.effective),
        difference=blanked(column.difference, apart, n=True),
        ratio=blanked(column.ratio, apart, n=True),
        q_value=np.where(apart, np.nan, column.q_value),
        shrunken=blanked(column.shrunken, hidden, n=True),
    )
