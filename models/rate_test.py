"""Learning-rate range test: how fast this network may learn."""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.batches import batch_rows
from models.chance import chance, set_chance
from models.epoch import Cancelled
from models.rows import Rows
from models.train import Training

LOWEST, HIGHEST = 1e-5, 1.0
STEPS = 100
SMOOTHING = 0.9
BLOWN = 4.0
"""The test ends where the smoothed loss is this many times its lowest."""

MARGIN = 3.0
"""The peak stands this factor below the rate at which the loss was lowest."""


@dataclass(frozen=True)
class RateTest:
    """Learning rates tried in ascending order, the loss at each, and the choice."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    rate: float

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        return {
            "rates": list(self.rates),
            "losses": [x if math.isfinite(x) else None for x in self.losses],
            "rate": self.rate,
        }


def learning_rate(training: Training, should_stop: Callable[[], bool]) -> RateTest:
    """Raise the rate from step to step and choose the peak from where the loss falls.

    A copy of the network learns plainly; nothing of the training moves but its
    dropout's generator, which is put back.

    Raises
    ------
    Cancelled
        `should_stop` said so.

    References
    ----------
    Smith (2018), A disciplined approach to neural network hyper-parameters: Part 1,
    section 4.1.
    """
    state = chance(training.device)
    twin = Training(
        copy.deepcopy(training.network),
        replace(training.recipe, prune=0.0, ema=0.0, stop_by=""),
        training.train,
        training.validation,
    )
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses = list[float]()
    smooth, lowest = 0.0, math.inf
    twin.network.train()
    for step, (rate, batch) in enumerate(zip(rates, _batches(twin), strict=False), 1):
        if should_stop():
            raise Cancelled
        for group in twin.optimiser.param_groups:
            group["lr"] = float(rate)
        smooth = SMOOTHING * smooth + (1 - SMOOTHING) * float(twin.step(batch))
        losses.append(smooth / (1 - SMOOTHING**step))
        lowest = min(lowest, losses[-1])
        if not math.isfinite(smooth) or losses[-1] > BLOWN * lowest:
            break
    set_chance(training.device, state)
    tried = rates[: len(losses)]
    known = np.where(np.isfinite(losses), losses, np.inf)
    best = float(tried[int(known.argmin())])
    return RateTest(tuple(map(float, tried)), tuple(losses), best / MARGIN)


def _batches(training: Training) -> Iterator[Rows]:
    """Yield batches as training would meet them, without end."""
    while True:
        order = training.shuffled()
        size = batch_rows(len(order), training.recipe.batch_size)
        yield from training.chosen(order).split(size)
