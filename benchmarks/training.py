"""Rows per second of training: our loop against TensorDataset and DataLoader.

Same network, same start, same optimiser, same batch size, same threads, CPU, in turns.
The peer gets its inputs spread out and scaled beforehand; ours spreads them out batch
by batch. `python -m benchmarks.training --json`.
"""

import copy
import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from analysis.datasets.load import load
from analysis.datasets.splits import split
from analysis.datasets.tasks import task_named
from benchmarks.report import Result, main, seconds
from models.devices import use_threads
from models.networks import network
from models.networks.dropout import Dropout
from models.networks.perceptron import Perceptron
from models.preprocess import fit_preprocessor
from models.recipe import Recipe
from models.rows import Rows, rows_on
from models.train import Training

ROUNDS = 15


def measure() -> Result:
    """Time one epoch of each in turns, and return the medians."""
    threads = use_threads()
    recipe = Recipe(task="adult", split="official", device="cpu")
    trained, rows = _setting(recipe)
    ours = _ours(copy.deepcopy(trained), recipe, rows)
    peer = _peer(copy.deepcopy(trained), recipe, rows)
    times = [(seconds(ours), seconds(peer)) for _ in range(ROUNDS + 1)][1:]
    ours_seconds = statistics.median(t for t, _ in times)
    peer_seconds = statistics.median(t for _, t in times)
    return Result(
        name="training",
        peer="torch TensorDataset + DataLoader loop",
        ours_seconds=ours_seconds,
        peer_seconds=peer_seconds,
        detail={
            "rows": len(rows),
            "inputs": trained.spread.width,
            "batch_size": recipe.batch_size,
            "threads": threads,
            "ours_rows_per_second": round(len(rows) / ours_seconds),
            "peer_rows_per_second": round(len(rows) / peer_seconds),
            "rounds": ROUNDS,
        },
    )


def _setting(recipe: Recipe) -> tuple[Perceptron, Rows]:
    dataset = load(task_named(recipe.task))
    train = dataset.frame.take(split(dataset, recipe.split, recipe.seed).rows["train"])
    preprocessor = fit_preprocessor(train.features)
    torch.manual_seed(recipe.seed)
    untrained = network(preprocessor, len(train.classes), recipe)
    labels = train.y_true
    if labels is None:
        raise ValueError("The benchmark's task has no labels.")
    encoded = preprocessor.transform(train.features)
    return untrained, rows_on(torch.device("cpu"), encoded, labels, train.weights)


def _ours(net: Perceptron, recipe: Recipe, rows: Rows) -> Callable[[], object]:
    training = Training(net, recipe, rows, rows)
    return lambda: training.epoch(lambda: False)


def _peer(net: Perceptron, recipe: Recipe, rows: Rows) -> Callable[[], object]:
    body = nn.Sequential(*(_usual(layer, recipe) for layer in net.body))
    with torch.no_grad():
        inputs = net.spread(rows.positions, rows.codes)
    dataset = TensorDataset(inputs, rows.labels)
    loader = DataLoader(dataset, batch_size=recipe.batch_size, shuffle=True)
    optimiser = torch.optim.AdamW(
        body.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    return lambda: _usual_epoch(body, loader, optimiser)


def _usual(layer: nn.Module, recipe: Recipe) -> nn.Module:
    return nn.Dropout(recipe.dropout) if isinstance(layer, Dropout) else layer


def _usual_epoch(
    body: nn.Module,
    loader: DataLoader[tuple[Tensor, ...]],
    optimiser: torch.optim.Optimizer,
) -> None:
    body.train()
    for inputs, labels in loader:
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(body(inputs), labels)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()


if __name__ == "__main__":
    main(measure)
