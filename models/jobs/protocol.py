"""The lines between queue and worker: one JSON object each, names and digests only."""

import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Order:
    """What the queue asks of the worker.

    Parameters
    ----------
    do : 'train', 'score' or 'cancel'
    run : str
        Id of a run in the store.
    data : str
        For 'score', digest of the table to be scored.
    """

    do: Literal["train", "score", "cancel"]
    run: str
    data: str = ""

    def line(self) -> str:
        """Return the order as one line."""
        return json.dumps(asdict(self)) + "\n"


def order_of(line: str) -> Order:
    """Read an order."""
    return Order(**json.loads(line))


ENDED = "ended\n"
"""What the worker writes when it has carried out an order, however it went."""
