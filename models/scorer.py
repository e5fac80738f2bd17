"""Scorers: anything that turns a frame into scores."""

from typing import Protocol

import numpy as np

from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
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

    def score(self, frame: AuditFrame) -> Scores:
        """Return the stored scores of a frame's rows.

        Raises
        ------
        DataError
            A row was not in the table that was scored.
        """
        at = np.searchsorted(self._sorted_ids, frame.row_ids)
        at = np.minimum(at, len(self._sorted_ids) - 1)
        if not np.array_equal(self._sorted_ids[at], frame.row_ids):
            unknown = int((self._sorted_ids[at] != frame.row_ids).sum())
            raise DataError(
                f"{unknown:,} of {len(frame):,} rows have no stored score; the run was "
                "trained on another table or row filter. Choose that data set, or "
                "score this one on the Model page."
            )
        rows = self._order[at]
        logits = self._scores.logits
        return Scores(
            self._scores.values[rows],
            self._scores.scale,
            None if logits is None else logits[rows],
        )


def stored_scorer(store: Store, run: Run) -> StoredScorer:
    """Return the scorer of a finished run on its own data set."""
    return StoredScorer(store.scores(run.id))
