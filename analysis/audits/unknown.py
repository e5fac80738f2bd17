"""Categories that say that a category is unknown, as tables record it."""

import re
from collections.abc import Mapping

import numpy as np

from analysis.arrays import Bools, Ints
from analysis.frame import MISSING, Grouping

_UNKNOWN = re.compile(re.escape(MISSING) + r"( \(not recorded\))*")

UNKNOWN_WORDS = frozenset(
    {
        *(
            "unknown",
            "unspecified",
            "undisclosed",
            "missing",
            "na",
            "n/a",
            "none given",
        ),
        *("not disclosed", "not specified", "not stated", "not recorded", "not known"),
        *("not provided", "not reported", "not available", "prefer not to say"),
        *("prefer not to answer", "prefer not to disclose", "decline to state"),
        *("declined", "declined to answer", "declined to state", "refused", "?", "-"),
    }
)
"""What tables record where a category was asked for and not given, in lower case."""


def known_categories(
    parts: Mapping[str, Grouping], n: int
) -> tuple[dict[str, Grouping], Ints, tuple[str, ...]]:
    """Leave out everybody whose category in any attribute is unknown.

    Parameters
    ----------
    parts : mapping of str to Grouping
        Attributes, each over the same n rows.
    n : int

    Returns
    -------
    dict of str to Grouping
        The attributes over the rows kept, without unknown categories.
    int[m]
        Positions of the rows kept.
    tuple of str
        The unknown categories that somebody had.
    """
    known = np.ones(n, dtype=bool)
    unknown: dict[str, None] = {}
    for part in parts.values():
        gone = is_unknown(part)
        known &= ~gone[part.codes]
        held = np.bincount(part.codes, minlength=len(part.names)) > 0
        unknown |= dict.fromkeys(part.names[g] for g in np.flatnonzero(gone & held))
    rows = np.flatnonzero(known)
    kept = {name: _without_unknown(part, rows) for name, part in parts.items()}
    return kept, rows, tuple(unknown)


def is_unknown(grouping: Grouping) -> Bools:
    """Return which names of a grouping stand for an unknown category, bool[g]."""
    return np.asarray(
        [
            bool(_UNKNOWN.fullmatch(name)) or name.strip().lower() in UNKNOWN_WORDS
            for name in grouping.names
        ]
    )


def _without_unknown(grouping: Grouping, rows: Ints) -> Grouping:
    keeps = ~is_unknown(grouping)
    position = np.cumsum(keeps) - 1
    names = tuple(n for n, kept in zip(grouping.names, keeps, strict=True) if kept)
    return Grouping(position[grouping.codes[rows]], names)
