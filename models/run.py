"""Run: what the store knows about one recipe carried out on one table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from analysis.arrays import digest_of
from analysis.datasets.task import Task, task_from_json
from models.recipe import ARCHITECTURE_TITLES, Recipe, Stage

FORMAT = 2
"""Version of what a run stores; it goes up when the same recipe gives other numbers."""

State = Literal["queued", "running", "done", "failed", "cancelled"]

UNFINISHED: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True)
class Run:
    """One recipe on one table, at one moment.

    Parameters
    ----------
    id : str
        Digest of recipe, data and format version; 32 hexadecimal digits.
    recipe : Recipe
    data_digest : str
        Of the data set as it was when the run was submitted.
    state : 'queued', 'running', 'done', 'failed' or 'cancelled'
    reason : str
        Why it failed or was cancelled, and what to do; else empty.
    created : float
        Seconds since 1970.
    seconds : float
        Spent on training or fitting, over all resumptions.
    epochs, best_epoch : int
        Finished so far; and the one whose weights are kept (0 before the first).
    device : str
        What it ran on, such as 'cpu, 1 thread'.
    title : str
        What pages call it.
    base : str
        Id of the run without the last remedy of the chain; empty without remedies.
    is_shipped : bool
        Whether it came with the product and is read-only.
    artefacts : mapping of str to str
        Stored files by role: 'weights', 'preprocessing', 'scores', 'parameters'.
    task_json : str
        The task as it was declared when the run was submitted.
    position : int
        Runs ahead of it in its queue; 0 unless queued.
    """

    id: str
    recipe: Recipe
    data_digest: str
    state: State
    reason: str = ""
    created: float = 0.0
    seconds: float = 0.0
    epochs: int = 0
    best_epoch: int = 0
    device: str = ""
    title: str = ""
    base: str = ""
    is_shipped: bool = False
    artefacts: Mapping[str, str] = field(default_factory=dict, hash=False)
    task_json: str = ""
    position: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "artefacts", MappingProxyType(dict(self.artefacts)))

    @property
    def task(self) -> Task:
        """The task as it was declared when the run was submitted."""
        return task_from_json(json.loads(self.task_json))

    @property
    def is_finished(self) -> bool:
        """Whether its scores are stored."""
        return self.state == "done"

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNFINISHED


@dataclass(frozen=True)
class Event:
    """Something a run reported while it ran.

    Parameters
    ----------
    number : int
        Grows by one within the run; ask for `events(run, after=number)`.
    kind : str
        'start', 'epoch', 'fitted' or 'end'.
    payload : mapping
        JSON types; `train.py` says what an epoch holds.
    """

    number: int
    kind: str
    payload: Mapping[str, Any] = field(hash=False)


def run_id(recipe: Recipe, data_digest: str) -> str:
    """Return the id under which a recipe on a table is stored."""
    return digest_of([recipe.digest.encode(), data_digest.encode(), b"%d" % FORMAT])


def run_title(recipe: Recipe) -> str:
    """Name a run by its architecture and the remedies of its chain.

    Settings that are not at their defaults are told, a remedy's groups always.
    """
    title = " + ".join([_network_title(recipe), *map(_stage_title, recipe.stages)])
    return f"{title}{_part_title(recipe)}"


def _part_title(recipe: Recipe) -> str:
    """Tell a step of a chain from the same remedies fitted to all calibration rows."""
    # Late, as below.
    from models.remedies.chain import posthoc_stages

    parts = recipe.calibration_parts
    if parts == 1 or posthoc_stages(recipe) >= parts:
        return ""
    return f" (on one of {parts} parts of the rows)"


TOLD = {
    "hidden": "layers",
    "dropout": "dropout",
    "learning_rate": "rate",
    "weight_decay": "decay",
    "batch_size": "batches of",
    "schedule": "",
    "clip": "clipped at",
    "ema": "averaged",
    "prune": "pruned",
    "stop_by": "stopped by",
    "restart": "restart",
    "seed": "seed",
}
"""Settings of training by which runs are told apart, with the word before the value."""

SAID = {
    "find_rate": "rate found",
    "warm_start": "warm start",
    "survey_weights": "survey weights",
}
"""Settings that are told by being there."""


def _network_title(recipe: Recipe) -> str:
    usual = Recipe(task=recipe.task)
    told = [
        f"{word} {_value_words(value)}".strip()
        for name, word in TOLD.items()
        if (value := getattr(recipe, name)) != getattr(usual, name)
    ]
    told += [word for name, word in SAID.items() if getattr(recipe, name)]
    told += ["last layer alone"] if recipe.layers == "last" else []
    title = ARCHITECTURE_TITLES[recipe.architecture]
    return f"{title} ({', '.join(told)})" if told else title


def _value_words(value: Any) -> str:
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    return value.replace("_", "-") if isinstance(value, str) else f"{value:g}"


def _setting_words(name: str, value: Any) -> str:
    if isinstance(value, int | float):
        return f"{name.replace('_', ' ')} {value:g}"
    if name in ("run", "runs"):  # ids, as lists of runs show them
        return "with " + ", ".join(run.strip()[:6] for run in str(value).split(","))
    return str(value)


def _stage_title(stage: Stage) -> str:
    # Late: the remedies read recipes, and so need this package.
    from models.remedies import REMEDIES
    from models.remedies.settings import settings_of

    usual = (
        {s.name: s.default for s in settings_of(REMEDIES[stage.remedy])}
        if stage.remedy in REMEDIES
        else {}
    )
    told = [str(stage.settings["attribute"])] if stage.settings.get("attribute") else []
    told += [
        _setting_words(name, value)
        for name, value in stage.settings.items()
        if name != "attribute" and value not in ("", usual.get(name))
    ]
    name = stage.remedy.replace("_", " ")
    return f"{name} ({', '.join(told)})" if told else name
