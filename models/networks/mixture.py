"""Mixture: several networks that answer together, each with its share."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.networks.network import Network, joint_logits


class Mixture(Network):
    """Networks whose probabilities are averaged with shares that sum to 1.

    Parameters
    ----------
    members : sequence of Network
    shares : Tensor, float32[m]
    """

    shares: Tensor

    def __init__(self, members: Sequence[Network], shares: Tensor) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.register_buffer("shares", shares)

    def forward(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return logits: log probabilities of the mixture, [b, k]."""
        each = torch.stack(
            [
                joint_logits(member(positions, codes)).log_softmax(1)
                for member in self.members
            ]
        )  # [m, b, k]
        mixed: Tensor = (each + self.shares.log()[:, None, None]).logsumexp(0)
        return mixed
