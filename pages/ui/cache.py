"""What is computed once: the sole owner of Streamlit's caches.

Records are frozen and shared, never copied; their keys are content digests, as
Streamlit's own hash reads only a sample of a large table.
"""

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analysis.attribution import Attribution, attribute_covariates
from analysis.calibration import GroupReliability, reliability_by_group
from analysis.charts import numbers
from analysis.cohorts import matches, parse
from analysis.compare import Flips, PairedComparison, flips, paired
from analysis.composition import Composition, composition, label_share
from analysis.datasets.columns import ColumnSummary, summarise
from analysis.datasets.load import Dataset, existing_scores, load
from analysis.datasets.splits import split
from analysis.datasets.task import task_from_json, task_to_json
from analysis.datasets.upload import ReadTable, Roles, infer_roles, read_table
from analysis.disaggregate import Disaggregation, disaggregate
from analysis.errors import AuditError, DataError, RunError
from analysis.evaluation import Evaluation, Threshold, evaluate
from analysis.finding import Finding, find
from analysis.frame import Splits
from analysis.shift import FeatureShift, feature_shifts
from analysis.split_comparison import SplitComparison, split_comparison
from analysis.worlds import Domain
from models.evaluations import evaluation as run_evaluation
from models.evaluations import splits_of
from models.run import Run
from models.store import Store, open_store
from pages.ui.state import EXISTING_SCORE, FIRST_DATA, View

DIGESTS: dict[type, Any] = {
    Evaluation: lambda e: e.digest,
    Dataset: lambda d: d.digest,
    Splits: lambda s: s.digest,
    Domain: lambda d: (d.evaluation.digest, tuple(d.columns)),
}


def shared(entries: int) -> Any:
    """Cache a function's record for everyone, keyed by its arguments' digests."""
    return st.cache_resource(
        max_entries=entries, show_spinner=False, hash_funcs=DIGESTS
    )


def store() -> Store:
    """Return the run store in use."""
    return _store(os.environ.get("FAULTLINE_HOME"))


@shared(4)
def _store(home: str | None) -> Store:
    return open_store(home)


def dataset(name: str) -> Dataset:
    """Return a data set by its task's name."""
    task = store().task(name)
    return _dataset(json.dumps(task_to_json(task)), str(store().tables))


@shared(4)
def _dataset(task: str, tables: str) -> Dataset:
    return load(task_from_json(json.loads(task)), Path(tables))


def evaluation(view: View, split: str = "test") -> Evaluation:
    """Return the run or score in view on its rows, under the cohort and the rule.

    A trained run is evaluated on `split`; a score that came with the table on all
    rows, as it was fitted elsewhere.
    """
    return _evaluation(view, dataset(view.data), str(store().home), split)


def pair(view: View, base: Run, run: Run) -> tuple[Evaluation, Evaluation]:
    """Return two runs on their test rows, under the cohort and the rule in view."""
    before = evaluation(replace(view, run=base.id))
    return before, evaluation(replace(view, run=run.id))


@shared(16)
def _evaluation(view: View, data: Dataset, home: str, split: str) -> Evaluation:
    rule = Threshold(customary_threshold(view, data))
    if view.run == EXISTING_SCORE:
        title = data.task.title
        whole = evaluate(title, data.frame, existing_scores(data), rule)
    else:
        run = store().find(view.run)
        whole = run_evaluation(store(), run, data, split, rule)
        if split == "test":
            store().notes.look(view.data, run.id, repr(rule), view.cohort)
    return _within_cohort(whole, data, view.cohort) if view.cohort else whole


def _within_cohort(whole: Evaluation, data: Dataset, rule: str) -> Evaluation:
    chosen = data.frame.row_ids[matches(parse(rule), data.table)]
    part = whole.take(pd.Index(whole.row_ids).isin(chosen).nonzero()[0])
    if not len(part):
        raise DataError(
            f"No row that is evaluated matches the cohort '{rule}'. Widen the rule or "
            "clear it in the sidebar."
        )
    return part


def first_view() -> None:
    """Compute what the first page of a new session shows, before anyone asks.

    What goes wrong here goes wrong on the page again, which says it to the reader.
    """
    with suppress(AuditError):
        runs = [run for run in store().runs(FIRST_DATA) if run.is_finished]
        if runs:
            data = dataset(FIRST_DATA)
            found(evaluation(View(FIRST_DATA, runs[-1].id, "", None)), data)


