"""The worker process as the queue sees it: start, send, wait, kill."""

import subprocess
import sys
from contextlib import suppress

from models.failures import store_errors
from models.jobs.protocol import ENDED, Order
from models.store import PROJECT, Store


class WorkerProcess:
    """A running `python -m models.jobs`.

    Parameters
    ----------
    store : Store
    owner : str
        Token of the server.

    Raises
    ------
    StoreError
        Its log cannot be written.
    OSError
        The system has no room for another process.
    """

    def __init__(self, store: Store, owner: str) -> None:
        with store_errors(store.home):
            log = (store.home / "worker.log").open("a")
        with log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "models.jobs"),
                    *(str(store.home), str(store.shipped or ""), owner),
                ],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                bufsize=1,
            )

    @property
    def id(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it can take orders."""
        return self._process.poll() is None

    def send(self, order: Order) -> None:
        """Send an order; a process that has just died will be noticed by `wait`."""
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.write(order.line())
                self._process.stdin.flush()

    def wait(self) -> int | None:
        """Wait for the end of an order: None, or the exit status if it died instead."""
        answer = self._process.stdout.readline() if self._process.stdout else ""
        return None if answer == ENDED else self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self, grace_seconds: float) -> None:
        """Close its input, which makes it leave; kill it if it does not."""
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
