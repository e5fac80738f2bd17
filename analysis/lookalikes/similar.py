"""Similar groups: who looks most like a chosen subgroup, and who is one value away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
from scipy import stats

from analysis.arrays import Bools, Floats, Ints
from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from analysis.lookalikes.coded import Coded, coded

BINS = 10
"""Bins of a number: its deciles among everyone."""

CLEAR = 2.0
"""A bin's two shares differ clearly when this many standard deviations apart."""

MEAN_OF_NOISE = np.sqrt(2 / np.pi)
"""Mean of |Z| for a standard normal Z; its variance is 1 less this squared."""


@dataclass(frozen=True)
class Neighbour:
    """A group and how far its features are from those of the chosen one.

    Parameters
    ----------
    group : mapping of str to str
        Attribute to value.
    name : str
        As `intersection` writes it.
    n : int
        Rows.
    changed : int
        Conditions in which it differs from the chosen group.
    distance : float
        Mean over features of the total variation distance: the share of people who
        would have to change their value of a feature for the two groups to agree.
    by_chance, chance_high : float
        The distance that two groups of these sizes would show on average if they had
        the same features, and what 95 % of such pairs stay under.
    beyond_chance : float
        The distance less what chance adds to it, at least 0.
    kind : 'nearest' or 'one condition away'
        Among the nearest of all groups; or not, but one value away.
    """

    group: Mapping[str, str]
    name: str
    n: int
    changed: int
    distance: float
    by_chance: float
    chance_high: float
    beyond_chance: float
    kind: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", MappingProxyType(dict(self.group)))

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the groups differ by more than noise."""
        return self.distance > self.chance_high


@dataclass(frozen=True)
class Similar:
    """The neighbours of a group.

    Parameters
    ----------
    group : mapping of str to str
    n : int
        Rows of the group.
    neighbours : tuple of Neighbour
        The nearest ones first, then others one condition away; each nearest first.
    features : tuple of str
        Features compared: all but those that define the groups.
    too_small : int
        Groups left out for having fewer rows than asked.
    """

    group: Mapping[str, str]
    n: int
    neighbours: tuple[Neighbour, ...]
    features: tuple[str, ...]
    too_small: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", MappingProxyType(dict(self.group)))


def similar_groups(
    frame: AuditFrame, group: Mapping[str, str], *, min_rows: int = 30, most: int = 5
) -> Similar:
    """Return the groups nearest to one by their features, and those one value away.

    Candidates are all other intersections of the same attributes. Small groups look
    far from everything, so groups are ranked by what is left of the distance without
    what chance adds to it. Features are compared one at a time: two groups may agree
    in each and still combine them differently.

    Parameters
    ----------
    frame : AuditFrame
        The outcome is not looked at.
    group : mapping of str to str
        Attribute to value; it names the groups by its attributes.
    min_rows : int
        Smaller groups are no candidates.
    most : int
        How many nearest groups to return.

    Raises
    ------
    DataError
        An attribute or a value is not there, nobody is in the group, or no feature is
        left to compare.

    References
    ----------
    Cabrera et al. (2019), FairVis, VAST, shows the groups similar to one; the
    measure and its correction for noise are ours.
    """
    attributes = tuple(group)
    grouping = frame.grouping(attributes)
    parts = [frame.groups[name].names for name in attributes]
    chosen = place_among(group, parts)
    features = tuple(str(f) for f in frame.features if f not in attributes)
    n = np.bincount(grouping.codes, minlength=len(grouping.names))
    if not features or not n[chosen]:
        raise DataError(
            f"{'Nobody is in this group' if features else 'No feature is left'}, so it "
            "cannot be compared with others. Choose another group or other attributes."
        )
    distances = _distances(frame, features, grouping, chosen)
    values = list(product(*parts))
    changed = np.asarray(
        [sum(a != b for a, b in zip(v, values[chosen], strict=True)) for v in values]
    )
    is_other = np.arange(len(n)) != chosen
    kinds = _kinds(distances.beyond, changed, (n >= min_rows) & is_other, most)
    neighbours = tuple(
        Neighbour(
            group=dict(zip(attributes, values[g], strict=True)),
            name=grouping.names[g],
            n=int(n[g]),
            changed=int(changed[g]),
            distance=float(distances.found[g]),
            by_chance=float(distances.by_chance[g]),
            chance_high=float(distances.chance_high[g]),
            beyond_chance=float(distances.beyond[g]),
            kind=kind,
        )
        for g, kind in kinds.items()
    )
    too_small = int(((n < min_rows) & (n > 0) & is_other).sum())
    return Similar(dict(group), int(n[chosen]), neighbours, features, too_small)


def place_among(group: Mapping[str, str], parts: Sequence[tuple[str, ...]]) -> int:
    """Return a group's place among the intersections, the first varying slowest."""
    position = 0
    for (attribute, value), names in zip(group.items(), parts, strict=True):
        if value not in names:
            raise DataError(
                f"'{attribute}' has no group '{value}'; it has {', '.join(names[:10])}."
                " Choose one of these."
            )
        position = position * len(names) + names.index(value)
    return position


