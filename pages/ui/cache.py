"""What is computed once: the sole owner of Streamlit's caches.

Records are frozen and shared, never copied; their keys are content digests, as
Streamlit's own hash reads only a sample of a large table.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from analysis.calibration.reliability import GroupReliability, reliability_by_group
from analysis.charts import numbers
from analysis.compare import Flips, PairedComparison, flips, paired
from analysis.composition import Composition, composition, label_share
from analysis.datasets.columns import ColumnSummary, summarise
from analysis.datasets.load import Dataset, existing_scores, load
from analysis.datasets.splits import split
from analysis.datasets.task import task_from_json, task_to_json
from analysis.errors import AuditError, RunError
from analysis.evaluation import (
    DecisionRule,
    Evaluation,
    Scores,
    Threshold,
    evaluate,
)
from analysis.frame import Splits
from analysis.metrics.bins import Binning
from analysis.privacy.cohort import refuse_few
from analysis.privacy.withheld import Published, published
from analysis.shifts.domain import Domain, Unlabelled
from analysis.shifts.split_comparison import SplitComparison, split_comparison
from analysis.subgroups.disaggregate import Disaggregation, disaggregate
from analysis.subgroups.finding import Finding, find
from analysis.subgroups.listing import Crossings
from models.evaluations import evaluation as run_evaluation
from models.evaluations import in_view, splits_of, within_cohort
from models.run import Run
from models.store import Store, open_store
from pages.ui.decision import carried_over, look, rule_of, task_in_view
from pages.ui.view import EXISTING_SCORE, FIRST_DATA, View, tidy

DIGESTS: dict[type, Any] = {
    Evaluation: lambda e: e.digest,
    Dataset: lambda d: d.digest,
    Splits: lambda s: s.digest,
    Domain: lambda d: d.digest,
    Unlabelled: lambda u: u.digest,
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
    rows, as it was fitted elsewhere. Scores are joined once for all thresholds. While
    small groups are hidden, a cohort of too few people is refused.
    """
    data, home = dataset(view.data), str(store().home)
    part = _Part(view.run, split, tidy(view.cohort), view.positive)
    found = _evaluation(part, data, home, rule_of(view, data.task))
    refuse_few(found, part.cohort, view.k)
    return found


def pair(view: View, base: Run, run: Run) -> tuple[Evaluation, Evaluation]:
    """Return two runs on their test rows, under the cohort and the rule in view."""
    before = evaluation(replace(view, run=base.id))
    return before, evaluation(replace(view, run=run.id))


def parted(
    view: View, run: Run, rule: str, split: str
) -> tuple[Evaluation, Evaluation]:
    """Return a run on the rows of a split that a rule matches, and on all others."""
    whole = evaluation(replace(view, run=run.id, cohort=""), split)
    inside = evaluation(replace(view, run=run.id, cohort=rule), split)
    return inside, _others(whole, inside)


@shared(16)
def _others(whole: Evaluation, inside: Evaluation) -> Evaluation:
    is_other = ~np.isin(whole.row_ids, inside.row_ids)
    return whole.take(np.flatnonzero(is_other))


@dataclass(frozen=True)
class _Part:
    """What is read of a view before anything is decided."""

    run: str
    split: str
    cohort: str
    positive: str


@shared(32)
def _evaluation(
    part: _Part, data: Dataset, home: str, rule: DecisionRule
) -> Evaluation:
    shown = _scored(part, data, home).decided_by(rule)
    if part.split == "test" and part.run != EXISTING_SCORE:
        told = look(rule, part.positive)
        store().notes.look(data.task.name, part.run, told, part.cohort)
    return shown


@shared(16)
def _scored(part: _Part, data: Dataset, home: str) -> Evaluation:
    if part.run == EXISTING_SCORE:
        title, scores = data.task.title, existing_scores(data)
        whole = evaluate(title, data.frame, scores, Threshold())
    else:
        whole = run_evaluation(store(), store().find(part.run), data, part.split)
    return in_view(within_cohort(whole, data, part.cohort), part.positive)


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
    return _unseen(evaluation(view, "all"), dataset(view.data), view.run)


