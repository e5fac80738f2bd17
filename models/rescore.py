"""From a finished run back to a scorer of any frame, its remedies included."""

import json

from analysis.errors import RunError
from analysis.frame import AuditFrame
from models.artefacts import scores_bytes
from models.boosting import Boosting
from models.data import dataset_of
from models.devices import device_named
from models.evaluations import splits_of
from models.network_scorer import restored
from models.prepare import prepare
from models.recipe import BOOSTING, Recipe, Stage
from models.remedies.base import PosthocRemedy, marks_of
from models.remedies.chain import is_posthoc, remedy_of
from models.run import Run
from models.scorer import Scorer
from models.store import Store
from models.workshop import workshop_of


def network_scorer(store: Store, run: Run) -> Scorer:
    """Return a finished run's scorer for any frame, its post-hoc remedies included.

    A remedy that changed the model itself has left a network of its own.

    Raises
    ------
    RunError
        The run, or one it is based on, is not finished.
    """
    if is_posthoc(run.recipe) and "weights" not in run.artefacts:
        base = network_scorer(store, finished(store, run.base))
        return posthoc_of(run.recipe.stages[-1]).restored(
            base, json.loads(store.artefact(run, "parameters"))
        )
    if run.recipe.architecture == BOOSTING:
        return _refitted(store, run)
    return restored(
        store.artefact(run, "weights"),
        store.artefact(run, "preprocessing"),
        len(run.task.classes),
        Recipe.from_json(json.loads(store.artefact(run, "recipe"))),
        device_named("auto"),
    )


def _refitted(store: Store, run: Run) -> Scorer:
    """Grow a run's trees again: the same recipe on the same rows gives the same."""
    dataset = dataset_of(run, store)
    workshop = workshop_of(store, run, device_named(run.recipe.device), lambda: False)
    boosting = Boosting(prepare(run.recipe, dataset, splits_of(run, dataset), workshop))
    boosting.run(lambda epoch: None, lambda: False)
    return boosting


def posthoc_of(stage: Stage) -> PosthocRemedy:
    """Return the remedy of a stage that is fitted to a finished model.

    Raises
    ------
    RunError
        It trains anew.
    """
    remedy = remedy_of(stage)
    if not isinstance(remedy, PosthocRemedy):
        raise RunError(f"'{remedy.title}' trains anew; it is not fitted to a model.")
    return remedy


def finished(store: Store, run_id: str) -> Run:
    """Return a run that others build on.

    Raises
    ------
    RunError
        It is not finished.
    """
    run = store.run(run_id)
    if not run.is_finished:
        raise RunError(
            f"The run it builds on ({run.title}, {run.id[:12]}) is {run.state}. "
            "Resume that one on the Model page first."
        )
    return run


def scored(scorer: Scorer, frame: AuditFrame) -> bytes:
    """Return a frame's scores, and what is marked of its rows, as they are stored.

    Raises
    ------
    RunError
        The scorer gives no logits.
    """
    logits = scorer.score(frame).logits
    if logits is None:
        raise RunError("This remedy gives no logits, so its scores cannot be stored.")
    return scores_bytes(frame.row_ids, logits, marks_of(scorer, frame))
