"""Which groups a table lists: the intersections of attributes up to a depth."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from types import MappingProxyType

from analysis.errors import SettingError, TooManyGroupsError
from analysis.evaluation import Evaluation
from analysis.frame import MAX_GROUPS

Crossings = tuple[tuple[str, ...], ...]
"""Tuples of attributes, each crossed in full."""

Group = Mapping[str, str]
"""A group as the value of each of its attributes; empty for everyone."""


@dataclass(frozen=True)
class Listing:
    """Tuples of attributes that are crossed, one after another.

    Parameters
    ----------
    crossed : tuple of tuple of str
        Each is crossed in full, empty intersections included.
    """

    crossed: tuple[tuple[str, ...], ...]

    def groups(self, evaluation: Evaluation) -> tuple[Group, ...]:
        """Return what each listed group is, in the order of its codes."""
        return tuple(
            MappingProxyType(dict(zip(attributes, values, strict=True)))
            for attributes in self.crossed
            for values in product(*(evaluation.groups[a].names for a in attributes))
        )


def listing(
    evaluation: Evaluation, attributes: Sequence[str], depth: int | None = None
) -> Listing:
    """Return the intersections of some attributes.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : sequence of str
    depth : int or None
        Up to how many attributes are crossed, each alone included; None crosses all
        of them and lists nothing else.

    Raises
    ------
    DataError
        An attribute is not there.
    SettingError
        The depth is less than 1.
    TooManyGroupsError
        More than `MAX_GROUPS` groups in all.
    """
    chosen = tuple(dict.fromkeys(attributes))
    if depth is None or not chosen:
        evaluation.grouping(chosen)  # refuses unknown attributes and too many groups
        return Listing((chosen,))
    if depth < 1:
        raise SettingError(f"A depth of {depth} crosses nothing; give 1 or more.")
    for attribute in chosen:
        evaluation.grouping((attribute,))  # refuses unknown attributes
    total = group_counts(evaluation, chosen, depth)
    if total > MAX_GROUPS:
        words = f"{' × '.join(chosen)} up to {depth} at once"
        raise TooManyGroupsError(words, total, MAX_GROUPS)
    return Listing(_crossings(chosen, depth))


def group_counts(evaluation: Evaluation, attributes: Sequence[str], depth: int) -> int:
    """Return how many groups the intersections up to a depth have, empty ones too."""
    sizes = {a: len(evaluation.groups[a].names) for a in attributes}
    crossed = _crossings(tuple(attributes), depth)
    return sum(math.prod(sizes[a] for a in some) for some in crossed)


def _crossings(attributes: tuple[str, ...], depth: int) -> tuple[tuple[str, ...], ...]:
    sizes = range(1, min(depth, len(attributes)) + 1)
    return tuple(some for size in sizes for some in combinations(attributes, size))


def told_apart(names: Sequence[str], groups: Sequence[Group]) -> tuple[str, ...]:
    """Return the names, with the attributes where two attributes share one."""
    seen = Counter(names)
    return tuple(
        name if seen[name] == 1 else f"{name} ({', '.join(group)})"
        for name, group in zip(names, groups, strict=True)
    )
