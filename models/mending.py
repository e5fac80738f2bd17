"""What the command line's `train` and `remedy` give: a run, and how it did on test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.answers import alarms_json
from analysis.datasets.load import load
from analysis.datasets.splits import methods_for
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.marks import share
from analysis.subgroups.disaggregate import disaggregate
from models.chain_file import Chain, read_chain
from models.evaluations import evaluation
from models.recipe import Recipe, Stage
from models.remedies.chain import is_posthoc
from models.remedies.fitting import notes_of
from models.requested import changed
from models.run import Run
from models.scorer import stored_scorer
from models.store import Store
from models.training import train_now

Json = dict[str, Any]

TESTED = ("accuracy", "error_rate", "f1", "auroc", "log_loss", "brier_score")


@dataclass(frozen=True)
class Asked:
    """What is trained.

    Parameters
    ----------
    task : str
    given : mapping of str to JSON types
        Settings of training as they were typed; those of a chain file give way.
    remedies : sequence of (str, mapping)
        Remedies with their settings, in order.
    chain : str
        Path of a chain file; empty for none.
    """

    task: str
    given: Mapping[str, Any] = field(default_factory=dict)
    remedies: Sequence[tuple[str, Mapping[str, Any]]] = ()
    chain: str = ""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The remedies named one by one."""
        return tuple(Stage(name, settings) for name, settings in self.remedies)


def trained(store: Store, asked: Asked) -> Json:
    """Train a task, or find the finished run of the same recipe.

    Raises
    ------
    AuditError
        The task, a setting or the chain does not do.
    """
    task = store.task(asked.task)
    chain = _chain(asked)
    usual = {"split": methods_for(task)[0]}
    recipe = changed(Recipe(task=task.name), {**usual, **chain.training, **asked.given})
    stages = (*chain.stages, *asked.stages)
    recipe = replace(recipe, stages=stages, calibration_parts=chain.parts)
    return answer(store, recipe)


def mended(store: Store, run: str, asked: Asked) -> Json:
    """Add remedies to the chain of a run, and train or fit what that asks for.

    Raises
    ------
    AuditError
        There is no such run, nothing is named, or the chain does not do.
    """
    base = store.find(run)
    chain = _chain(asked)
    stages = (*chain.stages, *asked.stages)
    if not stages:
        raise SettingError(
            "No remedy is named; give --remedy NAME, which `python cli.py remedies` "
            "lists, or --chain FILE."
        )
    parts = max(base.recipe.calibration_parts, chain.parts)
    stages = (*base.recipe.stages, *stages)
    recipe = replace(base.recipe, stages=stages, calibration_parts=parts)
    return {"base": base.id, **answer(store, recipe)}


def answer(store: Store, recipe: Recipe) -> Json:
    """Carry a recipe out and say how it did on the test rows."""
    data = load(store.task(recipe.task), store.tables)
    run = train_now(store, recipe, dataset=data)
    shown = evaluation(store, run, data)
    table = disaggregate(shown, (), TESTED)
    prepared = [e.payload for e in store.events(run.id) if e.kind == "prepared"]
    return {
        "run": run.id,
        "recipe": run.recipe.to_json(),
        "seconds": run.seconds,
        "epochs": run.epochs,
        "test": {name: table.overall[name].to_json() for name in TESTED},
        "prepared": prepared[-1] if prepared else None,
        "alarms": alarms_json(shown),
        "notes": _notes(store, run),
        "marked": _marked(store, run, shown),
    }


def _notes(store: Store, run: Run) -> list[str]:
    """Say of every change after training what was fitted, in the chain's order."""
    said: list[str] = []
    while is_posthoc(run.recipe):
        parameters = json.loads(store.artefact(run, "parameters"))
        said = [*notes_of(parameters), *said]
        run = store.run(run.base)
    return said


def _marked(store: Store, run: Run, shown: Evaluation) -> Json:
    """Return the share of test rows decided by lot, or handed to a person."""
    marks = stored_scorer(store, run).marks_of(shown.row_ids)
    return {name: share(shown, mark).to_json() for name, mark in marks.items()}


def _chain(asked: Asked) -> Chain:
    return read_chain(asked.chain) if asked.chain else Chain((), {})
