"""What a page's button starts, and the command that does the same elsewhere."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.cohorts import cohort_of_group
from analysis.datasets.groups import edge_name
from analysis.errors import RunError
from analysis.metrics.bins import Binning
from analysis.subgroups.finding import Finding
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.settings import dial_of
from models.remedies.strengths import sweep_of
from models.run import Run
from pages.ui import cache, jobs, state
from pages.ui.sides import Sides
from pages.ui.snippets import code
from pages.ui.view import View


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
    recipe = cache.store().find(state.view().run).recipe
    _submit(recipe.with_stage(stage(name, **settings)))
    state.go("remedies")


def mend(run: Run, name: str, settings: dict[str, Any]) -> None:
    """Add a remedy to a run, start it, and watch it here."""
    _submit(run.recipe.with_stage(stage(name, **settings)))
    st.rerun()


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


def base_of(run_id: str) -> str:
    """Return the id of the run that a remedied run started from; empty for none."""
    store = cache.store()
    run = store.run(run_id)
    try:
        return store.run(run.base).id if run.base else ""
    except RunError:
        return ""


def default_recipe(task: str, methods: tuple[str, ...]) -> Recipe:
    """Return the recipe a training form starts from: the official split if any."""
    return replace(Recipe(task=task), split=methods[0])


def audit_command(
    by: tuple[str, ...],
    metrics: tuple[str, ...],
    *,
    depth: int | None = None,
    reference: tuple[tuple[str, str], ...] | None = None,
    more: tuple[str, ...] = (),
) -> str:
    """Return the command that prints the numbers of a table of groups.

    Parameters
    ----------
    by, metrics : tuple of str
    depth : int or None
    reference : tuple of (str, str) or None
    more : tuple of str
        Further options, such as '--quality', with their values.
    """
    view = state.view()
    words = ["python", "cli.py", "audit", state.source()]
    words += ["--groups", ",".join(by)] if by else []
    words += ["--metrics", ",".join(metrics)] if metrics else []
    if depth is not None:
        words += ["--depth", str(depth)]
    if reference is not None:
        words += ["--reference", str(cohort_of_group(dict(reference)))]
    return _joined([*words, *more, *_view_options(view)])


def _view_options(view: View) -> list[str]:
    """Return the options that say what the sidebar says."""
    words = []
    if view.threshold is not None:
        words += ["--threshold", edge_name(view.threshold)]
    if view.by_group is not None:
        attribute, cuts = view.by_group
        words += ["--thresholds", f"{attribute}={','.join(map(edge_name, cuts))}"]
    if view.cohort:
        words += ["--cohort", view.cohort]
    if view.positive:
        words += ["--class", view.positive]
    if view.k:
        words += ["--hide-below", str(view.k)]
    return words


def compare_command(base: str, run: str, by: tuple[str, ...]) -> str:
    """Return the command that prints a paired comparison."""
    words = ["python", "cli.py", "compare", base[:12], run[:12]]
    words += ["--groups", ",".join(by)]
    if k := state.view().k:
        words += ["--hide-below", str(k)]
    return _joined(words)


def calibrate_command(
    method: str,
    by: tuple[str, ...],
    settings: dict[str, str],
    more: tuple[str, ...] = (),
) -> str:
    """Return the command that fits a calibrator and prints what it did.

    Parameters
    ----------
    method : str
    by : tuple of str
        Attributes to report by.
    settings : dict
        Of the calibrator.
    more : tuple of str
        Further options.
    """
    view = state.view()
    words = ["python", "cli.py", "calibrate", state.source(), "--method", method]
    words += ["--groups", ",".join(by)] if by else []
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"] if value != "" else []
    words += ["--report", "validation"] if view.is_trained else []
    options = _view_options(replace(view, by_group=None))
    return _joined([*words, *more, *options])


def train_command(recipe: Recipe) -> str:
    """Return the command that trains a recipe."""
    words = ["python", "cli.py", "train", recipe.task]
    words += ["--architecture", recipe.architecture, "--split", recipe.split]
    words += ["--seed", str(recipe.seed), "--epochs", str(recipe.epochs)]
    return _joined(words)


def remedy_command(run: Run) -> str:
    """Return the command that adds a run's last remedy to the run before it."""
    last = run.recipe.stages[-1]
    words = ["python", "cli.py", "remedy", run.base[:12], "--remedy", last.remedy]
    for name, value in last.settings.items():
        words += ["--set", f"{name}={value}"] if value != "" else []
    return _joined(words)


def reliability_snippet(
    by: tuple[str, ...],
    binning: Binning,
    withheld: str = "",
    *,
    is_ranked: bool = False,
) -> str:
    """Return the Python that gives the reliability curves of the view.

    `withheld` are the arguments that hide small groups.
    """
    call = f"reliability_by_group(shown, {by!r}, {binning!r}{withheld})"
    imports = [
        "from analysis.calibration.reliability import reliability_by_group",
        "from analysis.metrics.bins import Binning",
    ]
    return code(imports, [call], is_ranked=is_ranked)


def composition_snippet(by: str) -> str:
    """Return the Python that counts the groups of an attribute."""
    view = state.view()
    positive = f", {view.positive!r}" if view.positive else ""
    return "\n".join(
        [
            "from analysis.composition import composition",
            *_dataset_lines(),
            f"composition(dataset.frame, {by!r}{positive}{_k(view)})",
        ]
    )


def _k(view: View) -> str:
    """Return the argument that withholds small groups; empty where none is."""
    return f", k={view.k}" if view.k else ""


def attribution_snippet(sides: Sides, metric: str) -> str:
    """Return the Python that splits the change between two sides."""
    lines = ["from analysis.shifts.attribution import attribute_covariates"]
    lines += _sides_lines(sides)
    return "\n".join([*lines, f"attribute_covariates(source, target, {metric!r})"])


def moved_snippet(sides: Sides) -> str:
    """Return the Python that measures how far each column moved."""
    lines = ["from analysis.shifts.shift import feature_shifts", *_sides_lines(sides)]
    lines += ["weights = source.evaluation.weights, target.evaluation.weights"]
    call = "feature_shifts(source.columns, target.columns, *weights)"
    return "\n".join([*lines, call])


def _sides_lines(sides: Sides) -> list[str]:
    return [
        "from pages.ui.sides import Sides, domains",
        "from pages.ui.state import View",
        *_dataset_lines(),
        f"view = {state.view()!r}",
        f"source, target = domains(view, dataset, {sides!r})",
    ]


def _dataset_lines() -> list[str]:
    return [
        "from analysis.datasets.load import load",
        "from models.store import open_store",
        "",
        "store = open_store()",
        f"dataset = load(store.task({state.view().data!r}), store.tables)",
    ]


def _joined(words: list[str]) -> str:
    return " ".join(shlex.quote(word) for word in [*words, "--json"])
