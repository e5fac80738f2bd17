"""Join a run's stored scores with its data set: the way from a run to an Evaluation."""

from dataclasses import replace

import numpy as np

from analysis.arrays import Ints
from analysis.cohorts import parse
from analysis.datasets.load import Dataset
from analysis.datasets.splits import split
from analysis.errors import DataError, RunError, SettingError
from analysis.evaluation import DecisionRule, Evaluation, Threshold, evaluate
from analysis.frame import SPLIT_NAMES, Splits
from analysis.matching import matches
from models.remedies.chain import posthoc_stages
from models.run import Run
from models.scorer import StoredScorer, stored_scorer
from models.store import Store


def splits_of(run: Run, dataset: Dataset) -> Splits:
    """Draw a run's splits anew: the same recipe gives the same rows."""
    recipe = run.recipe
    return split(dataset, recipe.split, recipe.seed, recipe.held_out)


def rows_fitted(run: Run, dataset: Dataset) -> Ints:
    """Return the calibration rows that a run's last stage is fitted on, by position.

    Alone, all of them. In a chain of several changes of scores each has a part of its
    own, drawn by the recipe's seed: what one has seen would look better to the next.
    """
    recipe = run.recipe
    rows = splits_of(run, dataset).rows["calibration"]
    if recipe.calibration_parts == 1:
        return rows
    place = posthoc_stages(recipe) - 1
    drawn = np.random.default_rng(recipe.seed).permutation(len(rows))
    part: Ints = np.sort(rows[drawn[place :: recipe.calibration_parts]])
    return part


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


def within_cohort(whole: Evaluation, dataset: Dataset, rule: str) -> Evaluation:
    """Return the evaluation of the rows that match a rule; of all for an empty one.

    Parameters
    ----------
    whole : Evaluation
        Of any rows of the data set, in any order.
    dataset : Dataset
    rule : str
        Over the table's columns and the groups of its sensitive attributes.

    Raises
    ------
    SettingError
        The rule cannot be read, or names what is not there.
    DataError
        No row is left.
    """
    cohort = parse(rule)
    if not cohort.conditions:
        return whole
    frame = dataset.frame
    matched = frame.row_ids[matches(cohort, dataset.table, frame.named_groups)]
    part = whole.take(np.flatnonzero(np.isin(whole.row_ids, matched)))
    if not len(part):
        raise DataError(
            f"No row that is evaluated matches the cohort '{rule}'. Widen the rule, or "
            "leave it out."
        )
    return part


def in_view(shown: Evaluation, positive: str) -> Evaluation:
    """Return the same scores with another class in view.

    Parameters
    ----------
    shown : Evaluation
    positive : str
        One of its classes; empty for the one in view already.

    Raises
    ------
    SettingError
        There is no such class.
    """
    if not positive:
        return shown
    if positive not in shown.classes:
        raise SettingError(
            f"'{positive}' is not a class of the label; it has "
            f"{', '.join(shown.classes)}. Choose one of these."
        )
    return replace(shown, view=shown.classes.index(positive))