def _kinds(
    beyond: Floats, changed: Ints, is_candidate: Bools, most: int
) -> dict[int, str]:
    """Return the groups to show, in order, and why each is shown."""
    order = [int(g) for g in np.argsort(beyond, kind="stable") if is_candidate[g]]
    nearest = dict.fromkeys(order[:most], "nearest")
    others = [g for g in order[most:] if changed[g] == 1]
    return nearest | dict.fromkeys(others, "one condition away")


@dataclass(frozen=True, eq=False)
class _Distances:
    """From the chosen group to each other one, float[g]; means over features."""

    found: Floats
    by_chance: Floats
    chance_high: Floats
    beyond: Floats


def _distances(
    frame: AuditFrame, features: tuple[str, ...], grouping: Grouping, chosen: int
) -> _Distances:
    """Return total variation distances and what chance makes of them.

    If both groups had the pooled share p of a bin, the difference d of their shares
    would be normal with variance p (1 - p) (1 / n_1 + 1 / n_2), on effective rows,
    and |d| on average `MEAN_OF_NOISE` of its deviation. That is what chance gives.
    Where a true difference is far larger than the noise, however, noise moves |d| up
    as often as down and adds nothing: taking the same from every bin would draw small
    groups near. So what chance adds is taken over bins without a clear difference.
    The deviations of features are added as if features rose and fell together, which
    errs on the side of calling a distance noise.
    """
    g = len(grouping.names)
    weights = _by_largest(frame.weights, grouping)
    w = np.bincount(grouping.codes, weights, g).astype(np.float64)
    ww = np.bincount(grouping.codes, weights**2, g)
    n = np.divide(w**2, ww, out=np.zeros_like(w), where=ww > 0)
    sums = np.zeros((4, g))  # found, by chance, its deviation, added
    for name in features:
        share = _shares(coded(frame.features[name], BINS), grouping, weights)
        sums += _one_feature(share, n, chosen)
    found, by_chance, deviation, added = sums / len(features)
    return _Distances(
        found=found,
        by_chance=by_chance,
        chance_high=by_chance + float(stats.norm.ppf(0.95)) * deviation,
        beyond=np.maximum(found - added, 0),
    )


def _by_largest(weights: Floats, grouping: Grouping) -> Floats:
    """Return weights over the largest of the row's group, which nothing here sees.

    Squares of weights of any scale are then finite.
    """
    largest = np.zeros(len(grouping.names))
    np.maximum.at(largest, grouping.codes, weights)
    of_row = largest[grouping.codes]
    return np.divide(weights, of_row, out=np.zeros_like(weights), where=of_row > 0)


def _shares(column: Coded, grouping: Grouping, weights: Floats) -> Floats:
    """Return each group's share of weight by bin of a feature, float[g, b]."""
    g = len(grouping.names)
    cells = grouping.codes * len(column) + column.codes
    table = np.bincount(cells, weights, g * len(column)).reshape(g, len(column))
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Floats = table / table.sum(1, keepdims=True)
    return share


def _one_feature(share: Floats, n: Floats, chosen: int) -> Floats:
    own = n[chosen]
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (share * n[:, None] + share[chosen] * own) / (n + own)[:, None]
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / own)[:, None])  # [g, b]
    difference = np.abs(share - share[chosen])
    noise = MEAN_OF_NOISE * spread
    variance = (1 - MEAN_OF_NOISE**2) * spread**2
    added = np.where(difference > CLEAR * spread, 0.0, noise)
    return np.stack(
        [
            difference.sum(1) / 2,
            noise.sum(1) / 2,
            np.sqrt(variance.sum(1)) / 2,
            added.sum(1) / 2,
        ]
    )
