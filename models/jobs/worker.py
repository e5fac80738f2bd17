"""The worker process: torch is imported once, then orders come in on stdin.

Whatever it has to say about a run goes into the store. Its stdout carries one word per
finished order; everything else that is printed goes to stderr, which the queue sends to
`worker.log`.
"""

import logging
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from analysis.errors import StoreError
from models.devices import use_threads
from models.execute import execute, execute_scoring
from models.execute_inquiry import execute_inquiry
from models.execute_sweep import execute_sweep
from models.execute_trial import execute_trial
from models.jobs.protocol import ENDED, Order, order_of
from models.ledger import INTERRUPTED
from models.store import Store

GRACE_SECONDS = 1.0
"""How long a run may take to stop after the server has gone."""

log = logging.getLogger("worker")


class Worker:
    """Carry out orders one after the other; hear of cancellations meanwhile.

    Parameters
    ----------
    store : Store
    owner : str
        Token of the server that sends the orders.
    """

    def __init__(self, store: Store, owner: str) -> None:
        self._store, self._owner = store, owner
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._current: tuple[str, ...] = ()
        self._cancelled: set[str] = set()

    def listen(self, lines: TextIO) -> None:
        """Read orders until the server closes the pipe or dies; then leave."""
        for line in lines:
            order = order_of(line)
            if order.do == "cancel":
                self._cancelled.add(order.run)
            else:
                # A cancellation may have come too late before.
                self._cancelled.difference_update(order.runs)
                self._orders.put(order)
        self._orders.put(None)
        if self._current:
            for run in self._current:
                with suppress(StoreError):
                    self._store.ledger.end(run, "failed", INTERRUPTED)
            self._cancelled.update(self._current)
            time.sleep(GRACE_SECONDS)
        os._exit(0)  # a run that does not stop must not outlive its server

    def work(self, answers: TextIO) -> None:
        """Carry out orders until there are no more."""
        while (order := self._orders.get()) is not None:
            self._current = order.runs
            try:
                self._carry_out(order)
            except Exception:  # the store has the reason; the next order must go on
                log.exception("%s %s", order.do, order.run)
            self._current = ()
            self._cancelled.difference_update(order.runs)
            answers.write(ENDED)
            answers.flush()

    def _carry_out(self, order: Order) -> None:
        def should_stop() -> bool:
            return not self._cancelled.isdisjoint(order.runs)

        if order.do == "score":
            execute_scoring(self._store, order.run, order.data)
        elif order.do == "try":
            execute_trial(self._store, order.run)
        elif order.do == "ask":
            execute_inquiry(self._store, order.run, should_stop)
        elif order.do == "sweep":
            execute_sweep(self._store, order.runs, self._owner, should_stop)
        else:
            execute(self._store, order.run, self._owner, should_stop)


def main(home: str, shipped: str, owner: str) -> None:
    """Serve orders from stdin until it closes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Ctrl-C in a terminal reaches the whole group; the server decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_threads()
    worker = Worker(Store(Path(home), Path(shipped) if shipped else None), owner)
    threading.Thread(target=worker.listen, args=(sys.stdin,), daemon=True).start()
    worker.work(answers)
