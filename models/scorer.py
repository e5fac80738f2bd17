"""Scorers: anything that turns a frame into scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.arrays import Bools, Ints
from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame

if TYPE_CHECKING:
    from models.run import Run
    from models.store import Store, StoredScores


class Scorer(Protocol):
    """Anything with `score`."""

    def score(self, frame: AuditFrame) -> Scores:
        """Return the scores of a frame's rows."""
        ...


class StoredScorer:
    """Look scores up by the rows' ids, without torch.

    Parameters
    ----------
    stored : StoredScores
    """

    def __init__(self, stored: StoredScores) -> None:
        self._order = np.argsort(stored.row_ids, kind="stable")
        self._sorted_ids = stored.row_ids[self._order]
        self._scores = stored.scores
        self._marks = stored.marks

    def score(self, frame: AuditFrame) -> Scores:
        """Return the stored scores of a frame's rows.

        Raises
        ------
        DataError
            A row was not in the table that was scored.
        """
        return self.scores_of(frame.row_ids)

    def scores_of(self, row_ids: Ints) -> Scores:
        """Return the stored scores of rows by their ids, int[n].

        Raises
        ------
        DataError
            As `score`.
        """
        rows = self._rows(row_ids)
        logits = self._scores.logits
        return Scores(
            self._scores.values[rows],
            self._scores.scale,
            None if logits is None else logits[rows],
        )

    def marks(self, frame: AuditFrame) -> Mapping[str, Bools]:
        """Return the stored marks of a frame's rows, bool[n] by name.

        Raises
        ------
        DataError
            As `score`.
        """
        return self.marks_of(frame.row_ids)

    def marks_of(self, row_ids: Ints) -> dict[str, Bools]:
        """Return the stored marks of rows by their ids, int[n].

        Raises
        ------
        DataError
            As `score`.
        """
        rows = self._rows(row_ids)
        return {name: mark[rows] for name, mark in self._marks.items()}

    def _rows(self, row_ids: Ints) -> Ints:
        """Return where rows are stored, int[n]."""
        at = np.searchsorted(self._sorted_ids, row_ids)
        at = np.minimum(at, len(self._sorted_ids) - 1)
        if not np.array_equal(self._sorted_ids[at], row_ids):
            unknown = int((self._sorted_ids[at] != row_ids).sum())
            raise DataError(
                f"{unknown:,} of {len(row_ids):,} rows have no stored score; the run "
                "was trained on another table or row filter. Choose that data set, or "
                "score this one on the Model page."
            )
        found: Ints = self._order[at]
        return found


def stored_scorer(store: Store, run: Run) -> StoredScorer:
    """Return the scorer of a finished run on its own data set."""
    return StoredScorer(store.scores(run.id))
