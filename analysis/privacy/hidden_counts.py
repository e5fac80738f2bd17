"""Which groups of one table of counts stay hidden under a privacy threshold."""

import numpy as np

from analysis.arrays import Bools
from analysis.counts import Counts
from analysis.privacy.suppression import hidden_rows

_ATTRIBUTE = "group"


def hidden_in(counts: Counts, k: int) -> Bools:
    """Return which groups must not be shown beside everyone's total, bool[g].

    Parameters
    ----------
    counts : Counts
        Of groups that share nobody and hold everybody, [g, 2, 2].
    k : int
        Fewest people that may be shown; below 2 hides nothing. See `hidden_rows`.
    """
    if k < 2:
        return np.zeros(len(counts.names), dtype=bool)
    total = counts.total()
    rows = Counts(
        (*counts.names, ""),
        *(
            np.concatenate([getattr(counts, table), getattr(total, table)])
            for table in ("n", "w", "w2")
        ),
    )
    groups = [{_ATTRIBUTE: name} for name in counts.names]
    return hidden_rows([*groups, {}], rows, {_ATTRIBUTE: counts.names}, k)[:-1]


def tells_apart(members: Bools, hidden: Bools) -> bool:
    """Return whether some groups taken together would give away a hidden one.

    Groups that are shown can be subtracted from them, so they must hold either none of
    the hidden groups or all of them, whose sum is known from the total.

    Parameters
    ----------
    members : bool[g]
        The groups taken together.
    hidden : bool[g]
    """
    held: Bools = hidden & members
    return bool(held.any() and not np.array_equal(held, hidden))
