"""Which groups stay hidden in everything that is published together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from analysis.arrays import Bools, frozen
from analysis.counts import Counts, counts_of
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.metrics.bands import class_counts
from analysis.privacy.suppression import Suppression, suppression
from analysis.subgroups.listing import Listing


@dataclass(frozen=True, eq=False)
class Published:
    """Crossings of attributes that are published together, and what of them is hidden.

    Parameters
    ----------
    hidden : mapping of tuple of str to bool[g]
        By the attributes crossed, in the order of the groups' codes.
    sizes : mapping of str to int
        How many values each attribute has.
    is_coarse : bool
        Whether every intersection is hidden because there are too many to tell which
        of them would do, see `suppression`; readers should be told.
    """

    hidden: Mapping[tuple[str, ...], Bools]
    sizes: Mapping[str, int]
    is_coarse: bool = False

    def __post_init__(self) -> None:
        kept = {crossed: frozen(h, np.bool_) for crossed, h in self.hidden.items()}
        object.__setattr__(self, "hidden", MappingProxyType(kept))
        object.__setattr__(self, "sizes", MappingProxyType(dict(self.sizes)))

    def of(self, attributes: Sequence[str]) -> Bools:
        """Return which groups of a crossing must not be shown, bool[g].

        Parameters
        ----------
        attributes : sequence of str
            In any order, which is that of the groups; none for everyone, who is never
            hidden.

        Raises
        ------
        SettingError
            The crossing is not among those published.
        """
        if not attributes:
            return np.zeros(1, dtype=bool)
        for crossed, hidden in self.hidden.items():
            if set(crossed) == set(attributes):
                by_value = hidden.reshape([self.sizes[a] for a in crossed])
                return by_value.transpose(
                    [crossed.index(a) for a in attributes]
                ).ravel()
        found = "; ".join(" × ".join(crossed) for crossed in self.hidden) or "none"
        raise SettingError(
            f"{' × '.join(attributes)} is not among the crossings published together: "
            f"{found}. Name it there too, as what is hidden depends on all of them."
        )

    def listed(self, listed: Listing) -> Bools:
        """Return which groups of a listing must not be shown, bool[g].

        Raises
        ------
        SettingError
            It lists a crossing that is not among those published.
        """
        return np.concatenate([self.of(crossed) for crossed in listed.crossed])


def published(
    evaluation: Evaluation, crossings: Sequence[tuple[str, ...]], k: int
) -> Published:
    """Return what must be hidden of some crossings that readers see together.

    Each is seen beside all the others and everyone's total. With more than two classes
    the groups are protected for the class in view and for every class against the
    rest: other classes may be looked at next.

    Parameters
    ----------
    evaluation : Evaluation
    crossings : sequence of tuple of str
        Each crossed in full; the same attributes in another order count once.
    k : int
        Fewest people that may be shown; below 2 hides nothing.

    Raises
    ------
    DataError
        An attribute is not there, or a crossing has too many groups.
    """
    each = {frozenset(crossed): crossed for crossed in reversed(crossings) if crossed}
    chosen = tuple(reversed(each.values()))
    lengths = [len(evaluation.grouping(crossed).names) for crossed in chosen]
    found = _suppressed(evaluation, chosen, k if chosen else 0, sum(lengths))
    parts = np.split(found.hidden, np.cumsum(lengths)[:-1]) if chosen else []
    return Published(
        hidden=dict(zip(chosen, parts, strict=True)),
        sizes={a: len(evaluation.groups[a].names) for c in chosen for a in c},
        is_coarse=found.is_coarse,
    )


def hidden_groups(evaluation: Evaluation, listed: Listing, k: int) -> Bools:
    """Return which listed groups must not be shown beside everyone's total, bool[g].

    Parameters
    ----------
    evaluation : Evaluation
    listed : Listing
        All that is published.
    k : int
        Fewest people that may be shown; below 2 hides nothing.
    """
    return published(evaluation, listed.crossed, k).listed(listed)


def hidden_on_any(
    sides: Sequence[Evaluation],
    attributes: tuple[str, ...],
    k: int,
    beside: Sequence[tuple[str, ...]] = (),
) -> Bools:
    """Return which groups must not be shown on one of several sides, bool[g].

    Groups are the same where their names are. They stand in the order of `named_alike`:
    where all sides have the same names, in that of their codes.

    Parameters
    ----------
    sides : sequence of Evaluation
        Runs on the same rows, or two tables.
    attributes : tuple of str
    k : int
        Fewest people that may be shown; below 2 hides nothing.
    beside : sequence of tuple of str
        Other crossings that readers see together with this one.
    """
    alike = named_alike(sides, {a for c in (attributes, *beside) for a in c})
    crossings = [attributes, *beside]
    hidden = [published(side, crossings, k).of(attributes) for side in alike]
    any_of_them: Bools = np.any(hidden, axis=0)
    return any_of_them


def named_alike(
    sides: Sequence[Evaluation], attributes: Iterable[str]
) -> list[Evaluation]:
    """Return sides whose attributes have the same groups, in the same order.

    They are the first side's, then those that only later ones have. A group that a
    side lacks has nobody there.
    """
    alike = list(sides)
    for attribute in attributes:
        if not all(attribute in side.groups for side in sides):
            continue  # crossing it is refused, and in plain words
        own = [side.groups[attribute] for side in sides]
        names = tuple(dict.fromkeys(name for g in own for name in g.names))
        alike = [_renamed(side, attribute, names) for side in alike]
    return alike


def _renamed(side: Evaluation, attribute: str, names: tuple[str, ...]) -> Evaluation:
    """Return a side with more names for an attribute's groups, or in another order."""
    own = side.groups[attribute]
    if own.names == names:
        return side
    place = {name: code for code, name in enumerate(names)}
    codes = np.array([place[name] for name in own.names], np.int64)[own.codes]
    return replace(side, groups={**side.groups, attribute: Grouping(codes, names)})


def _suppressed(
    evaluation: Evaluation, crossings: tuple[tuple[str, ...], ...], k: int, rows: int
) -> Suppression:
    if k < 2:
        return Suppression(np.zeros(rows, dtype=bool))
    groups = Listing(crossings).groups(evaluation)
    levels = {a: evaluation.groups[a].names for crossed in crossings for a in crossed}
    tables = _tables(evaluation, crossings)
    found = suppression((*groups, {}), tables, levels, k)
    return Suppression(found.hidden[:-1], found.is_coarse)


def _tables(
    evaluation: Evaluation, crossings: tuple[tuple[str, ...], ...]
) -> list[Counts]:
    """Return the counts of all rows and of everyone, for each class to be protected."""
    tables = [_stacked([counts_of(evaluation, crossed) for crossed in crossings])]
    if len(evaluation.classes) > 2:
        counts = _stacked([class_counts(evaluation, crossed) for crossed in crossings])
        classes = range(len(evaluation.classes))
        tables += [counts.versus_rest(view) for view in classes]
    return tables


def _stacked(parts: list[Counts]) -> Counts:
    """Return one table of several, with the total of the first at its end."""
    parts = [*parts, parts[0].total()]
    n, w, w2 = (
        np.concatenate([getattr(p, table) for p in parts]) for table in ("n", "w", "w2")
    )
    return Counts(tuple(map(str, range(len(n)))), n, w, w2)
