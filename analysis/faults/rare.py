"""Too few: classes that are hardly ever decided for, and groups of few people."""

import numpy as np

from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault
from analysis.faults.gaps import shown_groups
from analysis.frame import AuditFrame, everyone
from analysis.shares import shares
from analysis.subgroups.finding import percent

RARE = 0.25
"""Share of the class in view under which it counts as rare."""

LEAST_FOUND = 0.6
"""Share of a rare class that should be found; surely less is a fault."""

FEW = 200
"""Training rows under which a group counts as small."""


def rare_class(evaluation: Evaluation) -> tuple[Fault, ...]:
    """Return whether a rare class in view is surely missed more often than found.

    Parameters
    ----------
    evaluation : Evaluation
    """
    is_positive, w = evaluation.is_positive, evaluation.weights
    whole = everyone(len(evaluation))
    share = shares(is_positive, w, whole)[0].at(0)
    found = shares(evaluation.decisions, w, whole, is_positive)[0].at(0)
    if not (share.value < RARE and found.high < LEAST_FOUND):  # NaN is not
        return ()
    name = evaluation.classes[evaluation.view]
    sentence = (
        f"\u2018{name}\u2019 is rare ({percent(share, 0)} of all) and only "
        f"{percent(found, 0)} of it is found (n = {found.n:,.0f})."
    )
    size = LEAST_FOUND - found.high
    return (Fault("rare_class", "", "", sentence, size, is_sure=True),)


def few_rows(
    evaluation: Evaluation, train: AuditFrame, k: int = 0
) -> tuple[Fault, ...]:
    """Return the smallest group of each attribute that has few training rows.

    Parameters
    ----------
    evaluation : Evaluation
        Of the rows looked at; groups without rows there are left out.
    train : AuditFrame
        The training rows.
    k : int
        Groups of fewer people are not named.
    """
    shown = shown_groups(evaluation, k)
    faults = []
    for attribute, grouping in train.groups.items():
        n = np.bincount(grouping.codes, minlength=len(grouping.names))
        looked_at = evaluation.groups[attribute].codes
        here = np.bincount(looked_at, minlength=len(grouping.names))
        small = (n < FEW) & (here > 0) & ~shown.of((attribute,))
        if small.any():
            g = int(np.where(small, n, n.max() + 1).argmin())
            others = int(small.sum()) - 1
            more = f" So have {others} other groups of {attribute}." if others else ""
            sentence = (
                f"The model learnt from {n[g]:,} rows of {grouping.names[g]} only; "
                f"what it does to them is hardly known.{more}"
            )
            name = grouping.names[g]
            fault = Fault("few_rows", attribute, name, sentence, 0.0, is_sure=False)
            faults.append(fault)
    return tuple(faults)
