"""The two sides of a fit that is tried out: rows to fit on, and rows to report on."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.calibration.ranks import RankMap, rank_map, rank_scores
from analysis.datasets.load import Dataset, existing_scores
from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from analysis.thresholds.halves import half_rows
from models.evaluations import splits_of
from models.run import Run
from models.scorer import Scorer, StoredScorer, stored_scorer
from models.store import Store, StoredScores

HALF = 0.5
"""Threshold of probabilities that were fitted to ranks: the score's own means nothing
on their scale."""

RANKED = (
    "Before, decisions are those at the score's own threshold, {:g}; after, they are "
    "taken from a probability of one half."
)


@dataclass(frozen=True, eq=False)
class Sides:
    """A scorer with the rows to fit on and the rows to report on.

    Parameters
    ----------
    scorer : Scorer
    fit : AuditFrame
        Its weights are those that a fit counts.
    report : AuditFrame
        None of its rows is in `fit`.
    ranks : RankMap or None
        What a raw score was turned into ranks by.
    """

    scorer: Scorer
    fit: AuditFrame
    report: AuditFrame
    ranks: RankMap | None = None

    def threshold(self, value: float) -> float:
        """Return a threshold of the table's score on the scale of the scorer."""
        return value if self.ranks is None else self.ranks.of_threshold(value)


def sides_of_run(
    store: Store, run: Run, dataset: Dataset, report: str = "validation"
) -> Sides:
    """Return a run with its calibration rows, and the rows of another split.

    Survey weights count in the fit if they did in the run's training.
    """
    rows = splits_of(run, dataset).rows
    fit = dataset.frame.take(rows["calibration"])
    if not run.recipe.survey_weights:
        fit = replace(fit, weights=np.ones(len(fit)))
    return Sides(stored_scorer(store, run), fit, dataset.frame.take(rows[report]))


def sides_of_score(dataset: Dataset, *, is_ranked: bool = False) -> Sides:
    """Return the score that came with a table, with two random halves of its rows.

    Parameters
    ----------
    dataset : Dataset
    is_ranked : bool
        Whether a raw score is turned into ranks.

    Raises
    ------
    SettingError
        The table has no score.
    DataError
        It is raw, and is not to be turned into ranks.
    """
    frame, scores = dataset.frame, existing_scores(dataset)
    ranks = None
    if scores.scale == "raw":
        ranks = _ranks(scores, frame, is_ranked=is_ranked)
        scores = rank_scores(scores, ranks)
    scorer = StoredScorer(StoredScores(frame.row_ids, scores))
    first, second = half_rows(len(frame))
    return Sides(scorer, frame.take(first), frame.take(second), ranks)


def _ranks(scores: Scores, frame: AuditFrame, *, is_ranked: bool) -> RankMap:
    raw = scores.values[:, 0]
    if not is_ranked:
        raise DataError(
            f"This score runs from {raw.min():.9g} to {raw.max():.9g}, so it promises "
            "no probability. Have it turned into ranks first (--ranks on the command "
            "line): its order stays, the distances between its values are lost."
        )
    return rank_map(raw, frame.weights)
