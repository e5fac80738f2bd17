"""The lines between queue and worker: one JSON object each, names and digests only."""

import json
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Order:
    """What the queue asks of the worker.

    Parameters
    ----------
    do : 'train', 'sweep', 'score', 'try', 'ask' or 'cancel'
    run : str
        Id of a run in the store; of a sweep its first member's. For 'try', the key of
        a trial; for 'ask', that of an inquiry.
    data : str
        For 'score', digest of the table to be scored.
    others : tuple of str
        For 'sweep', the ids of its other members.
    """

    do: Literal["train", "sweep", "score", "try", "ask", "cancel"]
    run: str
    data: str = ""
    others: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[str, ...]:
        """Ids of all runs it is about."""
        return (self.run, *self.others)

    def line(self) -> str:
        """Return the order as one line."""
        return json.dumps(asdict(self)) + "\n"


def order_of(line: str) -> Order:
    """Read an order."""
    given = json.loads(line)
    return Order(**{**given, "others": tuple(given["others"])})


ENDED = "ended\n"
"""What the worker writes when it has carried out an order, however it went."""
