"""Which groups of a listing stay hidden under the privacy threshold in force."""

import numpy as np

from analysis.arrays import Bools
from analysis.counts import Counts, counts_of
from analysis.evaluation import Evaluation
from analysis.privacy.suppression import hidden_rows
from analysis.subgroups.listing import Listing


def hidden_groups(evaluation: Evaluation, listed: Listing, k: int) -> Bools:
    """Return which listed groups must not be shown beside everyone's total, bool[g].

    Parameters
    ----------
    evaluation : Evaluation
    listed : Listing
    k : int
        Fewest people that may be shown; below 2 hides nothing.
    """
    groups = listed.groups(evaluation)
    if k < 2:
        return np.zeros(len(groups), dtype=bool)
    parts = [counts_of(evaluation, attributes) for attributes in listed.crossed]
    parts.append(parts[0].total())
    n, w, w2 = (
        np.concatenate([getattr(p, table) for p in parts]) for table in ("n", "w", "w2")
    )
    names = tuple(map(str, range(len(n))))
    attributes = {a for crossed in listed.crossed for a in crossed}
    levels = {a: evaluation.groups[a].names for a in sorted(attributes)}
    return hidden_rows((*groups, {}), Counts(names, n, w, w2), levels, k)[:-1]
