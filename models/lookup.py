"""Sums of points on broken lines, with a backward pass that is a plain scatter."""

from typing import Any

import torch
from torch import Tensor, nn


class _SumOfPoints(torch.autograd.Function):
    """Sum weighted rows of a table; only the table receives a gradient.

    torch's own backward of `embedding_bag` sorts the indices first, which takes
    several times as long as adding the gradients up where they belong.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, left: Tensor, share: Tensor) -> Tensor:
        indices = torch.cat([left, left + 1], dim=1)  # [b, 2 p]
        weights = torch.cat([1 - share, share], dim=1)
        ctx.save_for_backward(indices, weights)
        ctx.height = len(table)
        result: Tensor = nn.functional.embedding_bag(
            indices, table, mode="sum", per_sample_weights=weights
        )
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        indices, weights = ctx.saved_tensors
        each = gradients[0].unsqueeze(1) * weights.unsqueeze(2)  # [b, 2 p, h]
        table = each.new_zeros(ctx.height, each.shape[2])
        table.index_add_(0, indices.flatten(), each.flatten(0, 1))
        return table, None, None


def sum_of_points(table: Tensor, left: Tensor, share: Tensor) -> Tensor:
    """Return the sum over p of the points between two neighbouring rows of a table.

    Parameters
    ----------
    table : Tensor, float32[t, h]
    left, share : Tensor, int64[b, p] and float32[b, p]
        A point lies at `share` of the way from row `left` to the row after it.

    Returns
    -------
    Tensor, float32[b, h]
    """
    result: Tensor = _SumOfPoints.apply(table, left, share)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result
