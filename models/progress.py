"""Progress: where a training stands."""

from dataclasses import dataclass, field


@dataclass
class Progress:
    """Where a training stands after its last finished epoch.

    Parameters
    ----------
    epoch : int
        Finished epochs.
    best_epoch : int
        The one with the lowest stopping loss; 0 before the first.
    best_loss : float
        That loss, in nats.
    seconds : float
        Time spent on epochs so far, over all resumptions.
    rate : float
        Peak learning rate in use.
    parts : int
        Parts a batch is cut into, so that it fits the device's memory.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = field(default=float("inf"))
    seconds: float = 0.0
    rate: float = 0.0
    parts: int = 1


def diverged(progress: Progress, train_loss: float, loss: float) -> str:
    """Say that a loss is no longer finite, since when, why perhaps, and what to do."""
    kept = (
        f"Epoch {progress.epoch} was the last good one."
        if progress.epoch
        else "No epoch was good."
    )
    return (
        f"Training diverged in epoch {progress.epoch + 1}: the training loss is "
        f"{train_loss:g}, the validation log loss {loss:g}. {kept} Likely causes: a "
        "learning rate that is too high, very large weights, or a remedy that is set "
        "too strong. Choose a lower learning rate on the Model page, clip gradients, "
        "or cap the weights, and train again."
    )
