"""Added source: train on rows of another table as well."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.remedies.base import Needs
from models.remedies.other_rows import matched, with_rows
from models.remedies.row_edit import RowEdit, Workshop
from models.remedies.settings import setting, table_setting
from models.remedies.weighing import labels_of

SAME_SHARE = 0.5
"""Of the rows with a number in both tables: if more are equal, the tables are one."""


@dataclass(frozen=True)
class AddedSource(RowEdit):
    """Add rows of another table with the same columns and the same classes.

    Columns, classes and groups are matched by name; a category that only the other
    table has is kept. Weights of the added rows are scaled so that their mean is that
    of the training rows. A table that holds the training rows themselves is refused,
    since it holds the test rows as well: rows of the same number are compared.

    References
    ----------
    Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC: more sources can lower
    accuracy, overall and for the worst group, so compare before and after.
    """

    title: ClassVar[str] = "Add rows of another table"
    mends: ClassVar[str] = "too few rows, overall or of some group"
    costs: ClassVar[str] = "accuracy, if the other table's people differ too much"
    source: ClassVar[str] = "Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "another table")
    slowness: ClassVar[float] = 2.0
    name: ClassVar[str] = "added_source"

    table: str = table_setting("The table whose rows are added.")
    share: float = setting(
        1.0, 0.0, 1.0, "Share of its rows, drawn at random; 0 adds none.", is_dial=True
    )

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the training rows and the added ones after them.

        Raises
        ------
        DataError
            The tables do not fit each other, or are the same one.
        """
        other = matched(train, workshop.table(self.table).frame)
        _refuse_same(train, other)
        count = round(self.share * len(other))
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(len(other), count, replace=False))
        return with_rows(train, other.take(rows)) if len(rows) else train


def _refuse_same(train: AuditFrame, other: AuditFrame) -> None:
    """Refuse a table that has the training rows where they stand in their own."""
    at = pd.Index(other.row_ids).get_indexer(train.row_ids)
    both = np.flatnonzero(at >= 0)
    if not len(both):
        return
    mine = train.features.iloc[both].assign(**{"": labels_of(train)[both]})
    theirs = other.features.iloc[at[both]]
    theirs = theirs.assign(**{"": labels_of(other)[at[both]]})
    digests = [
        pd.util.hash_pandas_object(part, index=False).to_numpy()
        for part in (mine, theirs)
    ]
    if (digests[0] == digests[1]).mean() > SAME_SHARE:
        raise DataError(
            "The other table holds the rows that are trained on, and so those that are "
            "kept for the test. Choose a table of other people."
        )
