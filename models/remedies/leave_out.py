"""Leave out: train without the rows of some source."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.remedies.base import Needs
from models.remedies.row_edit import RowEdit, Workshop
from models.remedies.settings import cohort_setting
from models.remedies.weighing import inside_of


@dataclass(frozen=True)
class LeaveOut(RowEdit):
    """Train on the rows that a rule does not match.

    Beside a run with these rows it says what they are worth: more data can lower
    accuracy, overall and for the worst group.

    References
    ----------
    Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC.
    """

    title: ClassVar[str] = "Leave out the rows of a source"
    mends: ClassVar[str] = "a model misled by people unlike those it is used for"
    costs: ClassVar[str] = "rows, and accuracy for those who are left out"
    source: ClassVar[str] = "Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC"
    needs: ClassVar[tuple[Needs, ...]] = ()
    slowness: ClassVar[float] = 1.0
    name: ClassVar[str] = "leave_out"

    cohort: str = cohort_setting(
        "The people whose rows are left out.", is_required=True
    )

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the other rows.

        Raises
        ------
        DataError
            None matches, or a class is left without rows.
        """
        kept = np.flatnonzero(~inside_of(train, self.cohort))
        remaining = train.take(kept)
        labels = remaining.y_true
        if labels is None or len(np.unique(labels)) < 2:
            raise DataError(
                f"Without the rows of '{self.cohort}' fewer than two classes are left "
                "to learn. Choose a narrower rule."
            )
        return remaining
