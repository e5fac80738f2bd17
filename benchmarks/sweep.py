"""A sweep of eight strengths as one job against the same runs one after another.

Both start from the loaded table and end with stored scores, in turns, with the same
threads. `detail` also has the bare training of the eight as one network, against in
turn: on one core that saves nothing, and so a CPU takes the members in turn.
`python -m benchmarks.sweep --json`.
"""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from analysis.datasets.load import Dataset, load
from analysis.datasets.splits import split
from analysis.datasets.tasks import task_named
from benchmarks.report import Result, main, seconds
from models.devices import use_threads
from models.execute_sweep import execute_sweep
from models.owners import Owner
from models.prepare import Prepared, prepare, training_of
from models.recipe import Recipe, Stage
from models.remedies.chain import completed
from models.remedies.row_edit import Workshop
from models.store import Store
from models.sweep import Sweep
from models.training import train_now

STRENGTHS = tuple(i / 7 for i in range(8))
ROUNDS = 3
EPOCHS = 5


def measure() -> Result:
    """Time both in turns, and return the medians."""
    threads = use_threads()
    recipes = [_recipe(strength) for strength in STRENGTHS]
    dataset = load(task_named("adult"))
    prepared = [_prepared(recipe, dataset) for recipe in recipes]
    calls: dict[str, Callable[[], None]] = {
        "job": lambda: _job(recipes, dataset),
        "runs": lambda: _runs(recipes, dataset),
        "as_one": lambda: _as_one(prepared),
        "in_turn": lambda: _in_turn(prepared),
    }
    rounds = [
        {name: seconds(call) for name, call in calls.items()} for _ in range(ROUNDS + 1)
    ][1:]
    times = {name: statistics.median(r[name] for r in rounds) for name in calls}
    return Result(
        name="sweep",
        peer="the same runs one after another",
        ours_seconds=times["job"],
        peer_seconds=times["runs"],
        detail={
            "members": len(recipes),
            "rows": len(prepared[0].train),
            "epochs": EPOCHS,
            "threads": threads,
            "as_one_over_in_turn": times["in_turn"] / times["as_one"],
        },
    )


def _recipe(strength: float) -> Recipe:
    stages = (Stage("reweighing", {"attribute": "sex", "strength": strength}),)
    recipe = Recipe(task="adult", split="official", device="cpu", stages=stages)
    return completed(replace(recipe, epochs=EPOCHS, patience=EPOCHS))


def _prepared(recipe: Recipe, dataset: Dataset) -> Prepared:
    # Reweighing asks for no other table and no rehearsal.
    workshop = Workshop(lambda name: dataset, lambda frame, epochs: frame.weights)
    return prepare(recipe, dataset, split(dataset, "official"), workshop)


def _job(recipes: Sequence[Recipe], dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        owner = Owner(store.owners)
        names = [
            store.submit(recipe, dataset.task, dataset.digest, owner.token)
            for recipe in recipes
        ]
        execute_sweep(store, names, owner.token, lambda: False)
        owner.close()


def _runs(recipes: Sequence[Recipe], dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for recipe in recipes:
            train_now(store, recipe, dataset=dataset)


def _as_one(prepared: Sequence[Prepared]) -> None:
    trainings = [training_of(member, torch.device("cpu")) for member in prepared]
    reports = [lambda epoch: None] * len(trainings)
    Sweep(trainings).run(reports, lambda k, error: None, lambda: False)


def _in_turn(prepared: Sequence[Prepared]) -> None:
    for member in prepared:
        training = training_of(member, torch.device("cpu"))
        training.run(lambda epoch: None, lambda: False)


if __name__ == "__main__":
    main(measure)
