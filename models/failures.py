"""Why a run failed, in words that say what to do."""

import errno

from analysis.errors import AuditError

DISK_FULL = (
    "The disk is full, so the run could not be written. Free some space, then resume; "
    "it continues after the last finished epoch."
)
OUT_OF_MEMORY = (
    "There was not enough memory. Choose a smaller batch size, fewer features or a "
    "smaller table, then train again."
)


def reason_of(error: BaseException) -> str:
    """Return what pages say about an error that ended a run."""
    if isinstance(error, AuditError):
        return str(error)
    if is_disk_full(error):
        return DISK_FULL
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return OUT_OF_MEMORY
    return (
        f"Stopped by a fault of the program ({type(error).__name__}); worker.log in "
        "the run store's folder has the details. Resume to try once more."
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that no space is left."""
    full = (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, OSError) and error.errno in full


def reason_of_exit(code: int) -> str:
    """Return what pages say about a worker process that ended on its own.

    Parameters
    ----------
    code : int
        Exit status; negative for a signal.
    """
    if code == -9:
        return (
            "The training process was killed, most often because memory ran out. "
            "Resume continues after the last finished epoch; a smaller batch size or "
            "table needs less memory."
        )
    return (
        f"The training process ended unexpectedly (status {code}); worker.log in the "
        "run store's folder has the details. Resume continues after the last finished "
        "epoch."
    )
