"""What one batch is worth: the network's loss with every method's say in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.losses import cross_entropy, row_losses
from models.method import Method
from models.networks import Network, joint_logits
from models.recipe import Recipe
from models.rows import Rows

if TYPE_CHECKING:
    from models.method import Loss
    from models.train import Training


class Objective:
    """The mean loss of a batch, as the methods of a training change it.

    Parameters
    ----------
    network : Network
    recipe : Recipe
    methods : sequence of Method
    """

    def __init__(
        self, network: Network, recipe: Recipe, methods: Sequence[Method]
    ) -> None:
        self.network, self.recipe, self.methods = network, recipe, methods
        chosen = [loss for m in methods if (loss := m.loss()) is not None]
        self.loss: Loss = chosen[-1] if chosen else row_losses

    def __call__(self, training: Training, batch: Rows) -> Tensor:
        """Return the scalar whose gradient is taken."""
        return self.value(batch, self._logits(training, batch))

    def value(self, batch: Rows, logits: Tensor) -> Tensor:
        """Return what logits [b, k] or [b, M, k] of a batch are worth."""
        if not self.methods and logits.dim() == 2:
            return cross_entropy(logits, batch.labels, batch.weights)
        losses = self._losses(batch, logits)
        if batch.weights is not None:
            losses = losses * batch.weights
        joint = joint_logits(logits)
        for method in self.methods:
            losses = method.weighed(batch, losses, joint)
        value = losses.mean()
        for method in self.methods:
            value = value + method.penalty(batch, joint)
        return value

    def _logits(self, training: Training, batch: Rows) -> Tensor:
        with precision(batch.labels.device, self.recipe):
            hidden = self.network.stem(batch.positions, batch.codes)
            for method in self.methods:
                hidden = method.mixed(training, batch, hidden)
            hidden = self.network.trunk(hidden)
            for method in self.methods:
                hidden = method.features(training, batch, hidden)
            logits = self.network.finish(hidden)
        return logits.float()

    def _losses(self, batch: Rows, logits: Tensor) -> Tensor:
        """Return each row's loss [b]; that of several members is their mean."""
        loss = self.loss if logits.dim() == 2 else partial(_of_members, self.loss)
        for method in self.methods:
            loss = partial(_told, method, batch, loss)
        return loss(logits, batch.labels)


def _told(
    method: Method, batch: Rows, inner: Loss, logits: Tensor, labels: Tensor
) -> Tensor:
    # What a method before this one asks of other labels reaches this one, too.
    return method.losses(replace(batch, labels=labels), logits, inner)


def _of_members(loss: Loss, logits: Tensor, labels: Tensor) -> Tensor:
    members = logits.shape[1]
    repeated = labels.repeat_interleave(members)
    return loss(logits.flatten(0, 1), repeated).view(-1, members).mean(1)


def precision(device: torch.device, recipe: Recipe) -> AbstractContextManager[None]:
    """Return the context in which a network runs: bfloat16 on CUDA unless refused."""
    return torch.autocast(
        device.type,
        dtype=torch.bfloat16,
        enabled=device.type == "cuda" and recipe.precision == "auto",
    )
