"""Regions: a small network that weighs rows by where they lie."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.rows import Rows

HIDDEN = 32
RATE = 0.005


class Regions:
    """The logarithm of a positive weight for a row's features and group.

    Parameters
    ----------
    train : Rows
        All training rows; numeric positions are standardised by theirs.
    groups : int
    seed : int
    """

    def __init__(self, train: Rows, groups: int, seed: int) -> None:
        device = train.labels.device
        self.groups = groups
        self.centre = train.positions.mean(0)
        self.scale = train.positions.std(0, correction=0).clamp_min(1e-6)
        sizes = [int(c.max()) + 1 for c in train.codes.t()] if len(train) else []
        self.first = torch.tensor([0, *sizes], device=device).cumsum(0)
        self.width = int(self.first[-1])
        inputs = train.positions.shape[1] + self.width + groups
        # Its own seed: what starts here must not move the model's chance.
        state = torch.get_rng_state()
        torch.manual_seed(seed + 7)
        self.network = nn.Sequential(
            nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
        ).to(device)
        torch.set_rng_state(state)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=RATE)

    def logs(self, batch: Rows, groups: Tensor) -> Tensor:
        """Return log weights of a batch, float[b]."""
        positions = (batch.positions - self.centre) / self.scale
        lit = positions.new_zeros(len(batch), self.width)
        lit.scatter_(1, batch.codes + self.first[:-1], 1.0)
        membership = nn.functional.one_hot(groups, self.groups).float()
        found: Tensor = self.network(torch.cat([positions, lit, membership], dim=1))
        return found.squeeze(1)

    def learn(self, loss: Tensor) -> None:
        """Take one step that lowers a loss."""
        own = list(self.network.parameters())
        for parameter, gradient in zip(
            own, torch.autograd.grad(loss, own), strict=True
        ):
            parameter.grad = gradient
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Tensor]:
        """Return weights and optimiser as tensors."""
        told = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        for i, kept in self.optimiser.state_dict()["state"].items():
            told |= {f"adam.{i}.{name}": value.clone() for name, value in kept.items()}
        return told

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` returned."""
        self.network.load_state_dict(
            {
                k.removeprefix("network."): v
                for k, v in state.items()
                if k.startswith("network.")
            }
        )
        packed = self.optimiser.state_dict()
        packed["state"] = {}
        for name, tensor in state.items():
            if name.startswith("adam."):
                _, number, key = name.split(".")
                packed["state"].setdefault(int(number), {})[key] = tensor
        self.optimiser.load_state_dict(packed)
