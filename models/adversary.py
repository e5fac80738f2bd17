"""An adversary that reads the group off a model's output."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

RATE = 0.01


class Adversary:
    """Predict each row's group from class probabilities, alone or with its label.

    One linear layer on the probabilities for each label: with labels it can tell
    groups apart only where they differ at the same label, which is what equal error
    rates rule out; without them, where they differ at all.

    Parameters
    ----------
    classes, groups : int
    sees_labels : bool
    seed : int
    device : torch.device
    """

    def __init__(
        self,
        classes: int,
        groups: int,
        *,
        sees_labels: bool,
        seed: int,
        device: torch.device,
    ) -> None:
        self.sees_labels = sees_labels
        width = classes * (classes if sees_labels else 1)
        generator = torch.Generator().manual_seed(seed)
        weight = torch.randn(groups, width, generator=generator) * 0.1
        self.weight = weight.to(device).requires_grad_()
        self.bias = torch.zeros(groups, device=device, requires_grad=True)
        self.optimiser = torch.optim.Adam([self.weight, self.bias], lr=RATE)

    def losses(self, chances: Tensor, labels: Tensor, groups: Tensor) -> Tensor:
        """Return how badly it guesses each row's group, in nats, float[b].

        Parameters
        ----------
        chances : Tensor, float[b, k]
        labels, groups : Tensor, int64[b]
        """
        seen = chances * 2 - 1
        if self.sees_labels:
            lit = nn.functional.one_hot(labels, chances.shape[1])
            seen = (seen[:, :, None] * lit[:, None, :]).flatten(1)  # [b, k k]
        guess = nn.functional.linear(seen, self.weight, self.bias)
        found: Tensor = nn.functional.cross_entropy(guess, groups, reduction="none")
        return found

    def learn(self, loss: Tensor) -> None:
        """Take one step that lowers a loss of its guesses."""
        gradients = torch.autograd.grad(loss, [self.weight, self.bias])
        self.weight.grad, self.bias.grad = gradients
        self.optimiser.step()
        self.weight.grad = self.bias.grad = None

    def state(self) -> dict[str, Tensor]:
        """Return weights and optimiser as tensors."""
        tensors = {"weight": self.weight.detach(), "bias": self.bias.detach()}
        for i, kept in self.optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{i}.{k}": v.clone() for k, v in kept.items()}
        return tensors

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` returned."""
        with torch.no_grad():
            self.weight.copy_(state["weight"])
            self.bias.copy_(state["bias"])
        packed = self.optimiser.state_dict()
        packed["state"] = {}
        for name, tensor in state.items():
            if name.startswith("adam."):
                _, number, key = name.split(".")
                packed["state"].setdefault(int(number), {})[key] = tensor
        self.optimiser.load_state_dict(packed)
