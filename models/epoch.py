"""What a training is given and what its epochs give; and the request to stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.arrays import Floats
from analysis.frame import AuditFrame
from models.preprocess import Preprocessor
from models.progress import Progress


class Cancelled(Exception):  # noqa: N818 (a request, not an error)
    """Training was asked to stop."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    Parameters
    ----------
    progress : Progress
        A copy, after this epoch.
    train_loss, stopping_loss : float
        Mean loss over the training rows while they were learnt, with whatever the
        recipe's methods make of it; and the validation loss that stops training.
    logits : float64[n, k]
        Of the validation rows.
    said : mapping
        What methods have to say, by method.
    """

    progress: Progress
    train_loss: float
    stopping_loss: float
    logits: Floats
    said: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Frames:
    """The rows of a training as tables, for what needs more than encoded columns.

    Parameters
    ----------
    train, validation : AuditFrame
        Features as the recipe's model takes them.
    preprocessor : Preprocessor
        What encoded them.
    """

    train: AuditFrame
    validation: AuditFrame
    preprocessor: Preprocessor
