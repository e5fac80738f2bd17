"""Fault: one thing that an audit found, whom it concerns, and how sure it is."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "missed",
    "wrongly_flagged",
    "selected",
    "decided_wrong",
    "scores_by_group",
    "scores",
    "rare_class",
    "few_rows",
    "doubtful_labels",
    "moved",
]
"""What can be wrong, in the order in which equals are listed."""


@dataclass(frozen=True)
class Fault:
    """One thing that an audit found.

    Parameters
    ----------
    kind : Kind
    attribute, group : str
        Whom it concerns; empty for everyone.
    sentence : str
        What was found, with numbers; plain text, not escaped: names come from the data.
    size : float
        How large it surely is, as a share: the end of its interval that is nearest to
        no fault at all; 0 where nothing is sure.
    is_sure : bool
        Whether chance alone would hardly show it, all comparisons considered.
    """

    kind: Kind
    attribute: str
    group: str
    sentence: str
    size: float
    is_sure: bool