def unseen(view: View) -> Evaluation:
    """Return what is in view on every row that no model was trained on."""
    if not view.is_trained:
        return evaluation(view)
    data = dataset(view.data)
    rows = splits_of(store().find(view.run), data).rows
    kept = data.frame.row_ids[sorted([*rows["calibration"], *rows["test"]])]
    whole = evaluation(view, "all")
    return whole.take(pd.Index(whole.row_ids).isin(kept).nonzero()[0])


def scored_table(view: View, other: Dataset) -> Evaluation:
    """Return another table under the scorer in view; a run scores it as a job.

    Raises
    ------
    RunError
        The worker is still scoring it, or could not.
    """
    if not view.is_trained:
        return evaluation(replace(view, data=other.task.name))
    run, rule = store().find(view.run), Threshold(customary_threshold(view, other))
    scores = store().table_scores(run.id, other.digest)
    if scores is None:
        raise RunError("The second table has not been scored yet.")
    whole = evaluate(run.title, other.frame, scores.scores, rule)
    return _within_cohort(whole, other, view.cohort) if view.cohort else whole


def customary_threshold(view: View, data: Dataset) -> float:
    """Return the threshold in force: the reader's, else the scorer's own."""
    if view.threshold is not None:
        return view.threshold
    if view.run == EXISTING_SCORE and data.task.score is not None:
        return data.task.score.threshold
    return 0.5


@shared(64)
def found(shown: Evaluation, data: Dataset) -> Finding:
    """Return whom the scorer fails most, in a sentence."""
    return find(shown, data.task)


@shared(64)
def disaggregation(
    shown: Evaluation, attributes: tuple[str, ...], metrics: tuple[str, ...]
) -> Disaggregation:
    """Return metrics by group."""
    return disaggregate(shown, attributes, metrics)


def overall(shown: Evaluation, metrics: tuple[str, ...]) -> Disaggregation:
    """Return metrics over everyone."""
    return disaggregation(shown, (), metrics)


@shared(32)
def reliability(
    shown: Evaluation, attributes: tuple[str, ...], n_bins: int
) -> tuple[GroupReliability, ...]:
    """Return reliability curves by group."""
    return reliability_by_group(shown, attributes, n_bins)


@shared(32)
def who(data: Dataset, attribute: str) -> Composition:
    """Return the groups of an attribute with their sizes and labels."""
    return composition(data.frame, attribute)


@shared(32)
def paired_comparison(
    before: Evaluation,
    after: Evaluation,
    attributes: tuple[str, ...],
    metrics: tuple[str, ...],
) -> PairedComparison:
    """Return the change between two models on the same rows."""
    return paired(before, after, attributes, metrics)


@shared(32)
def flipped(
    before: Evaluation, after: Evaluation, attributes: tuple[str, ...]
) -> Flips:
    """Return whose decision changed."""
    return flips(before, after, attributes)


@shared(16)
def attribution(source: Domain, target: Domain, metric: str) -> Attribution:
    """Return a change in a metric, split between P(X) and P(Y|X)."""
    return attribute_covariates(source, target, metric)


@shared(16)
def moved_columns(source: Domain, target: Domain) -> tuple[FeatureShift, ...]:
    """Return how far each column moved, beyond noise."""
    weights = source.evaluation.weights, target.evaluation.weights
    return feature_shifts(source.columns, target.columns, *weights)


@shared(32)
def splits(data: Dataset, method: str, held_out: str = "") -> Splits:
    """Return which row serves which stage."""
    return split(data, method, held_out=held_out)


@shared(8)
def split_flattery(data: Dataset, parts: Splits) -> SplitComparison:
    """Return how much a random split flatters a reference model."""
    return split_comparison(data, parts)


@shared(8)
def summaries(data: Dataset) -> tuple[ColumnSummary, ...]:
    """Return what each column holds."""
    return tuple(summarise(data.table))


@shared(32)
def label_rate(data: Dataset) -> str:
    """Return the share of the positive label, as printed."""
    return numbers.plain(label_share(data.frame))


@shared(2)
def uploaded(file_id: str, _file: Any) -> tuple[ReadTable, Roles]:
    """Read an uploaded file once, and suggest its roles."""
    read = read_table(_file.getvalue(), _file.name)
    return read, infer_roles(read.table)


def tables_like(data: Dataset) -> list[str]:
    """Return other uploaded tables that have every column this one's model reads."""
    return [
        task.name
        for task in store().notes.tasks()
        if task.name != data.task.name
        and task.label == data.task.label
        and task.classes == data.task.classes
        and set(data.task.features) <= set(task.features)
    ]


def forget_records() -> None:
    """Drop every record of every table, so that a forgotten one is gone."""
    st.cache_resource.clear()
