"""The people of a target, of this table or another, whom a remedy looks at."""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from analysis.frame import AuditFrame
from models.remedies.row_edit import Workshop
from models.remedies.settings import (
    cohort_setting,
    refuse_no_target,
    table_setting,
)
from models.remedies.weighing import inside_of


@dataclass(frozen=True, kw_only=True)
class LooksAtTarget:
    """What remedies share that look at a target's people, never at their labels.

    Parameters
    ----------
    seen : AuditFrame or None
        The rows of another table, where the target is one; put in before training.
    """

    target: str = cohort_setting(
        "The people to look at, such as year = 95; may be empty for another table."
    )
    table: str = table_setting(
        "Another table that holds the target's people; empty for this one.",
        is_required=False,
    )
    seen: AuditFrame | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        refuse_no_target(self.target, self.table)

    def beside(self, workshop: Workshop) -> Self:
        """Return the remedy with the rows of another table, if it names one."""
        if not self.table:
            return self
        return replace(self, seen=workshop.table(self.table).frame)

    def target_among(self, train: AuditFrame) -> AuditFrame:
        """Return the target's rows: those of the other table, or of training rows.

        Raises
        ------
        DataError
            No row matches the rule.
        """
        frame = train if self.seen is None else self.seen
        return frame.take(np.flatnonzero(inside_of(frame, self.target)))
