"""Eight settings trained together against one after another, on a CPU.

Same rows, same steps, same threads, in turns; preparing the rows is left out of both.
`python -m benchmarks.sweep --json`.
"""

import statistics
from dataclasses import replace

import torch

from analysis.datasets.load import load
from analysis.datasets.splits import split
from analysis.datasets.tasks import task_named
from benchmarks.report import Result, main, seconds
from models.devices import use_threads
from models.prepare import Prepared, prepare, training_of
from models.recipe import Recipe, Stage
from models.remedies.chain import completed
from models.remedies.row_edit import Workshop
from models.sweep import Sweep, fit_together

STRENGTHS = tuple(i / 7 for i in range(8))
ROUNDS = 5
EPOCHS = 3


def measure() -> Result:
    """Time both in turns, and return the medians."""
    threads = use_threads()
    members = [_prepared(strength) for strength in STRENGTHS]
    if not fit_together(members, []):
        raise ValueError("The members of the benchmark's sweep do not fit together.")
    times = [
        (seconds(lambda: _together(members)), seconds(lambda: _in_turn(members)))
        for _ in range(ROUNDS + 1)
    ][1:]
    return Result(
        name="sweep",
        peer="the same settings one after another",
        ours_seconds=statistics.median(t for t, _ in times),
        peer_seconds=statistics.median(t for _, t in times),
        detail={
            "members": len(members),
            "rows": len(members[0].train),
            "epochs": EPOCHS,
            "threads": threads,
        },
    )


def _prepared(strength: float) -> Prepared:
    recipe = Recipe(task="adult", split="official", device="cpu", epochs=EPOCHS)
    settings = {"attribute": "sex", "strength": strength}
    recipe = completed(replace(recipe, stages=(Stage("reweighing", settings),)))
    dataset = load(task_named(recipe.task))
    # Reweighing asks for no other table and no rehearsal.
    workshop = Workshop(lambda name: dataset, lambda frame, epochs: frame.weights)
    return prepare(recipe, dataset, split(dataset, "official"), workshop)


def _together(members: list[Prepared]) -> None:
    trainings = [training_of(member, torch.device("cpu")) for member in members]
    reports = [lambda epoch: None] * len(trainings)
    Sweep(trainings).run(reports, lambda k, error: None, lambda: False)


def _in_turn(members: list[Prepared]) -> None:
    for member in members:
        training = training_of(member, torch.device("cpu"))
        training.run(lambda epoch: None, lambda: False)


if __name__ == "__main__":
    main(measure)
