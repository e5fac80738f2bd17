"""What is written down when a worker died at an order, or was killed."""

from models.failures import (
    DISK_FULL,
    INQUIRY_STOPPED,
    TRIAL_DISK_FULL,
    TRIAL_STOPPED,
)
from models.inquiry_rows import STOPPED
from models.jobs.protocol import Order
from models.ledger import CANCELLED
from models.run import State
from models.store import Store


def write_ending(store: Store, order: Order, reason: str, *, was_killed: bool) -> None:
    """Mark what an order was about as failed, or as cancelled if that was the wish.

    Parameters
    ----------
    store : Store
    order : Order
    reason : str
        Why the worker is gone.
    was_killed : bool
        Whether it was killed because it did not stop in time.

    Raises
    ------
    StoreError
        The store cannot be written.
    """
    state: State = "cancelled" if was_killed else "failed"
    if order.do == "score":
        store.scorings.end(order.run, order.data, reason=reason)
    elif order.do == "ask":
        said = STOPPED if was_killed else INQUIRY_STOPPED
        store.inquiries.fail(order.run, state, said)
    elif order.do == "try":
        said = TRIAL_DISK_FULL if reason == DISK_FULL else TRIAL_STOPPED
        store.trials.end(order.run, reason=said)
    else:
        said = CANCELLED if was_killed else reason
        for run in order.runs:  # one that is finished stays so
            store.ledger.end(run, state, said)
