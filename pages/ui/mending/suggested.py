"""What to try first: a shortlist from what was found, and the first three run."""

from collections.abc import Sequence

import streamlit as st

from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault
from analysis.faults.found import faults
from models.advised import moved
from models.evaluations import splits_of
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.base import can_be_aimed
from models.remedies.chain import completed
from models.run import Run, run_id
from models.shortlist import Suggestion, shortlist
from models.studied import usual_words
from pages.ui import (
    actions,
    cache,
    controls,
    forms,
    jobs,
    state,
)
from pages.ui.mending import beside, choice, sweep, times
from pages.ui.mending.beside import Done
from pages.ui.messages import curly, empty, note, plain

FIRST = 3
"""Remedies that one click runs."""


def draw(run: Run, data: Dataset, shown: Evaluation, watched: sweep.Watched) -> None:
    """Draw the shortlist.

    Parameters
    ----------
    run : Run
        The one in view, which the remedies would start from.
    data : Dataset
    shown : Evaluation
        The rows on which Subgroups found what it found.
    watched : Watched
        What they are held against each other by.
    """
    view = state.view()
    found = _found(shown, data, run.id, view.k)
    listed = shortlist(
        found,
        choice.facts_of(run, data),
        moved(cache.store(), run, data),
        lambda fault: _calibration_rows(data, run.id, fault),
    )
    if not listed:
        empty(
            "Nothing was found that is larger than chance",
            "The list is made from gaps between groups, scores that do not come true, "
            "rare classes, small groups and labels that may be wrong. Pick a fix "
            "yourself, or look closer on Subgroups and Calibration.",
        )
        return
    recipes = [completed(run.recipe.with_stage(one.stage)) for one in listed]
    runs = [_run_of(recipe, data) for recipe in recipes]
    _first(recipes, runs)
    tried = [
        Done(_title(one), one.fault, own)
        for one, own in zip(listed, runs, strict=True)
        if own is not None
    ]
    beside.draw(run, data, tried, watched)
    for i, one in enumerate(listed):
        _suggestion(i, one, run, data, recipes[i], runs[i])
    note(
        "Found on the test rows, as on Subgroups and Calibration, and, where it was "
        "asked, on Shift: so a fix chosen by this list looks a little kinder on them. "
        "Harms of single decisions stand first, then scores, then "
        "what may come of people who differ; sure before unsure, large before small. "
        "Each fix is added to the model in view, which stays as it is."
    )


@cache.shared(16)
def _found(shown: Evaluation, data: Dataset, run: str, k: int) -> tuple[Fault, ...]:
    rows = splits_of(cache.store().find(run), data).rows["train"]
    return faults(shown, data.frame.take(rows), k)


@cache.shared(64)
def _calibration_rows(data: Dataset, run: str, fault: Fault) -> int:
    rows = splits_of(cache.store().find(run), data).rows["calibration"]
    grouping = data.frame.groups[fault.attribute]
    group = grouping.names.index(fault.group)
    return int((grouping.codes[rows] == group).sum())


def _run_of(recipe: Recipe, data: Dataset) -> Run | None:
    """Return the run of a recipe; None while it was never asked for."""
    own = run_id(recipe, data.digest)
    known = {run.id: run for run in cache.store().runs(data.task.name)}
    return known.get(own)


def _first(recipes: Sequence[Recipe], runs: Sequence[Run | None]) -> None:
    """Offer to run the first few side by side."""
    new = [
        recipe
        for recipe, run in zip(recipes[:FIRST], runs[:FIRST], strict=True)
        if run is None or not (run.is_active or run.is_finished)
    ]
    if not new:
        return
    few = len(recipes[:FIRST])
    label = "Run the first" if few == 1 else f"Run the first {few} side by side"
    if st.button(label, type="primary", key="remedies.first"):
        for recipe in new:
            jobs.queue().submit(recipe)
        st.rerun()


def _title(one: Suggestion) -> str:
    """Return what a suggestion is called: its remedy, and by which groups."""
    title = controls.short_name(one.stage.remedy).removesuffix(" by thresholds")
    by = one.stage.settings.get("attribute")
    return f"{title} ({by})" if by else title


def _suggestion(
    i: int, one: Suggestion, run: Run, data: Dataset, recipe: Recipe, own: Run | None
) -> None:
    """Draw one line of the list: what, why, what it usually costs, what it needs."""
    remedy = REMEDIES[one.stage.remedy]
    by = one.stage.settings.get("attribute")
    whom = f", for groups of {by}" if by else ""
    with st.container(key=f"remedies.suggestion.{i}"):
        st.markdown(f"**{i + 1}. {plain(remedy.title)}{plain(whom)}**")
        st.markdown(
            plain(curly(f"{one.fault.sentence} It {one.reason} ({remedy.source})."))
        )
        usual = usual_words(one.stage.remedy)
        takes = times.words(run, remedy, len(data.frame))
        note(
            f"Costs {remedy.costs}. {usual} {forms.asks_words(remedy)} {takes}".strip()
        )
        with st.container(horizontal=True):
            is_there = own is not None and (own.is_active or own.is_finished)
            label = "Tried" if is_there else "Try it"
            if st.button(label, key=f"remedies.try.{i}", disabled=is_there):
                actions.mend(run, one.stage.remedy, dict(one.stage.settings))
            aim = state.view().cohort
            if (
                aim
                and can_be_aimed(remedy)
                and st.button("Try it on the cohort alone", key=f"remedies.aim.{i}")
            ):
                aimed = {**one.stage.settings, "cohort": aim}
                actions.mend(run, one.stage.remedy, aimed)
