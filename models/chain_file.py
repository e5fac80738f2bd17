"""A chain of remedies as a JSON file: written from a run, replayed on any other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.errors import SettingError
from models.recipe import Recipe, Stage
from models.remedies.chain import completed, retraining, stage
from models.requested import changed, choosable
from models.run import run_title

FORMAT = 1
MOST_BYTES = 1 << 20
MOST_STAGES = 20

_KEYS = {"chain", "name", "task", "training", "parts", "stages"}


@dataclass(frozen=True)
class Chain:
    """A chain of remedies, and how the model under it was trained.

    Parameters
    ----------
    stages : tuple of Stage
        In order, with all their settings.
    training : mapping of str to JSON types
        Its split, and settings that are not at their defaults.
    task : str
        Name of the task it was made on; empty where it belongs to none.
    parts : int
        Parts of the calibration rows, where these are more than the chain has stages
        for: it is the beginning of a longer one.
    """

    stages: tuple[Stage, ...]
    training: Mapping[str, Any]
    task: str = ""
    parts: int = 1

    def on(self, task: str) -> Recipe:
        """Return the recipe that trains a task and mends it with this chain.

        Raises
        ------
        SettingError
            A setting or the order of the stages is wrong.
        """
        recipe = changed(Recipe(task=task), self.training)
        return completed(
            replace(recipe, stages=self.stages, calibration_parts=self.parts)
        )


def chain_of(recipe: Recipe) -> Chain:
    """Return the chain of a recipe."""
    recipe = completed(recipe)
    usual, given = Recipe(task=recipe.task).to_json(), recipe.to_json()
    # The split always: which one is taken where none is said depends on the table.
    told = ("split", *(k for k in choosable() if given[k] != usual[k]))
    training = {k: given[k] for k in dict.fromkeys(told)}
    return Chain(recipe.stages, training, recipe.task, recipe.calibration_parts)


def to_json(chain: Chain) -> dict[str, Any]:
    """Return a chain as the JSON types of its file."""
    return {
        "chain": FORMAT,
        "name": run_title(chain.on(chain.task)),
        "task": chain.task,
        "training": dict(chain.training),
        "parts": chain.parts,
        "stages": [
            {"remedy": s.remedy, "settings": dict(s.settings)} for s in chain.stages
        ],
    }


def read_chain(path: str) -> Chain:
    """Read a chain from a file.

    Raises
    ------
    SettingError
        It cannot be read, or is not a chain.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SettingError(
            f"The chain file '{path}' cannot be read. Give a file that "
            "`python cli.py chain RUN` wrote, or that the Remedies page offers."
        ) from error
    return chain_from(content)


def chain_from(content: bytes) -> Chain:
    """Read a chain from what its file holds; nothing in it is trusted.

    Raises
    ------
    SettingError
        It is too large, no JSON, of another shape, or names a remedy or a setting that
        does not exist.
    """
    if len(content) > MOST_BYTES:
        raise SettingError(
            f"This chain file is larger than {MOST_BYTES >> 20} MiB, and a chain is a "
            "few lines. Choose a file that was saved as a chain."
        )
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SettingError(
            "This file is not JSON, and a chain is. Choose a file that was saved as a "
            "chain."
        ) from error
    return _checked(data)


def _checked(data: Any) -> Chain:
    if not isinstance(data, dict) or not isinstance(data.get("stages"), list):
        raise SettingError(
            "This file holds no chain: it needs a list 'stages' of remedies with their "
            "settings. Choose a file that was saved as a chain."
        )
    if data.get("chain", FORMAT) != FORMAT or set(data) - _KEYS:
        raise SettingError(
            "This chain was written by another version, or edited: it may hold "
            f"{', '.join(sorted(_KEYS))} with 'chain' {FORMAT}. Save it anew."
        )
    if len(data["stages"]) > MOST_STAGES:
        raise SettingError(
            f"This chain has {len(data['stages']):,} stages; at most {MOST_STAGES} are "
            "carried out. Leave some out."
        )
    training, task = data.get("training", {}), data.get("task", "")
    if not isinstance(training, dict) or not isinstance(task, str):
        raise SettingError(
            "The 'training' of a chain is an object of settings and its 'task' a name. "
            "Choose a file that was saved as a chain."
        )
    parts = data.get("parts", 1)
    if not isinstance(parts, int) or not 1 <= parts <= MOST_STAGES:
        raise SettingError(
            f"The 'parts' of a chain are a whole number from 1 to {MOST_STAGES}. "
            "Choose a file that was saved as a chain."
        )
    stages = tuple(_stage(one) for one in data["stages"])
    chain = Chain(stages, training, task, parts)
    chain.on(task or "table")  # refuses wrong settings of training, and wrong orders
    return chain


def _stage(data: Any) -> Stage:
    fits = isinstance(data, dict) and isinstance(data.get("remedy"), str)
    settings = data.get("settings", {}) if fits else None
    if not isinstance(settings, dict) or set(data) - {"remedy", "settings"}:
        raise SettingError(
            "A stage of a chain is an object with 'remedy', a name, and 'settings', an "
            "object. Choose a file that was saved as a chain."
        )
    for name, value in settings.items():
        if not isinstance(value, str | int | float):
            raise SettingError(
                f"'{name}' of {data['remedy']} is {json.dumps(value)[:60]}; give a "
                "number or a text."
            )
    return stage(data["remedy"], **settings)


def rows_words(recipe: Recipe) -> tuple[str, ...]:
    """Say of each stage of a complete recipe which rows it learns from."""
    trained = len(retraining(recipe))
    fitted = len(recipe.stages) - trained
    parts = recipe.calibration_parts
    said = ["learns from the training rows"] * trained
    if parts == 1:
        return (*said, *["learns from the calibration rows"] * fitted)
    return (
        *said,
        *(
            f"learns from part {i + 1} of {parts} of the calibration rows"
            for i in range(fitted)
        ),
    )
