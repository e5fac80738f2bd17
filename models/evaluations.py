"""Join a run's stored scores with its data set: the way from a run to an Evaluation."""

from analysis.datasets.load import Dataset
from analysis.datasets.splits import split
from analysis.errors import RunError
from analysis.evaluation import DecisionRule, Evaluation, Threshold, evaluate
from analysis.frame import SPLIT_NAMES, Splits
from models.run import Run
from models.scorer import StoredScorer, stored_scorer
from models.store import Store


def splits_of(run: Run, dataset: Dataset) -> Splits:
    """Draw a run's splits anew: the same recipe gives the same rows."""
    recipe = run.recipe
    return split(dataset, recipe.split, recipe.seed, recipe.held_out)


def evaluation(
    store: Store,
    run: Run,
    dataset: Dataset,
    split: str = "test",
    rule: DecisionRule = Threshold(0.5),  # noqa: B008 (frozen)
) -> Evaluation:
    """Evaluate a finished run on one of its splits, from its stored scores.

    Parameters
    ----------
    store : Store
    run : Run
    dataset : Dataset
        The one the run was trained on.
    split : str
        One of `SPLIT_NAMES`, or 'all' for every row.
    rule : DecisionRule

    Raises
    ------
    RunError
        The run is not finished, or it was trained on other data.
    """
    if run.data_digest != dataset.digest:
        raise RunError(
            f"Run {run.id[:12]} was trained on another version of "
            f"'{dataset.task.title}'. Train it again on this one."
        )
    scorer = stored_scorer(store, run)
    return _on_split(scorer, run, dataset, split, rule)


def _on_split(
    scorer: StoredScorer, run: Run, dataset: Dataset, split: str, rule: DecisionRule
) -> Evaluation:
    frame = dataset.frame
    if split in SPLIT_NAMES:
        frame = frame.take(splits_of(run, dataset).rows[split])
    elif split != "all":
        raise RunError(
            f"There is no split '{split}'; choose one of {', '.join(SPLIT_NAMES)} "
            "or all."
        )
    return evaluate(run.title, frame, scorer.score(frame), rule)
