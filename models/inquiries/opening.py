"""From what was in view to the two sides of a shift, in the worker."""

from dataclasses import dataclass

import numpy as np

from analysis.datasets.load import Dataset, existing_scores, load
from analysis.errors import RunError
from analysis.evaluation import Evaluation, Scores, Threshold, evaluate
from analysis.shifts.domain import Domain, Unlabelled
from analysis.shifts.sides import (
    compared,
    domain_of,
    domains_of,
    unlabelled_of,
)
from models.data import dataset_for
from models.evaluations import evaluation, in_view, splits_of, within_cohort
from models.inquiry import Inquiry
from models.run import Run
from models.scorer import StoredScorer
from models.store import Store


@dataclass(frozen=True, eq=False)
class Opened:
    """What an inquiry is answered from.

    Parameters
    ----------
    store : Store
    dataset : Dataset
        The one in view, which holds the source.
    run : Run or None
        None for the score that came with the table.
    source : Domain
        Rows that no model was trained on.
    target : Domain or Unlabelled
    other : Dataset or None
        The second table, where that is the target.
    inquiry : Inquiry
    rows : Evaluation
        Of the one in view, both sides and others, that no model was trained on.
    """

    store: Store
    dataset: Dataset
    run: Run | None
    source: Domain
    target: Domain | Unlabelled
    other: Dataset | None
    inquiry: Inquiry
    rows: Evaluation


def opened(store: Store, inquiry: Inquiry) -> Opened:
    """Return the two sides that an inquiry is about.

    Raises
    ------
    RunError
        A table has changed.
    """
    scope, sides = inquiry.scope, inquiry.scope.sides
    dataset = dataset_for(inquiry.task, inquiry.data_digest, store)
    run = store.find(scope.run) if scope.run else None
    whole = _whole(store, run, dataset)
    rows = _unseen(whole, run, dataset)
    rows = in_view(within_cohort(rows, dataset, scope.cohort), scope.positive)
    rows = rows.decided_by(scope.rule)
    if not sides.table:
        source, target = domains_of(rows, dataset, sides)
        return Opened(store, dataset, run, source, target, None, inquiry, rows)
    other = load(store.task(sides.table), store.tables)
    if other.digest != scope.other_digest:
        raise RunError(f"The table '{sides.table}' has changed. Ask again.")
    features = compared(dataset, sides, other)
    source = domain_of(rows, dataset, features)
    second = second_side(store, run, other, inquiry, features)
    return Opened(store, dataset, run, source, second, other, inquiry, rows)


def second_side(
    store: Store,
    run: Run | None,
    other: Dataset,
    inquiry: Inquiry,
    features: list[str],
) -> Domain | Unlabelled:
    """Return a second table under the scorer in view, with its labels if it has any."""
    scope, classes = inquiry.scope, inquiry.task.classes
    if other.task.is_unlabelled:
        scores = _second_scores(store, run, other)
        view = classes.index(scope.positive) if scope.positive else -1
        return unlabelled_of(
            other, scores, features, scope.other_rule, scope.cohort, view
        )
    return domain_of(second_evaluation(store, run, other, inquiry), other, features)


def second_evaluation(
    store: Store, run: Run | None, other: Dataset, inquiry: Inquiry
) -> Evaluation:
    """Return a labelled second table under a run, or under its own score."""
    scope = inquiry.scope
    scores = _second_scores(store, run, other)
    rows = evaluate(other.task.title, other.frame, scores, Threshold())
    rows = in_view(within_cohort(rows, other, scope.cohort), scope.positive)
    return rows.decided_by(scope.other_rule)


def _second_scores(store: Store, run: Run | None, other: Dataset) -> Scores:
    if run is None:
        return existing_scores(other)
    stored = store.table_scores(run.id, other.digest)
    if stored is None:
        # Late: it imports torch; here only the worker or the command line comes.
        from models.rescore import network_scorer

        return network_scorer(store, run).score(other.frame)
    return StoredScorer(stored).scores_of(other.frame.row_ids)


def _whole(store: Store, run: Run | None, dataset: Dataset) -> Evaluation:
    if run is not None:
        return evaluation(store, run, dataset, "all")
    scores = existing_scores(dataset)
    return evaluate(dataset.task.title, dataset.frame, scores, Threshold())


def _unseen(whole: Evaluation, run: Run | None, dataset: Dataset) -> Evaluation:
    """Return calibration and test rows; of a score that came along, all rows."""
    if run is None:
        return whole
    rows = splits_of(run, dataset).rows
    kept = dataset.frame.row_ids[sorted([*rows["calibration"], *rows["test"]])]
    return whole.take(np.flatnonzero(np.isin(whole.row_ids, kept)))
