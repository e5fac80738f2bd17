"""A fix at every strength, worked out before anybody drags a slider."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.arrays import Ints
from analysis.datasets.load import Dataset
from analysis.errors import AuditError, SettingError
from analysis.evaluation import Evaluation, Threshold, evaluate
from analysis.frame import AuditFrame
from analysis.paths.measuring import measured, side
from analysis.paths.order import filling
from analysis.paths.record import Path, Point, Refused
from analysis.progress import Tick
from models.data import dataset_for
from models.evaluations import in_view, rows_fitted, splits_of, within_cohort
from models.inquiry import Inquiry
from models.names import split
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.base import PosthocRemedy, layer_of, marks_of
from models.remedies.chain import completed, is_posthoc, remedy_of, stage
from models.remedies.fitting import fitted_along, fitted_on
from models.remedies.settings import dial_of
from models.run import Run
from models.scorer import Scorer, stored_scorer
from models.store import Store

FILLS = True
UNSEEN = "validation"
DECIDES = ("decisions",)
"""Layers whose rules decide at a score of one half, whatever was in force before."""


@dataclass(frozen=True)
class Asked:
    """Which fix, and by whom to look at it.

    Parameters
    ----------
    remedy : str
    settings : mapping of str to Any
        All but its dial.
    strengths : tuple of float
        Of the dial.
    by : str
        Attributes joined by commas, crossed; empty for everyone.
    """

    remedy: str
    settings: Mapping[str, Any]
    strengths: tuple[float, ...]
    by: str = ""


@dataclass(frozen=True, eq=False)
class Opened:
    """The run in view and its table.

    Parameters
    ----------
    store : Store
    dataset : Dataset
    run : Run
    inquiry : Inquiry
    """

    store: Store
    dataset: Dataset
    run: Run
    inquiry: Inquiry


def opened(store: Store, inquiry: Inquiry) -> Opened:
    """Return the run that a fix would start from, and its table.

    Raises
    ------
    RunError
        The table has changed, or there is no such run.
    """
    dataset = dataset_for(inquiry.task, inquiry.data_digest, store)
    return Opened(store, dataset, store.find(inquiry.scope.run), inquiry)


def answer(
    opened: Opened, asked: Asked, tick: Tick, keep: Callable[[Path], None]
) -> Path:
    """Fit a fix at every strength, and measure each on two sets of rows.

    It is fitted on the calibration rows that a run with it would be fitted on, and
    measured on these and on validation rows, on which it is not fitted. Test rows are
    left alone.

    Raises
    ------
    SettingError
        The remedy has no dial, or trains anew.
    DataError
        It can be fitted at no strength.
    """
    case = _case(opened, asked)
    path = Path(
        attributes=case.attributes,
        names=case.names,
        fitted=measured(case.before[0], case.attributes, case.marks(case.base, 0)),
        unseen=measured(case.before[1], case.attributes, case.marks(case.base, 1)),
    )
    order = filling(asked.strengths)
    for done, found in enumerate(_points(case, order), start=1):
        if isinstance(found, Point):
            points = sorted((*path.points, found), key=lambda p: p.strength)
            path = replace(path, points=tuple(points))
        else:
            path = replace(path, refused=(*path.refused, found))
        tick(done / len(order), f"{done} of {len(order)} strengths")
        keep(path)
    return path


@dataclass(frozen=True, eq=False)
class _Case:
    """What every strength is fitted on and held against.

    `frames` and `before` are of the fitted rows, and of the rows not fitted on.
    """

    remedy: PosthocRemedy
    base: Scorer
    around: Any
    calibration: AuditFrame
    frames: tuple[AuditFrame, AuditFrame]
    before: tuple[Evaluation, Evaluation]
    attributes: tuple[str, ...]
    shown: Callable[[Scorer, AuditFrame, bool], Evaluation]

    @property
    def names(self) -> tuple[str, ...]:
        return self.before[0].grouping(self.attributes).names if self.attributes else ()

    def marks(self, scorer: Scorer, place: int) -> dict[str, Any]:
        """Return what a scorer marks of the rows that are shown, bool[n] by name."""
        frame = self.frames[place]
        is_shown = np.isin(frame.row_ids, self.before[place].row_ids)
        return {m: mark[is_shown] for m, mark in marks_of(scorer, frame).items()}

    def point(self, strength: float, scorer: Scorer) -> Point:
        sides = (
            side(
                self.before[place],
                self.shown(scorer, frame, True),
                self.attributes,
                self.marks(scorer, place),
            )
            for place, frame in enumerate(self.frames)
        )
        return Point(float(strength), *sides)


def _points(case: _Case, order: Sequence[float]) -> Iterator[Point | Refused]:
    """Give each strength's point, or why there is none; refuse if there is none at all.

    Strengths share work as long as all of them can be fitted; one that cannot be ends
    that, and the others begin anew.
    """
    left, has_any = list(order), False
    while left:
        fits = fitted_along(
            case.remedy, case.base, case.calibration, tuple(left), case.around
        )
        try:
            for scorer in fits:
                yield case.point(left[0], scorer)
                left, has_any = left[1:], True
        except AuditError as error:
            if len(left) == 1 and not has_any:
                raise
            yield Refused(float(left[0]), str(error))
            left = left[1:]


def _case(opened: Opened, asked: Asked) -> _Case:
    # Late: it imports torch, and the server reads answers.
    from models.surroundings import Surroundings

    recipe = _recipe(opened.run, asked)
    remedy = remedy_of(recipe.stages[-1])
    if not isinstance(remedy, PosthocRemedy):
        raise SettingError(
            f"'{remedy.title}' trains anew at every strength, which is no matter of "
            "seconds. Choose 'Try several strengths'."
        )
    data, scope = opened.dataset, opened.inquiry.scope
    base = _before(opened, recipe)
    fitted = _rows_of(opened.run, recipe, data)
    unseen = splits_of(opened.run, data).rows[UNSEEN]
    frames = data.frame.take(fitted), data.frame.take(unseen)
    decides = layer_of(type(remedy)) in DECIDES

    def shown(scorer: Scorer, frame: AuditFrame, is_mended: bool) -> Evaluation:
        rule = Threshold(0.5) if decides and is_mended else scope.rule
        title = remedy.title if is_mended else opened.run.title
        whole = evaluate(title, frame, scorer.score(frame), rule)
        return in_view(within_cohort(whole, data, scope.cohort), scope.positive)

    return _Case(
        remedy=remedy,
        base=base,
        around=Surroundings(opened.store, opened.run),
        calibration=_weighed(frames[0], recipe),
        frames=frames,
        before=(shown(base, frames[0], False), shown(base, frames[1], False)),
        attributes=split(asked.by),
        shown=shown,
    )


def _recipe(run: Run, asked: Asked) -> Recipe:
    """Return the recipe that accepting a strength would submit."""
    dial = dial_of(REMEDIES[asked.remedy]) if asked.remedy in REMEDIES else None
    if dial is None or not asked.strengths:
        raise SettingError(
            f"'{asked.remedy}' has no strength to go along. Start it as it is."
        )
    settings = {**asked.settings, dial.name: asked.strengths[0]}
    return completed(run.recipe.with_stage(stage(asked.remedy, **settings)))


def _rows_of(run: Run, recipe: Recipe, dataset: Dataset) -> Ints:
    return rows_fitted(replace(run, recipe=recipe), dataset)


def _weighed(frame: AuditFrame, recipe: Recipe) -> AuditFrame:
    if recipe.survey_weights:
        return frame
    return replace(frame, weights=np.ones(len(frame)))


def _before(opened: Opened, recipe: Recipe) -> Scorer:
    """Return what the fix is fitted on top of.

    A change of scores that is there already is fitted anew on its own part of the
    calibration rows, as it is in a run of the whole chain: otherwise it would have
    seen the rows on which the next one is fitted.
    """
    from models.rescore import finished, posthoc_of
    from models.surroundings import Surroundings

    store, run = opened.store, opened.run
    if run.recipe.calibration_parts == recipe.calibration_parts:
        return stored_scorer(store, run)
    root = run
    while is_posthoc(root.recipe):
        root = finished(store, root.base)
    scorer: Scorer = stored_scorer(store, root)
    for end in range(len(root.recipe.stages) + 1, len(recipe.stages)):
        until = replace(recipe, stages=recipe.stages[:end])
        rows = opened.dataset.frame.take(_rows_of(run, until, opened.dataset))
        part = _weighed(rows, recipe)
        remedy = posthoc_of(until.stages[-1])
        scorer = fitted_on(remedy, scorer, part, Surroundings(store, root))
    return scorer