@shared(8)
def _unseen(whole: Evaluation, data: Dataset, run: str) -> Evaluation:
    rows = splits_of(store().find(run), data).rows
    kept = data.frame.row_ids[sorted([*rows["calibration"], *rows["test"]])]
    return whole.take(np.flatnonzero(np.isin(whole.row_ids, kept)))


def scored_table(view: View, other: Dataset) -> Evaluation:
    """Return another table under the scorer in view; a run scores it as a job.

    Raises
    ------
    RunError
        The worker is still scoring it, or could not.
    """
    there = carried_over(view, dataset(view.data), other)
    if not view.is_trained:
        return evaluation(there)
    part = _Part(view.run, "all", tidy(view.cohort), view.positive)
    whole = _scored_table(part, other, str(store().home))
    return whole.decided_by(rule_of(there, other.task))


def second_scores(view: View, other: Dataset) -> Scores:
    """Return the scores of another table's rows under the scorer in view.

    Raises
    ------
    RunError
        The worker is still scoring it, or could not.
    """
    if not view.is_trained:
        return existing_scores(other)
    return _second_scores(view.run, other, str(store().home))


@shared(4)
def _second_scores(run: str, other: Dataset, home: str) -> Scores:
    scores = store().table_scores(store().find(run).id, other.digest)
    if scores is None:
        raise RunError("The second table has not been scored yet.")
    return scores.scores


@shared(4)
def _scored_table(part: _Part, other: Dataset, home: str) -> Evaluation:
    run = store().find(part.run)
    scores = store().table_scores(run.id, other.digest)
    if scores is None:
        raise RunError("The second table has not been scored yet.")
    whole = evaluate(run.title, other.frame, scores.scores, Threshold())
    return in_view(within_cohort(whole, other, part.cohort), part.positive)


def found(
    shown: Evaluation, data: Dataset, k: int = 0, beside: Crossings = ()
) -> Finding:
    """Return whom it fails most; here and below, groups under k people are withheld.

    `beside` are the crossings of attributes that readers see together with this.
    """
    return _found(shown, data, k, beside if k > 1 else ())


@shared(64)
def _found(shown: Evaluation, data: Dataset, k: int, beside: Crossings) -> Finding:
    return find(shown, task_in_view(shown, data.task), k, beside)


@shared(64)
def disaggregation(
    shown: Evaluation,
    attributes: tuple[str, ...],
    metrics: tuple[str, ...],
    k: int = 0,
    beside: Crossings = (),
) -> Disaggregation:
    """Return metrics by group."""
    hidden = hidden_together(shown, (*beside, attributes), k).of(attributes)
    return disaggregate(shown, attributes, metrics, hidden)


@shared(32)
def hidden_together(shown: Evaluation, crossings: Crossings, k: int) -> Published:
    """Return which groups of some crossings stay hidden beside each other."""
    return published(shown, crossings, k)


def overall(shown: Evaluation, metrics: tuple[str, ...]) -> Disaggregation:
    """Return metrics over everyone."""
    return disaggregation(shown, (), metrics)


@shared(32)
def reliability(
    shown: Evaluation,
    attributes: tuple[str, ...],
    binning: Binning,
    k: int = 0,
    beside: Crossings = (),
) -> tuple[GroupReliability, ...]:
    """Return reliability curves by group."""
    return reliability_by_group(shown, attributes, binning, k, beside)


@shared(32)
def who(data: Dataset, attribute: str, positive: str = "", k: int = 0) -> Composition:
    """Return the groups of an attribute with their sizes and labels."""
    return composition(data.frame, attribute, positive, k)


@shared(32)
def paired_comparison(
    before: Evaluation,
    after: Evaluation,
    attributes: tuple[str, ...],
    metrics: tuple[str, ...],
    k: int = 0,
) -> PairedComparison:
    """Return the change between two models on the same rows."""
    return paired(before, after, attributes, metrics, k)


@shared(32)
def flipped(
    before: Evaluation, after: Evaluation, attributes: tuple[str, ...], k: int = 0
) -> Flips:
    """Return whose decision changed."""
    return flips(before, after, attributes, k)


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
def label_rate(data: Dataset, positive: str = "") -> str:
    """Return the share of the class in view, as printed."""
    return numbers.plain(label_share(data.frame, positive))


def forget_records() -> None:
    """Drop every record of every table, so that a forgotten one is gone."""
    st.cache_resource.clear()
