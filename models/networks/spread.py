"""Spread: turn positions and codes into dense inputs, or go straight past them."""

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from models.lookup import lit_slots, sum_of_points
from models.preprocess import Preprocessor


class Spread(nn.Module):
    """Turn positions and codes into one dense row of inputs.

    A numeric column gives its standardised position and one ramp per bin (0 below the
    bin, rising to 1 across it, 1 above it); a categorical column gives one input per
    code, all 0 for code 0.

    Parameters
    ----------
    preprocessor : Preprocessor
    """

    centre: Tensor
    scale: Tensor
    first_ramp: Tensor
    first_code: Tensor
    last_bin: Tensor
    ramp_owner: Tensor
    ramp_start: Tensor

    def __init__(self, preprocessor: Preprocessor) -> None:
        super().__init__()
        # Whether it stands for several networks at once, which cannot write in place.
        self.is_stacked = False
        bins = [column.bins for column in preprocessor.numeric]
        counts = preprocessor.code_counts
        self.ramps, self.codes = sum(bins), sum(counts)
        self.width = len(bins) + self.ramps + self.codes
        self._constant("centre", [c.centre for c in preprocessor.numeric])
        self._constant("scale", [c.scale for c in preprocessor.numeric])
        # Where each column's ramps, and its codes, begin among those of all columns.
        self._constant("first_ramp", _starts(bins), torch.int64)
        self._constant("first_code", _starts(counts), torch.int64)
        self._constant("last_bin", [m - 1 for m in bins], torch.int64)
        self._constant("ramp_owner", _owners(bins), torch.int64)
        self._constant("ramp_start", [j for m in bins for j in range(m)])

    def _constant(
        self, name: str, values: Sequence[float], dtype: torch.dtype = torch.float32
    ) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=dtype), persistent=False)

    def forward(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return float[b, width] of positions [b, p] and codes [b, c]."""
        ramps = (positions[:, self.ramp_owner] - self.ramp_start).clamp(0, 1)
        return torch.cat([self.standardised(positions), ramps, self.lit(codes)], dim=1)

    def lit(self, codes: Tensor) -> Tensor:
        """Return one input per code, 1 for the row's own, float[b, all codes]."""
        # Code 0 of every column falls into one slot at the end, which is cut off.
        slots = torch.where(codes > 0, codes - 1 + self.first_code, self.codes)
        if self.is_stacked:
            return lit_slots(slots, self.codes + 1)[:, : self.codes]
        dark = self.centre.new_zeros(len(codes), self.codes + 1)
        return dark.scatter_(1, slots, 1.0)[:, : self.codes]

    def standardised(self, positions: Tensor) -> Tensor:
        """Return positions with mean 0 and standard deviation 1 on training rows."""
        return (positions - self.centre) / self.scale

    def into(self, layer: nn.Linear, positions: Tensor, codes: Tensor) -> Tensor:
        """Return `layer(self(positions, codes))` without spreading the rows out.

        A numeric column adds a point on the broken line through the running sums of
        its ramps' weights: two table rows instead of a product with all its ramps.
        """
        p = positions.shape[1]
        by_input = layer.weight.t()  # [width, h]
        line = by_input[p : p + self.ramps].cumsum(0)
        table = torch.cat([line.new_zeros(1, line.shape[1]), line])
        # Each column's line starts at the sum over all columns before it.
        bias = layer.bias - table[self.first_ramp].sum(0)
        hidden = torch.addmm(bias, self.standardised(positions), by_input[:p])
        hidden = hidden + self.lit(codes) @ by_input[p + self.ramps :]
        if p:
            bins = torch.minimum(positions.long(), self.last_bin)
            left = bins + self.first_ramp
            hidden = hidden + sum_of_points(table, left, positions - bins)
        return hidden


def _starts(sizes: Sequence[int]) -> list[int]:
    return list(accumulate(sizes, initial=0))[:-1]


def _owners(sizes: Sequence[int]) -> list[int]:
    return [i for i, size in enumerate(sizes) for _ in range(size)]
