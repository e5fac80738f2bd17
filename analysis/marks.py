"""People whom a model marks: those a draw decides for, those handed to a person."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Bools
from analysis.estimates import Estimate, Estimates
from analysis.evaluation import Evaluation
from analysis.frame import everyone
from analysis.shares import shares
from analysis.subgroups.disaggregate import disaggregate

BY_LOT, DEFERRED = "by_lot", "deferred"


@dataclass(frozen=True, eq=False)
class Marked:
    """The share of people marked, and how well all others are decided.

    Parameters
    ----------
    names : tuple of str, length g
        Groups; empty where only everyone may be told.
    overall : Estimate
    by_group : Estimates [g]
        Shares of weight with Wilson's interval; NaN with n 0 for a group without rows.
    accuracy : Estimate
        Over everyone who is not marked.
    accuracy_by_group : Estimates [g]
    """

    names: tuple[str, ...]
    overall: Estimate
    by_group: Estimates
    accuracy: Estimate
    accuracy_by_group: Estimates


def marked(shown: Evaluation, mark: Bools, attributes: tuple[str, ...]) -> Marked:
    """Return how many of each group are marked, and the accuracy of the others.

    Parameters
    ----------
    shown : Evaluation
    mark : bool[n]
        Of its rows.
    attributes : tuple of str
        Crossed in full.
    """
    others = shown.take(np.flatnonzero(~mark))
    alone = disaggregate(others, attributes, ("accuracy",))
    return Marked(
        names=shown.grouping(attributes).names,
        overall=share(shown, mark),
        by_group=shares(mark, shown.weights, shown.grouping(attributes))[0],
        accuracy=alone.overall["accuracy"],
        accuracy_by_group=alone.by_group["accuracy"],
    )


def everyone_marked(found: Marked, k: int) -> Marked | None:
    """Return what may be told while groups of fewer than k people are withheld.

    It is the share over everyone, as one of a group could be taken apart by others;
    None if fewer than k are marked, or are not.
    """
    n = found.overall.n
    if min(found.overall.value * n, (1 - found.overall.value) * n) < k:
        return None
    nobody = found.by_group.taken(np.array([], dtype=np.int64))
    return replace(found, names=(), by_group=nobody, accuracy_by_group=nobody)


def share(shown: Evaluation, mark: Bools) -> Estimate:
    """Return the share of everyone who is marked, with Wilson's interval."""
    return shares(mark, shown.weights, everyone(len(shown)))[0].at(0)
