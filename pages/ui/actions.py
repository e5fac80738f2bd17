"""What a page's button starts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.subgroups.finding import Finding
from models.recipe import Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.settings import dial_of
from models.remedies.strengths import sweep_of
from models.run import Run
from pages.ui import cache, jobs, state


def offer_fix(found: Finding) -> None:
    """Offer the first fix, aimed at a sure gap; without one, only the way to all.

    A score alone cannot be mended: there, the way leads to a model that can.
    """
    key = "subgroups.fix"
    if not state.view().is_trained:
        if st.button("Train a model that can be mended", type="primary", key=key):
            state.go("model")
    elif not found.is_sure:
        if st.button("See the remedies", key=key):
            state.go("remedies")
    elif st.button("Try a fix", type="primary", key=key):
        start_remedy("reweighing", {"attribute": found.attribute})


def start_remedy(name: str, settings: dict[str, Any]) -> None:
    """Add a remedy to the run in view, start it, and watch it on Remedies."""
    _add(cache.store().find(state.view().run), [stage(name, **settings)])
    state.go("remedies")


def mend(run: Run, name: str, settings: dict[str, Any]) -> None:
    """Add a remedy to a run, start it, and watch it here."""
    _add(run, [stage(name, **settings)])
    st.rerun()


def mend_chain(run: Run, stages: Sequence[Stage]) -> None:
    """Add several remedies to a run, start them, and watch the last of them here."""
    _add(run, stages)
    st.rerun()


def _add(run: Run, stages: Sequence[Stage]) -> None:
    """Queue a run with more stages, and remember what these were added to."""
    _submit(replace(run.recipe, stages=(*run.recipe.stages, *stages)))
    state.add_to(run.id, state.job())


def train_beside(recipe: Recipe) -> None:
    """Train a recipe and stay here."""
    _submit(recipe)
    st.rerun()


def mend_at_strengths(run: Run, name: str, settings: dict[str, Any]) -> None:
    """Add a remedy to a run at several strengths, and watch them here."""
    dial = dial_of(REMEDIES[name])
    if dial is None:
        return
    chosen = settings[dial.name]
    recipes = sweep_of(run.recipe, name, settings, chosen=chosen)
    ids = jobs.queue().submit_sweep(recipes)
    values = [recipe.stages[-1].settings[dial.name] for recipe in recipes]
    state.watch(ids[values.index(chosen)], sweep=True)
    if all(cache.store().run(run_id).is_finished for run_id in ids):
        state.say_next("These runs exist already: found, not trained again.")
    st.rerun()


def resume_sweep(runs: Sequence[Run]) -> None:
    """Let the strengths that stopped go on after their last checkpoints."""
    jobs.queue().submit_sweep([run.recipe for run in runs])
    st.rerun()


def train(recipe: Recipe) -> None:
    """Start a training run and watch it on Model, which turns to it at its end."""
    _submit(recipe)
    state.await_run(state.job())
    st.rerun()


def turn_when_trained() -> None:
    """Turn the sidebar to the run that was started here, once it is finished."""
    awaited = state.awaited()
    if not awaited or cache.store().run(awaited).is_active:
        return
    state.await_run("")
    run = cache.store().run(awaited)
    if run.is_finished and run.recipe.task == state.view().data:
        state.turn_to(run=run.id)
        st.rerun()


def _submit(recipe: Recipe) -> None:
    """Queue a recipe and watch its run; one that is finished is found again."""
    run_id = jobs.queue().submit(recipe)
    state.watch(run_id)
    if cache.store().run(run_id).is_finished:
        state.say_next("This run exists already: found, not trained again.")


def cancel(run_id: str) -> None:
    """Ask a run to stop."""
    jobs.queue().cancel(run_id)


def resume(run_id: str) -> None:
    """Let a run go on after its last checkpoint."""
    jobs.queue().resume(run_id)


def show_result(run_id: str, page: str) -> None:
    """Turn the sidebar to a finished run and switch to a page."""
    state.leave()
    state.turn_to(run=run_id)
    state.forget_job()
    state.go(page)


def default_recipe(task: str, methods: tuple[str, ...]) -> Recipe:
    """Return the recipe a training form starts from: the official split if any."""
    return replace(Recipe(task=task), split=methods[0])
