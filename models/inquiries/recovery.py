"""How much of a drop other runs won back, on rows that they have not seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError, RunError
from analysis.evaluation import Evaluation
from analysis.progress import Tick
from analysis.shifts.recovery import Recovery, recovery
from analysis.shifts.sides import grouping_of_sides, side_of
from analysis.thresholds.halves import may_be_learnt
from models.evaluations import evaluation, in_view, within_cohort
from models.inquiries.opening import Opened, second_evaluation
from models.run import Run

ADDED = "added_source"


@dataclass(frozen=True)
class Asked:
    """Settings of the inquiry.

    Parameters
    ----------
    metric : str
    runs : tuple of str
        Ids of finished runs on the same table, or their unique starts.
    """

    metric: str
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Recoveries:
    """What each run gave back, by its id."""

    runs: Mapping[str, Recovery]


def answer(opened: Opened, asked: Asked, tick: Tick) -> Recoveries:
    """Compare runs with the one in view, on test rows of both sides.

    Of a second table the half counts from which nothing learns.

    Raises
    ------
    RunError
        There is a score only, and no run to compare with.
    DataError
        The second table has no labels.
    """
    if opened.run is None:
        raise RunError("A score came with this table; there is no run to compare with.")
    scope = opened.inquiry.scope
    before = _sides(opened, opened.run)
    found = {}
    for i, name in enumerate(asked.runs):
        tick(i / len(asked.runs), "comparing runs")
        run = opened.store.find(name)
        refuse_learnt(run, scope.sides.table)
        after = _sides(opened, run)
        pairs = [(b, a) for b, a in zip(before, after, strict=True)]
        found[run.id] = recovery(pairs[0], pairs[1], asked.metric)
    return Recoveries(found)


def refuse_learnt(run: Run, table: str) -> None:
    """Refuse a run that learnt from every row of the table that would judge it.

    Raises
    ------
    RunError
        The second table was added to its training rows.
    """
    added = [s.settings.get("table") for s in run.recipe.stages if s.remedy == ADDED]
    if table and table in added:
        raise RunError(
            f"This run was trained on all rows of '{table}', so none is left to say "
            "what that won back. Bring other rows of the target as a table of their "
            "own."
        )


def _sides(opened: Opened, run: Run) -> tuple[Evaluation, Evaluation]:
    """Return a run on the source's test rows, and on the target's."""
    scope, dataset = opened.inquiry.scope, opened.dataset
    rows = evaluation(opened.store, run, dataset, "test", scope.rule)
    rows = in_view(within_cohort(rows, dataset, scope.cohort), scope.positive)
    if opened.other is None:
        by = grouping_of_sides(dataset, scope.sides.column)
        source, target = (
            side_of(rows, dataset, by, values)
            for values in (scope.sides.source, scope.sides.target)
        )
        return source, target
    if opened.other.task.is_unlabelled:
        raise DataError("The target has no labels, so nothing won back can be seen.")
    second = second_evaluation(opened.store, run, opened.other, opened.inquiry)
    frame = opened.other.frame
    kept = frame.row_ids[~may_be_learnt(frame.features)]
    inside = np.flatnonzero(np.isin(second.row_ids, kept))
    return rows, second.take(inside)
