"""Remedies against a shift: asked for, followed, and held against rows not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.charts.advice import Tried
from analysis.cohorts import Cohort, Condition
from analysis.datasets.load import Dataset
from analysis.errors import AuditError
from analysis.evaluation import Evaluation
from analysis.shifts.recovery import Recovery, recovery
from analysis.shifts.sides import grouping_of_sides, side_of
from analysis.thresholds.halves import may_be_learnt
from models import advised
from models.advice import Proposal, Target
from models.inquiries.recovery import refuse_learnt
from models.recipe import Recipe
from models.remedies.chain import completed, stage
from models.run import Run, run_id
from pages.ui import cache, jobs, state
from pages.ui.shifting.setting import Setting


@dataclass(frozen=True)
class Attempt:
    """A remedy as it is tried here: what it is called, and its run."""

    title: str
    recipe: Recipe
    id: str

    @property
    def run(self) -> Run | None:
        """The run in the store; None while it was never asked for."""
        try:
            return cache.store().run(self.id)
        except AuditError:
            return None


def target_of(setting: Setting) -> Target | None:
    """Return how remedies name the target; None where they cannot."""
    return advised.target_of(setting.data, setting.sides)


def rule_of(column: str, value: str) -> str:
    """Return the rule of one value of what tells sides apart."""
    return str(Cohort((Condition(column, "=", value),)))


def attempts(data: Dataset, proposals: Sequence[Proposal]) -> list[Attempt]:
    """Return the runs that proposals stand for, on top of the one in view."""
    base = cache.store().find(state.view().run)
    found = []
    for proposal in proposals:
        own = stage(proposal.remedy, **proposal.settings)
        recipe = completed(base.recipe.with_stage(own))
        own_id = run_id(recipe, data.digest)
        found.append(Attempt(proposal.title, recipe, own_id))
    return found


def start(tried: Sequence[Attempt], data: Dataset) -> None:
    """Have the worker carry them out; what is finished is found."""
    for attempt in tried:
        jobs.queue().submit(attempt.recipe, data)


def is_busy(tried: Sequence[Attempt], setting: Setting) -> bool:
    """Whether any is under way, the scoring of a second table included."""
    runs = [attempt.run for attempt in tried]
    if any(run is not None and run.is_active for run in runs):
        return True
    done = [run for run in runs if run is not None and run.is_finished]
    return any(_is_scoring(run, setting) for run in done)


def results(tried: Sequence[Attempt], setting: Setting) -> list[Tried]:
    """Return what each finished remedy gave back, on rows that it has not seen."""
    found = []
    for attempt in tried:
        run = attempt.run
        if run is None or not run.is_finished or _is_scoring(run, setting):
            continue
        found.append(Tried(attempt.title, recovered(run, setting)))
    return found


def recovered(run: Run, setting: Setting) -> Recovery:
    """Return what a run gave back of the drop of the one in view."""
    view, data, sides = state.view(), setting.data, setting.sides
    refuse_learnt(run, sides.table)
    before = cache.evaluation(view)
    after = cache.evaluation(replace(view, run=run.id))
    if sides.table:
        source = before, after
        target = _second(setting, view.run), _second(setting, run.id)
    else:
        by = grouping_of_sides(data, sides.column)
        source, target = (
            (side_of(before, data, by, values), side_of(after, data, by, values))
            for values in (sides.source, sides.target)
        )
    return _recovery(*source, *target, setting.metric)


@cache.shared(64)
def _recovery(
    source: Evaluation,
    source_after: Evaluation,
    target: Evaluation,
    target_after: Evaluation,
    metric: str,
) -> Recovery:
    return recovery((source, source_after), (target, target_after), metric)


def _is_scoring(run: Run, setting: Setting) -> bool:
    """Whether the second table is still being scored by a run; asks for it if not."""
    if not setting.sides.table:
        return False
    other = cache.dataset(setting.sides.table)
    if cache.store().table_scores(run.id, other.digest) is not None:
        return False
    now, _ = cache.store().scorings.state(run.id, other.digest)
    if now is None:
        jobs.queue().score(run.id, other)
    return now != "failed"


def _second(setting: Setting, run: str) -> Evaluation:
    """Return the half of the second table that no remedy learns from."""
    other = cache.dataset(setting.sides.table)
    whole = cache.scored_table(replace(state.view(), run=run), other)
    return unlearnt_half(whole, other)


def unlearnt_half(whole: Evaluation, other: Dataset) -> Evaluation:
    """Return the rows of a second table that no remedy learns from."""
    kept = other.frame.row_ids[~may_be_learnt(other.frame.features)]
    return whole.take(np.flatnonzero(np.isin(whole.row_ids, kept)))
