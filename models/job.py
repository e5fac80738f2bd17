"""Job: a queued run in the hands of the process that carries it out."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch

from models.devices import description
from models.run import Run
from models.store import Store


class Lost(Exception):  # noqa: N818 (a fact, not an error)
    """The run was cancelled or taken over by another process."""


@dataclass(frozen=True)
class Job:
    """A queued run in the hands of its owner.

    Parameters
    ----------
    store : Store
    run : Run
    owner : str
        Token of the process that holds the run.
    should_stop : callable
        Asked before each batch.
    """

    store: Store
    run: Run
    owner: str
    should_stop: Callable[[], bool]

    def start(self, device: torch.device, note: str = "") -> bool:
        """Mark the run as running; False when it is no longer queued here."""
        said = f"{description(device)}, {note}" if note else description(device)
        return self.store.ledger.start(self.run.id, self.owner, said)

    def report(self, kind: str, payload: Mapping[str, Any]) -> None:
        """Add an event.

        Raises
        ------
        Lost
            The run is no longer this owner's.
        """
        if not self.store.ledger.report(self.run.id, self.owner, kind, payload):
            raise Lost

    def finish(
        self,
        files: Mapping[str, tuple[bytes, str]],
        seconds: float,
        best_epoch: int = 0,
    ) -> None:
        """Store files by role and mark the run as done."""
        names = {
            role: self.store.files.put(content, suffix)
            for role, (content, suffix) in files.items()
        }
        self.store.ledger.finish(
            self.run.id, self.owner, names, seconds=seconds, best_epoch=best_epoch
        )
        with suppress(OSError):  # the run is done; a checkpoint too many harms nobody
            self.store.checkpoint(self.run.id).unlink(missing_ok=True)
