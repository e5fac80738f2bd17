"""The record of a path: what a fix does to every group at each of its strengths."""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.estimates import Estimate, Estimates
from analysis.verdict import Alarm


@dataclass(frozen=True)
class Column:
    """One measure of everyone and of every group, everyone first.

    Parameters
    ----------
    value, low, high : tuple of float, length 1 + g
        With the ends of the 95 % interval; NaN where undefined or unknown.
    n : tuple of float, length 1 + g
        Rows in the denominator.
    """

    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    n: tuple[float, ...]

    def at(self, row: int) -> Estimate:
        """Return the estimate of a row; 0 is everyone."""
        return Estimate(self.value[row], self.low[row], self.high[row], self.n[row])


@dataclass(frozen=True)
class Measured:
    """A model on some rows.

    Parameters
    ----------
    columns : mapping of str to Column
        By the metric's name, or by what is marked of people; see `measuring`.
    gaps : mapping of str to Estimate
        Of each metric: largest minus smallest value of a group.
    """

    columns: Mapping[str, Column]
    gaps: Mapping[str, Estimate]


@dataclass(frozen=True)
class Moved:
    """What a strength moves on some rows, held against the model before.

    Parameters
    ----------
    otherwise : Column
        Share of people decided otherwise.
    newly_right, newly_wrong : tuple of float, length 1 + g
        How many of them are decided right now and were not, and the reverse.
    price : Estimate
        Change in accuracy over everyone, with its paired interval.
    changes : mapping of str to Column
        Change of each rate, with paired intervals.
    gained, lost : mapping of str to tuple of str
        By rate: groups for whom it surely got better or worse, largest change first.
        Of a rate that is neither good nor bad, those it fell for and rose for.
    """

    otherwise: Column
    newly_right: tuple[float, ...]
    newly_wrong: tuple[float, ...]
    price: Estimate
    changes: Mapping[str, Column]
    gained: Mapping[str, tuple[str, ...]]
    lost: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Side:
    """One strength on some rows.

    Parameters
    ----------
    measured : Measured
        Where it stands.
    moved : Moved
        What it moved.
    alarms : tuple of Alarm
        Who is decided all alike.
    """

    measured: Measured
    moved: Moved
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True)
class Point:
    """One strength, on the rows it was fitted on and on rows it was not fitted on."""

    strength: float
    fitted: Side
    unseen: Side

    def on(self, *, fitted: bool) -> Side:
        """Return one of the two sides."""
        return self.fitted if fitted else self.unseen


@dataclass(frozen=True)
class Refused:
    """A strength that could not be fitted, and why."""

    strength: float
    reason: str


@dataclass(frozen=True)
class Path:
    """A fix at every strength that is done so far.

    Parameters
    ----------
    attributes : tuple of str
        Crossed in full; empty for everyone alone.
    names : tuple of str, length g
        Groups.
    fitted, unseen : Measured
        The model before, on either rows.
    points : tuple of Point
        The weakest strength first.
    refused : tuple of Refused
    """

    attributes: tuple[str, ...]
    names: tuple[str, ...]
    fitted: Measured
    unseen: Measured
    points: tuple[Point, ...] = ()
    refused: tuple[Refused, ...] = ()

    def before(self, *, fitted: bool) -> Measured:
        """Return the model before, on one of the two sides."""
        return self.fitted if fitted else self.unseen

    def at(self, strength: float) -> Point:
        """Return the point nearest to a strength; there must be one."""
        return min(self.points, key=lambda p: abs(p.strength - strength))


def column(overall: Estimate, by_group: Estimates | None) -> Column:
    """Return a column of everyone and of groups; of everyone alone without groups."""
    groups = [] if by_group is None else [by_group.at(g) for g in range(len(by_group))]
    rows = [overall, *groups]
    return Column(
        tuple(row.value for row in rows),
        tuple(row.low for row in rows),
        tuple(row.high for row in rows),
        tuple(float(row.n) for row in rows),
    )
