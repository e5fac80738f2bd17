"""Carry out one inquiry; whatever happens, its state says how it ended."""

import time
from collections.abc import Callable
from contextlib import suppress

from analysis.errors import StoreError
from analysis.progress import Tick
from models.epoch import Cancelled
from models.failures import reason_of_trial
from models.inquiries import answered, opened_for
from models.inquiry_rows import STOPPED
from models.store import Store

REPORT_SECONDS = 0.25
"""Least time between two reports of progress; each is a write to the disk."""


def execute_inquiry(
    store: Store, key: str, should_stop: Callable[[], bool] = lambda: False
) -> None:
    """Answer an inquiry and keep the answer.

    Parameters
    ----------
    store : Store
    key : str
    should_stop : callable
        Asked whenever the analysis says how far it is; True stops it.
    """
    began = time.perf_counter()
    if not store.inquiries.start(key):
        return
    try:
        inquiry = store.inquiries.inquiry(key)
        tick = _ticking(store, key, should_stop)
        tick(0.0, "reading the rows")
        found = answered(
            inquiry.name,
            opened_for(store, inquiry),
            inquiry.asked,
            tick,
            lambda so_far: store.inquiries.keep(key, so_far),
        )
        store.inquiries.end(key, found, time.perf_counter() - began)
    except Cancelled:
        store.inquiries.fail(key, "cancelled", STOPPED)
    except Exception as error:
        reason = reason_of_trial(error)
        with suppress(StoreError):
            store.write_down(lambda: store.inquiries.fail(key, "failed", reason))
        raise


def _ticking(store: Store, key: str, should_stop: Callable[[], bool]) -> Tick:
    """Return a tick that writes down how far an inquiry is, and raises to stop it."""
    began, last = time.perf_counter(), -REPORT_SECONDS

    def tick(share: float, doing: str) -> None:
        nonlocal last
        if should_stop():
            raise Cancelled
        now = time.perf_counter() - began
        if now - last >= REPORT_SECONDS:
            last = now
            store.inquiries.report(key, share, doing, now)

    return tick
