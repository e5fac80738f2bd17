"""Dropout that draws few random numbers."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Silence a share of units in training, as `nn.Dropout` does.

    On a CPU drawing random numbers takes most of the time of a dropout. One 64-bit
    draw decides four units here, so the share is a multiple of 2 ** -16.
    """

    given: Tensor

    def __init__(self, share: float) -> None:
        super().__init__()
        self.cut = round(share * 65_536)
        # A batched sweep draws for each member by itself and hands the draws in.
        self.register_buffer("given", torch.empty(0), persistent=False)

    def drawn(
        self,
        shape: torch.Size | tuple[int, ...],
        device: torch.device,
        generators: Sequence[torch.Generator | None] = (None,),
    ) -> Tensor:
        """Return which units are kept, bool of a shape, for each generator in turn."""
        count = math.prod(shape)
        draws = torch.empty(
            len(generators), (count + 3) // 4, dtype=torch.int64, device=device
        )
        for part, generator in zip(draws, generators, strict=True):
            part.random_(-(2**63), None, generator=generator)
        kept = draws.view(torch.int16)[:, :count] >= self.cut - 32_768
        return kept.view(len(generators), *shape)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return inputs, in training some set to 0 and the others scaled up."""
        if not self.training or not self.cut:
            return inputs
        has_given = self.given.numel() > 0
        kept = self.given if has_given else self.drawn(inputs.shape, inputs.device)[0]
        return inputs * (kept * (65_536 / (65_536 - self.cut)))
