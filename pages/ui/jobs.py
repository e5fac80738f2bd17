"""The one queue of long work in this server process."""

import threading

from models.jobs import JobQueue
from pages.ui import cache

_lock = threading.Lock()
_queues: dict[str, JobQueue] = {}


def queue() -> JobQueue:
    """Return the queue of the store in use; its worker starts with the first job."""
    store = cache.store()
    with _lock:
        if str(store.home) not in _queues:
            _queues[str(store.home)] = JobQueue(store)
        return _queues[str(store.home)]


def close() -> None:
    """Stop the worker; its run can be resumed."""
    with _lock:
        for opened in _queues.values():
            opened.close()
        _queues.clear()
