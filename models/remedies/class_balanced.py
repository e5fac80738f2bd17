"""Class-balanced loss: rare classes count more, by their effective number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting
from models.training_cells import cells_of

if TYPE_CHECKING:
    from torch import Tensor

    from models.method import Loss
    from models.train import Training


@dataclass(frozen=True)
class ClassBalancedLoss(InLoop):
    """Weigh each class by (1 - beta) / (1 - beta^n), n the number of its rows.

    The n rows of a class are worth (1 - beta^n) / (1 - beta) different ones: all n as
    beta nears 1, one at beta = 0. Weights sum to the number of classes, as in the
    paper; survey weights count in n.

    References
    ----------
    Cui, Jia, Lin, Song & Belongie (2019), Class-Balanced Loss Based on Effective Number
    of Samples, CVPR, equations 7 to 9.
    """

    title: ClassVar[str] = "Rare classes count more (class-balanced loss)"
    mends: ClassVar[str] = "rare classes that are hardly ever predicted"
    costs: ClassVar[str] = "accuracy on common classes, and scores above their rates"
    source: ClassVar[str] = "Cui et al. (2019), CVPR"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "class_balanced"
    slot: ClassVar[Slot] = "loss"

    beta: float = setting(
        0.999,
        0.0,
        0.99999,
        "0 weighs classes alike; near 1 by one over their number of rows.",
        is_dial=True,
        label="How far rarity counts (beta)",
    )

    def method(self) -> Method:
        """Return the loss as the training loop takes it."""
        return ClassBalanced(self.beta)


class ClassBalanced(Method):
    """Takes cross-entropy's place."""

    def __init__(self, beta: float) -> None:
        self.beta = beta
        self.factors: Tensor | None = None  # [k]

    def begin(self, training: Training) -> None:
        """Count the classes among the training rows."""
        counts = cells_of(training).masses
        self.factors = class_weights(counts, self.beta).to(training.device)

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Count again; the rows are the same."""
        self.begin(training)

    def loss(self) -> Loss:
        """Return weighed cross-entropy."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        losses = row_losses(logits, labels)
        return losses if self.factors is None else losses * self.factors[labels]


def class_weights(counts: Tensor, beta: float) -> Tensor:
    """Return (1 - beta) / (1 - beta^n) of each class, float32[k].

    They sum to the number of classes that occur; one that does not weighs 0.
    """
    import torch

    occurs = counts > 0
    effective = (1 - beta ** counts.double()) / (1 - beta)
    found = torch.where(occurs, 1 / effective, 0.0)
    return (found * (occurs.sum() / found.sum())).float()
