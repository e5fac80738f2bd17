"""From what a user calls it to an evaluation: a task, an upload, a file or a run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.datasets.declared import ScoredColumns, scored_file
from analysis.datasets.load import Dataset, existing_scores, load
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, Threshold, evaluate
from analysis.thresholds.halves import halves
from models.evaluations import evaluation
from models.run import Run
from models.store import Store, open_store

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Named:
    """What a name stands for.

    Parameters
    ----------
    shown : Evaluation
        All rows of a task or a file, or the test rows of a run.
    dataset : Dataset
    explored : Evaluation
        Rows to choose thresholds on: calibration rows of a run, else the first half of
        the rows, drawn with a seed.
    reported : Evaluation
        Rows to show them on: the same of a run, else the other half.
    notes : tuple of str
    """

    shown: Evaluation
    dataset: Dataset
    explored: Evaluation
    reported: Evaluation
    notes: tuple[str, ...]

    def changed(self, change: Callable[[Evaluation], Evaluation]) -> "Named":
        """Return the same with both sets of rows looked at otherwise."""
        return replace(
            self,
            shown=change(self.shown),
            explored=change(self.explored),
            reported=change(self.reported),
        )


def named(
    name: str | None, columns: ScoredColumns, threshold: float | None = None
) -> Named:
    """Return what a name stands for, evaluated.

    Parameters
    ----------
    name : str or None
        An embedded task, a table that was uploaded, the path of a file, or a run's id
        or unique start of it.
    columns : ScoredColumns
        Columns of a file; a task whose scores are named here is read like one.
    threshold : float or None
        None takes the task's own, or one half.

    Raises
    ------
    AuditError
        Nothing is named, or what is named does not exist or serve.
    """
    source = source_named(name, columns)
    rule = Threshold(source.threshold if threshold is None else threshold)
    if source.run is None:
        return _scored(source.dataset, rule)
    store, run, data = open_store(), source.run, source.dataset
    shown = evaluation(store, run, data, rule=rule)
    explored = evaluation(store, run, data, "calibration", rule)
    return Named(shown, data, explored, explored, ())


@dataclass(frozen=True, eq=False)
class Source:
    """Where scores come from.

    Parameters
    ----------
    dataset : Dataset
    run : Run or None
        None for a score that came with the table.
    threshold : float
        The task's own, or one half.
    """

    dataset: Dataset
    run: Run | None
    threshold: float = DEFAULT_THRESHOLD


def source_named(name: str | None, columns: ScoredColumns) -> Source:
    """Return the table, and the run if it is one, that a name stands for.

    Raises
    ------
    AuditError
        As `named`.
    """
    if name is None:
        raise SettingError(
            "Nothing to audit is named; give a run, an embedded task or a file, such "
            "as: audit scored.csv --label income --scores p --groups sex"
        )
    if name.split(":")[0] in TASKS and not columns.scores:
        return _of_task(load(task_named(name)))
    store = open_store()
    if not (columns.scores or columns.label) and _is_uploaded(store, name):
        return _of_task(load(store.task(name), store.tables))
    if columns.scores or columns.label or "." in name or _is_file(name):
        return Source(scored_file(name, columns), None)
    run = store.find(name)
    return Source(load(store.task(run.recipe.task), store.tables), run)


def run_evaluation(
    store: Store, name: str, threshold: float = DEFAULT_THRESHOLD
) -> Evaluation:
    """Return the test rows of the run whose id starts with `name`.

    Raises
    ------
    RunError
        There is none, several, or it is not finished.
    """
    run = store.find(name)
    data = load(store.task(run.recipe.task), store.tables)
    return evaluation(store, run, data, rule=Threshold(threshold))


def _of_task(data: Dataset) -> Source:
    own = data.task.score.threshold if data.task.score else DEFAULT_THRESHOLD
    return Source(data, None, own)


def _scored(data: Dataset, rule: Threshold) -> Named:
    found = evaluate(data.task.title, data.frame, existing_scores(data), rule)
    return Named(found, data, *halves(found), data.notes)


def _is_uploaded(store: Store, name: str) -> bool:
    return any(task.name == name for task in store.notes.tasks())


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # a name too long for any file
        return False
