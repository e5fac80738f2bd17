"""What training minimises."""

from torch import Tensor, nn


def row_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the negative log probability of each row's label in nats, float[n]."""
    losses: Tensor = nn.functional.cross_entropy(logits, labels, reduction="none")
    return losses


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over rows of weight times negative log probability, in nats.

    Weights are expected to average 1 over all rows; dividing by their sum in each
    batch instead would bias small batches.
    """
    if weights is None:
        loss: Tensor = nn.functional.cross_entropy(logits, labels)
        return loss
    return (weights * row_losses(logits, labels)).mean()
