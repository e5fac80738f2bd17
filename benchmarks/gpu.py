"""The GPU's part: our loop against a DataLoader, and 64 settings against one.

Needs torch, numpy and pandas only. `python -m benchmarks.gpu --json` prints one JSON
object; without a GPU it says that nothing was measured.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from models.networks import network
from models.networks.dropout import Dropout
from models.networks.perceptron import Perceptron
from models.preprocess import Preprocessor, fit_preprocessor
from models.recipe import Recipe
from models.rows import Rows, rows_on
from models.sweep import Sweep
from models.train import Training

ROWS, COLUMNS, SETTINGS, ROUNDS, EPOCHS = 100_000, 12, 64, 5, 3


def measure() -> dict[str, Any]:
    """Return both ratios, or say that there is no GPU."""
    if not torch.cuda.is_available():
        return {"name": "gpu", "note": "no GPU: not measured"}
    recipe = Recipe(task="planted", device="cuda", epochs=EPOCHS)
    preprocessor, rows = table(ROWS, torch.device("cuda"))
    ours = _seconds(lambda: _train(preprocessor, rows, recipe)) / EPOCHS
    peer = _seconds(lambda: _loader_epoch(preprocessor, rows, recipe))
    sweep = _seconds(lambda: _sweep(preprocessor, rows, recipe)) / EPOCHS
    return {
        "name": "gpu",
        "device": torch.cuda.get_device_name(),
        "rows": ROWS,
        "batch_size": recipe.batch_size,
        "ours_epoch_seconds": ours,
        "loader_epoch_seconds": peer,
        "training_ratio": peer / ours,
        "settings": SETTINGS,
        "sweep_epoch_seconds": sweep,
        "sweep_over_one": sweep / ours,
    }


def table(n: int, device: torch.device) -> tuple[Preprocessor, Rows]:
    """Return n planted rows on a device, with their preprocessing."""
    rng = np.random.default_rng(0)
    features = pd.DataFrame(
        {f"x{i}": rng.normal(size=n) for i in range(COLUMNS - 2)}
        | {f"c{i}": pd.Categorical(rng.integers(0, 9, n).astype(str)) for i in (0, 1)}
    )
    labels = (features["x0"] + features["x1"] ** 2 + rng.normal(size=n) > 1).to_numpy()
    preprocessor = fit_preprocessor(features)
    encoded = preprocessor.transform(features)
    rows = rows_on(device, encoded, labels.astype(np.int64), np.ones(n))
    return preprocessor, rows


def _training(preprocessor: Preprocessor, rows: Rows, recipe: Recipe) -> Training:
    torch.manual_seed(recipe.start_seed)
    made = network(preprocessor, 2, recipe).to(rows.labels.device)
    validation = rows.split(8_192)[0]
    return Training(made, recipe, rows, validation)


def _train(preprocessor: Preprocessor, rows: Rows, recipe: Recipe) -> None:
    training = _training(preprocessor, rows, recipe)
    training.run(lambda epoch: None, lambda: False)


def _sweep(preprocessor: Preprocessor, rows: Rows, recipe: Recipe) -> None:
    members = [
        _training(preprocessor, rows, replace(recipe, restart=i))
        for i in range(SETTINGS)
    ]
    reports = [lambda epoch: None] * SETTINGS
    Sweep(members).run(reports, lambda k, error: None, lambda: False)


def _loader_epoch(preprocessor: Preprocessor, rows: Rows, recipe: Recipe) -> None:
    made = network(preprocessor, 2, recipe).to(rows.labels.device)
    if not isinstance(made, Perceptron):
        raise TypeError("The peer is built from a perceptron.")
    body = nn.Sequential(
        *(
            nn.Dropout(recipe.dropout) if isinstance(m, Dropout) else m
            for m in made.body
        )
    )
    with torch.no_grad():
        inputs = made.spread(rows.positions, rows.codes).cpu()
    dataset = TensorDataset(inputs, rows.labels.cpu())
    loader = DataLoader(dataset, batch_size=recipe.batch_size, shuffle=True)
    optimiser = torch.optim.AdamW(body.parameters(), lr=recipe.learning_rate)
    for batch, labels in loader:
        optimiser.zero_grad()
        there = batch.to(rows.labels.device), labels.to(rows.labels.device)
        loss = nn.functional.cross_entropy(body(there[0]), there[1])
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()


def _seconds(call: Callable[[], object]) -> float:
    """Return the median wall time of a call, after one to warm up."""
    times = []
    for _ in range(ROUNDS + 1):
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measure()
    print(json.dumps(result) if options.json else result.get("note", result))


if __name__ == "__main__":
    main()
