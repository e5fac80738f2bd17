"""How the learning rate moves over a training, as a factor on its peak."""

import math
from collections.abc import Callable

WARM_UP = 0.1
"""Share of all steps in which the one-cycle rate rises to its peak."""

LOWEST = 1e-3


def one_cycle(done: float) -> float:
    """Rise linearly to the peak, then fall along half a cosine.

    References
    ----------
    Smith (2018), A disciplined approach to neural network hyper-parameters: Part 1,
    section 4; with a cosine for the fall.
    """
    if done < WARM_UP:
        return max(done / WARM_UP, LOWEST)
    return cosine((done - WARM_UP) / (1 - WARM_UP))


def cosine(done: float) -> float:
    """Fall along half a cosine from the first step on."""
    return max(0.5 * (1 + math.cos(math.pi * min(done, 1.0))), LOWEST)


def constant(done: float) -> float:
    """Stay at the peak."""
    return 1.0


FACTORS: dict[str, Callable[[float], float]] = {
    "one_cycle": one_cycle,
    "cosine": cosine,
    "constant": constant,
}
"""The share of steps done, in [0, 1], to the factor."""
