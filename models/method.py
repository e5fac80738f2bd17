"""Method: the places in the training loop where a remedy may take part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the server reads remedies and never imports torch
    from torch import Tensor

    from models.rows import Rows
    from models.train import Training

    Loss = Callable[[Tensor, Tensor], Tensor]
    """Logits [m, k] and labels [m] in, each row's loss [m] out, in nats."""


class Method:
    """Takes part in the training loop; every hook here leaves it as it is.

    One object serves one training. A batch knows which training rows it holds
    (`batch.index`), so what is known of every row is looked up by that. What a method
    learns on its way belongs into `state`, so that a resumed run ends as an
    uninterrupted one.
    """

    def begin(self, training: Training) -> None:
        """Look at the training rows once, before the first epoch."""

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Return the rows of the coming epoch in their order, int64[m], given int64[n].

        Called once an epoch; `order` is a fresh permutation of all training rows on
        the CPU, `training.generator` the source of further chance.
        """
        return order

    def mixed(self, training: Training, batch: Rows, stem: Tensor) -> Tensor:
        """Return what the network goes on with, given the first layer's [b, ...].

        That layer is linear in the inputs of a perceptron, so that mixing its outputs
        is mixing inputs.
        """
        return stem

    def features(self, training: Training, batch: Rows, features: Tensor) -> Tensor:
        """Return what the last layer works on, given the outputs before it, [b, d]."""
        return features

    def loss(self) -> Loss | None:
        """Return a loss that takes cross-entropy's place."""
        return None

    def losses(self, batch: Rows, logits: Tensor, loss: Loss) -> Tensor:
        """Return each row's loss [b]: the loss of its label, or of a corrected one."""
        return loss(logits, batch.labels)

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses [b] times weights found on the way; their mean is minimised.

        Row weights are in already.
        """
        return losses

    def risk(self, losses: Tensor, weights: Tensor | None) -> Tensor | None:
        """Return what losses of validation rows come to, where that is not their mean.

        It decides which epoch is the best, unless the worst group does. Losses [n] are
        without their weights [n].
        """
        return None

    def keeps_last(self) -> bool:
        """Whether the last epoch is kept, and none left out.

        For an aim that no validation loss tells of: the epoch with the lowest loss
        would be the one in which least of it was reached.
        """
        return False

    def penalty(self, batch: Rows, logits: Tensor) -> Tensor | float:
        """Return what is added to the mean loss."""
        return 0.0

    def around(
        self, training: Training, batch: Rows, gradient: Callable[[], Tensor]
    ) -> Tensor:
        """Fill the gradients of the network's parameters; return the loss.

        `gradient` clears them, fills them anew at the parameters as they are then, and
        may be called more than once.
        """
        return gradient()

    def after_epoch(self, training: Training) -> None:
        """Take stock when an epoch is over, before it is judged."""

    def runs_alone(self) -> bool:
        """Whether `run` takes the place of the whole loop."""
        return False

    def run(self, training: Training) -> None:
        """Train in its own way: call `training.close_epoch(loss)` after each round."""
        raise NotImplementedError

    def state(self) -> dict[str, Tensor]:
        """Return what it has learnt so far; `begin` is not called on resuming."""
        return {}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Take up what `state` returned."""

    def said(self) -> dict[str, float | list[float] | str]:
        """Return numbers for the epoch's event, such as the weight of each group."""
        return {}
