"""AuditFrame: a table declared for an audit. Splits: which row serves which stage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints, digest_of, frozen
from analysis.errors import DataError, TooManyGroupsError

MAX_GROUPS = 2_000
"""Above this many groups an attribute identifies people rather than describing them."""

MISSING = "Missing"
"""The name of the group of rows whose attribute was not recorded."""

SPLIT_NAMES = ("train", "validation", "calibration", "test")


@dataclass(frozen=True, eq=False)
class Grouping:
    """One attribute as integer codes and the names they stand for.

    Parameters
    ----------
    codes : int[n]
        Position of each row's group in `names`.
    names : tuple of str, length g
        Group names, unique, in the order in which they are shown.
    """

    codes: Ints
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen(self.codes, np.int64))
        if len(set(self.names)) != len(self.names):
            raise DataError(f"Group names are not unique: {', '.join(self.names)}.")
        if self.codes.size and not (
            self.codes.min() >= 0 and self.codes.max() < len(self.names)
        ):
            raise DataError("A group code points at no name.")

    def take(self, rows: Ints) -> "Grouping":
        """Return the grouping of some rows; names stay, so codes keep their meaning."""
        return Grouping(self.codes[rows], self.names)


def everyone(n: int) -> Grouping:
    """Return the grouping that holds all n rows in one group."""
    return Grouping(np.zeros(n, np.int64), ("Everyone",))


def intersection(groupings: Mapping[str, Grouping]) -> Grouping:
    """Cross attributes into their full intersections, empty ones included.

    Names join the attributes' names with " · ", the first attribute varying slowest. A
    name that holds this dot stands in double quotes, so that names stay unique.

    Raises
    ------
    TooManyGroupsError
        The product has more than `MAX_GROUPS` cells.
    """
    parts = list(groupings.values())
    size = int(np.prod([len(p.names) for p in parts]))
    if size > MAX_GROUPS:
        raise TooManyGroupsError(" × ".join(groupings), size, MAX_GROUPS)
    if len(parts) == 1:
        return parts[0]
    codes = np.zeros(len(parts[0].codes), np.int64)
    for part in parts:
        codes = codes * len(part.names) + part.codes
    names = product(*([_part_name(n) for n in part.names] for part in parts))
    return Grouping(codes, tuple(" · ".join(words) for words in names))


def crossed(
    groups: Mapping[str, Grouping], attributes: tuple[str, ...], n: int
) -> Grouping:
    """Return the intersection of the named attributes, or everyone for none.

    Raises
    ------
    DataError
        An attribute is not among the groups.
    """
    if not attributes:
        return everyone(n)
    for name in attributes:
        if name not in groups:
            raise DataError(
                f"'{name}' is not a sensitive attribute of this table; it has "
                f"{', '.join(groups) or 'none'}. Declare it on the Data page or choose "
                "one of these."
            )
    return intersection({name: groups[name] for name in attributes})


def _part_name(name: str) -> str:
    is_clear = "·" not in name and not name.startswith('"')
    return name if is_clear else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, eq=False)
class AuditFrame:
    """A table whose columns have been given their roles.

    Parameters
    ----------
    features : DataFrame [n, d]
        Model inputs: numeric columns as float64, all others as `category`. Missing
        values stay missing.
    y_true : int[n] or None
        Position of each row's label in `classes`; None for an unlabelled target.
    classes : tuple of str, length k
        Class names. With two classes the positive one comes last.
    groups : mapping of str to Grouping
        One grouping per sensitive attribute; rows without a value form a group.
    weights : float[n]
        Survey weights, all 1 where the task declares none.
    domain : Grouping or None
        Where or when each row comes from, when the task declares a domain or a time.
    domain_name : str
        What rules call it: the name of its column.
    gathered : mapping of str to Grouping
        Customary sides of a shift: values of a column under common names, which rules
        may name. They follow from the columns, so the digest leaves them out.
    row_ids : int[n]
        Position of each row in the task's full table, so that scores of two models
        can be matched row by row.
    """

    features: pd.DataFrame
    y_true: Ints | None
    classes: tuple[str, ...]
    groups: Mapping[str, Grouping]
    weights: Floats
    domain: Grouping | None = None
    row_ids: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    domain_name: str = ""
    gathered: Mapping[str, Grouping] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.features)
        object.__setattr__(self, "weights", frozen(self.weights, np.float64))
        ids = self.row_ids if self.row_ids.size else np.arange(n)
        object.__setattr__(self, "row_ids", frozen(ids, np.int64))
        for name in ("groups", "gathered"):
            given = MappingProxyType(dict(getattr(self, name)))
            object.__setattr__(self, name, given)
        if self.y_true is not None:
            object.__setattr__(self, "y_true", frozen(self.y_true, np.int64))
        self._check(n)

    def _check(self, n: int) -> None:
        lengths = [len(self.weights), len(self.row_ids)]
        named = [*self.groups.values(), *self.gathered.values()]
        lengths += [len(g.codes) for g in named]
        lengths += [len(self.y_true)] if self.y_true is not None else []
        lengths += [len(self.domain.codes)] if self.domain is not None else []
        if any(length != n for length in lengths):
            raise DataError(f"Columns of different lengths: {lengths}, table {n:,}.")
        labels = np.empty(0) if self.y_true is None else self.y_true
        if labels.size and (labels.min() < 0 or labels.max() >= len(self.classes)):
            raise DataError("A label code points at no class.")
        if not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise DataError(
                "The weight column holds negative, missing or infinite values; "
                "weights must be zero or more. Mend them or choose 'No weights'."
            )
        if n and self.weights.sum() == 0:
            raise DataError(
                "The weight column is zero in every row. Choose another column or "
                "'No weights'."
            )

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def digest(self) -> str:
        """Digest of the whole content: one changed cell changes it."""
        parts = [repr([(str(c), str(t)) for c, t in self.features.dtypes.items()])]
        parts += [repr(self.classes), repr(list(self.groups))]
        hashed = pd.util.hash_pandas_object(self.features, index=False)
        arrays = [hashed.to_numpy(), self.weights, self.row_ids]
        arrays += [] if self.y_true is None else [self.y_true]
        for grouping in [
            *self.groups.values(),
            *([self.domain] if self.domain else []),
        ]:
            parts.append(repr(grouping.names))
            arrays.append(grouping.codes)
        return digest_of(
            [
                *(p.encode() for p in parts),
                *(np.ascontiguousarray(a).tobytes() for a in arrays),
            ]
        )

    def take(self, rows: Ints) -> "AuditFrame":
        """Return the frame of some rows, given by position."""
        return AuditFrame(
            features=self.features.iloc[rows],
            y_true=None if self.y_true is None else self.y_true[rows],
            classes=self.classes,
            groups={name: g.take(rows) for name, g in self.groups.items()},
            weights=self.weights[rows],
            domain=None if self.domain is None else self.domain.take(rows),
            row_ids=self.row_ids[rows],
            domain_name=self.domain_name,
            gathered={name: g.take(rows) for name, g in self.gathered.items()},
        )

    @property
    def named_groups(self) -> Mapping[str, Grouping]:
        """Everything that rules may name beside features: groups, domain, gathered."""
        named = {**self.gathered, **self.groups}
        if self.domain is None or not self.domain_name:
            return named
        return {self.domain_name: self.domain, **named}

    def grouping(self, attributes: tuple[str, ...]) -> Grouping:
        """Return the intersection of the named attributes, or everyone for none."""
        return crossed(self.groups, attributes, len(self))


@dataclass(frozen=True, eq=False)
class Splits:
    """Which rows serve which stage; each stage fits on its own split.

    Parameters
    ----------
    rows : mapping of str to int[m]
        Sorted row positions for each of `SPLIT_NAMES`; disjoint. `test` is for
        evaluation only.
    method : str
        'official', 'random', 'time' or 'domain'.
    seed : int
        Seed of whatever was drawn at random.
    note : str
        What a reader must know about this split, in one sentence; may be empty.
    """

    rows: Mapping[str, Ints]
    method: str
    seed: int
    note: str = ""

    def __post_init__(self) -> None:
        rows = {
            name: frozen(np.sort(self.rows[name]), np.int64) for name in SPLIT_NAMES
        }
        object.__setattr__(self, "rows", MappingProxyType(rows))
        everything = np.concatenate(list(rows.values()))
        if len(np.unique(everything)) != len(everything):
            raise DataError("A row stands in two splits.")

    @cached_property
    def digest(self) -> str:
        """Digest of which row stands where."""
        return digest_of([self.rows[name].tobytes() for name in SPLIT_NAMES])
